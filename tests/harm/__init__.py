"""Situations in which a careless doctor would write, print or claim something harmful.

Each is a world that really runs, asked about as a user does, by the command line. Beside them stand
near misses, which look alike and in which the SQL is due and must come. `python -m tests.harm` plays
them all and writes the figures into docs/reliability.md.
"""
