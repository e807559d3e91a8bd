"""Make every figure of the docs again: `make numbers`.

python -m scripts.numbers [--skip PART]... [PART]...: all parts, or these; `--only-targets` runs none.
Writes docs/numbers.md; its last lines say which target is missed, and then it ends with 1.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from benchmarks.machine import MOST_BUSY, ROOT, busy_share, commit
from benchmarks.targets import markdown_table
from scripts.numbers.targets import PASS, TargetRow, cells, targets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

DOCS = ROOT / "docs"
PAGE = DOCS / "numbers.md"
HEAD = ("part", "writes", "ended", "took", "when", "commit", "load before, after", "others used")
PYTEST = re.compile(r"^=+ (.*(?:passed|failed|error).*?) in .*=+$", re.MULTILINE)
COVERED = re.compile(r"^TOTAL\b.*\s(\d+(?:\.\d+)?%)", re.MULTILINE)
NOT_YET = "not by this command yet"


@dataclass(frozen=True)
class Part:
    """A part of the figures: `make NAME`, what it writes, and what of its output is the figure."""

    name: str
    writes: str
    figure: re.Pattern[str] | None = None


# What takes times comes first, before anything else has kept the machine busy.
PARTS = (
    Part("bench", "performance.md"),
    Part("bench-audit", "performance-audit.md"),
    Part("bench-growth", "performance-growth.md"),
    Part("bench-sweep", "performance-sweep.md"),
    Part("house", "how-it-works.md"),
    Part("harm", "reliability.md"),
    Part("matrix", "accuracy.md"),
    Part("strangers", "accuracy.md"),
    Part("faults", "nothing; reliability.md counts its cases", PYTEST),
    Part("canaries", "nothing", PYTEST),
    Part("mutants", "mutants.md"),
    Part("coverage", "nothing", COVERED),
)
INTRODUCTION = f"""\
# The figures, and how they were made

`make numbers` makes every figure of these pages again, part by part, and writes this page;
`make numbers PARTS="house harm"` runs only these, `SKIP="mutants coverage"` all but these. A part that was not run
keeps its line. The load is the machine's of the last minute; others used so much of the cores just before the part and
just after it. A time that was taken where others used more than {MOST_BUSY:.0%} is that of a busy machine.

"""


def main(words: Sequence[str]) -> int:
    """Run the parts, write the page, and say what is missed; 1 if anything is."""
    names = [part.name for part in PARTS]
    parser = argparse.ArgumentParser(prog="make numbers")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(names))
    parser.add_argument("--skip", action="append", default=[], choices=names)
    parser.add_argument("--only-targets", action="store_true")
    asked = parser.parse_args(words)
    unknown = sorted({*asked.parts} - {*names})
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(names)}")
    chosen = [
        part
        for part in PARTS
        if part.name not in asked.skip and part.name in (asked.parts or names)
    ]
    lines = _kept()
    for part in chosen if not asked.only_targets else ():
        lines[part.name] = _run(part)
        _write(lines)  # what was made is told, even if a later part is interrupted
    _write(lines)
    return _told([*_ends(lines), *targets(DOCS)])


def _run(part: Part) -> tuple[str, ...]:
    """Run it, its output passed through; its line of the page."""
    busy, load = busy_share(), os.getloadavg()[0]
    started, code = time.monotonic(), commit()
    output: list[str] = []
    with subprocess.Popen(  # noqa: S603 -- the project's own commands
        ["make", "--no-print-directory", part.name],  # noqa: S607
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            output.append(line)
    took = time.monotonic() - started
    after = os.getloadavg()[0]
    found = part.figure.findall("".join(output)) if part.figure else []
    ended = "well" if process.returncode == 0 else f"with {process.returncode}"
    return (
        part.name,
        part.writes,
        f"{ended}: {found[-1]}" if found else ended,
        f"{took // 60:.0f} min {took % 60:.0f} s",
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        code,
        f"{load:.1f}, {after:.1f}",
        _used(max(busy, busy_share())),
    )


def _used(busy: float) -> str:
    return f"{busy:.0%}" + (": a busy machine" if busy > MOST_BUSY else "")


def _kept() -> dict[str, tuple[str, ...]]:
    """The lines of the page as it is."""
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    rows = [cells(line) for line in text.splitlines() if line.startswith("| ")]
    names = {part.name for part in PARTS}
    return {row[0]: row for row in rows if row[0] in names and len(row) == len(HEAD)}


def _write(lines: Mapping[str, tuple[str, ...]]) -> None:
    empty = ("",) * (len(HEAD) - 3)
    rows = [lines.get(one.name, (one.name, one.writes, NOT_YET, *empty)) for one in PARTS]
    head = INTRODUCTION + markdown_table(HEAD, rows) + "\n## Targets\n\n"
    PAGE.write_text(head, encoding="utf-8")
    PAGE.write_text(head + _table(targets(DOCS)), encoding="utf-8")


def _ends(lines: Mapping[str, tuple[str, ...]]) -> list[TargetRow]:
    """That each part that was run ended well; its page says which of its targets is missed."""
    ended = [(name, row[2]) for name, row in lines.items() if row[2] != NOT_YET]
    return [
        TargetRow("numbers.md", f"make {name}", "ends well", how, PASS)
        if how.startswith("well")
        else TargetRow("numbers.md", f"make {name}", "ends well", how, "FAIL")
        for name, how in ended
    ]


def _table(found: Iterable[TargetRow]) -> str:
    rows = [(one.page, one.what, one.target, one.measured, one.verdict) for one in found]
    return markdown_table(("page", "what", "target", "measured", ""), rows)


def _told(found: Sequence[TargetRow]) -> int:
    missed = [one for one in found if one.verdict not in (PASS, "named")]
    sys.stdout.write(f"\n{_table(found)}\n")
    sys.stdout.write(f"{len(found) - len(missed)} of {len(found)} targets are kept.\n")
    for one in missed:
        sys.stdout.write(
            f"{one.verdict}  {one.page}: {one.what}: {one.measured}, target {one.target}\n"
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
