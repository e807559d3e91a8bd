"""The command line: it parses and calls, and turns what happens into an exit code."""
