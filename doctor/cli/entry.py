"""Runs the command line: one clear message for a mistake of the user's, never a traceback."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING

from backup_doctor.cli.codes import INTERRUPTED, Exit, UsageError
from backup_doctor.cli.plain import plain
from backup_doctor.cli.stderr import PROGRAM, show, show_traceback, tell
from backup_doctor.cli.stdout import silence_stdout
from backup_doctor.settings.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

COLLECT_AFTER = 1_000_000


def run(arguments: Sequence[str]) -> int:
    """The exit code of a run with these arguments."""
    try:
        code = _called(arguments)
    except (UsageError, SettingsError) as mistake:
        return _usage(str(mistake), getattr(mistake, "example", None))
    except KeyboardInterrupt:
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


def _called(arguments: Sequence[str]) -> object:
    given = plain(arguments)
    if given is None:
        from backup_doctor.cli.typed import by_typer

        return by_typer(arguments)
    # One diagnosis ends before it has left as much as it costs to look for.
    gc.set_threshold(COLLECT_AFTER)
    from backup_doctor.cli.diagnose import diagnose
    from backup_doctor.cli.request import request

    return diagnose(request(given))


def _usage(message: str, example: str | None) -> int:
    tell(message)
    if example:
        show(f"Example: {example}\nHelp:    {PROGRAM} --help\n")
    return Exit.USAGE
