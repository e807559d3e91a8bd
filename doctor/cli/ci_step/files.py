"""The files by which a step tells GitHub Actions its outputs and its summary.

Source: GitHub, "Workflow commands", environment files.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from backup_doctor.base import files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LONGEST_SUMMARY = 1024 * 1024
"""In bytes, for all that one step writes; of a longer one GitHub shows nothing."""

CUT = "\n\n*Cut to what a step summary can hold; the report's files have it all.*\n"


def write_outputs(file: Path, outputs: Mapping[str, str]) -> None:
    """Append the outputs. No value can end its own block: its delimiter is random."""
    delimiter = f"end-{secrets.token_hex(16)}"
    blocks = (f"{name}<<{delimiter}\n{value}\n{delimiter}\n" for name, value in outputs.items())
    files.append(file, "".join(blocks))


def write_summary(file: Path, markdown: str) -> None:
    """Append the summary; what is too long is cut between two blocks, with a note."""
    room = LONGEST_SUMMARY - (file.stat().st_size if file.exists() else 0)
    files.append(file, fitted(markdown, room))


def fitted(markdown: str, room: int) -> str:
    """As much of the text as fits into so many bytes."""
    encoded = markdown.encode(errors="backslashreplace")
    if len(encoded) <= room:
        return markdown
    kept = encoded[: max(0, room - len(CUT.encode()) - len(CLOSED))].decode(errors="ignore")
    whole = kept.rpartition("\n\n")[0]
    return (whole + (CLOSED if _is_open(whole) else "") + CUT)[: max(0, room)]


CLOSED = "\n" + "`" * 64


def _is_open(markdown: str) -> bool:
    """Whether the text ends within a code block, which would swallow the note."""
    fence = ""
    for line in markdown.splitlines():
        ticks = line[: len(line) - len(line.lstrip("`"))]
        if len(ticks) >= 3 and not fence:  # noqa: PLR2004 -- the shortest fence
            fence = ticks
        elif fence and line.strip() == ticks and len(ticks) >= len(fence):
            fence = ""
    return bool(fence)
