"""What is broken in which pipeline, and what a right diagnosis says: it follows from the faults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backup_doctor.demo.faults import SINGLE, Expectation, Side, expected
from backup_doctor.demo.faults.expectation import BEFORE_THE_UPDATE
from backup_doctor.evidence.findings import Verdict

if TYPE_CHECKING:
    from backup_doctor.demo.faults import Fault
    from tests.strangers.repository import Pipeline

# Each pipeline gets one of each row, the next pipeline the next one.
REFUSED: Final = (
    "other-caller-key", "verify-jwt", "no-function-secret", "other-secret-name", "rejects-with-403",
    "caller-key-blank", "function-secret-empty",
)  # fmt: skip
ABSENT: Final = ("not-deployed", "function-removed", "bundle-gone", "function-throttled")
BROKEN: Final = (
    "answers-500", "crashes-at-start", "resource-limit", "idle-timeout", "throws", "rate-limited",
    "wants-another-field", "own-rate-limit", "process-ends", "syntax-error",
)  # fmt: skip
KEYS: Final = (
    "legacy-keys-off", "anon-key", "no-service-key", "expired-key", "rotated-key",
    "empty-service-key", "other-projects-key", "publishable-key",
)  # fmt: skip
TABLE: Final = (
    "no-update-grant", "trigger-raises", "role-without-bypass", "check-constraint", "read-only",
    "policy-with-check", "column-renamed", "row-locked", "unique", "trigger-skips", "varchar",
    "policy-by-row",
)  # fmt: skip
PROJECT: Final = (
    "no-grant", "project-restricted", "platform-down", "misspelt-url", "pool-exhausted",
    "no-url", "schema-cache-lost", "no-policy", "api-url", "no-schema-usage", "stale-table",
)  # fmt: skip
EARLY: Final = (
    "upload-denied", "nothing-to-pack", "upload-to-no-bucket", "row-missing", "upload-key-not-set",
    "dump-refused", "upload-key-unknown", "upload-signature-refused",
)  # fmt: skip


@dataclass(frozen=True)
class Scene:
    """Faults in a pipeline; none is a good backup."""

    pipeline: Pipeline
    faults: tuple[Fault, ...] = ()

    @property
    def name(self) -> str:
        """The pipeline and the faults."""
        return f"{self.pipeline.name}: {'+'.join(one.name for one in self.faults) or 'healthy'}"

    @property
    def expected(self) -> Expectation:
        """What follows from the chain."""
        if not self.faults:
            return Expectation(Verdict.HEALTHY)
        if self.pipeline.function and self.pipeline.fallback:
            return expected(self.faults, looks_up=self.pipeline.looks_up)
        own = Side.FUNCTION if self.pipeline.function else Side.FALLBACK
        met = [one for one in self.faults if one.side in (own, Side.BOTH, *BEFORE_THE_UPDATE)]
        return expected(met) if _is_early(met) else _of_one_way(met)


def _is_early(faults: list[Fault]) -> bool:
    return any(one.side in BEFORE_THE_UPDATE for one in faults)


def _of_one_way(met: list[Fault]) -> Expectation:
    """Where there is no other way, the first fault on this one is the cause."""
    first = min(met, key=lambda one: not one.in_front, default=None)
    if first is None or first.code is None:
        return Expectation(Verdict.HEALTHY)
    return Expectation(Verdict.FAILING, (first.code,))


def scenes(pipeline: Pipeline, number: int) -> tuple[Scene, ...]:
    """A good backup and the faults that are this pipeline's turn: it is the one of this number."""

    def scene(*rows: tuple[str, ...]) -> Scene:
        # Every second time around begins at another of the row, so that pairs differ.
        names = (row[(number + 3 * place) % len(row)] for place, row in enumerate(rows))
        return Scene(pipeline, tuple(SINGLE[name] for name in names))

    if pipeline.faults:
        played = (Scene(pipeline, (SINGLE[name],)) for name in pipeline.faults)
        return (Scene(pipeline), *played)
    faults: tuple[Scene, ...]
    database = (scene(TABLE), scene(PROJECT), scene(EARLY))
    if not pipeline.fallback:
        faults = (scene(REFUSED), scene(ABSENT), scene(BROKEN), *database)
    elif not pipeline.function:
        faults = (
            scene(KEYS),
            *(Scene(pipeline, (SINGLE[name],)) for name in _two(number)),
            *database,
        )
    else:
        pairs = (scene(REFUSED, KEYS), scene(ABSENT, TABLE), scene(BROKEN, TABLE))
        faults = (*pairs, *database)
    return (Scene(pipeline), *faults)


def _two(number: int) -> tuple[str, str]:
    """Two more faults of the table, for a pipeline that knows nothing else."""
    return TABLE[(number + 5) % len(TABLE)], TABLE[(number + 8) % len(TABLE)]
