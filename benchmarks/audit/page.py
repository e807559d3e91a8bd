"""The page `docs/performance-audit.md`."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from backup_doctor.run.audit.listing import AHEAD
from benchmarks.machine import MOST_BUSY, described
from benchmarks.targets import markdown_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from benchmarks.audit.run import Round
    from benchmarks.measure import Cost

MB = 1_000_000
PACKAGES = ("boto3", "obstore", "psycopg")
MOST_MB, MOST_TIMES = 150, 1.3
BUSY = "busy"
HEADER = """\
# Performance of the audit

Written by `make bench-audit`. Nothing in the tests depends on these figures.

A table and a bucket with the same backups, but for one in a thousand of each kind of disagreement:
a row without its object, another size, an object without a row, a stuck row with its key, a stuck
row without one. Real PostgreSQL with the reference pipeline's table (no index on the key), and a
local server that serves pages of ListObjectsV2 from a file. Every command is a separate process;
those that are compared take turns, five times, and each turn waits up to a minute for a quiet machine. Times
are medians, ratios are of medians, and memory is the greatest seen. Where others used more than {busy:.0%} of
the cores in most turns, the time is that of a busy machine: it passes nothing and fails nothing. Processor
time says more then, if not all: it grows too where others share the caches.

To start takes the audit 0.4 s, most of it for botocore, which counts among few backups: the target is
one for a million.

"""
TRIED = """\

## What was tried

Processor time for a million, on a busy machine, unless another is named.

- **obstore for the listing** (the extra `audit`): it reads, and parses outside of Python's lock, so that both
  cores work; its Arrow columns become tuples in 0.3 ms a page. botocore's own reading takes 30 ms a page.
- **Three regular expressions** instead of botocore's parser, which were here before: 2.9 s for the
  listing and its requests, all of it under Python's lock. Gone: S3's XML is read by what is made for it.
- **obstore's provider for boto3's credentials** imports all of boto3, 0.1 s, to make a dict of four
  values from botocore's credentials. The audit makes that dict.
- **Fewer heaps of the C library and fewer pages waiting**: 162 MB became 149 MB, and 12 requests at once instead
  of 16 save a few more. Four would save 20 MB more, and take three times as long in a bucket that is far away.
- **Threads that are used again** for the pages, and one that watches the session with PostgreSQL
  instead of a timer for each batch: 0.5 s, most of it waiting for each other's turn.
- **The names of objects without a row** are looked up among the rows without a key. For each a
  pattern was compiled: 1.0 s for 2,000 objects, now 0.1 s.
- **A stream instead of a cursor**: PostgreSQL sorts for a cursor in one process, and slower. The
  first row of a million came after 4 s, now after 1.2 to 1.8 s; the listing, which reads no further
  ahead than memory allows, stood still meanwhile. `work_mem` made no difference to speak of.
- **A condition of cheap calls**: that a key is plain took 0.7 s of PostgreSQL's time, now 0.3 s.
  `LIKE` takes a third of `position`, a regular expression three times as long as all of it, and
  `rtrim`, which is half of what is left, is not asked of a key that ends in `.zip`.
- **A statement for rows that are not plain, then one for those that are**: two scans, the condition
  asked twice. Now it is one scan and one sort, in which the others come first.
- **Fewer pages at once, other switch intervals, no garbage collection**: no difference that could be
  told from chance.
- **DuckDB for both sides** was not tried beyond the inventory, where it sorts: PostgreSQL sorts its
  side and S3 its own, so that a merge needs no memory, and no package of 20 MB.
"""


def write_page(
    path: Path,
    rounds: Sequence[Round],
    listers: dict[str, Cost],
    far: tuple[str, int, float, Cost, Cost],
) -> None:
    """Write it. `far` begins with the name of the fastest lister."""
    fastest = far[0]
    path.write_text(
        HEADER.format(busy=MOST_BUSY)
        + described(PACKAGES)
        + _targets(rounds[-1], fastest)
        + _sizes(rounds, fastest)
        + _listers(listers)
        + _far(*far)
        + TRIED,
        encoding="utf-8",
    )


def _targets(largest: Round, fastest: str) -> str:
    audit, lister, psql = _each(largest)
    times = _seconds(audit) / (_seconds(lister) + _seconds(psql))
    passes = "pass" if times <= MOST_TIMES else "FAIL"
    memory = _peak(audit)
    rows = [
        (
            f"time for {largest.count:,} rows and objects, against {fastest} and psql",
            f"≤ {MOST_TIMES} ×",
            f"{times:.2f} ×",
            passes if largest.is_quiet else BUSY,
        ),
        (
            "peak memory",
            f"≤ {MOST_MB} MB",
            f"{memory:.0f} MB",
            "pass" if memory <= MOST_MB else "FAIL",
        ),
    ]
    return "\n" + markdown_table(("what", "target", "measured", ""), rows)


def _sizes(rounds: Sequence[Round], fastest: str) -> str:
    head = (
        *("backups", "audit", "its processor time", "its memory", fastest),
        *("its processor time", "psql copies the table", "others used of the cores"),
    )
    return "\n## Time and memory\n\n" + markdown_table(head, map(_size, rounds))


def _size(one: Round) -> tuple[str, ...]:
    audit, lister, psql = _each(one)
    busy = [turn.busy for turn in one.turns]
    return (
        f"{one.count:,}",
        f"{_seconds(audit):.2f} s",
        f"{_processor(audit):.2f} s",
        f"{_peak(audit):.0f} MB",
        f"{_seconds(lister):.2f} s",
        f"{_processor(lister):.2f} s",
        f"{_seconds(psql):.2f} s",
        f"{min(busy):.0%} to {max(busy):.0%}" + ("" if one.is_quiet else ": a busy machine"),
    )


def _listers(listers: dict[str, Cost]) -> str:
    rows = [
        (name, f"{cost.seconds:.2f} s", f"{cost.cpu_s:.2f} s") for name, cost in listers.items()
    ]
    return "\n## Listers, 10,000 objects, with their start\n\n" + markdown_table(
        ("lister", "time", "processor time"), rows
    )


def _far(fastest: str, count: int, delay_s: float, audit: Cost, lister: Cost) -> str:
    return (
        f"\n## A bucket that is {delay_s * 1000:.0f} ms away\n\n"
        f"{count:,} objects: the audit, which asks for up to {AHEAD} date folders at once, takes "
        f"{audit.seconds:.2f} s, {fastest} {lister.seconds:.2f} s page after page.\n"
    )


def _each(one: Round) -> tuple[list[Cost], list[Cost], list[Cost]]:
    turns = one.turns
    return [t.audit for t in turns], [t.lister for t in turns], [t.psql for t in turns]


def _seconds(costs: Iterable[Cost]) -> float:
    return median(cost.seconds for cost in costs)


def _processor(costs: Iterable[Cost]) -> float:
    return median(cost.cpu_s for cost in costs)


def _peak(costs: Iterable[Cost]) -> float:
    return max(cost.peak_bytes for cost in costs) / MB
