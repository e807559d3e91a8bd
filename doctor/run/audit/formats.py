"""The formats of an audit. Imported by the command line, so that it must be light."""

from enum import StrEnum


class AuditFormat(StrEnum):
    """What `audit --format` takes."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"
    HTML = "html"


class Dialect(StrEnum):
    """What `audit --print-sql` takes."""

    ATHENA = "athena"
