"""The one sentence, as one would say it to a colleague."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from backup_doctor.evidence.findings import Severity, Verdict
from backup_doctor.judge import preflight
from backup_doctor.judge.fix_sql.certainty import whole_file
from backup_doctor.judge.history import RowState, dispatch_runs, row_age, row_state
from backup_doctor.judge.show import duration, size
from backup_doctor.report.compose.gaps import deciding_gap

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.judge.diagnosis import Diagnosis

# "Stuck for 4 s" would only make a reader smile.
WORTH_SAYING = timedelta(minutes=1)
# Less is no time that a person would tell, and a row is not made after it was seen.
TELLABLE = timedelta(seconds=1)
# What a row says that its file alone makes wrong; one that failed or was cancelled is left as it is.
_LEFT_TO_FIX = (RowState.IN_PROGRESS, RowState.INCOMPLETE, RowState.ABSENT)


def summary_of(case: Case, diagnosis: Diagnosis) -> str:
    """The report's one sentence, on one line."""
    return " ".join(_summary(case, diagnosis).split())


def _summary(case: Case, diagnosis: Diagnosis) -> str:
    if case.is_preflight:
        return preflight.summary(case, diagnosis)
    if diagnosis.verdict is Verdict.HEALTHY:
        return _healthy(case, diagnosis)
    if diagnosis.verdict is Verdict.RUNNING:
        return _running(case)
    if diagnosis.verdict is Verdict.UNKNOWN:
        return _unknown(case, diagnosis)
    why = f"{_why(diagnosis)}{_left(case, diagnosis)}"
    return (
        why if row_state(case) is RowState.ABSENT and diagnosis.causes else f"{_state(case)} {why}"
    )


def _healthy(case: Case, diagnosis: Diagnosis) -> str:
    seen = case.object
    here = seen.present if seen else None
    file = (
        f"{here.key} is in the bucket ({size(here.size)})" if here else "its file was not looked at"
    )
    warned = [one for one in diagnosis.placed if one.severity is Severity.WARN]
    but = f" But: {_sentence(warned[0].judged.found.summary)}" if warned else ""
    return f"The backup succeeded: the row is right and {file}.{but}"


def _running(case: Case) -> str:
    age = row_age(case)
    since = f", {duration(age)} after its row was made" if age and age >= TELLABLE else ""
    if not dispatch_runs(case):
        return f"No run of this backup is there yet{since}; it may still come."
    return f"The backup is still going{since}."


def _unknown(case: Case, diagnosis: Diagnosis) -> str:
    gap = deciding_gap(case)
    root = diagnosis.root
    known = f"{_sentence(root.found.summary)} " if root else ""
    rest = " the rest" if root else ""
    open_one = _sentence(gap.what) if gap else "not enough could be seen."
    return f"{known}Could not determine{rest}: {open_one}"


def _state(case: Case) -> str:
    age, row = row_age(case), case.backup
    since = f" for {duration(age)}" if age is not None and age >= WORTH_SAYING else ""
    status = row.status if row else None
    return {
        RowState.IN_PROGRESS: f"The backup {'has been' if since else 'is'} stuck in {status}{since}.",
        RowState.OTHER: f"The row's status is {status!r}, none of the configured ones.",
        RowState.ABSENT: "There is no row for this backup.",
        RowState.FAILED: "The backup failed.",
        RowState.CANCELLED: "The backup was recorded as cancelled.",
        RowState.INCOMPLETE: "The row is incomplete.",
        RowState.RIGHT: f"The row says {status}, but the backup is not right.",
        RowState.UNSEEN: "",
    }[row_state(case)]


def _why(diagnosis: Diagnosis) -> str:
    causes = diagnosis.causes
    if not causes:
        return "No cause could be proved."
    root, *others = causes
    # What has another code is the more surprising news.
    others.sort(key=lambda one: one.code == root.code)
    also = f" Also: {_sentence(others[0].found.summary)}" if others else ""
    return f"{_sentence(root.found.summary)}{also}"


def _left(case: Case, diagnosis: Diagnosis) -> str:
    """That the row alone is left to fix: its file is whole, and all that broke works now."""
    open_now = [one for one in diagnosis.causes if one.found.resolved is None]
    warned = any(
        one.severity is Severity.WARN and one.judged.rule.breaks for one in diagnosis.placed
    )
    if open_now or warned or not diagnosis.causes or row_state(case) not in _LEFT_TO_FIX:
        return ""
    if case.object is None or whole_file(case, case.object) is None:
        return ""
    return " Only the row is left to fix."


def _sentence(text: str) -> str:
    """With a full stop, where what it quotes at its end has none."""
    return text if text.rstrip().endswith((".", "!", "?", "”", "…")) else f"{text.rstrip()}."
