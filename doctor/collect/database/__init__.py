"""PostgreSQL asked well: sessions, statements, and the decoding of what they return."""
