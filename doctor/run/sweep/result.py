"""What a sweep comes to: a short report for each backup, grouped by root cause."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from backup_doctor.base.immutable import Immutable
from backup_doctor.evidence.case import Asked
from backup_doctor.evidence.findings import Verdict
from backup_doctor.judge.fix_sql.statement import WILL_FAIL
from backup_doctor.judge.freshness import Freshness
from backup_doctor.run.sweep.steps import steps_of_causes

if TYPE_CHECKING:
    from datetime import datetime

    from backup_doctor.evidence.base import Unseen
    from backup_doctor.evidence.case import Names
    from backup_doctor.evidence.findings import PlanStep, Report
    from backup_doctor.run.sweep.past import Past
    from backup_doctor.run.sweep.script import Mendable

UNKNOWN = "unknown"
Way: TypeAlias = "tuple[str, tuple[str, ...], str | None]"
"""The root cause, all causes, and the reason of the root cause, if it has one."""


class Swept(Immutable, frozen=True, kw_only=True):
    """One backup of the sweep.

    `closely`: its run was read as a single diagnosis reads it. `presumed`: its causes are those of
    the backups before and after it that were. `whole`: its file is there and whole. `says` is the
    root cause in this case, and the others that it has. `takes` is the key of the file that its fix SQL
    would give to the row; `mendable` that SQL for a script, or why it must not be run, where it
    was wanted. `by_row`: its dispatch id is also a later backup's, so it goes by the row's own id.
    `reason` says more than the root cause's code, where it is known.
    """

    report: Report
    created_at: datetime | None
    closely: bool
    presumed: bool = False
    whole: bool = False
    takes: str | None = None
    mendable: Mendable | None = None
    says: str = ""
    by_row: bool = False
    reason: str | None = None

    @property
    def asked(self) -> Asked:
        """What a single diagnosis of it would be asked."""
        subject = self.report.subject
        if subject.dispatch_id and not self.by_row:
            return Asked(dispatch_id=subject.dispatch_id)
        return Asked(backup_id=subject.backup_id)

    @property
    def root_cause(self) -> str:
        """The code of its root cause, or `unknown`."""
        return self.report.root_cause or UNKNOWN

    @property
    def way(self) -> Way:
        """How it broke: alike in all that are told of together."""
        return self.root_cause, self.report.causes, self.reason

    @property
    def waits(self) -> bool:
        """Whether its SQL would be refused until a cause is fixed."""
        return (self.report.fix_sql or "").startswith(WILL_FAIL)

    @property
    def is_stuck(self) -> bool:
        """Whether it is over or overdue, or nobody can tell."""
        return self.report.verdict in (Verdict.FAILING, Verdict.UNKNOWN)


class CauseGroup(Immutable, frozen=True, kw_only=True):
    """The backups that broke in one way, oldest first: what is said of one of them is true of all."""

    root_cause: str
    backups: tuple[Swept, ...]

    @property
    def since(self) -> datetime | None:
        """When the first of them was begun."""
        return min((one.created_at for one in self.backups if one.created_at), default=None)

    @property
    def until(self) -> datetime | None:
        """When the last of them was begun."""
        return max((one.created_at for one in self.backups if one.created_at), default=None)

    @property
    def closely(self) -> int:
        """How many of them were read closely."""
        return sum(one.closely for one in self.backups)

    @property
    def presumed(self) -> int:
        """How many are only presumed to share the cause."""
        return sum(one.presumed for one in self.backups)

    @property
    def spokesman(self) -> Swept:
        """The one that says best what the cause is: read closely, and the newest."""
        return max(self.backups, key=lambda one: (one.closely, not one.presumed))

    @property
    def steps(self) -> tuple[PlanStep, ...]:
        """What to do about the cause, and about the others that the same backup has, in order."""
        return steps_of_causes(self.spokesman.report)


class Sweep(Immutable, frozen=True, kw_only=True):
    """The whole sweep. `found` counts the backups that were found, judged or not.

    `gaps` are sentences that say what could not be seen; `complete` is whether every stuck backup
    was found and judged. `freshness` is the last good backup, `place` where all this is, for the
    labels of metrics, `project` the one of the file that was chosen, `past` the last 90 days where they
    were asked for, `endings` what became of backups that were stuck before, `refused` which credentials
    nobody takes. Times are UTC, durations seconds.
    """

    backups: tuple[Swept, ...]
    found: int
    complete: bool
    at: datetime
    older_than_s: float
    duration_s: float = 0.0
    gaps: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    freshness: Freshness = msgspec.field(default_factory=Freshness)
    place: dict[str, str] = msgspec.field(default_factory=dict)
    project: str | None = None
    past: Past | Unseen | None = None
    endings: dict[str, str] = msgspec.field(default_factory=dict)
    refused: tuple[str, ...] = ()

    @property
    def late(self) -> bool:
        """Whether no backup succeeded for longer than `max_age`."""
        return self.freshness.ok is False

    @property
    def all_seen(self) -> bool:
        """Whether whatever was to be told could be: what is stuck, and what `max_age` asks for."""
        untold = self.freshness.max_age_s is not None and self.freshness.ok is None
        return self.complete and not untold

    @property
    def wrong(self) -> bool:
        """Whether somebody must look at it."""
        return bool(self.stuck) or self.late or bool(self.refused) or not self.all_seen

    @property
    def groups(self) -> tuple[CauseGroup, ...]:
        """By the way in which they broke, the largest first, `unknown` last; running ones are in none.

        The reason is in the log: a backup whose run was not read, and of which none is presumed, is told of
        with the most that were read, of its own causes.
        """
        read = Counter(one.way for one in self.stuck if one.closely)
        usual = {way[:2]: way for way, _ in reversed(read.most_common())}
        by_way: dict[Way, list[Swept]] = defaultdict(list)
        for one in self.stuck:
            by_way[one.way if one.way in read else usual.get(one.way[:2], one.way)].append(one)
        groups = [CauseGroup(root_cause=way[0], backups=tuple(of)) for way, of in by_way.items()]
        return tuple(sorted(groups, key=lambda one: (one.root_cause == UNKNOWN, -len(one.backups))))

    @property
    def by_root_cause(self) -> dict[str, int]:
        """How many backups each root cause has, `unknown` last."""
        counts = Counter(one.root_cause for one in self.stuck).most_common()
        return dict(sorted(counts, key=lambda one: one[0] == UNKNOWN))

    @property
    def presumed(self) -> dict[str, int]:
        """How many of them are only presumed."""
        return dict(Counter(one.root_cause for one in self.stuck if one.presumed))

    @property
    def counts(self) -> dict[str, int]:
        """How many there are in all, and by verdict; a stuck row that was right by then is in none."""
        verdicts = Counter(one.report.verdict for one in self.backups)
        names = (Verdict.RUNNING, Verdict.FAILING, Verdict.UNKNOWN)
        return {"stuck": self.found, **{str(name): verdicts[name] for name in names}}

    @property
    def stuck(self) -> tuple[Swept, ...]:
        """The backups that are over or overdue, or of which nobody can tell."""
        return tuple(one for one in self.backups if one.is_stuck)


def place_of(names: Names) -> dict[str, str]:
    """Where the backups are, by the names of the labels."""
    return {
        "project": names.project or names.project_ref or "",
        "repository": names.repository or "",
        "table": names.table,
    }
