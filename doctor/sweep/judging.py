"""A case judged by the very rules of a single diagnosis, and kept short."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from doctor.model import Role
from doctor.repair.certainty import is_whole
from doctor.reporting import planned_repair, write
from doctor.runner import Collected
from doctor.sweep.result import Swept
from doctor.sweep.script import Mendable

if TYPE_CHECKING:
    from doctor.case import Case
    from doctor.model import Finding, Report
    from doctor.registry import Registry

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Judge:
    """Judges backups. `verbose` keeps the results of all checks, `mending` the repairs.

    What is the same in many reports is kept once: ten thousand of them must fit into memory.
    """

    registry: Registry
    verbose: bool = False
    mending: bool = False
    _kept: dict[Any, Any] = field(default_factory=dict)

    def swept(self, case: Case, *, closely: bool) -> Swept:
        """The backup as it was judged."""
        collected = Collected(case=case)
        report = write(collected, self.registry)
        cause = _cause(report)
        short = report if self.verbose else self._short(report)
        return Swept(
            report=short,
            created_at=case.backup.created_at if case.backup else None,
            closely=closely,
            whole=case.object is not None and is_whole(case.object),
            mendable=self._mendable(collected) if report.fix_sql else None,
            says=self._once(cause.summary) if cause else "",
            fixes=self._once(cause.fixes) if cause else (),
        )

    def _short(self, report: Report) -> Report:
        return msgspec.structs.replace(
            report,
            tool=self._once(report.tool),
            failing_step=self._once(report.failing_step),
            causes=self._once(report.causes),
            results=(),
            fix_notes=self._once(report.fix_notes),
            cannot_tell=self._once(report.cannot_tell),
            notes=self._once(report.notes),
            timeline=(),
            generated_at=self._once(report.generated_at),
        )

    def _once(self, value: T) -> T:
        """The first value that was equal to this one."""
        first: T = self._kept.setdefault(value, value)
        return first

    def _mendable(self, collected: Collected) -> Mendable | None:
        if not self.mending:
            return None
        repair = planned_repair(collected, self.registry)
        row = repair.change.row if repair.change else None
        if repair.statement is None or row is None or row.id is None:
            return None
        return Mendable(backup_id=row.id, statement=repair.statement, refused_by=repair.refused_by)


def _cause(report: Report) -> Finding | None:
    """The finding that is the root cause."""
    return next(
        (
            finding
            for result in report.results
            for finding in result.findings
            if finding.code == report.root_cause and finding.role is Role.CAUSE
        ),
        None,
    )
