"""The collectors: all that a check asks of the world, returned as its evidence."""
