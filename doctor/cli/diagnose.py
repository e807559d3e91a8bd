"""The main job: settings, the run, the report, the exit code."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from backup_doctor.base.redaction import Redactor
from backup_doctor.base.threads import result_of, spawn
from backup_doctor.cli.codes import Exit
from backup_doctor.cli.interrupts import Interrupted, interruptible
from backup_doctor.cli.output import publish
from backup_doctor.cli.progress import Progress
from backup_doctor.cli.setup import set_up
from backup_doctor.cli.stderr import show_traceback
from backup_doctor.cli.stdout import kept_clear
from backup_doctor.cli.unfinished import unfinished
from backup_doctor.evidence.case import Asked
from backup_doctor.evidence.findings import Severity, Verdict
from backup_doctor.report.render import prepare
from backup_doctor.settings.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.cli.request import Request
    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.collected import Collected
    from backup_doctor.evidence.findings import Report
    from backup_doctor.judge.opinion import Opinion
    from backup_doctor.settings.model import Settings

# The runner keeps to the budget by itself; past this, something in it hangs.
GRACE_S = 2.0
HANGS = "A rule hangs: what was collected could not be judged in time."
VERDICTS = {
    Verdict.HEALTHY: Exit.HEALTHY,
    Verdict.RUNNING: Exit.HEALTHY,
    Verdict.FAILING: Exit.FAILING,
    Verdict.UNKNOWN: Exit.CANNOT_TELL,
}


class Diagnosed(NamedTuple):
    """The report; what it was made from, where there was a run; a signal's exit code if one came."""

    report: Report
    collected: Collected | None = None
    signal_code: int | None = None


def diagnose(asked: Request) -> int:
    """Examine one backup, print the report, and return the exit code of the contract.

    Raises:
        UsageError: the configuration cannot be used, or there is none; or what was saved cannot be.
    """
    if asked.from_evidence is not None:
        from backup_doctor.cli.evidence import replayed

        return _conclude(Diagnosed(replayed(asked, asked.from_evidence)), asked, Redactor())
    settings, redactor = set_up(asked)
    return finish(diagnosed(settings, asked, redactor), asked, redactor)


def finish(outcome: Diagnosed, asked: Request, redactor: Redactor) -> int:
    """Save the evidence, print the report and write its files; the exit code of the contract."""
    saved = asked.save_evidence is None or _save(outcome.collected, asked.save_evidence)
    code = _conclude(outcome, asked, redactor)
    return code if saved or outcome.signal_code is not None else Exit.TOOL_ERROR


def _conclude(outcome: Diagnosed, asked: Request, redactor: Redactor) -> int:
    """Print the report and write its files; the exit code."""
    report, _, signal_code = outcome
    code = exit_code(report, strict=asked.strict)
    published = publish(report, asked, redactor, on_stdout=not is_silent(outcome, asked))
    if signal_code is not None:
        return signal_code
    if not published or report.errors:
        return Exit.TOOL_ERROR
    return Exit.HEALTHY if asked.exit_zero else code


def is_silent(outcome: Diagnosed, asked: Request) -> bool:
    """Whether nothing is printed of it."""
    healthy = exit_code(outcome.report, strict=asked.strict) is Exit.HEALTHY
    return asked.quiet and healthy and outcome.signal_code is None


def _save(collected: Collected | None, file: Path) -> bool:
    from backup_doctor.cli.evidence import save

    return save(collected, file)


def diagnosed(settings: Settings, asked: Request, redactor: Redactor) -> Diagnosed:
    """One diagnosis. Whatever goes wrong, there is a report.

    Raises:
        SettingsError: but for names that the database does not have.
    """
    backup = Asked(dispatch_id=asked.dispatch_id, backup_id=asked.backup_id, run_id=asked.run_id)
    try:
        with kept_clear(), interruptible():
            return _examined(settings, backup, asked, redactor)
    except Interrupted as interrupt:  # before there was a run, or after it
        early = unfinished(backup, "Interrupted before anything was known.")
        return Diagnosed(early, signal_code=interrupt.exit_code)
    except SettingsError:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 -- a report comes all the same
        if os.environ.get("BACKUP_DOCTOR_DEBUG"):
            show_traceback()
        return Diagnosed(unfinished(backup, f"{type(error).__name__}: {error}"))


def _examined(settings: Settings, backup: Asked, asked: Request, redactor: Redactor) -> Diagnosed:
    """Run the checks in a thread of its own, so that neither a signal nor a hang is missed."""
    opened = _opened(settings, asked)
    # Whatever is wrong in there, if only an import, must still make a report.
    from backup_doctor.run.examine import gather
    from backup_doctor.run.runner import DoctorRun

    with Progress(wanted=not asked.quiet) as progress:
        run = DoctorRun(
            settings=settings,
            asked=backup,
            budget_s=asked.budget_s,
            only=asked.only,
            skip=asked.skip,
            observer=progress,
            redactor=redactor,
            opened=opened,
        )

        def examined() -> Diagnosed:
            whole = gather(run, partial(prepare, asked.form))
            return judged(whole.collected, whole.opinion)

        def judged(collected: Collected, opinion: Opinion | None = None) -> Diagnosed:
            from backup_doctor.report.compose import write

            return Diagnosed(write(collected, run.registry, opinion), collected)

        def known() -> Diagnosed:
            so_far = partial(judged, run.collected(interrupted=True))
            try:
                return result_of(spawn(so_far), GRACE_S)
            except TimeoutError:
                return Diagnosed(unfinished(backup, HANGS))

        future = spawn(examined)
        try:
            return result_of(future, asked.budget_s + GRACE_S)
        except Interrupted as interrupt:
            return known()._replace(signal_code=interrupt.exit_code)
        except TimeoutError:
            return known()


def _opened(settings: Settings, asked: Request) -> Sources:
    """The sources, connected to before anything else is imported: where all checks are to look."""
    from backup_doctor.collect.deadline import Deadline
    from backup_doctor.collect.sources import Sources

    sources = Sources(settings, Deadline(asked.budget_s))
    if not asked.only and not asked.skip:
        sources.open()
    return sources


def exit_code(report: Report, *, strict: bool) -> Exit:
    """The verdict as an exit code; with `strict`, a warning counts as a failure.

    Also one of a check that could not see all that it wanted to, which is `unknown`.
    """
    findings = (one for result in report.results for one in result.findings)
    warned = any(one.severity is Severity.WARN for one in findings)
    code = VERDICTS[report.verdict]
    return Exit.FAILING if strict and warned and code is Exit.HEALTHY else code
