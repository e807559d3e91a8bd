"""A plan carried out: the file looked at once more, the row written, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.evidence.base import Unseen
from backup_doctor.run.fix.again import changed_since
from backup_doctor.run.fix.ending import Ending, Written, never
from backup_doctor.run.fix.outcome import Became, look_up, settle
from backup_doctor.run.fix.restoring import restoring
from backup_doctor.run.fix.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.evidence.case import Case
    from backup_doctor.run.fix.plan import Plan
    from backup_doctor.settings.model import Settings


class Applied(Immutable, frozen=True, kw_only=True):
    """The outcome of a plan.

    `said` is a sentence on how it ended. `done`: it was written; None where nobody knows. `right`: and
    the row is now what was announced. `undo` is the SQL that restores the row, where it was written.
    """

    said: str
    done: bool | None = False
    right: bool = False
    undo: str | None = None


def carry_out(
    settings: Settings, case: Case, plan: Plan, stopped: Callable[[], bool] = never
) -> Applied:
    """Write the row if its file is still what the diagnosis saw. Never raises for what the world does."""
    moved = changed_since(settings, case)
    if moved is not None:
        return Applied(said=f"Not done: {moved}")
    if stopped():
        return Applied(said="Not done: interrupted before it began.")
    written = Writer(settings).write(plan, stopped)
    return _applied(settings, plan, settle(settings, plan, written, stopped))


def _applied(settings: Settings, plan: Plan, written: Written) -> Applied:
    reason = f" {written.reason}" if written.reason else ""
    if written.ending is Ending.UNKNOWN:
        return Applied(said=f"Not confirmed.{reason}", done=None)
    if written.ending is not Ending.COMMITTED:
        return Applied(said=f"Not done ({written.ending}).{reason}")
    undo = restoring(settings.names, plan, written.became)
    if written.otherwise:
        return Applied(said=f"Not as announced.{reason}", done=True, undo=undo)
    now = look_up(settings, plan)
    if isinstance(now, Unseen):
        reason = f"{reason} It could not be looked at again: {now.what}"
    elif now is not Became.AS_ANNOUNCED:
        return Applied(said=f"Done, but the row has changed again since: it is {now}.", done=True)
    return Applied(said=f"Done.{reason}", done=True, right=True, undo=undo)
