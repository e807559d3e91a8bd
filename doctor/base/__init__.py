"""What knows nothing of backups: quoting, redaction, files, threads."""
