"""Fixing: the repair of a row carried out, in one transaction that does what was announced or nothing."""
