"""The list of the newest backups."""
