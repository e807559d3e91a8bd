r"""From bytes to lines: one pass, in bounded memory.

A line is `2024-01-15T02:03:04.1234567Z ` and text; further lines of one message have no time
stamp. A byte order mark may stand anywhere, colours are ANSI escapes, ends are `\n` or `\r\n`.
Source: actions/runner, src/Runner.Common/Logging.cs.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from backup_doctor.base.colours import uncoloured
from backup_doctor.base.immutable import Immutable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LINE_LIMIT = 8 * 1024
"""Bytes kept of a line; the rest of it is dropped."""

_STAMP = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z(?: |$)")
_SCRIPT_COLOUR = "\x1b[36;1m"


class Line(Immutable, frozen=True):
    """A line without its decoration. `at` is None where it continues the message before it.

    `script`: the runner printed it in the colour in which it echoes a step's script.
    """

    text: str
    at: datetime | None = None
    script: bool = False


def split(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a stream, without their ends, each cut to `LINE_LIMIT` bytes."""
    rest = b""
    overlong = False
    for chunk in chunks:
        pieces = (rest + chunk).split(b"\n")
        rest = pieces.pop()
        for piece in pieces:
            if not overlong:
                yield piece[:LINE_LIMIT]
            overlong = False
        if len(rest) > LINE_LIMIT:
            if not overlong:
                yield rest[:LINE_LIMIT]
            rest, overlong = b"", True
    if rest and not overlong:
        yield rest


def clean(raw: bytes) -> Line:
    """A line as a person reads it."""
    text = raw.decode("utf-8", "replace").replace("\ufeff", "").rstrip("\r")
    stamp = _STAMP.match(text)
    if stamp:
        text = text[stamp.end() :]
    script = text.startswith(_SCRIPT_COLOUR)
    return Line(text=_seen(uncoloured(text).rstrip("\r")), at=_time(stamp), script=script)


def _seen(text: str) -> str:
    """A progress bar overwrites its line: what stood last is what a person saw.

    A web page whose line feeds were taken out (by `tr`) has its carriage returns left.
    """
    pieces = text.split("\r")
    is_page = any(one.lstrip().startswith("<") for one in pieces[1:])
    return "".join(pieces) if is_page else pieces[-1]


def _time(stamp: re.Match[str] | None) -> datetime | None:
    if stamp is None:
        return None
    fraction = (stamp[2] or "0")[:6].ljust(6, "0")
    try:
        return datetime.fromisoformat(f"{stamp[1]}.{fraction}").replace(tzinfo=UTC)
    except ValueError:
        return None
