"""What a repair will do to its row, column by column, and why it must not be carried out.

Pure functions. A repair that may be printed for a person need not be one that a program may run:
`refusal` is the narrower question.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from backup_doctor.base.immutable import Immutable
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.findings import Verdict
from backup_doctor.evidence.object import StoredObject
from backup_doctor.evidence.workflow import FoundBy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backup_doctor.evidence.case import Case, Names
    from backup_doctor.evidence.collected import Collected, FixCheck
    from backup_doctor.evidence.findings import Report
    from backup_doctor.evidence.row import Route
    from backup_doctor.judge.fix_sql import Change, Repair


class Difference(Immutable, frozen=True, kw_only=True):
    """A column by the user's name: `old` is what the row has (JSON), `new` what it will have.

    `known` is False where the old value was not seen: the row is yet to be inserted.
    """

    column: str
    old: Any
    new: Any
    known: bool = True


class Plan(Immutable, frozen=True, kw_only=True):
    """A repair that can be carried out: its text, its one statement, and what it changes.

    `route` is the one that showed the row, and the only one to write it by. `key` is the user's
    column and the value by which the row is found, before and after. `aim` is the condition that
    finds it while it is as it was seen (None for a row that is yet to be inserted), `guard` the same
    column by column, by the user's names. `takes` is the object's key, where one is written, and
    `bucket` the bucket that it is in.
    """

    sql: str
    statement: str
    route: Route
    key: tuple[str, str]
    differences: tuple[Difference, ...]
    aim: str | None = None
    guard: Mapping[str, Any]
    takes: str | None = None
    bucket: str | None = None

    @property
    def inserts(self) -> bool:
        """Whether it makes a new row."""
        return self.aim is None


def plan(case: Case, repair: Repair) -> Plan | None:
    """The plan of a repair; None where there is none to carry out."""
    change, route = repair.change, case.row.route if case.row else None
    if repair.sql is None or repair.statement is None or change is None or route is None:
        return None
    names = case.names
    return Plan(
        sql=repair.sql,
        statement=repair.statement,
        route=route,
        key=_key(case, change),
        differences=tuple(_difference(names, change, name) for name in change.values),
        aim=repair.aim,
        guard={names.column(name): value for name, value in change.guard.items()},
        takes=change.values.get("s3_key"),
        bucket=_bucket(case),
    )


def _bucket(case: Case) -> str | None:
    return case.object.bucket if case.object and isinstance(case.object.bucket, str) else None


def _key(case: Case, change: Change) -> tuple[str, str]:
    if change.row is None:
        return case.names.column("dispatch_id"), case.dispatch_id or ""
    return case.names.column("id"), change.row.id or ""


def _difference(names: Names, change: Change, guide_name: str) -> Difference:
    column = names.column(guide_name)
    before = change.row.values if change.row else {}
    return Difference(
        column=column,
        old=before.get(column),
        new=change.values[guide_name],
        known=column in before,
    )


def nothing_to_do(report: Report) -> str | None:
    """Why the row is as it should be, so that no repair is wanted; None where it is not."""
    return report.summary if report.verdict in (Verdict.HEALTHY, Verdict.RUNNING) else None


def refusal(collected: Collected, report: Report, repair: Repair) -> str | None:
    """Why this repair must not be carried out; None where it may be."""
    case = collected.case
    if report.errors:
        return f"the diagnosis is not sure: the doctor itself failed ({report.errors[0]})."
    if collected.interrupted:
        return "the diagnosis was interrupted."
    if repair.refused_by:
        causes = ", ".join(repair.refused_by)
        return f"it would fail until {causes} is fixed. The report says how, and has the SQL."
    return _unsure_of_run(case) or _refused_by_database(collected.fix_check)


def _refused_by_database(check: FixCheck | Unseen | None) -> str | None:
    if check is None or isinstance(check, Unseen):
        return None
    if check.problem:
        return f"the database would refuse the statement: {check.problem}"
    if check.rows not in (None, 1):
        return (
            f"it would affect {check.rows} rows instead of one; the row may have changed meanwhile."
        )
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
