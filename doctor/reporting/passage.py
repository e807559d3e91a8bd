"""How far a backup came: each link of the chain held, broke, was never reached, or was not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from doctor.chain import Link
from doctor.evidence.log import Call, Outcome
from doctor.evidence.workflow import Run
from doctor.model import Passage, Stage
from doctor.story import RowState, fallback_call, function_call, row_state

if TYPE_CHECKING:
    from doctor.case import Case
    from doctor.diagnosis import Diagnosis

FAILED = frozenset({Outcome.REFUSED, Outcome.TIMED_OUT, Outcome.UNREACHABLE})

CAME_TO = frozenset({Passage.HELD, Passage.BROKEN})
STEPS_IN_TURN = frozenset({Link.RUN_STARTS.word, Link.BACKUP_MADE.word})
SEEN_WITHOUT_IT = frozenset({Link.STAYS_SO.word})


def passages(case: Case, diagnosis: Diagnosis) -> tuple[Stage, ...]:
    """The chain, link by link; empty for `preflight`, whose backup is still to be made."""
    if case.is_preflight:
        return ()
    stages: list[Stage] = []
    for link in Link:
        code = next((one.code for one in diagnosis.causes if link in one.breaks), None)
        passage = Passage.BROKEN if code else _passage(link, case)
        if passage is Passage.UNSEEN and _is_cut_off(stages):
            passage = Passage.NOT_REACHED
        stages.append(Stage(name=link.word, title=link.title, passage=passage, code=code))
    return tuple(_inferred(stage, stages[at + 1 :]) for at, stage in enumerate(stages))


def _inferred(stage: Stage, after: list[Stage]) -> Stage:
    """What nobody saw held all the same where the pipeline got past it to another step of its own."""
    got_past = any(one.passage in CAME_TO and one.name not in SEEN_WITHOUT_IT for one in after)
    if stage.name in STEPS_IN_TURN and stage.passage is Passage.UNSEEN and got_past:
        return structs.replace(stage, passage=Passage.HELD)
    return stage


def _is_cut_off(before: list[Stage]) -> bool:
    """Whether the backup ended before this link; only the two updates stand in for one another."""
    broken = {link for link, stage in zip(Link, before, strict=False) if _broke(stage)}
    writes = {Link.FUNCTION_UPDATES, Link.FALLBACK_UPDATES}
    return bool(broken - writes) or broken >= writes


def _broke(stage: Stage) -> bool:
    return stage.passage is Passage.BROKEN


def _passage(link: Link, case: Case) -> Passage:
    match link:
        case Link.ROW_CREATED:
            return _row(case)
        case Link.RUN_STARTS:
            return _run(case)
        case Link.BACKUP_MADE | Link.FILE_UPLOADED:
            return _file(case)
        case Link.FUNCTION_UPDATES:
            return _call(function_call(case))
        case Link.FALLBACK_UPDATES:
            by_function = function_call(case).outcome is Outcome.OK
            fallback = _call(fallback_call(case))
            unneeded = by_function and fallback is Passage.UNSEEN
            return Passage.NOT_NEEDED if unneeded else fallback
        case Link.STAYS_SO:
            right = row_state(case) is RowState.RIGHT
            return Passage.HELD if right else Passage.UNSEEN


def _row(case: Case) -> Passage:
    state = row_state(case)
    if state is RowState.UNSEEN:
        return Passage.UNSEEN
    return Passage.BROKEN if state is RowState.ABSENT else Passage.HELD


def _run(case: Case) -> Passage:
    workflow = case.workflow
    job = workflow.job if workflow and isinstance(workflow.run, Run) else None
    started = job is not None and (job.started_at is not None or bool(job.steps))
    return Passage.HELD if started else Passage.UNSEEN


def _file(case: Case) -> Passage:
    stored = case.object is not None and case.object.present is not None
    uploaded = case.log is not None and bool(case.log.uploaded)
    return Passage.HELD if stored or uploaded else Passage.UNSEEN


def _call(call: Call) -> Passage:
    if call.outcome is Outcome.OK:
        return Passage.HELD
    return Passage.BROKEN if call.outcome in FAILED else Passage.UNSEEN
