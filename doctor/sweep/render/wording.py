"""The sentences of a sweep, the same in every format that people read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from doctor.show import duration
from doctor.sweep.result import UNKNOWN

if TYPE_CHECKING:
    from doctor.sweep.result import Group, Sweep, Swept

NAMED = 5


def headline(sweep: Sweep) -> str:
    """The whole sweep in one line."""
    stuck, groups = len(sweep.stuck), sweep.groups
    if not stuck:
        limit = duration(timedelta(seconds=sweep.older_than_s))
        unsure = "" if sweep.complete else ", as far as could be seen"
        return f"No backup is stuck: none is overdue of those in progress for over {limit}{unsure}."
    least = "" if sweep.complete else "At least "
    return f"{least}{counted(stuck)}, {_causes(groups)}"


def _causes(groups: tuple[Group, ...]) -> str:
    only = groups[0]
    since = f" since {moment(only.since)}" if only.since else ""
    if len(groups) > 1:
        known = sum(group.root_cause != UNKNOWN for group in groups)
        unknown = " and some unknown" if known < len(groups) else ""
        return f"{known} cause{'' if known == 1 else 's'}{unknown}."
    if only.root_cause == UNKNOWN:
        return f"cause unknown{since}."
    return f"one cause: {only.root_cause}{since}."


def counted(count: int) -> str:
    """`1 backup`, `412 backups`."""
    return f"{count:,} backup{'' if count == 1 else 's'}"


def moment(at: datetime | None) -> str:
    """A time to the minute, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at else "an unknown time"


def span(group: Group) -> str:
    """When the group's backups were begun."""
    if group.since is None or group.until is None or len(group.backups) == 1:
        return f"begun {moment(group.since)}"
    return f"begun {moment(group.since)} to {moment(group.until)}"


def certainty(group: Group) -> str:
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


def says(group: Group) -> str:
    """What the cause is, in the words of one of the group's backups."""
    spokesman = group.spokesman
    return spokesman.says or spokesman.report.summary


def named(group: Group) -> tuple[str, ...]:
    """A few of the group's backups, by name."""
    return tuple(name(one) for one in group.backups[:NAMED])


def name(one: Swept) -> str:
    """What a backup is asked for by."""
    subject = one.report.subject
    return subject.dispatch_id or subject.backup_id or "?"


def flag(one: Swept) -> str:
    """The flag that asks for it."""
    return "--dispatch-id" if one.report.subject.dispatch_id else "--backup-id"


def running(sweep: Sweep) -> str:
    """The backups that are still going; empty where there is none."""
    count = sweep.counts["running"]
    return f"{counted(count)} in progress for as long, and still going." if count else ""
