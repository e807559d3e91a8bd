"""Evidence in a file: saved, judged again, compared, redacted again."""
