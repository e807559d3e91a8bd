"""The page `docs/performance-sweep.md`."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from importlib.metadata import version
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.targets import markdown_table

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.measure import Cost

MB = 1_000_000
LEAST_TIMES, MOST_MB = 20, 200
HEADER = """\
# Performance of the sweep

Written by `make bench-sweep`. Nothing in the tests depends on these figures.

Stuck backups of the demo's fault `stuck`, each with a row, a run that has a log, and a file: real
PostgreSQL, and the stand-ins for Supabase, GitHub and S3. Every command is a separate process. So
many single diagnoses are extrapolated from the median of {singles}. The services share the machine's
cores with the sweep, and the stand-ins search all that they have for every page that is asked of
them. Most of the time is theirs, of a single diagnosis among many runs above all; what the doctor
itself does is told by its processor time.

"""
ASKED = """\

## What is asked

At {round_trip:.0f} ms. The lists are as long as there are runs (100 a page), rows and objects (1,000 a page).
All else is asked for a number of backups that does not grow with them: at most 500 files are opened,
and the runs of at most 300 backups are read, of only some where those agree.

"""
TRIED = """\

## What was tried

- **Judging** is what a sweep does most: of a further backup's {each:.1f} ms of processor time nearly
  all. The rules ask a case hundreds of times for its evidence, so that a plain loop in `Case.seen`
  instead of a generator, and to keep what the same answer means, halved it.
- **Cases made twice**, once to find groups of like backups and once to be judged, instead of kept
  in between: a tenth less memory for 10,000, and no more time than chance.
- **Next**: the runs of GitHub's lists are kept as whole models, 3 kB each, of which most of the
  backups need a few fields; and a run that is read closely takes 0.1 s of processor time.
"""


@dataclass(frozen=True, kw_only=True)
class Round:
    """What so many backups cost: some of them alone, and all of them in a sweep, near and far."""

    count: int
    singles: Sequence[Cost]
    sweep: Cost
    far_sweep: Cost
    asked: Counter[str]

    @property
    def alone_s(self) -> float:
        """The time of as many single diagnoses."""
        return median(cost.seconds for cost in self.singles) * self.count

    @property
    def alone_cpu_s(self) -> float:
        """Their processor time."""
        return median(cost.cpu_s for cost in self.singles) * self.count

    @property
    def peak_mb(self) -> float:
        """The most memory that a sweep took."""
        return max(self.sweep.peak_bytes, self.far_sweep.peak_bytes) / MB


def write_page(path: Path, rounds: Sequence[Round], round_trip_s: float) -> None:
    """Write it; the targets are held against the last of the rounds."""
    first, last = rounds[0], rounds[-1]
    each_ms = (last.sweep.cpu_s - first.sweep.cpu_s) / max(1, last.count - first.count) * 1000
    path.write_text(
        HEADER.format(singles=len(last.singles))
        + _machine()
        + _targets(last)
        + _sizes(rounds, round_trip_s)
        + ASKED.format(round_trip=round_trip_s * 1000)
        + _asked(rounds)
        + TRIED.format(each=each_ms),
        encoding="utf-8",
    )


def _machine() -> str:
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"Measured on {os.cpu_count()} cores ({platform.machine()}), {platform.system()}, Python "
        f"{platform.python_version()}, httpx {version('httpx')}, boto3 {version('boto3')}, psycopg "
        f"{version('psycopg')}; load of the machine at the end (1, 5, 15 minutes): {load}.\n"
    )


def _targets(last: Round) -> str:
    times, cpu_times = last.alone_s / last.sweep.seconds, last.alone_cpu_s / last.sweep.cpu_s
    rows = [
        (
            f"{last.count:,} stuck backups, against as many single diagnoses",
            f"≥ {LEAST_TIMES} × faster",
            f"{times:.0f} ×",
            "pass" if times >= LEAST_TIMES else "FAIL",
        ),
        (
            "the same, in the doctor's processor time",
            f"≥ {LEAST_TIMES} × less",
            f"{cpu_times:.0f} ×",
            "pass" if cpu_times >= LEAST_TIMES else "FAIL",
        ),
        (
            "peak memory",
            f"≤ {MOST_MB} MB",
            f"{last.peak_mb:.0f} MB",
            "pass" if last.peak_mb <= MOST_MB else "FAIL",
        ),
    ]
    return "\n" + markdown_table(("what", "target", "measured", ""), rows)


def _sizes(rounds: Sequence[Round], round_trip_s: float) -> str:
    head = (
        *("stuck backups", "sweep", "its processor time", "its memory"),
        *(f"at {round_trip_s * 1000:.0f} ms", "diagnoses alone", "their processor time"),
    )
    cells = [
        (
            f"{one.count:,}",
            f"{one.sweep.seconds:.1f} s",
            f"{one.sweep.cpu_s:.1f} s",
            f"{one.peak_mb:.0f} MB",
            f"{one.far_sweep.seconds:.1f} s",
            f"{one.alone_s:,.0f} s",
            f"{one.alone_cpu_s:,.0f} s",
        )
        for one in rounds
    ]
    return "\n## Time and memory\n\n" + markdown_table(head, cells)


def _asked(rounds: Sequence[Round]) -> str:
    services = sorted(rounds[-1].asked)
    head = ("stuck backups", *services, "in all")
    cells = [
        (
            f"{one.count:,}",
            *(f"{one.asked[service]:,}" for service in services),
            f"{one.asked.total():,}",
        )
        for one in rounds
    ]
    return markdown_table(head, cells)
