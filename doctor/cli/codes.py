"""The exit codes of the contract."""

from __future__ import annotations

from enum import IntEnum

# Ctrl-C before there was anything to report.
INTERRUPTED = 130


class Exit(IntEnum):
    """What the process ends with; a signal's is 128 and its number."""

    HEALTHY = 0
    FAILING = 1
    USAGE = 2
    CANNOT_TELL = 3
    TOOL_ERROR = 4


class UsageError(Exception):
    """The user asked for what cannot be done. The message says what to do instead."""

    def __init__(self, message: str, example: str | None = None) -> None:
        super().__init__(message)
        self.example = example
