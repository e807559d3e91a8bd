"""Standard error: messages for the person, and none of them holds a secret."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING

from backup_doctor.base.quoting import for_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.base.redaction import Redactor

PROGRAM = "backup-doctor"
_in_use: list[Redactor] = []


def keep_out(redactor: Redactor) -> None:
    """From now on, what this redactor knows does not appear; until then, what the environment has."""
    _in_use[:] = [redactor]


def tell(message: str) -> None:
    """A message for the person, whose words are not parted by the edge of a terminal."""
    show("".join(f"{line}\n" for line in _fitted(f"{PROGRAM}: {message}")))


def _fitted(message: str) -> Iterator[str]:
    """The message's lines. Redacted first: what is to be taken out must be in one piece."""
    lines = _redacted(message).splitlines()
    if not _is_terminal():
        yield from lines
        return
    width = shutil.get_terminal_size().columns
    for line in lines:
        yield from (
            textwrap.wrap(
                line, width, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
            )
            if len(line) > width and not line.startswith(" ")
            else [line]
        )


def _is_terminal() -> bool:
    """Closed, it is none."""
    return sys.stderr is not None and not sys.stderr.closed and sys.stderr.isatty()


def show_traceback() -> None:
    """The traceback of the exception that is being handled, for BACKUP_DOCTOR_DEBUG."""
    show(traceback.format_exc())


def show_sql(text: str) -> None:
    """SQL as it is, to be pasted: its literals hold nothing that steers a terminal or a CI runner."""
    sys.stderr.write(text)


def show(text: str) -> None:
    """The text as it is, but for secrets and what would steer the terminal.

    Nobody may be there to read it, or it may not be written: that changes nothing else.
    """
    with suppress(OSError, ValueError):
        sys.stderr.write(for_terminal(_redacted(text)))
        sys.stderr.flush()


def _redacted(text: str) -> str:
    if not _in_use:
        from backup_doctor.base.redaction import Redactor
        from backup_doctor.cli.secrets import environment_secrets

        keep_out(Redactor(environment_secrets(os.environ), words=""))
    return _in_use[-1].text(text)
