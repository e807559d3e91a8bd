"""What a backup that was not read shares with those that were. Pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.findings import FailingStep, Verdict
from backup_doctor.evidence.workflow import Run
from backup_doctor.report.fingerprint import fingerprint
from backup_doctor.run.sweep.sample import neighbours
from backup_doctor.run.sweep.steps import steps_of_causes, steps_of_row

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import PlanStep
    from backup_doctor.run.sweep.result import Swept
    from backup_doctor.run.sweep.sample import Group

THE_ROW = FailingStep(check="row", step=3, title="Row in backup_history")


def signature(case: Case) -> Hashable:
    """What the lists say of a backup; None for one that must be read, whatever the others are.

    A run that has not ended tells by its jobs alone whether it is going, and of several runs which
    one left the row as it is.
    """
    workflow, seen, rows = case.workflow, case.object, case.row
    run = workflow.run if workflow else None
    if isinstance(run, Run) and run.status != "completed":
        return None
    if workflow and workflow.attempts[1:]:
        return None
    if seen is not None and isinstance(seen.head, Unseen) and seen.head is not seen.bucket:
        return None
    of_run = (run.conclusion, run.path) if isinstance(run, Run) else type(run).__name__
    statuses = (
        tuple(one.status for one in rows.rows) if rows and not isinstance(rows.rows, Unseen) else ()
    )
    return (of_run, statuses, _of_file(case))


def _of_file(case: Case) -> Hashable:
    seen = case.object
    if seen is None or isinstance(seen.bucket, Unseen):
        return None
    here = seen.present
    tail = seen.present_tail
    hits = seen.search.hits if seen.search and not isinstance(seen.search, Unseen) else ()
    return (
        seen.expected_key is not None,
        None if here is None else here.size > 0,
        None if tail is None else tail.whole,
        len(hits) > 1,
    )


def presume(backups: Sequence[Swept], groups: Sequence[Group]) -> tuple[Swept, ...]:
    """Each unread backup with the causes of its neighbours, where both came to the same.

    What the log of a run says outranks what can be seen without it, so where the neighbours differ,
    nothing is stated.
    """
    read = {place: one.way for place, one in enumerate(backups) if one.closely}
    found = list(backups)
    for place, (before, after) in neighbours(groups, read).items():
        found[place] = _presumed(backups, place, before, after)
    return tuple(found)


def _presumed(backups: Sequence[Swept], place: int, before: int | None, after: int | None) -> Swept:
    one = backups[place]
    if one.report.verdict is not Verdict.FAILING or (before is None and after is None):
        return one
    known = [backups[near] for near in (before, after) if near is not None]
    like = known[0]
    alike = len({near.way for near in known}) == 1
    if alike and like.report.causes == one.report.causes:
        return one if like.reason == one.reason else replace(one, reason=like.reason)
    if alike and len(known) == 2:  # noqa: PLR2004 -- one before it and one after it
        return _as_like(one, like)
    return _undecided(one, known)


def _as_like(one: Swept, like: Swept) -> Swept:
    note = f"Presumed: its run was not read; those of the backups before and after it were. {_own(one)}"
    report = msgspec.structs.replace(
        one.report,
        summary=f"The backup is stuck. Presumably, as with those before and after it: {like.says}",
        failing_step=like.report.failing_step,
        root_cause=like.report.root_cause,
        causes=like.report.causes,
        fingerprint=like.report.fingerprint,
        plan=(*steps_of_causes(like.report), *_steps_of_row(one)),
        fix_sql=_fix(one),
        notes=(*one.report.notes, note.strip()),
    )
    presumed = replace(one, report=report, presumed=True, says=like.says, reason=like.reason)
    return presumed if one.whole else replace(presumed, takes=None, mendable=None)


def _undecided(one: Swept, known: Sequence[Swept]) -> Swept:
    said = " and ".join(dict.fromkeys(near.root_cause for near in known))
    note = f"Not decided: its run was not read; those nearest to it came to {said}. {_own(one)}"
    report = msgspec.structs.replace(
        one.report,
        summary="The backup is stuck. Without its run's log the cause is unknown.",
        failing_step=THE_ROW,
        root_cause=None,
        causes=(),
        fingerprint=fingerprint(one.report.verdict, None, (), THE_ROW),
        plan=_steps_of_row(one),
        fix_sql=_fix(one),
        notes=(*one.report.notes, note.strip()),
    )
    undecided = replace(one, report=report, says="", reason=None)
    return undecided if one.whole else replace(undecided, takes=None, mendable=None)


def _fix(one: Swept) -> str | None:
    """A whole file is a success whatever the cause; a failure would be given the wrong reason."""
    return one.report.fix_sql if one.whole else None


def _steps_of_row(one: Swept) -> tuple[PlanStep, ...]:
    return steps_of_row(one.report) if one.whole else ()


def _own(one: Swept) -> str:
    own = one.report.root_cause
    return f"By what holds now alone it would be {own}." if own else ""
