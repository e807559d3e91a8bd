"""The command line as typer reads it, and what is said where it cannot be read."""

from __future__ import annotations

import re
import signal
from contextlib import suppress
from difflib import get_close_matches
from typing import TYPE_CHECKING

import typer

from backup_doctor.cli.app import app
from backup_doctor.cli.codes import INTERRUPTED, Exit
from backup_doctor.cli.stderr import PROGRAM, show, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLE = f"{PROGRAM} --dispatch-id 3f2a8c1e-5b7d-4e9a-8c6f-0123456789ab"
# How typer says that a value is none of a flag's.
_NO_CHOICE = re.compile(r"'([^']*)' is not one of (.+)\.$")
_QUOTED = re.compile(r"'([^']+)'")


def by_typer(arguments: Sequence[str]) -> object:
    """What the command returns; else the exit code of what was wrong."""
    _break_off_questions()
    try:
        return app(list(arguments), prog_name=PROGRAM, standalone_mode=False)
    except typer.TyperException as mistake:
        return _mistyped(mistake)
    except typer.Abort:
        return INTERRUPTED


def _break_off_questions() -> None:
    """Let Ctrl-C raise, so that a question for a secret leaves the terminal as it was."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        with suppress(ValueError):  # not in the main thread
            signal.signal(signal.SIGINT, signal.default_int_handler)


def _mistyped(mistake: typer.TyperException) -> int:
    """What typer found wrong, without its own word for a type's complaint."""
    context = getattr(mistake, "ctx", None)
    command = context.command_path if context else PROGRAM
    said = mistake.format_message().replace("Value error, ", "")
    guess = _guess(mistake, said)
    tell(f"{said.partition(' (Possible')[0] if guess else said}{guess}")
    show(f"Example: {EXAMPLE}\n" if command == PROGRAM else "")
    show(f"Help:    {command} --help\n")
    return Exit.USAGE


def _guess(mistake: typer.TyperException, said: str) -> str:
    """What may have been meant: a flag that is like it, or one of a flag's values."""
    near = list(getattr(mistake, "possibilities", None) or ())
    if choice := _NO_CHOICE.search(said):
        near = get_close_matches(choice[1], _QUOTED.findall(choice[2]), n=1, cutoff=0.5)
    return f"{'' if said.endswith('.') else '.'} Did you mean {' or '.join(near)}?" if near else ""
