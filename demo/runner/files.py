"""The files through which a step tells the runner something: GITHUB_ENV and GITHUB_OUTPUT.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class FileCommandError(ValueError):
    """A line that is neither `name=value` nor the start of a complete here-document."""


def parse(text: str) -> dict[str, str]:
    """Return the values that a step wrote; the later of two with one name wins.

    Raises:
        FileCommandError: with GitHub's message.
    """
    lines = iter(text.splitlines())
    return dict(_entry(line, lines) for line in lines if line)


def _entry(line: str, following: Iterator[str]) -> tuple[str, str]:
    name, equals, value = line.partition("=")
    key, heredoc, delimiter = line.partition("<<")
    if equals and 0 < len(name) < len(key):
        return name, value
    if not heredoc or not key or not delimiter:
        raise FileCommandError(f"Invalid format '{line}'")
    return key, "\n".join(_until(delimiter, following))


def _until(delimiter: str, lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if line == delimiter:
            return
        yield line
    raise FileCommandError(f"Invalid value. Matching delimiter not found '{delimiter}'")
