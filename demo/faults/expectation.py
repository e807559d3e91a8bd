"""What a right diagnosis of a set of faults says: it follows from the pipeline's chain alone.

Nothing here knows how the doctor works. Source: the rules of the verdict and the root cause.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backup_doctor.demo.faults.defect import Side
from backup_doctor.evidence.findings import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backup_doctor.demo.faults.defect import Defect

BEFORE_THE_UPDATE = (Side.ROW, Side.RUN, Side.BACKUP, Side.UPLOAD, Side.STEP)


@dataclass(frozen=True)
class Expectation:
    """`causes` are codes in the order of the chain, the root cause first."""

    verdict: Verdict
    causes: tuple[str, ...] = ()

    @property
    def root_cause(self) -> str | None:
        """The earliest link that broke; None where nothing matters that is broken."""
        return self.causes[0] if self.causes else None

    @property
    def failing_check(self) -> str | None:
        """The check that finds the root cause."""
        return self.root_cause.split("/")[0] if self.root_cause else None


def expected(faults: Iterable[Defect], *, looks_up: bool = True) -> Expectation:
    """Return what the diagnosis of a backup with these faults has to be.

    `looks_up` tells whether the pipeline's update step begins by looking up the row, as the
    reference pipeline's does.
    """
    parts = [part for fault in faults for part in fault.causes]
    codes = dict.fromkeys(part.code for part in _broke(parts, looks_up=looks_up) if part.code)
    if any(part.hides_row for part in parts):
        return Expectation(Verdict.UNKNOWN, tuple(codes))
    return Expectation(Verdict.FAILING if codes else Verdict.HEALTHY, tuple(codes))


def _broke(faults: list[Defect], *, looks_up: bool) -> list[Defect]:
    """Return the faults that this backup met, in the order of the chain."""
    early = [fault for side in BEFORE_THE_UPDATE for fault in _at(faults, side) if fault.code]
    for number, fault in enumerate(early, start=1):
        # A run goes on until it misses its row: what breaks on the way there breaks as well.
        if not fault.silent and fault.side is not Side.ROW:
            return early[:number]
    if any(fault.side is Side.ROW for fault in early):
        return early
    return [*early, *_broke_the_update(faults, looks_up=looks_up), *_at(faults, Side.AFTER)]


def _broke_the_update(faults: list[Defect], *, looks_up: bool) -> list[Defect]:
    if looks_up and (met := [fault for fault in faults if fault.in_lookup]):
        return met[:1]
    function = _first(faults, Side.FUNCTION, Side.BOTH)
    fallback = _first(faults, Side.FALLBACK, Side.BOTH)
    if function is None or fallback is None:
        return [function] if function and function.claims_success else []
    return [function] if function.claims_success else [function, fallback]


def _first(faults: list[Defect], own: Side, shared: Side) -> Defect | None:
    """Return what a way meets first: its own faults come before those of the database."""
    met = [*_at(faults, own), *_at(faults, shared)]
    return min(met, key=lambda fault: not fault.in_front, default=None)


def _at(faults: list[Defect], side: Side) -> list[Defect]:
    return [fault for fault in faults if fault.side is side]
