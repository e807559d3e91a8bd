"""Many stuck backups at once."""
