"""The page `docs/performance-growth.md`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.growth_plot import plot
from benchmarks.machine import MOST_BUSY, described
from benchmarks.targets import markdown_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from benchmarks.growth import Point

PACKAGES = ("httpx", "boto3", "psycopg")
# What is no more than this is flat: less cannot be told from chance.
FLAT_TIMES = 1.25
# What does grow, and why it may: said under REASONS.
NAMED = frozenset({("processor time", "size of the log")})
HEADER = """\
# What grows with a pipeline

Written by `make bench-growth`. Nothing in the tests depends on these figures.

A diagnosis of the demo's fault `stuck`, five times at each size, where one thing at a time is made larger:
the runs that GitHub lists before the backup's own, each with its job; the rows of the table, all of them good; the objects
under the prefix, in the folders of a thousand days up to today; and the log of the job. PostgreSQL is real, the rest are the
demo's stand-ins, on the same machine. They search all that they have for every page, so that the wall time
of a large pipeline is theirs as well; the doctor's own is told by its processor time and its memory.
Times are medians, memory is the greatest. Flat: at most {flat} × what it is at the smallest size;
what is not is named below, with the reason.

![Processor time and memory against the smallest size](performance-growth.svg)

"""
REASONS = """
## What keeps it flat, and what does not

- **Runs**: GitHub is asked for the runs of the time around the row, a hundred a page, not for all that there are.
- **Rows**: the row is found by its dispatch id, which the reference pipeline's table has an index on. In a table without
  one PostgreSQL scans; the doctor reads no more of it for that.
- **Objects**: the folders of the days around the row are listed, up to 5,000 keys each; only a file that is in none of them is
  searched for everywhere, up to 20,000 keys and ten seconds.
- **Log**: it is read as a stream, so that memory does not grow. The time does, and this is the one thing that is not flat: of a
  long step the beginning and the end (256 kB at most) are read for what they say, for up to a second on a busy machine,
  and of all that is between every line is looked at once, a twentieth of a second for each megabyte.
"""


def write_page(path: Path, measured: Mapping[tuple[str, str], Sequence[Point]]) -> None:
    """Write it, and its picture beside it."""
    path.with_suffix(".svg").write_text(plot(measured), encoding="utf-8")
    head = ("what", "at", "time", "processor time", "memory", "others used of the cores")
    cells = [
        (
            name,
            f"{point.size:,} {unit}",
            f"{point.seconds:.2f} s",
            f"{point.processor_s:.2f} s",
            f"{point.peak_mb:.0f} MB",
            f"{point.busy:.0%}" + (": a busy machine" if point.busy > MOST_BUSY else ""),
        )
        for (name, unit), points in measured.items()
        for point in points
    ]
    growth = [row for (name, _), points in measured.items() for row in _growth(name, points)]
    path.write_text(
        HEADER.format(flat=FLAT_TIMES)
        + described(PACKAGES)
        + "\n"
        + markdown_table(("what", "target", "measured", ""), growth)
        + "\n## At each size\n\n"
        + markdown_table(head, cells)
        + REASONS,
        encoding="utf-8",
    )


def _growth(name: str, points: Sequence[Point]) -> list[tuple[str, ...]]:
    first, last = points[0], points[-1]
    pairs = (
        ("processor time", last.processor_s / first.processor_s),
        ("memory", last.peak_mb / first.peak_mb),
    )
    return [
        (
            f"{what}, {last.size // first.size:,} times the {name}",
            f"≤ {FLAT_TIMES} ×",
            f"{times:.2f} ×",
            "pass" if times <= FLAT_TIMES else "named" if (what, name) in NAMED else "FAIL",
        )
        for what, times in pairs
    ]
