"""What a run collected: all that a report is made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backup_doctor.evidence.base import Fact, Unseen
from backup_doctor.evidence.case import Case

if TYPE_CHECKING:
    from backup_doctor.base.redaction import Redactor


class FixCheck(Fact, frozen=True, kw_only=True):
    """What the database said of the fix SQL before it was printed: EXPLAIN, and the rows aimed at.

    `planned` is False where the doctor's role may not even plan a write; the rows were counted then.
    `problem` is a refusal, with its `sqlstate`. `refused` are the constraints that do not hold for the
    row as the statement writes it; None where they could not be tried.
    """

    rows: int | None = None
    problem: str | None = None
    sqlstate: str | None = None
    planned: bool = True
    refused: tuple[str, ...] | None = None


class Collected(Fact, frozen=True, kw_only=True):
    """All that a report is made from: the case, the time each check took, and the fix's check.

    `read_from` is the file that it was read from: then nothing was checked here.
    """

    case: Case
    seconds: dict[str, float] = {}
    fix_check: FixCheck | Unseen | None = None
    duration_s: float = 0.0
    warnings: tuple[str, ...] = ()
    interrupted: bool = False
    read_from: str | None = None

    def redacted(self, redactor: Redactor) -> Collected:
        """The same without secrets. The names of the checks are the tool's own, and stay."""
        evidence = {name: redactor.value(one) for name, one in self.case.evidence.items()}
        bare = msgspec.structs.replace(self.case, evidence={}, skipped=())
        return msgspec.structs.replace(
            self,
            case=msgspec.structs.replace(
                redactor.value(bare), evidence=evidence, skipped=self.case.skipped
            ),
            fix_check=redactor.value(self.fix_check),
            warnings=redactor.value(self.warnings),
        )
