"""Where a backup stopped: the state of each link of the pipeline's chain, from evidence of its own.

Nothing is inferred from what came later, and no link is ok by default: a row that says success does
not show which update wrote it, and a job that ended does not show that it made a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.evidence.base import Shown, Unseen
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import StageResult, StageState, Verdict
from backup_doctor.evidence.log import NOT_SAID, Call, Outcome
from backup_doctor.evidence.workflow import Run
from backup_doctor.judge.history import (
    RowState,
    fallback_call,
    function_call,
    row_state,
    update_ran,
)
from backup_doctor.judge.history.calls import (
    FAILED,
    changed_nothing,
    has_function_alone,
    look_up_failed,
    look_up_found,
    update_ways,
)
from backup_doctor.judge.history.file import began_at, own_file
from backup_doctor.judge.history.function_calls import calls_function
from backup_doctor.judge.history.upload import upload_errors
from backup_doctor.judge.history.written import shows_written
from backup_doctor.judge.show import listed
from backup_doctor.judge.traits import Trait
from backup_doctor.services.error_lines import shows_file

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.judge.diagnosis import Diagnosis

SEVERAL = 2
ONLY_UPDATE = "the row is updated"
NOT_UPDATED = frozenset(
    {RowState.IN_PROGRESS, RowState.FAILED, RowState.CANCELLED, RowState.ABSENT}
)
UPDATES = frozenset({Link.FUNCTION_UPDATES, Link.FALLBACK_UPDATES})


def stages(case: Case, diagnosis: Diagnosis) -> tuple[StageResult, ...]:
    """Return the state of every link, in the order of the chain.

    Of a backup that is still to be made (`preflight`), only what would fail is known.
    """
    told = _told(case, diagnosis)
    results: list[StageResult] = []
    for link in Link:
        failed_before = frozenset(
            earlier
            for earlier, stage in zip(Link, results, strict=False)
            if stage.state is StageState.FAILED
        )
        state = StageState.FAILED if told[link] else _state(link, case, diagnosis, failed_before)
        results.append(
            StageResult(link=link.code, title=_title(link, case), state=state, codes=told[link])
        )
    return tuple(results)


def _told(case: Case, diagnosis: Diagnosis) -> dict[Link, tuple[str, ...]]:
    """The causes that broke each link; the one update of a pipeline is the first."""
    told = {link: _codes(link, diagnosis) for link in Link}
    if not _has_other_updates(case):
        other = told[Link.FALLBACK_UPDATES]
        told[Link.FUNCTION_UPDATES] = tuple(dict.fromkeys((*told[Link.FUNCTION_UPDATES], *other)))
        told[Link.FALLBACK_UPDATES] = ()
    return told


def _has_other_updates(case: Case) -> bool:
    """Whether there is more than one way to update the row, for all that is seen."""
    ways = update_ways(case)
    unknown = not ways and calls_function(case) is not None
    with_function = _has_function(case) and not has_function_alone(case)
    return unknown or with_function or len(ways) >= SEVERAL


def _codes(link: Link, diagnosis: Diagnosis) -> tuple[str, ...]:
    """The causes that broke this link. What tells of the backups before broke none of the next one's."""
    broke = (one for one in diagnosis.causes if not one.has(Trait.PAST_ONLY))
    return tuple(dict.fromkeys(one.code for one in broke if link in one.breaks))


def _title(link: Link, case: Case) -> str:
    if link not in UPDATES:
        return link.title
    ways = update_ways(case)
    names = [one.name for one in ways if not one.is_of_function]
    if link is Link.FALLBACK_UPDATES:
        others = names if _has_function(case) else names[1:]
        return f"{link.title} ({listed(others)})" if others else link.title
    if _has_function(case):
        called = (one.target for one in ways if one.is_of_function and one.target)
        return f"{next(called, case.names.function)} updates the row"
    return f"{ONLY_UPDATE} ({names[0]})" if names else ONLY_UPDATE


def _has_function(case: Case) -> bool:
    """Whether the pipeline is shown to call a function; else the one update is all that there is."""
    return isinstance(calls_function(case), Shown)


def _state(
    link: Link, case: Case, diagnosis: Diagnosis, failed_before: frozenset[Link]
) -> StageState:
    """The state of a link that no cause broke."""
    if case.is_preflight:
        other = link is Link.FALLBACK_UPDATES and not _has_other_updates(case)
        return StageState.NOT_NEEDED if other else StageState.NOT_REACHED
    if link is Link.STAYS_SO:
        return _stays(case, diagnosis, failed_before)
    own = _OWN[link](case)
    # The two updates stand in for one another, and a run does not need its row to make a file.
    stopped = failed_before - UPDATES - {Link.ROW_CREATED}
    ended = own is StageState.UNKNOWN and stopped and update_ran(case) is not True
    # Somebody wrote a row that says success, whatever is wrong with its file.
    written = link in UPDATES and row_state(case) in (RowState.RIGHT, RowState.INCOMPLETE)
    return StageState.NOT_REACHED if ended and not written else own


def _row_created(case: Case) -> StageState:
    """The row itself, or the pipeline's own look-up that found it."""
    if look_up_found(case) or row_state(case) not in (RowState.UNSEEN, RowState.ABSENT):
        return StageState.OK
    return StageState.UNKNOWN if row_state(case) is RowState.UNSEEN else StageState.FAILED


def _run_started(case: Case) -> StageState:
    """A job that began: the update's, or another one that came to a step."""
    workflow = case.workflow
    if workflow is None or not isinstance(workflow.run, Run):
        return StageState.UNKNOWN
    jobs = () if isinstance(workflow.jobs, Unseen) else workflow.jobs
    own = workflow.job is not None and (workflow.job.started_at is not None or workflow.job.steps)
    return StageState.OK if own or any(job.steps for job in jobs) else StageState.UNKNOWN


def _backup_made(case: Case) -> StageState:
    """A file of this run, the size that the job took of one, or an upload that was refused with it."""
    measured = case.log is not None and bool(case.log.assignments.get("BACKUP_SIZE"))
    refused = any(map(shows_file, upload_errors(case)))
    return StageState.OK if measured or refused else _file_uploaded(case)


def _file_uploaded(case: Case) -> StageState:
    """The file, a trace of it, or the upload's own word that it is done."""
    if case.log is not None and case.log.uploaded and not case.log.upload_errors:
        return StageState.OK
    seen = case.object
    if seen is None:
        return StageState.UNKNOWN
    if own_file(case) is not None:
        return StageState.OK
    deleted, began = seen.deleted.previous if seen.deleted else None, began_at(case)
    was_own = deleted is not None and (began is None or deleted.modified_at >= began)
    return StageState.OK if was_own else StageState.UNKNOWN


def _first_update(case: Case) -> StageState:
    ways = update_ways(case)
    if _has_function(case):
        return _update(function_call(case), case)
    if len(ways) >= SEVERAL and update_ran(case) is not False:
        return _update(ways[0].call, case)
    return _update(fallback_call(case), case)


def _other_updates(case: Case) -> StageState:
    first, other = function_call(case), fallback_call(case)
    ways = update_ways(case)
    if not _has_function(case):
        reached = update_ran(case) is not False
        if case.log is None and reached:
            return StageState.UNKNOWN
        if isinstance(calls_function(case), Unseen) and not (ways or reached):
            return StageState.NOT_REACHED
        if len(ways) < SEVERAL or ways[0].call.outcome is Outcome.OK:
            return StageState.NOT_NEEDED
        told = [one.call for one in ways[1:] if one.call.outcome is not Outcome.NOT_SAID]
        return _update(told[-1] if told else NOT_SAID, case)
    untried = other.outcome in (Outcome.NOT_SAID, Outcome.NOT_MADE)
    if untried and (first.outcome is Outcome.OK or has_function_alone(case)):
        return StageState.NOT_NEEDED
    return _update(other, case)


def _update(call: Call, case: Case) -> StageState:
    if call.outcome in FAILED or changed_nothing(call):
        return StageState.FAILED
    if call.outcome is Outcome.OK:
        # A success without a count, of a row that does not say so, shows no update.
        counted = call.rows or shows_written(case, call)
        unshown = row_state(case) in NOT_UPDATED and not counted
        return StageState.UNKNOWN if unshown else StageState.OK
    if call.outcome is Outcome.NOT_SAID:
        return StageState.UNKNOWN
    # Not made: the step was not reached, gave up at the look-up, or had no key for this way.
    reached = update_ran(case) is True and not look_up_failed(case)
    return StageState.NOT_NEEDED if reached else StageState.NOT_REACHED


def _stays(case: Case, diagnosis: Diagnosis, failed_before: frozenset[Link]) -> StageState:
    """Ok only where row and file are right now; repaired where no update of the run wrote them."""
    if diagnosis.verdict is Verdict.HEALTHY:
        wrote = {_first_update(case), _other_updates(case)}
        failed = StageState.FAILED in wrote or StageState.NOT_REACHED in wrote
        repaired = failed and not wrote & {StageState.OK, StageState.UNKNOWN}
        return StageState.REPAIRED_LATER if repaired else StageState.OK
    if row_state(case) is RowState.RIGHT and diagnosis.verdict is Verdict.FAILING:
        return StageState.FAILED
    return StageState.NOT_REACHED if failed_before else StageState.UNKNOWN


_OWN = {
    Link.ROW_CREATED: _row_created,
    Link.RUN_STARTS: _run_started,
    Link.BACKUP_MADE: _backup_made,
    Link.FILE_UPLOADED: _file_uploaded,
    Link.FUNCTION_UPDATES: _first_update,
    Link.FALLBACK_UPDATES: _other_updates,
}
