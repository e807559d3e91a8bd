"""What all stuck backups share, asked once: the evidence of a pre-flight check, and its clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec.structs import replace

from backup_doctor.base.immutable import Immutable
from backup_doctor.evidence.base import Evidence, Unseen, Why, unseen
from backup_doctor.evidence.case import Asked, Case
from backup_doctor.evidence.function import FunctionEvidence
from backup_doctor.evidence.rls import RlsEvidence
from backup_doctor.evidence.row import Constraint, Route, RowEvidence
from backup_doctor.evidence.secrets import SecretsEvidence
from backup_doctor.judge.registry import BUILT_IN, Registry, load_checks
from backup_doctor.run.runner import DoctorRun, Observer

if TYPE_CHECKING:
    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.collected import Collected
    from backup_doctor.judge.framework import AnyCheck
    from backup_doctor.run.sweep.backup import StuckBackup
    from backup_doctor.settings.model import Settings

E = TypeVar("E", bound=Evidence)
# What an update writes differs from backup to backup in these columns.
OF_ONE_BACKUP = ("s3_key", "size_bytes", "workflow_run_id")
NOT_EVALUATED = Unseen(
    why=Why.NOT_ASKED,
    what="Types and constraints were not tested with this backup's own values.",
    remedy="Diagnose this backup alone, or give a larger --sample.",
    dependency="PostgreSQL",
)
OF_ONE_ONLY = Unseen(
    why=Why.NOT_ASKED,
    what="This check was not asked about this backup: a sweep asks it of those that it reads closely.",
    remedy="Diagnose this backup alone, or give a larger --sample.",
)
LOGS_NOT_READ = Unseen(
    why=Why.NOT_ASKED,
    what="The function's own log and its calls were not read for this backup.",
    remedy="Diagnose this backup alone.",
    dependency="Supabase",
)


class Shared(Immutable, frozen=True, kw_only=True):
    """The evidence that does not depend on the backup, and the clients that collected it."""

    case: Case
    ask: Sources
    registry: Registry
    warnings: tuple[str, ...] = ()

    @property
    def row(self) -> RowEvidence | Unseen:
        """The table, the server, and the pipeline's own look-up of any row."""
        return self._of("row", RowEvidence)

    @property
    def secrets(self) -> SecretsEvidence | Unseen:
        """The secrets."""
        return self._of("secrets", SecretsEvidence)

    @property
    def function(self) -> FunctionEvidence | Unseen:
        """The function as it is now; nobody's log was read."""
        found = self._of("function", FunctionEvidence)
        if isinstance(found, Unseen):
            return found
        return msgspec.structs.replace(found, logs=LOGS_NOT_READ, invocations=LOGS_NOT_READ)

    @property
    def rls(self) -> RlsEvidence | Unseen:
        """The proof for any row in progress; verdicts on a single backup's values are left out."""
        found = self._of("rls", RlsEvidence)
        if isinstance(found, Unseen):
            return found
        own = {self.case.names.column(name) for name in OF_ONE_BACKUP}
        constraints = found.constraints
        if not isinstance(constraints, Unseen):
            constraints = tuple(_of_any_row(one, own) for one in constraints)
        return msgspec.structs.replace(found, constraints=constraints, refused_values=NOT_EVALUATED)

    def row_of(self, backup: StuckBackup) -> RowEvidence | Unseen:
        """The row evidence of one backup: that none was good lately is no cause of this one's."""
        known = self.row
        if isinstance(known, Unseen):
            return known
        locks = known.locks
        if not isinstance(locks, Unseen):
            locks = (*locks, *backup.holders)
        return msgspec.structs.replace(
            known,
            route=known.route or Route.REST,
            rows=(backup.row,) if backup.has_next else backup.rows,
            period=backup.period,
            locks=locks,
            last_good=None,
        )

    def of_plugins(self) -> dict[str, Evidence | Unseen]:
        """What the checks of other packages saw of all backups, by their names."""
        return {
            one.check.name: self.of(one.check)
            for one in self.registry.checks
            if one.origin != BUILT_IN
        }

    def of(self, check: AnyCheck) -> Evidence | Unseen:
        """What a check saw of all backups; why it was not asked, where it sees only one."""
        return self.case.evidence.get(check.name, OF_ONE_ONLY)

    def gaps(self) -> tuple[Unseen, ...]:
        """What could not be seen of what is shared."""
        return unseen(self.row, self.secrets, self.function, self.rls)

    def refused(self) -> tuple[str, ...]:
        """The credentials that nobody takes, each in a sentence: less is seen, whatever is stuck."""
        found = (
            one
            for seen in self.case.evidence.values()
            for one in ((seen,) if isinstance(seen, Unseen) else (*seen.gaps(), *seen.notes()))
            if one.why is Why.BAD_CREDENTIALS
        )
        return tuple(dict.fromkeys(f"{one.what} {one.remedy or ''}".strip() for one in found))

    def _of(self, name: str, kind: type[E]) -> E | Unseen:
        found = self.case.evidence.get(name)
        if isinstance(found, kind | Unseen):
            return found
        return Unseen(why=Why.NOT_ASKED, what=f"The check {name} was not run.")


def _of_any_row(constraint: Constraint, own: set[str]) -> Constraint:
    if not own.intersection(constraint.columns):
        return constraint
    return msgspec.structs.replace(constraint, accepts=None, problem=NOT_EVALUATED.what)


def collect_shared(settings: Settings, budget_s: float, observer: Observer) -> Shared:
    """Ask, as a pre-flight check does, with no backup in hand."""
    run = _run(settings, budget_s, observer)
    collected: Collected = run.collect()
    return Shared(
        case=collected.case,
        ask=run.sources,
        registry=run.registry,
        warnings=collected.warnings,
    )


def _run(settings: Settings, budget_s: float, observer: Observer) -> DoctorRun:
    # What all backups share decides nothing for one of them: the function is not called for it.
    quiet = replace(settings, no_probe=True)
    registry = load_checks()
    once = (one.check.name for one in registry.checks if one.origin == BUILT_IN or one.check.shared)
    return DoctorRun(
        settings=quiet,
        asked=Asked(),
        budget_s=budget_s,
        only=tuple(once),
        observer=observer,
        registry=registry,
    )
