"""A case judged by the very rules of a single diagnosis, and kept short."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from backup_doctor.base.immutable import Immutable
from backup_doctor.evidence.collected import Collected, FixCheck
from backup_doctor.evidence.findings import Role
from backup_doctor.judge.fix_sql.certainty import is_whole
from backup_doctor.judge.opinion import opinion_on
from backup_doctor.report.compose import planned_repair, write
from backup_doctor.run.fix.plan import refusal
from backup_doctor.run.sweep.result import Swept
from backup_doctor.run.sweep.script import Mendable
from backup_doctor.run.sweep.steps import steps_of_row
from backup_doctor.services.meaning import refuses_values

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.evidence.base import Unseen
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import PlanStep, Report
    from backup_doctor.judge.fix_sql import Repair
    from backup_doctor.judge.opinion import Opinion
    from backup_doctor.judge.registry import Registry

T = TypeVar("T")
# So many repairs are each tried in the database; the others by their kind.
TRIED_EACH = 500


class Judge(Immutable, frozen=True, kw_only=True):
    """Judges backups. `verbose` keeps the results of all checks, `mending` the repairs.

    What is the same in many reports is kept once: ten thousand of them must fit into memory. So is
    what the database says (`tried`) of statements that set the same columns to values of one kind,
    but for what it refuses one row's own values for. Where repairs are wanted, many are tried each.
    """

    registry: Registry
    tried: Callable[[Case, Repair], FixCheck | Unseen]
    verbose: bool = False
    mending: bool = False
    _kept: dict[Any, Any] = msgspec.field(default_factory=dict)
    _checks: dict[str, FixCheck | Unseen | None] = msgspec.field(default_factory=dict)
    _asked: list[str] = msgspec.field(default_factory=list)

    def swept(self, case: Case, *, closely: bool) -> Swept:
        """The backup as it was judged."""
        collected, opinion = Collected(case=case), opinion_on(case, self.registry)
        report = write(collected, self.registry, opinion)
        check = self._check(opinion, report.fix_sql) if report.fix_sql else None
        if isinstance(check, FixCheck) and (check.problem or check.refused):
            collected = msgspec.structs.replace(collected, fix_check=check)
            report = write(collected, self.registry, opinion)
        whole = case.object is not None and is_whole(case.object)
        short = report if self.verbose else self._short(report)
        return Swept(
            report=short,
            created_at=case.backup.created_at if case.backup else None,
            closely=closely,
            whole=whole,
            takes=_key_of(case) if whole and report.fix_sql else None,
            mendable=self._mendable(collected, report, opinion) if report.fix_sql else None,
            says=self._once(_said(report)),
            by_row=case.asked.dispatch_id is None,
            reason=opinion.diagnosis.root.found.reason if opinion.diagnosis.root else None,
        )

    def _check(self, opinion: Opinion, sql: str) -> FixCheck | Unseen | None:
        """What the database says of such a statement; how many rows it would change is each one's own."""
        kind = _kind_of(sql)
        each = self.mending and len(self._asked) < TRIED_EACH
        if kind in self._checks and not each:
            return self._checks[kind]
        offered = planned_repair(opinion).offered
        found = self.tried(opinion.case, offered) if offered else None
        self._asked.append(kind)
        if isinstance(found, FixCheck):
            found = msgspec.structs.replace(found, rows=None)
        if not _is_of_values(found):
            self._checks[kind] = found
        return found

    def _short(self, report: Report) -> Report:
        return msgspec.structs.replace(
            report,
            tool=self._once(report.tool),
            failing_step=self._once(report.failing_step),
            causes=self._once(report.causes),
            summary=self._once(report.summary),
            plan=self._plan(report),
            chain=self._once(tuple(map(self._once, report.chain))),
            fingerprint=self._once(report.fingerprint),
            results=(),
            fix_notes=self._once(report.fix_notes),
            cannot_tell=self._once(report.cannot_tell),
            notes=self._once(report.notes),
            timeline=(),
            generated_at=self._once(report.generated_at),
        )

    def _plan(self, report: Report) -> tuple[PlanStep, ...]:
        """The steps that others have too, once; the row's own SQL is in no other."""
        own = steps_of_row(report)
        return tuple(step if step in own else self._once(step) for step in report.plan)

    def _once(self, value: T) -> T:
        """The first value that was equal to this one."""
        first: T = self._kept.setdefault(value, value)
        return first

    def _mendable(self, collected: Collected, report: Report, opinion: Opinion) -> Mendable | None:
        """The repair as `fix` would print it, or why `fix` would refuse it."""
        if not self.mending:
            return None
        repair = planned_repair(opinion, collected.fix_check)
        row = repair.change.row if repair.change else None
        if repair.statement is None or row is None or row.id is None:
            return None
        refused = refusal(collected, report, repair) is not None
        return Mendable(
            backup_id=row.id,
            statement=repair.statement,
            refused=_in_own_words(repair) if refused else None,
        )


def _in_own_words(repair: Repair) -> str:
    """Why it is refused, without anything from outside."""
    if repair.refused_by:
        return f"it would fail until {', '.join(repair.refused_by)} is fixed"
    return "fix would refuse it"


def _key_of(case: Case) -> str | None:
    return case.object.present.key if case.object and case.object.present else None


def _is_of_values(found: FixCheck | Unseen | None) -> bool:
    """Whether one row's own values are what is refused: another's may be taken."""
    if not isinstance(found, FixCheck):
        return False
    return bool(found.refused) or refuses_values(found.sqlstate)


def _kind_of(sql: str) -> str:
    """The columns that a statement sets, and the status that it writes."""
    lines = sql.partition("\nSET\n")[2].partition("\nWHERE ")[0].splitlines()
    told = (line if "status" in line else line.partition(" = ")[0] for line in lines)
    return "\n".join(told)


def _said(report: Report) -> str:
    """The root cause in its own words, and the other causes after it; empty where none is known."""
    said = {
        finding.code: finding.summary
        for result in report.results
        for finding in result.findings
        if finding.role is Role.CAUSE and finding.code in report.causes
    }
    return " Also: ".join(said[code] for code in report.causes if code in said)
