"""How old the last good backup is, and whether that is too old. Pure.

A backup that was seen and is young enough is proof by itself; that there is none needs one of its own.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from backup_doctor.evidence.base import Fact, Unseen
from backup_doctor.evidence.row import BackupRow, LastGood
from backup_doctor.evidence.times import made_at
from backup_doctor.judge.show import duration, rfc3339

# What to do where no backup is young enough.
WHAT_TO_DO = "backup-doctor explain row/none-lately"


class Freshness(Fact, frozen=True, kw_only=True):
    """The last good backup, held against `max_age`.

    `age` is how long ago it was made; None where none was seen. `ok` is None where there is no
    `max_age_s`, or where `unseen` says why nobody can tell.
    """

    last_good: BackupRow | None = None
    last_good_at: datetime | None = None
    age: timedelta | None = None
    max_age_s: float | None = None
    ok: bool | None = None
    unseen: Unseen | None = None


def freshness(last: LastGood | Unseen | None, max_age_s: float | None, now: datetime) -> Freshness:
    """What the last good backup comes to; None for one that nobody looked for."""
    if last is None:
        return Freshness(max_age_s=max_age_s)
    if isinstance(last, Unseen):
        return Freshness(max_age_s=max_age_s, unseen=last)
    at = made_at(last.row, now) if last.row else None
    age = max(now - at, timedelta()) if at is not None else None
    young = age is not None and max_age_s is not None and age <= timedelta(seconds=max_age_s)
    told = max_age_s is not None and (young or last.unproved is None)
    return Freshness(
        last_good=last.row,
        last_good_at=at,
        age=age,
        max_age_s=max_age_s,
        ok=young if told else None,
        unseen=None if young else last.unproved,
    )


def sentence(fresh: Freshness) -> str:
    """It in one sentence; empty where nobody looked, or nothing was seen and nothing is wanted."""
    if fresh.ok is False:
        return allowed(fresh)
    if fresh.max_age_s is None:
        return (
            f"The last good backup is {duration(fresh.age)} old." if fresh.age is not None else ""
        )
    limit = _limit(fresh.max_age_s)
    if fresh.ok and fresh.age is not None:
        return f"The last good backup is {duration(fresh.age)} old; it may be {limit} (max_age)."
    if fresh.unseen is None:
        return ""
    return f"Could not determine whether a backup succeeded in the last {limit} (max_age)."


def allowed(fresh: Freshness) -> str:
    """For how long none was good, and how long that may be; of a freshness that is not right."""
    wanted = f"there should be one at least every {_limit(fresh.max_age_s or 0)} (max_age)"
    if fresh.age is None:
        return f"No backup has succeeded at all; {wanted}."
    return f"No backup has succeeded for {duration(fresh.age)}; {wanted}."


def lateness(fresh: Freshness) -> str:
    """The same in a few words, for a title."""
    return (
        "no good backup at all"
        if fresh.age is None
        else f"no good backup for {duration(fresh.age)}"
    )


def _limit(seconds: float) -> str:
    return duration(timedelta(seconds=seconds))


def as_json(fresh: Freshness) -> dict[str, Any]:
    """It as `list` and `sweep` have it in their documents."""
    return {
        "last_good_at": rfc3339(fresh.last_good_at) if fresh.last_good_at else None,
        "max_age_s": _number(fresh.max_age_s),
        "ok": fresh.ok,
    }


def _number(seconds: float | None) -> float | None:
    """Whole seconds as such: 93600 rather than 93600.0."""
    return int(seconds) if seconds is not None and seconds == int(seconds) else seconds
