"""Reports in every format, and their fixtures."""
