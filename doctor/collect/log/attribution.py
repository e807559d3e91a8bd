"""Which section of the log is which step.

The log does not name steps. A `run` or `uses` step begins with a `##[group]Run ...` line; the steps
of a composite action begin with one more each. The API's step times are whole seconds, which
several steps may share, so order and time must be taken together. Newer runners mark the steps of a
composite action, which then need no guess.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from backup_doctor.services.runner_steps import is_runners

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.collect.log.sections import Section
    from backup_doctor.evidence.workflow import Step

SECOND = timedelta(seconds=1)


def attribute(sections: Sequence[Section], steps: Sequence[Step]) -> dict[int, Step]:
    """The step of each section, by the section's index; those that nothing tells are missing."""
    begun = [index for index, one in enumerate(sections) if one.title and not one.nested]
    names = {step.name for step in steps}
    ran = [step for step in steps if _ran(step) and not is_runners(step.name, names)]
    by_order = len(begun) == len(ran)
    found = dict(zip(begun, ran, strict=True)) if by_order else _by_time(sections, begun, ran)
    return _with_nested(sections, found)


def _with_nested(sections: Sequence[Section], found: dict[int, Step]) -> dict[int, Step]:
    """The same with the sections of a composite action's own steps: they are of the step that calls it."""
    whole: dict[int, Step] = {}
    calling: Step | None = None
    for index, section in enumerate(sections):
        if section.title and not section.nested:
            calling = found.get(index)
        step = calling if section.nested else found.get(index)
        if step is not None:
            whole[index] = step
    return whole


def _ran(step: Step) -> bool:
    return step.conclusion != "skipped" and step.status in ("completed", "in_progress")


def _by_time(
    sections: Sequence[Section], begun: Sequence[int], ran: Sequence[Step]
) -> dict[int, Step]:
    """In order, each section goes to the first step from the current one on whose time it fits.

    A step that has a section already gives way to the next one that fits as well, unless there are
    more sections left than steps: then a composite action has several.
    """
    found: dict[int, Step] = {}
    current = 0
    taken = False
    for place, index in enumerate(begun):
        at = sections[index].lines[0].at
        if at is None:
            continue
        fitting = [number for number in range(current, len(ran)) if _fits(ran[number], at)]
        if not fitting:
            continue
        surplus = len(begun) - place > len(ran) - current
        step = fitting[0]
        if step == current and taken and len(fitting) > 1 and not surplus:
            step = fitting[1]
        current, taken = step, True
        found[index] = ran[step]
    return found


def _fits(step: Step, at: datetime) -> bool:
    begun = step.started_at is None or step.started_at <= at
    over = step.completed_at is not None and at >= step.completed_at + SECOND
    return begun and not over
