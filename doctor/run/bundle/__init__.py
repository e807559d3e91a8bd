"""Evidence in a file: saved, judged again anywhere, compared, and redacted again."""
