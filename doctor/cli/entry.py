"""Runs the command line: one clear message for a mistake of the user's, never a traceback."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING

from backup_doctor.base.exhaustion import lacking
from backup_doctor.base.heaps import fit_bounded_memory
from backup_doctor.cli.codes import INTERRUPTED, Exit, UsageError
from backup_doctor.cli.plain import plain
from backup_doctor.cli.stderr import PROGRAM, show, show_traceback, tell
from backup_doctor.cli.stdout import is_lost, silence_stdout
from backup_doctor.settings.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

NO_FOLDER = "The working directory does not exist any more. Change to another one."
MORE = "BACKUP_DOCTOR_DEBUG=1 says more."
COLLECT_AFTER = 1_000_000
# What says something of what was printed.
_ANSWERS = (Exit.HEALTHY, Exit.FAILING, Exit.CANNOT_TELL)


def run(arguments: Sequence[str]) -> int:
    """The exit code of a run with these arguments."""
    fit_bounded_memory()
    try:
        code = _called(arguments)
    except (UsageError, SettingsError) as mistake:
        return _usage(str(mistake), getattr(mistake, "example", None))
    except KeyboardInterrupt:
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):  # the latter is typer's, where nobody reads on
        silence_stdout()
        return Exit.HEALTHY
    except FileNotFoundError as error:
        return _usage(NO_FOLDER, None) if _is_nowhere() else _defect(error)
    except Exception as error:  # noqa: BLE001 -- whatever it is, no traceback of ours reaches the user
        return _defect(error)
    ended = code if isinstance(code, int) else Exit.HEALTHY
    return Exit.TOOL_ERROR if is_lost() and ended in _ANSWERS else ended


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


def _is_nowhere() -> bool:
    """Whether the working directory was removed: nothing can be looked for, or written, there."""
    try:
        os.getcwd()  # noqa: PTH109 -- no path is needed
    except OSError:
        return True
    return False


def _defect(error: Exception) -> int:
    if os.environ.get("BACKUP_DOCTOR_DEBUG"):
        show_traceback()
    lacks = lacking(error)
    if lacks is None:
        tell(f"an error in the tool itself: {type(error).__name__}. {MORE}")
    else:
        tell(f"this machine gives it no more {lacks}. Raise the limits of the process (ulimit -a).")
    return Exit.TOOL_ERROR


def _usage(message: str, example: str | None) -> int:
    tell(message)
    if example:
        show(f"Example: {example}\nHelp:    {PROGRAM} --help\n")
    return Exit.USAGE
