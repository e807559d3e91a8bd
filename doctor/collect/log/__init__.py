"""Reads the log of a job: bytes, lines, sections, and the few facts that a diagnosis needs."""
