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
MOST_OF_SUM, MOST_MB_OF_LARGE = 1.2, 150
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
- **botocore's own data** without its prose and the endpoints of services that nobody asks: 8 MB less
  for every command. **The wanted ids** let go of once the bucket is listed: 6 MB less for 10,000.
- **Next**: a report keeps the SQL of its row, 1.5 kB, which few formats print; the runs of GitHub's
  lists are kept as whole models; and a run that is read closely takes 0.1 s of processor time.
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


@dataclass(frozen=True, kw_only=True)
class Many:
    """What several projects cost in one run (`together`), and each `alone`, several times in turn."""

    of_each: int
    together: Sequence[Cost]
    alone: Sequence[Sequence[Cost]]

    @property
    def seconds(self) -> tuple[float, float]:
        """The time of all in one run, and the sum of each by itself: medians."""
        return (
            median(cost.seconds for cost in self.together),
            sum(median(cost.seconds for cost in costs) for costs in self.alone),
        )

    @property
    def cpu_s(self) -> tuple[float, float]:
        """The same of the processor's time."""
        return (
            median(cost.cpu_s for cost in self.together),
            sum(median(cost.cpu_s for cost in costs) for costs in self.alone),
        )

    @property
    def peak_mb(self) -> float:
        """The most memory that a run of all took."""
        return max(cost.peak_bytes for cost in self.together) / MB

    @property
    def peak_alone_mb(self) -> float:
        """The most that one of each took."""
        return max(cost.peak_bytes for costs in self.alone for cost in costs) / MB


@dataclass(frozen=True, kw_only=True)
class Large:
    """A sweep of a large table, few of whose rows are stuck."""

    rows: int
    stuck: int
    sweep: Cost


def write_page(
    path: Path,
    rounds: Sequence[Round],
    many: Many,
    large: Large,
    round_trip_s: float,
    load_before: float,
) -> None:
    """Write it; the targets are held against the last of the rounds."""
    first, last = rounds[0], rounds[-1]
    each_ms = (last.sweep.cpu_s - first.sweep.cpu_s) / max(1, last.count - first.count) * 1000
    path.write_text(
        HEADER.format(singles=len(last.singles))
        + _machine(load_before)
        + _targets(last, many, large)
        + _sizes(rounds, round_trip_s)
        + _several(many)
        + _of_large(large)
        + ASKED.format(round_trip=round_trip_s * 1000)
        + _asked(rounds)
        + TRIED.format(each=each_ms),
        encoding="utf-8",
    )


def _machine(load_before: float) -> str:
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"Measured on {os.cpu_count()} cores ({platform.machine()}), {platform.system()}, Python "
        f"{platform.python_version()}, httpx {version('httpx')}, boto3 {version('boto3')}, psycopg "
        f"{version('psycopg')}; load of the machine before it began {load_before:.1f}, at the end (1, 5, 15 "
        f"minutes) {load}.\n"
    )


def _targets(last: Round, many: Many, large: Large) -> str:
    times, cpu_times = last.alone_s / last.sweep.seconds, last.alone_cpu_s / last.sweep.cpu_s
    of_sum, of_cpu_sum = (one / of for one, of in (many.seconds, many.cpu_s))
    projects, in_all = len(many.alone), len(many.alone) * many.of_each
    large_mb = large.sweep.peak_bytes / MB
    rows = [
        _least(f"{last.count:,} stuck backups, against as many single diagnoses", times, "faster"),
        _least("the same, in the doctor's processor time", cpu_times, "less"),
        _most("peak memory", last.peak_mb, MOST_MB),
        (
            f"{in_all:,} stuck backups of {projects} projects, against the sum of one sweep each",
            f"≤ {MOST_OF_SUM} ×",
            f"{of_sum:.2f} ×",
            _verdict(of_sum <= MOST_OF_SUM),
        ),
        (
            "the same, in the doctor's processor time",
            f"≤ {MOST_OF_SUM} ×",
            f"{of_cpu_sum:.2f} ×",
            _verdict(of_cpu_sum <= MOST_OF_SUM),
        ),
        _most("peak memory", many.peak_mb, MOST_MB),
        _most(
            f"a table of {large.rows:,} rows, {large.stuck:,} of them stuck: peak memory",
            large_mb,
            MOST_MB_OF_LARGE,
        ),
    ]
    return "\n" + markdown_table(("what", "target", "measured", ""), rows)


def _least(what: str, times: float, how: str) -> tuple[str, str, str, str]:
    wanted = f"≥ {LEAST_TIMES} × {how}"
    return (what, wanted, f"{times:.0f} ×", _verdict(times >= LEAST_TIMES))


def _most(what: str, measured: float, most: float) -> tuple[str, str, str, str]:
    return (what, f"≤ {most} MB", f"{measured:.0f} MB", _verdict(measured <= most))


def _verdict(met: bool) -> str:
    return "pass" if met else "FAIL"


def _several(many: Many) -> str:
    (together_s, alone_s), (together_cpu, alone_cpu) = many.seconds, many.cpu_s
    projects = len(many.alone)
    head = ("", "time", "its processor time", "its memory")
    cells = [
        (
            "all in one run",
            f"{together_s:.1f} s",
            f"{together_cpu:.1f} s",
            f"{many.peak_mb:.0f} MB",
        ),
        (
            "one run each, summed up (memory: the most)",
            f"{alone_s:.1f} s",
            f"{alone_cpu:.1f} s",
            f"{many.peak_alone_mb:.0f} MB",
        ),
    ]
    return (
        f"\n## Several projects\n\n{projects} projects of {many.of_each:,} stuck backups each, by the same"
        f" services. Both take turns, {len(many.together)} times after one that warms up; medians.\n\n"
    ) + markdown_table(head, cells)


def _of_large(large: Large) -> str:
    return (
        f"\n## A large table\n\n{large.rows:,} rows without an index on their status, {large.stuck:,} of them "
        f"stuck: {large.sweep.seconds:.1f} s, {large.sweep.cpu_s:.1f} s of processor time, "
        f"{large.sweep.peak_bytes / MB:.0f} MB. The stuck rows are read in pages of 1,000; of the others none"
        " is read but the newest.\n"
    )


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
