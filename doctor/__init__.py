"""The engine of backup-doctor: it finds out why a backup stays in_progress."""

__version__ = "0.1.0"
