"""What all stuck backups share, asked once: the evidence of a pre-flight check, and its clients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import msgspec

from doctor.case import Asked, Case
from doctor.evidence.base import Evidence, Unseen, Why, unseen
from doctor.evidence.function import FunctionEvidence
from doctor.evidence.rls import RlsEvidence
from doctor.evidence.row import Constraint, Route, RowEvidence
from doctor.evidence.secrets import SecretsEvidence
from doctor.registry import SEQUENCE, Registry
from doctor.runner import Collected, Observer, Run

if TYPE_CHECKING:
    from doctor.settings.model import Settings
    from doctor.sources import Sources
    from doctor.sweep.backup import StuckBackup

E = TypeVar("E", bound=Evidence)
# What an update writes differs from backup to backup in these columns.
OF_ONE_BACKUP = ("s3_key", "size_bytes", "workflow_run_id")
NOT_EVALUATED = Unseen(
    why=Why.NOT_ASKED,
    what="Types and constraints were not held against this backup's own values.",
    remedy="Diagnose this backup alone, or give a larger --sample.",
    dependency="PostgreSQL",
)
LOGS_NOT_READ = Unseen(
    why=Why.NOT_ASKED,
    what="The function's own log and its calls were not read for this backup.",
    remedy="Diagnose this backup alone.",
    dependency="Supabase",
)


@dataclass(frozen=True, kw_only=True)
class Shared:
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
        """The row evidence of one backup."""
        known = self.row
        if isinstance(known, Unseen):
            return known
        locks = known.locks
        if not isinstance(locks, Unseen):
            locks = (*locks, *backup.holders)
        return msgspec.structs.replace(
            known, route=known.route or Route.REST, rows=backup.rows, locks=locks
        )

    def gaps(self) -> tuple[Unseen, ...]:
        """What could not be seen of what is shared."""
        return unseen(self.row, self.secrets, self.function, self.rls)

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
    left_out = [one.check.name for one in run.registry.checks if one.check not in run.checks]
    warnings = tuple(
        f"The check {name} was left out: a sweep runs the built-in ones." for name in left_out
    )
    return Shared(
        case=collected.case,
        ask=run.sources,
        registry=run.registry,
        warnings=(*collected.warnings, *warnings),
    )


def _run(settings: Settings, budget_s: float, observer: Observer) -> Run:
    return Run(
        settings=settings, asked=Asked(), budget_s=budget_s, only=SEQUENCE, observer=observer
    )
