"""The sentences of a sweep, the same in every format that people read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from backup_doctor.judge.freshness import WHAT_TO_DO, sentence
from backup_doctor.judge.show import duration
from backup_doctor.run.sweep.result import UNKNOWN

if TYPE_CHECKING:
    from backup_doctor.run.sweep.result import CauseGroup, Sweep, Swept

NAMED = 5


def headline(sweep: Sweep) -> str:
    """The whole sweep in one line: what is wrong first."""
    parts = [sentence(sweep.freshness), _of_stuck(sweep)] if sweep.late else [_of_stuck(sweep)]
    return " ".join(reversed(parts) if sweep.stuck else parts)


def freshness_line(sweep: Sweep) -> str:
    """How old the last good backup is; where the headline says that it is too old, what to do."""
    late = f"No good backup lately: {WHAT_TO_DO} says what to look at."
    return late if sweep.late else sentence(sweep.freshness)


def _of_stuck(sweep: Sweep) -> str:
    stuck, groups = len(sweep.stuck), sweep.groups
    if not stuck and not sweep.complete:
        return "Could not determine whether backups are stuck."
    if not stuck:
        limit = duration(timedelta(seconds=sweep.older_than_s))
        which = "all" if sweep.counts["running"] else "none"
        going = "still going" if sweep.counts["running"] else f"in progress for more than {limit}"
        return f"No stuck backups ({which} {going})."
    least = "" if sweep.complete else "At least "
    return f"{least}{counted(stuck)}, {_causes(groups)}"


def _causes(groups: tuple[CauseGroup, ...]) -> str:
    begun = [group.since for group in groups if group.since]
    since = f" since {moment(min(begun))}" if begun else ""
    told = {(group.root_cause, group.spokesman.reason) for group in groups}
    known = sum(code != UNKNOWN for code, _ in told)
    if not known:
        return f"cause unknown{since}."
    if len(told) == 1:
        return f"one cause: {groups[0].root_cause}{since}."
    unknown = " and some unknown" if known < len(told) else ""
    return f"{known} cause{'' if known == 1 else 's'}{unknown}."


def counted(count: int) -> str:
    """`1 backup`, `412 backups`."""
    return f"{count:,} backup{'' if count == 1 else 's'}"


def moment(at: datetime | None) -> str:
    """A time to the minute, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at else "an unknown time"


def span(group: CauseGroup) -> str:
    """When the group's backups started."""
    if group.since is None or moment(group.since) == moment(group.until):
        return f"started at {moment(group.since)}"
    return f"started from {moment(group.since)} to {moment(group.until)}"


def certainty(group: CauseGroup) -> str:
    """How the group is known to share its cause; empty where each of its backups was read."""
    others = len(group.backups) - group.closely
    if not others:
        return ""
    if group.root_cause == UNKNOWN:
        return f"The runs of {others:,} of them were not read."
    judged = others - group.presumed
    parts = [
        f"{group.closely:,} by their own run",
        f"{judged:,} by what can be seen without it" if judged else "",
        f"{group.presumed:,} presumed, between others of this cause" if group.presumed else "",
    ]
    return f"Known {', '.join(filter(None, parts))}."


def says(group: CauseGroup) -> str:
    """What the cause is, in the words of one of the group's backups."""
    spokesman = group.spokesman
    return spokesman.says or spokesman.report.summary


def named(group: CauseGroup) -> tuple[str, ...]:
    """A few of the group's backups, by name."""
    return tuple(name(one) for one in group.backups[:NAMED])


def name(one: Swept) -> str:
    """What a backup is asked for by."""
    return one.asked.dispatch_id or one.asked.backup_id or "?"


def flag(one: Swept) -> str:
    """The flag that asks for it."""
    return "--dispatch-id" if one.asked.dispatch_id else "--backup-id"


def running(sweep: Sweep) -> str:
    """The backups that are still going; empty where there is none."""
    count = sweep.counts["running"]
    return f"{counted(count)} in progress for as long, and still going." if count else ""
