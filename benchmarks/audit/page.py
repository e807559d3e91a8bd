"""The page `docs/performance-audit.md`."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.targets import markdown_table

if TYPE_CHECKING:
    from collections.abc import Sequence
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
local server that serves pages of ListObjectsV2 from a file. Every command is a process of its own.

"""
TRIED = """\

## What was tried

- **botocore as it comes** spends nine tenths of a listing on parsing XML into dicts, and parses
  each page once more to look for an error in it. The audit takes the objects out of the page with
  three regular expressions before botocore sees it (`doctor/audit/listing_page.py`), and leaves
  signing, retries, redirects and refusals to botocore. Page after page, in a bare loop, this took
  less processor time than `obstore` (2.5 s against 2.9 s for a million keys), without another client
  whose settings and refusals would have to be kept the same.
- **What the audit takes beyond that**, in processor time for a million, on a busy machine: 3.6 s for
  the listing page after page and 4.2 s with 16 pages at once, since threads wait for each other's
  turn; 0.6 s for the rows; 0.4 s to start; the rest is the comparison. A listing that reads ahead
  only where the bucket is far away, and sizes and times that are read only where they differ, are
  the next things to try.
- **Three pages of regular expressions against one** that matches a whole element: the one takes
  twice as long.
- **A statement for rows that are not plain, then one for those that are**: two scans, the condition
  asked twice. Now it is one scan and one sort, in which the others come first.
- **A condition of cheap calls**: `right(key, 1)` took two and a half times as long as the scan
  itself, `rtrim`, which says the same, three quarters of it.
- **DuckDB for both sides** was not tried beyond the inventory, where it sorts: PostgreSQL sorts its
  side and S3 its own, so that a merge needs no memory, and no package of 20 MB.
"""


def write_page(
    path: Path,
    rounds: Sequence[Round],
    listers: dict[str, Cost],
    far: tuple[str, int, float, Cost, Cost],
) -> None:
    """Write it; times are medians, memory is the greatest seen. `far` begins with the fastest."""
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
    reference = _seconds(largest.lister) + _seconds(largest.psql)
    times = _seconds(largest.audit) / reference
    memory = _peak(largest.audit)
    rows = [
        (
            f"time for {largest.count:,} rows and objects, against {fastest} and psql",
            f"≤ {MOST_TIMES} ×",
            f"{times:.2f} ×",
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
            f"{median(cost.cpu_s for cost in one.audit):.2f} s",
            f"{_peak(one.audit):.0f} MB",
            f"{_seconds(one.lister):.2f} s",
            f"{median(cost.cpu_s for cost in one.lister):.2f} s",
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


def _seconds(costs: Sequence[Cost]) -> float:
    return median(cost.seconds for cost in costs)


def _peak(costs: Sequence[Cost]) -> float:
    return max(cost.peak_bytes for cost in costs) / MB
