"""Of several steps that write the row, the one that says that the backup is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.collect.log.step_calls import step_calls

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.collect.log.known import Targets
    from backup_doctor.collect.log.sections import Section
    from backup_doctor.collect.log.step_calls import StepCalls
    from backup_doctor.collect.log.step_script import RepositoryFiles
    from backup_doctor.evidence.log import Attempt


def finishing(
    told: StepCalls, later: Sequence[Section], targets: Targets, files: RepositoryFiles
) -> Section | None:
    """The later section that writes the status, where the update step leaves it to another one.

    A team may write the file's key and size in one step, and the status in the next. Only a script
    that is wholly known is sure to leave the status out.
    """
    updates = [one for one in told.attempts if one.updates]
    if not updates or not told.whole or any(_may_finish(one, targets) for one in updates):
        return None
    for section in reversed(later):
        attempts = step_calls([section], targets, files).attempts if section.title else ()
        if any(one.updates and targets.status in one.columns for one in attempts):
            return section
    return None


def _may_finish(one: Attempt, targets: Targets) -> bool:
    """Whether it writes the status, for all that its columns tell."""
    return not one.is_direct or not one.columns or targets.status in one.columns
