"""Runs the command line: one clear message for a mistake of the user's, never a traceback."""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

import typer

from backup_doctor.cli.app import app
from backup_doctor.cli.codes import Exit, UsageError
from backup_doctor.cli.stderr import PROGRAM, show, show_traceback, tell
from backup_doctor.cli.stdout import silence_stdout
from backup_doctor.settings.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLE = f"{PROGRAM} --dispatch-id 3f2a8c1e-5b7d-4e9a-8c6f-0123456789ab"
INTERRUPTED = 130
# How typer says that a value is none of a flag's.
_NO_CHOICE = re.compile(r"'([^']*)' is not one of (.+)\.$")
_QUOTED = re.compile(r"'([^']+)'")


def run(arguments: Sequence[str]) -> int:
    """The exit code of a run with these arguments."""
    try:
        code = app(list(arguments), prog_name=PROGRAM, standalone_mode=False)
    except (UsageError, SettingsError) as mistake:
        return _usage(str(mistake), getattr(mistake, "example", None))
    except typer.TyperException as mistake:
        return _mistyped(mistake)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):  # the latter is typer's, where nobody reads on
        silence_stdout()
        return Exit.HEALTHY
    except Exception as error:  # noqa: BLE001 -- whatever it is, no traceback of ours reaches the user
        if os.environ.get("BACKUP_DOCTOR_DEBUG"):
            show_traceback()
        tell(
            f"an error in the tool itself: {type(error).__name__}. BACKUP_DOCTOR_DEBUG=1 says more."
        )
        return Exit.TOOL_ERROR
    return code if isinstance(code, int) else Exit.HEALTHY


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


def _usage(message: str, example: str | None) -> int:
    tell(message)
    if example:
        show(f"Example: {example}\nHelp:    {PROGRAM} --help\n")
    return Exit.USAGE
