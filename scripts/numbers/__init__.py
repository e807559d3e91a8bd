"""Every figure of the docs, made again, and which target is missed."""
