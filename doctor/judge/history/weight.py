"""What a condition is in this story: the log and the present held together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.evidence.findings import Exhibit, Fix, Role, Severity
from backup_doctor.evidence.log import Outcome
from backup_doctor.judge.framework import Found, Resolved
from backup_doctor.judge.history.absence import run_found_row
from backup_doctor.judge.history.below import Below
from backup_doctor.judge.history.calls import function_call
from backup_doctor.judge.history.row import RowState, another_row_succeeded, row_state
from backup_doctor.judge.history.run import began_after_failure
from backup_doctor.judge.history.then import BOTH_WRITES
from backup_doctor.judge.history.whole_step import ended_installing
from backup_doctor.judge.history.written import shows_written

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.chain import Link


NOT_CHECKED = " This was not checked since."


class Weight(Immutable, frozen=True, kw_only=True):
    """What a condition is in this story, once the log and the present were held together.

    `by_log`: the run's own log proves it. `holds`: it is seen to hold now. `elsewhere`: the run found
    its row and the doctor does not, so that what the doctor sees may be another database's. `remark`
    is what the summary adds, where there is something to add.
    """

    breaks: tuple[Link, ...]
    role: Role
    severity: Severity
    by_log: bool = False
    holds: bool = False
    elsewhere: bool = False
    remark: str = ""

    @property
    def is_cause(self) -> bool:
        """Whether it explains this row."""
        return self.role is Role.CAUSE

    def is_over(self, resolved: Resolved | None) -> bool:
        """Whether it failed then, which the log proves, and works now, which `resolved` proves."""
        proved = resolved is not None and not self.elsewhere
        return self.by_log and not self.holds and proved

    def found(
        self,
        summary: str,
        evidence: tuple[Exhibit, ...] = (),
        fixes: tuple[Fix, ...] = (),
        *,
        resolved: Resolved | None = None,
        weak: bool = False,
    ) -> Found:
        """The finding. That it works now is said only with the proof."""
        over = resolved if self.is_over(resolved) else None
        return Found(
            summary=f"{summary}{self._since(over)}",
            evidence=evidence,
            fixes=() if over else fixes,
            breaks=self.breaks,
            severity=self.severity,
            role=self.role,
            by_log=self.by_log,
            holds=self.holds,
            resolved=over,
            weak=weak and not self.by_log,
        )

    def _since(self, over: Resolved | None) -> str:
        """What is known of the time since the failure."""
        if over:
            return f" It failed then and works now: {over.by}."
        return NOT_CHECKED if self.by_log and not self.holds else self.remark


def weigh(
    then: Mapping[Link, bool | None], *, now: bool | None, since: datetime | None = None, case: Case
) -> Weight | None:
    """Hold a condition against the log (`then`, by link) and the present (`now`).

    At a link, True is what the log proves, False what it rules out, None what it leaves open: there
    the present decides, unless it began (`since`) after the failure. Nothing at all: None.
    """
    current = bool(now) and not began_after_failure(case, since)
    # Where the update got through to another row, what one of its ways lacks explains nothing.
    reached = BOTH_WRITES if another_row_succeeded(case) else ()
    # A step that made no call was refused none: what holds now explains nothing.
    made = not ended_installing(case)
    told = {link: shown for link, shown in then.items() if link not in reached and (made or shown)}
    proved = tuple(link for link, shown in told.items() if shown)
    likely = tuple(link for link, shown in told.items() if shown is None and current)
    if proved or likely:
        return Weight(
            breaks=tuple(sorted(set(proved + likely))),
            role=Role.CAUSE,
            severity=Severity.FAIL,
            by_log=bool(proved),
            holds=bool(now),
            elsewhere=case.backup is None and run_found_row(case),
        )
    return aside(case, below=isinstance(then, Below)) if now else None


def aside(case: Case, *, below: bool = False) -> Weight:
    """The weight of what holds now and explains nothing, or hides behind a false success."""
    unexplained = not case.is_preflight and row_state(case) is not RowState.RIGHT
    remark = _remark(case, below=below) if unexplained else ""
    return Weight(breaks=(), role=Role.CONTEXT, severity=Severity.WARN, holds=True, remark=remark)


def _remark(case: Case, *, below: bool) -> str:
    """A function that says it is done and has done nothing may have swallowed what the database said."""
    call = function_call(case)
    hides = call.outcome is Outcome.OK and row_state(case) is RowState.IN_PROGRESS
    if below and hides and not shows_written(case, call):
        return " It may be what the function was refused and did not pass on."
    return " It does not explain this backup."
