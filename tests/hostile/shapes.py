"""Texts that parsers and regular expressions do not like, to be repeated to any length."""

from __future__ import annotations

SHAPES = (
    "a", " ", "`", "\\", "'", '"', "<", "\n", "\r", "\x1b[", "::", "##[", "1", ".", "(", "{", "[",
    "${{ ", "{{ ", "@a", "_a", "\u00a0", "\u200b", "\u202e", "\ufeff", "-", "=", ",", ";", "$(",
    "a.", "x ", "eyJaaaaaa.", "bearer ", "api_key=", "api_key=aaaaaaaa1", "://a:b", "http://a:",
    "?sig=", "sb_secret_", "AKIA", "deadbeef", "QUJD", '{"a":', '"code":"', "- ", "&a [*a,",
    "HTTP 40", "curl: (22) ", "Could not find backup_id ", "relation ", "invalid api key ",
    "permission denied for ", "S3_KEY=a ", "s3://a/", "upload: a to s3://b/c ", "column '",
    "column x of relation ", "could not find the '", "duplicate key value ",
    "functions/v1/update-backup ", "PATCH rest/v1/backup_history?", "PK\x05\x06",
    "##[group]Run a\n", "2024-01-15T02:03:04.1234567Z ::error::x\n", "  KEY: ***\n",
)  # fmt: skip


def repeated(shape: str, length: int) -> str:
    """The shape again and again, to that many characters."""
    return (shape * (length // len(shape) + 1))[:length]
