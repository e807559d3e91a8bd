"""What to do, in the order of doing: the causes' fixes, and the row's SQL at its place among them.

Pure. Nothing in the plan undoes, or is refused by, what stands before it: what refuses the SQL comes
before it, what needs the row right comes after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs
from msgspec.structs import replace

from backup_doctor.evidence.findings import Fix, FixKind, PlanStep, Risk, Role, Severity, Verdict
from backup_doctor.judge.fix_sql.statement import WILL_FAIL
from backup_doctor.judge.show import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from backup_doctor.judge.diagnosis import Diagnosis
    from backup_doctor.judge.fix_sql import Alternative, Repair
    from backup_doctor.judge.judgement import Judged

ROW_TITLE = "Fix the row"
DECIDE_TITLE = "Decide what the row should say"
STAY_TITLE = "Leave the row as it is"
GIVE_MORE = "Let the doctor see more"


def plan(diagnosis: Diagnosis, repair: Repair, to_settle: Sequence[str]) -> tuple[PlanStep, ...]:
    """Return the steps; none for a backup that is right or still going."""
    if diagnosis.verdict in (Verdict.HEALTHY, Verdict.RUNNING):
        return ()
    steps = [_with_alternatives(step, repair) for step in _before_row(diagnosis, repair)]
    steps += _row(diagnosis, repair, {step.why for step in steps})
    steps += (
        PlanStep(title=one_of[0].title, why=cause.code, one_of=one_of)
        for cause in diagnosis.causes
        for one_of in _choices(cause, after_row=True)
    )
    if not diagnosis.causes or _leaves_open(diagnosis, repair):
        steps += _see_more(to_settle)
    return _each_once(steps)


def warned(diagnosis: Diagnosis, repair: Repair) -> Repair:
    """The repair whose SQL says first which causes would still refuse it, and the steps that end them.

    Codes and numbers only, nothing from outside.
    """
    numbers = _numbers(_before_row(diagnosis, repair))
    alternatives = tuple(
        replace(one, repair=_headed(one.repair, numbers)) for one in repair.alternatives
    )
    return replace(_headed(repair, numbers), alternatives=alternatives)


def _before_row(diagnosis: Diagnosis, repair: Repair) -> list[PlanStep]:
    """What is done before the row: the causes' fixes, then those of what its SQL waits for."""
    refusing = {
        *repair.refused_by,
        *(code for one in repair.alternatives for code in one.repair.refused_by),
    }
    known = {one.code for one in diagnosis.causes}
    # While nobody can see the row, what hides it keeps the causes from being fixed, too.
    hiding = diagnosis.verdict is Verdict.UNKNOWN
    placed = (one.judged for one in diagnosis.placed)
    others = {
        one.code: one
        for one in placed
        if one.code not in known and (one.code in refusing or _is_waited_for(one, repair))
    }.values()
    order = (*others, *diagnosis.causes) if hiding else (*diagnosis.causes, *others)
    return [
        PlanStep(title=one_of[0].title, why=cause.code, one_of=one_of)
        for cause in order
        for one_of in _choices(cause, after_row=False)
    ]


def _is_waited_for(judged: Judged, repair: Repair) -> bool:
    return repair.waits_for is not None and judged.has(repair.waits_for)


def _numbers(steps: Sequence[PlanStep]) -> dict[str | None, int]:
    """At which step the first fix of each code stands."""
    places = {_act(step): number for number, step in enumerate(_each_once(steps), start=1)}
    return {step.why: places[_act(step)] for step in reversed(steps)}


def _headed(repair: Repair, numbers: dict[str | None, int]) -> Repair:
    refusing = repair.refused_by
    if repair.sql is None or not refusing:
        return repair
    steps = [str(numbers[code]) for code in refusing if code in numbers]
    word = "step" if len(steps) == 1 else "steps"
    at = f" ({word} {listed(steps)})" if steps else ""
    is_are = "is" if len(refusing) == 1 else "are"
    first = f"{WILL_FAIL} {listed(refusing)} {is_are} fixed{at}\n"
    return replace(repair, sql=f"{first}{repair.sql}")


def _choices(cause: Judged, *, after_row: bool) -> Iterator[tuple[Fix, ...]]:
    """What a cause's finding advises, each with its alternatives."""
    group: list[Fix] = []
    for fix in cause.found.fixes:
        if group and not fix.alternative:
            yield tuple(group)
            group = []
        if fix.after_row is after_row or group:
            group.append(fix)
    if group:
        yield tuple(group)


def _with_alternatives(step: PlanStep, repair: Repair) -> PlanStep:
    """The step with the SQL that a person may choose in place of what it advises."""
    instead = tuple(_alternative(one) for one in repair.alternatives if one.why == step.why)
    return structs.replace(step, one_of=(*step.one_of, *instead))


def _alternative(one: Alternative) -> Fix:
    return Fix(kind=FixKind.SQL, title=one.title, text=one.sql, risk=one.risk, alternative=True)


def _row(diagnosis: Diagnosis, repair: Repair, ended: set[str | None]) -> Iterator[PlanStep]:
    """The row's own step: its SQL, or where a person decides, that it may stay as it is."""
    if repair.sql:
        which = f" {repair.other_row}, the other one of this dispatch" if repair.other_row else ""
        title = f"{ROW_TITLE}{which}"
        sql = Fix(kind=FixKind.SQL, title=title, text=repair.sql, risk=Risk.LOW)
        yield PlanStep(title=title, why=_symptom(diagnosis), one_of=(sql,))
    open_ones = tuple(_alternative(one) for one in repair.alternatives if one.why not in ended)
    if open_ones:
        reason = " ".join(repair.notes)
        stay = Fix(kind=FixKind.MANUAL, title=STAY_TITLE, text=reason, risk=Risk.NONE)
        yield PlanStep(title=DECIDE_TITLE, why=_symptom(diagnosis), one_of=(stay, *open_ones))


def _symptom(diagnosis: Diagnosis) -> str | None:
    """The row's own symptom, which its SQL ends."""
    symptoms = (
        one.judged.code
        for one in diagnosis.placed
        if one.judged.check.name == "row"
        and one.role is Role.SYMPTOM
        and one.severity is Severity.FAIL
        and one.judged not in diagnosis.causes
    )
    return next(symptoms, None)


def _leaves_open(diagnosis: Diagnosis, repair: Repair) -> bool:
    """Whether the verdict stays unknown once the causes are fixed: none of the steps ends what hides the row."""
    hides = any(_is_waited_for(one.judged, repair) for one in diagnosis.placed)
    return diagnosis.verdict is Verdict.UNKNOWN and not hides


def _see_more(to_settle: Sequence[str]) -> Iterator[PlanStep]:
    """One step with all that would settle what is open, each on a line."""
    if to_settle:
        mark = "- " if len(to_settle) > 1 else ""
        lines = "\n".join(f"{mark}{reason}" for reason in dict.fromkeys(to_settle))
        fix = Fix(kind=FixKind.SETTING, title=GIVE_MORE, text=lines, risk=Risk.NONE)
        yield PlanStep(title=GIVE_MORE, why=None, one_of=(fix,))


def _each_once(steps: Iterable[PlanStep]) -> tuple[PlanStep, ...]:
    """Two causes may advise the same: it is done once, for the earlier one and at its place.

    Where the other leaves less to choose, no other choice would end both.
    """
    kept: dict[object, PlanStep] = {}
    for step in steps:
        known = kept.setdefault(_act(step), step)
        if len(step.one_of) < len(known.one_of):
            kept[_act(step)] = replace(known, title=step.title, one_of=step.one_of)
    return tuple(kept.values())


def _act(step: PlanStep) -> object:
    """What is done: of what is pasted, the text alone, however it is called."""
    first = step.one_of[0]
    return first.text if first.kind in (FixKind.SQL, FixKind.SHELL) else step.one_of
