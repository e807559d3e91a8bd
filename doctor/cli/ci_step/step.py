"""`backup-doctor ci`: diagnose, then tell the run by annotations, a summary, outputs and files."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from backup_doctor.base import files
from backup_doctor.base.models import from_json
from backup_doctor.cli.ci_step.event import backup_of
from backup_doctor.cli.ci_step.files import write_outputs, write_summary
from backup_doctor.cli.codes import Exit, UsageError
from backup_doctor.cli.diagnose import diagnose
from backup_doctor.cli.request import request
from backup_doctor.cli.stderr import tell
from backup_doctor.cli.stdout import print_text
from backup_doctor.evidence.findings import Report, Verdict
from backup_doctor.report.render.formats import Format

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backup_doctor.cli.given import Given

NAME = "backup-doctor"
LARGEST_REPORT = 64 * files.MEBIBYTE
ENDINGS = ("json", "md", "html", "xml", "txt")


class StepWish(msgspec.Struct, frozen=True, kw_only=True):
    """What the step is to do besides diagnosing. `folder` takes the report's files."""

    folder: Path
    summary: bool
    annotations: bool
    issue: bool


def run(given: Given, wish: StepWish) -> int:
    """The exit code of the diagnosis; the step's files are written whatever it is.

    Raises:
        UsageError: a flag's value cannot be right, or no backup is named by flag or event.
    """
    reports = {ending: wish.folder / f"{NAME}.{ending}" for ending in ENDINGS}
    _make(wish.folder, reports.values())
    code = diagnose(request(_completed(given, wish, reports.values())))
    report = _read(reports["json"])
    if report is None:
        return Exit.TOOL_ERROR
    silent = given.quiet and code == Exit.HEALTHY and report.verdict is not Verdict.FAILING
    if wish.annotations and not silent:
        _print(reports["txt"])
    _tell_the_run(report, wish, reports["md"], silent=silent)
    if wish.issue:
        _issue(given, report, reports["md"])
    return code


def _completed(given: Given, wish: StepWish, reports: Iterable[Path]) -> Given:
    """With the backup of the event where no flag names one, and with the step's files."""
    named = (given.dispatch_id, given.run_id)
    dispatch_id, run_id = named if any(named) or given.backup_id else backup_of(os.environ)
    return replace(
        given,
        dispatch_id=dispatch_id,
        run_id=run_id,
        report=[*reports],
        form=Format.GITHUB if wish.annotations else Format.TEXT,
        no_color=True,
    )


def _make(folder: Path, reports: Iterable[Path]) -> None:
    """The folder, without the reports of an earlier step, which are none of this one's."""
    try:
        files.make_folder(folder)
        for file in reports:
            files.remove(file)
    except OSError as error:
        message = f"--report-dir {folder} cannot be written: {error.strerror or error}."
        raise UsageError(message, "backup-doctor ci --report-dir backup-doctor-report") from None


def _read(file: Path) -> Report | None:
    try:
        return from_json(files.read(file, LARGEST_REPORT), Report)
    except (OSError, msgspec.MsgspecError):
        tell(f"The report could not be read from {file}.")
        return None


def _print(file: Path) -> None:
    """The report for the log, below the annotations; no line of it is a command."""
    print_text("\n" + file.read_text(encoding="utf-8"))


def outputs(report: Report, folder: Path) -> dict[str, str]:
    """The step's outputs; empty where the report has none."""
    return {
        "verdict": report.verdict.value,
        "root-cause": report.root_cause or "",
        "failing-step": report.failing_step.check if report.failing_step else "",
        "fingerprint": report.fingerprint,
        "fix-sql": report.fix_sql or "",
        "report-path": str(folder),
    }


def _tell_the_run(report: Report, wish: StepWish, markdown: Path, *, silent: bool) -> None:
    """Write the step's outputs and its summary; where one cannot be written, the other still is."""
    if output := os.environ.get("GITHUB_OUTPUT"):
        with _telling("outputs"):
            write_outputs(Path(output), outputs(report, wish.folder))
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary and wish.summary and not silent:
        with _telling("summary"):
            write_summary(Path(summary), markdown.read_text(encoding="utf-8"))


@contextmanager
def _telling(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        tell(f"The {what} of this step could not be written: {error.strerror or error}.")


def _issue(given: Given, report: Report, markdown: Path) -> None:
    from backup_doctor.cli.issue.publish import publish

    publish(report, markdown.read_text(encoding="utf-8"), given)
