"""What a repair will do to its row, column by column, and why it must not be carried out.

Pure functions. A repair that may be printed for a person need not be one that a program may run:
`refusal` is the narrower question.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from doctor.evidence.base import Unseen
from doctor.evidence.object import Search, StoredObject
from doctor.evidence.workflow import FoundBy
from doctor.model import Verdict
from doctor.story import RowState, row_state

if TYPE_CHECKING:
    from doctor.case import Case
    from doctor.model import Report
    from doctor.repair import Change, Repair
    from doctor.runner import Collected, FixCheck

LOOK_BY_HAND = "Look at the report: backup-doctor --dispatch-id …"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A column by the user's name: `old` is what the row has (JSON), `new` what it will have.

    `known` is False where the old value was not seen: the row is yet to be inserted.
    """

    column: str
    old: Any
    new: Any
    known: bool = True


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A repair that can be carried out: its text, its one statement, and what it changes.

    `key` is the guide's column and the value by which the row is found, before and after.
    """

    sql: str
    statement: str
    key: tuple[str, str]
    differences: tuple[Difference, ...]
    inserts: bool = False


def plan(case: Case, repair: Repair) -> Plan | None:
    """The plan of a repair; None where there is none to carry out."""
    if repair.sql is None or repair.statement is None or repair.change is None:
        return None
    change = repair.change
    return Plan(
        sql=repair.sql,
        statement=repair.statement,
        key=_key(case, change),
        differences=tuple(_difference(case, change, name) for name in change.values),
        inserts=change.row is None,
    )


def _key(case: Case, change: Change) -> tuple[str, str]:
    if change.row is None:
        return "dispatch_id", case.asked.dispatch_id or ""
    return "id", change.row.id or ""


def _difference(case: Case, change: Change, guide_name: str) -> Difference:
    column = case.names.column(guide_name)
    before = change.row.values if change.row else {}
    return Difference(
        column=column,
        old=before.get(column),
        new=change.values[guide_name],
        known=column in before,
    )


def nothing_to_do(case: Case, report: Report) -> str | None:
    """Why the row is as it should be, so that no repair is wanted; None where it is not."""
    if report.verdict in (Verdict.HEALTHY, Verdict.RUNNING):
        return report.summary
    if row_state(case) is RowState.FAILED and _has_no_whole_file(case):
        return "The row says that the backup failed, and it left no whole file: nothing to mend."
    return None


def _has_no_whole_file(case: Case) -> bool:
    """Whether it is certain that no whole file of this backup exists."""
    seen = case.object
    if seen is None or seen.gaps():
        return False
    if seen.present is not None:
        return seen.present_tail is not None and not seen.present_tail.whole
    return isinstance(seen.search, Search) and seen.search.complete and not seen.search.hits


def refusal(collected: Collected, report: Report, repair: Repair) -> str | None:
    """Why this repair must not be carried out by a program; None where it may be."""
    case = collected.case
    if report.errors:
        return f"the diagnosis is not sure: the doctor itself failed ({report.errors[0]})."
    if collected.interrupted:
        return "the diagnosis was interrupted."
    if repair.refused_by:
        return f"first mend {', '.join(repair.refused_by)}, which would refuse the statement."
    return _unsure_of_run(case) or _refused_by_database(collected.fix_check)


def _refused_by_database(check: FixCheck | Unseen | None) -> str | None:
    if check is None or isinstance(check, Unseen):
        return None
    if check.problem:
        return f"the database would refuse the statement: {check.problem}"
    if check.rows not in (None, 1):
        return f"it aims at {check.rows} rows instead of one; the row may have changed meanwhile."
    return None


def _unsure_of_run(case: Case) -> str | None:
    """A backup whose run is only guessed may still be going, unless its file has long been there."""
    workflow = case.workflow
    if workflow is None or _has_settled_file(case):
        return None
    if workflow.found_by is FoundBy.ONLY_CANDIDATE:
        return "which run made this backup is only a guess. Give --run-id."
    if workflow.run is None and workflow.candidates:
        runs = ", ".join(str(run.id) for run in workflow.candidates)
        return f"its run is not known; it may be one of {runs}. Give --run-id."
    return None


def _has_settled_file(case: Case) -> bool:
    seen = case.object
    here = seen.present if seen else None
    patience = timedelta(seconds=case.names.stuck_after_s)
    return isinstance(here, StoredObject) and case.now - here.modified_at > patience
