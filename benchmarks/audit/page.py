"""The page `docs/performance-audit.md`."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.targets import markdown_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from benchmarks.audit.run import Round
    from benchmarks.measure import Cost

MB = 1_000_000
MOST_MB, MOST_TIMES = 150, 1.1
HEADER = """\
# Performance of the audit

Written by `make bench-audit`. Nothing in the tests depends on these figures.

A table and a bucket with the same backups, but for one in a thousand of each kind of disagreement:
a row without its object, another size, an object without a row, a stuck row with its key, a stuck
row without one. Real PostgreSQL with the reference pipeline's table (no index on the key), and a
local server that serves pages of ListObjectsV2 from a file. Every command is a separate process;
those that are compared take turns, five times. Times are the least, because anything else that the
machine does only ever adds to a time; memory is the greatest seen. To start takes the audit 0.4 s,
most of it for botocore, which counts among few backups: the target is one for a million.

"""
TRIED = """\

## What was tried

Processor time for a million, on a busy machine, unless another is named.

- **botocore as it comes** spends nine tenths of a listing on parsing XML into dicts, and parses
  each page once more to look for an error in it. The audit takes the objects out of the page with
  three regular expressions before botocore sees it (`doctor/run/audit/listing_page.py`), and leaves
  signing, retries, redirects and refusals to botocore.
- **A page in 0.85 ms instead of 1.26 ms**: two thirds of what was won were a search for comments
  in a text full of `<`, which now looks for `!` first. Of the rest the keys, sizes and times take
  0.2 ms each.
- **A User-Agent that is set** is not put together anew by botocore, twice for each request; with
  answers read in pieces of 512 kB instead of 64 kB, 0.3 s less.
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
- **One regular expression** for a whole element takes twice as long as three.
- **Fewer pages at once, other switch intervals, no garbage collection**: no difference that could be
  told from chance.
- **Signing and sending without botocore's client**: in a bare loop 0.9 s less. Not done: addresses,
  redirects, retries and refusals would have to be kept the same as botocore's.
- **DuckDB for both sides** was not tried beyond the inventory, where it sorts: PostgreSQL sorts its
  side and S3 its own, so that a merge needs no memory, and no package of 20 MB.

What is left, of 4.4 s: 2.9 s for the listing, half of it botocore's; 0.35 s for the rows; 0.6 s for
the comparison; 0.4 s to start.
"""


def write_page(
    path: Path,
    rounds: Sequence[Round],
    listers: dict[str, Cost],
    far: tuple[str, int, float, Cost, Cost],
) -> None:
    """Write it; times are the least, memory is the greatest seen. `far` begins with the fastest."""
    fastest = far[0]
    path.write_text(
        HEADER
        + _machine()
        + _targets(rounds[-1], fastest)
        + _sizes(rounds, fastest)
        + _listers(listers)
        + _far(*far)
        + TRIED,
        encoding="utf-8",
    )


def _machine() -> str:
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"Measured on {os.cpu_count()} cores ({platform.machine()}), {platform.system()}, Python "
        f"{platform.python_version()}, boto3 {version('boto3')}, psycopg {version('psycopg')}; load "
        f"of the machine at the end (1, 5, 15 minutes): {load}.\n"
    )


def _targets(largest: Round, fastest: str) -> str:
    times, by_medians = _times(largest, min), _times(largest, median)
    memory = _peak(largest.audit)
    rows = [
        (
            f"time for {largest.count:,} rows and objects, against {fastest} and psql",
            f"≤ {MOST_TIMES} ×",
            f"{times:.2f} × (of medians {by_medians:.2f} ×)",
            "pass" if times <= MOST_TIMES else "FAIL",
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
        *("backups", "audit", "its processor time", "its memory"),
        *(fastest, "its processor time", "psql copies the table"),
    )
    cells = [
        (
            f"{one.count:,}",
            f"{_seconds(one.audit):.2f} s",
            f"{min(cost.cpu_s for cost in one.audit):.2f} s",
            f"{_peak(one.audit):.0f} MB",
            f"{_seconds(one.lister):.2f} s",
            f"{min(cost.cpu_s for cost in one.lister):.2f} s",
            f"{_seconds(one.psql):.2f} s",
        )
        for one in rounds
    ]
    return "\n## Time and memory\n\n" + markdown_table(head, cells)


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
        f"{count:,} objects: the audit, which asks for up to 16 date folders at once, takes "
        f"{audit.seconds:.2f} s, {fastest} {lister.seconds:.2f} s page after page.\n"
    )


def _times(one: Round, typical: Callable[[list[float]], float]) -> float:
    """How many times as long the audit takes as both sides when only read."""
    audit, lister, psql = (
        typical([cost.seconds for cost in costs]) for costs in (one.audit, one.lister, one.psql)
    )
    return audit / (lister + psql)


def _seconds(costs: Sequence[Cost]) -> float:
    return min(cost.seconds for cost in costs)


def _peak(costs: Sequence[Cost]) -> float:
    return max(cost.peak_bytes for cost in costs) / MB
