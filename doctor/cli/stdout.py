"""Standard output: what is printed, and what becomes of it if nobody reads it or it is full."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING

from backup_doctor.cli.stderr import tell

if TYPE_CHECKING:
    from collections.abc import Iterator

_lost: list[OSError] = []


def print_text(text: str) -> bool:
    """Print, whatever the terminal's encoding; whether it could be written. Says why it could not.

    A reader who has gone is no error.
    """
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        silence_stdout()
    except OSError as error:
        silence_stdout()
        _lost.append(error)
        tell(f"Standard output could not be written: {error.strerror or error}.")
        return False
    return True


def print_line(text: str) -> bool:
    """The same, with an end of line."""
    return print_text(f"{text}\n")


@contextmanager
def kept_clear() -> Iterator[None]:
    """Within it, what a check of another package prints goes to standard error."""
    with redirect_stdout(sys.stderr):
        yield


def is_lost() -> bool:
    """Whether something could not be printed: whoever waits for it has only a part, or nothing."""
    return bool(_lost)


def silence_stdout() -> None:
    """Nobody reads on; the interpreter must not complain of it when it flushes at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
