"""The team's backups."""
