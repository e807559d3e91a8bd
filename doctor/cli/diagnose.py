"""The main job: settings, the run, the report, the exit code."""

from __future__ import annotations

import os
import sys
import traceback
from functools import partial
from typing import TYPE_CHECKING

from doctor.case import Asked
from doctor.cli.codes import Exit
from doctor.cli.interrupts import Interrupted, interruptible
from doctor.cli.output import publish
from doctor.cli.setup import set_up
from doctor.cli.unfinished import unfinished
from doctor.model import Status, Verdict
from doctor.progress import Progress
from doctor.render import prepare
from doctor.threads import spawn

if TYPE_CHECKING:
    from doctor.cli.request import Request
    from doctor.model import Report
    from doctor.redaction import Redactor
    from doctor.runner import Run
    from doctor.settings.model import Settings

# The runner keeps to the budget by itself; past this, something in it hangs.
GRACE_S = 2.0
VERDICTS = {
    Verdict.HEALTHY: Exit.HEALTHY,
    Verdict.RUNNING: Exit.HEALTHY,
    Verdict.FAILING: Exit.FAILING,
    Verdict.UNKNOWN: Exit.CANNOT_TELL,
}


def diagnose(asked: Request) -> int:
    """Examine one backup, print the report, and return the exit code of the contract.

    Raises:
        UsageError: the configuration cannot be used, or there is none.
    """
    settings, redactor = set_up(asked)
    report, signal_code = _report(settings, asked, redactor)
    code = _exit_code(report, strict=asked.strict)
    silent = asked.quiet and code is Exit.HEALTHY and signal_code is None
    published = publish(report, asked, redactor, on_stdout=not silent)
    if signal_code is not None:
        return signal_code
    if not published or report.errors:
        return Exit.TOOL_ERROR
    return Exit.HEALTHY if asked.exit_zero else code


def _report(settings: Settings, asked: Request, redactor: Redactor) -> tuple[Report, int | None]:
    """The report, and a signal's exit code if one came. Whatever goes wrong, there is a report."""
    backup = Asked(dispatch_id=asked.dispatch_id, backup_id=asked.backup_id, run_id=asked.run_id)
    try:
        with interruptible():
            return _examined(settings, backup, asked)
    except Interrupted as interrupt:  # before there was a run, or after it
        return unfinished(backup, "Interrupted before anything was known."), interrupt.exit_code
    except Exception as error:  # noqa: BLE001 -- a report comes all the same
        if os.environ.get("BACKUP_DOCTOR_DEBUG"):
            sys.stderr.write(redactor.text(traceback.format_exc()))
        return unfinished(backup, f"{type(error).__name__}: {error}"), None


def _examined(settings: Settings, backup: Asked, asked: Request) -> tuple[Report, int | None]:
    """Run the checks in a thread of its own, so that neither a signal nor a hang is missed."""
    # Whatever is wrong in there, if only an import, must still make a report.
    from doctor.examine import examine
    from doctor.runner import Run

    with Progress(wanted=not asked.quiet) as progress:
        run = Run(
            settings=settings,
            asked=backup,
            budget_s=asked.budget_s,
            only=asked.only,
            skip=asked.skip,
            observer=progress,
        )
        future = spawn(lambda: examine(run, meanwhile=partial(prepare, asked.form)))
        try:
            return future.result(timeout=asked.budget_s + GRACE_S), None
        except Interrupted as interrupt:
            return _known_so_far(run), interrupt.exit_code
        except TimeoutError:
            return _known_so_far(run), None


def _known_so_far(run: Run) -> Report:
    from doctor.reporting import write

    return write(run.collected(interrupted=True), run.registry)


def _exit_code(report: Report, *, strict: bool) -> Exit:
    """The verdict as an exit code; with `strict`, a warning counts as a failure."""
    warned = any(result.status is Status.WARN for result in report.results)
    code = VERDICTS[report.verdict]
    return Exit.FAILING if strict and warned and code is Exit.HEALTHY else code
