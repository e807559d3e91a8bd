"""What a right diagnosis of a set of faults says: it follows from the pipeline's chain alone.

Nothing here knows how the doctor works. Source: the rules of the verdict and the root cause.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from doctor.demo.faults.fault import Side
from doctor.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from doctor.demo.faults.fault import Fault

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


def expected(faults: Iterable[Fault], *, looks_up: bool = True) -> Expectation:
    """Return what the diagnosis of a backup with these faults has to be.

    `looks_up` tells whether the pipeline's update step begins by looking up the row, as the
    reference pipeline's does.
    """
    causes = [part for fault in faults for part in fault.causes if part.code is not None]
    codes = dict.fromkeys(part.code for part in _broke(causes, looks_up=looks_up) if part.code)
    return Expectation(Verdict.FAILING if codes else Verdict.HEALTHY, tuple(codes))


def _broke(faults: list[Fault], *, looks_up: bool) -> list[Fault]:
    """Return the faults that this backup met, in the order of the chain."""
    early = [fault for side in BEFORE_THE_UPDATE for fault in _at(faults, side)]
    for number, fault in enumerate(early, start=1):
        if not fault.silent:
            return early[:number]  # nothing later was reached
    return [*early, *_broke_the_update(faults, looks_up=looks_up), *_at(faults, Side.AFTER)]


def _broke_the_update(faults: list[Fault], *, looks_up: bool) -> list[Fault]:
    if looks_up and (met := [fault for fault in faults if fault.in_lookup]):
        return met[:1]
    # What breaks the function stands before the database, and what refuses the caller's key too.
    function = [*_at(faults, Side.FUNCTION), *_at(faults, Side.BOTH)]
    fallback = [*_at(faults, Side.FALLBACK), *_at(faults, Side.BOTH)]
    return [function[0], fallback[0]] if function and fallback else []


def _at(faults: list[Fault], side: Side) -> list[Fault]:
    return [fault for fault in faults if fault.side is side]
