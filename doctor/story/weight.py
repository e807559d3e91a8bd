"""What a condition is in this story: the log and the present held together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from doctor.framework import Found
from doctor.model import Exhibit, Fix, Role, Severity
from doctor.story.row import RowState, row_state
from doctor.story.run import began_after_failure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from doctor.case import Case
    from doctor.chain import Link


@dataclass(frozen=True, kw_only=True)
class Weight:
    """What a condition is in this story, once the log and the present were held together.

    `remark` is what the summary adds, where there is something to add.
    """

    breaks: tuple[Link, ...]
    role: Role
    severity: Severity
    healed: bool = False
    by_log: bool = False
    remark: str = ""

    @property
    def is_cause(self) -> bool:
        """Whether it explains this row."""
        return self.role is Role.CAUSE

    def found(
        self,
        summary: str,
        evidence: tuple[Exhibit, ...] = (),
        fixes: tuple[Fix, ...] = (),
        *,
        weak: bool = False,
    ) -> Found:
        """The finding: where it is healed, it says so, and nothing but the row is left to mend."""
        return Found(
            summary=f"{summary}{self.remark}",
            evidence=evidence,
            fixes=() if self.healed else fixes,
            breaks=self.breaks,
            severity=self.severity,
            role=self.role,
            by_log=self.by_log,
            healed=self.healed,
            weak=weak and not self.by_log,
        )


def weigh(
    then: Mapping[Link, bool | None], *, now: bool | None, since: datetime | None = None, case: Case
) -> Weight | None:
    """Hold a condition against the log (`then`, by link) and the present (`now`).

    At a link, True is what the log proves, False what it rules out, None what it leaves open: there
    the present decides, unless it began (`since`) after the failure. Nothing at all: None.
    """
    current = bool(now) and not began_after_failure(case, since)
    proved = tuple(link for link, shown in then.items() if shown)
    likely = tuple(link for link, shown in then.items() if shown is None and current)
    if proved or likely:
        breaks = tuple(sorted(set(proved + likely)))
        healed = bool(proved) and now is False
        return Weight(
            breaks=breaks,
            role=Role.CAUSE,
            severity=Severity.FAIL,
            healed=healed,
            by_log=bool(proved),
            remark=_healed_remark(case) if healed else "",
        )
    return aside(case) if now else None


def aside(case: Case) -> Weight:
    """The weight of what holds now and explains nothing."""
    unexplained = not case.is_preflight and row_state(case) is not RowState.RIGHT
    remark = " It does not explain this backup." if unexplained else ""
    return Weight(breaks=(), role=Role.CONTEXT, severity=Severity.WARN, remark=remark)


def _healed_remark(case: Case) -> str:
    if row_state(case) is RowState.RIGHT:
        return " It failed then and works now."
    return " It failed then and works now: only the row is left to mend."
