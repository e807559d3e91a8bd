"""The page `docs/performance.md`: the figures, the machine, and how they were come by."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING

from benchmarks.targets import markdown_table, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from benchmarks.breakdown import Diagnosis
    from benchmarks.load import Load
    from benchmarks.targets import Target

PACKAGES = ("typer", "httpx", "boto3", "psycopg", "awscli")
LISTING = "The listing names the file"
LOG = "Only the log names the file"
HEADER = """\
# Performance

Written by `make bench`, which measures everything in one run, in turns. Nothing in the tests depends
on these figures.

"""
BUSY = """\
**The machine was busy: these figures are others' as much as the doctor's, and decide nothing.** Counts
of round trips and memory hold; for times, run `make bench` on a machine at rest.

"""
GAVE = """\

## What each change gave

Counted in round trips of the longest chain, at 400 ms each, so that the machine's own time does not
blur the count (the listing names the file), and in processor time before the first byte.

{changes}
Nothing is judged by what was asked ahead: an answer is only taken where the very same is asked.

What stays: a password takes PostgreSQL two round trips (SCRAM), its own way into TLS one, the log's
storage two to connect. Most of a diagnosis' processor time are imports and what clients set up; what of
it no wait hides is what the diagnosis takes above its chain.
"""
CHANGES = (
    ("TLS is measured too", "12", "23"),
    ("PostgreSQL: all that is asked at once is one flight of one session", "23", "16"),
    ("GitHub: the log is read ahead of the run whose title names the dispatch", "", ""),
    ("connections are opened before the rest is imported", "16", "15"),
    ("typer does not read the plain call", "270 ms", "100 ms"),
    ("all constraints at once, EXPLAIN as both roles at once, 4 ms for all to board", "15", "13"),
    ("S3 is searched by what the Data API says of the row", "13", "12"),
    ("what is asked last is asked ahead, as soon as a file is found", "12", "10"),
    ("as many connections to GitHub as are asked at once", "10", "8"),
)
METHOD = """\

## How it is measured

Every command is a separate process, started fresh, from start to exit. The commands of a
comparison take turns, and their medians are compared; memory is the greatest value seen
(`ru_maxrss`). Before and after, the machine is watched for three seconds: where others take more than
a tenth of its time, nothing is measured, or the page says that it was busy.

The diagnosis is that of the demo's fault `stuck`: real PostgreSQL, the stand-ins for Supabase,
GitHub and S3, and a pipeline that really ran. It counts only if it finds the root cause. In the
second scene the file's name does not have the dispatch id, so that only the log tells which it is.

**The network.** A proxy on loopback stands before each service, the storage that GitHub redirects
log downloads to among them, and delays each direction by half of {round_trip:.0f} ms. All of it is
TLS 1.3, PostgreSQL's too, which ends behind the delay. To connect takes one round trip, to agree on
TLS another, and PostgreSQL's question whether there is TLS one more; HTTP connections stay open, as
with the services themselves. There is no bandwidth limit. Services and clients share the machine's
cores.

**The first byte** is the first that arrives at any proxy.

**The longest chain of dependent calls** is read off what went through the proxies. A call lasts
from the first byte of its question to the last byte of its answer, and includes the time that the
service took; a handshake counts as a call. Everything a call waited for had ended before it
began; so, from the answer that came last, the chain goes back to the call that had ended last
before that call began, and so on to the first. The target compares the diagnosis with the sum of
these calls: what it adds is start-up, its own work between calls, judging and printing.

**Dependent round trips** are those of that chain, handshakes included, where each takes 400 ms. At
{round_trip:.0f} ms the machine's own work parts the calls, and some that nobody waits for fit in
between: that chain is longer than what depends on each other.

**The guide** is [`benchmarks/guide.sh`](../benchmarks/guide.sh): its steps one after the other with
curl, psql and the AWS command line, in the hands of someone who knows every id by heart and never
hesitates. Its psql is the demo's, which was built without TLS: it is spared those round trips.
"""


def write_page(
    path: Path,
    targets: Sequence[Target],
    scenes: Mapping[str, Diagnosis],
    loads: tuple[Load, Load],
    round_trip_s: float,
) -> None:
    """Write the page; `scenes` has the diagnosis in the middle of each, `loads` before and after."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        HEADER
        + (BUSY if any(load.is_busy for load in loads) else "")
        + table(targets)
        + _machine(*loads)
        + "".join(_scene(name, one, round_trip_s) for name, one in scenes.items())
        + GAVE.format(changes=markdown_table(("change", "before", "after"), CHANGES))
        + METHOD.format(round_trip=round_trip_s * 1000),
        encoding="utf-8",
    )


def _machine(before: Load, after: Load) -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"\nMeasured on {os.cpu_count()} cores ({platform.machine()}), {memory / 2**30:.0f} GiB, "
        f"{platform.system()}, Python {platform.python_version()}, {packages}. The machine before: "
        f"{before}; after: {after}.\n"
    )


def _scene(name: str, one: Diagnosis, round_trip_s: float) -> str:
    """The diagnosis in the middle, cut along its longest chain of calls."""
    parts, chain = one.parts, one.chain
    rows = [
        ("before the first byte: interpreter, imports, settings", parts.start),
        ("from then to the chain's first call", parts.before),
        *((f"waiting for {service}", seconds) for service, seconds in parts.calls.items()),
        ("between the calls: the doctor's own work", parts.between),
        ("after the last answer: judging, rendering, leaving", parts.end),
        ("in all", parts.total),
    ]
    shown = [(part, f"{s * 1000:.0f} ms", f"{s / parts.total:.0%}") for part, s in rows]
    start = chain.turns[0].started
    calls = [
        (
            turn.what,
            f"{(turn.started - start) * 1000:.0f} ms",
            f"{turn.seconds * 1000:.0f} ms",
            str(turn.round_trips),
        )
        for turn in chain.turns
    ]
    bare = chain.round_trips * round_trip_s
    return (
        f"\n## {name}: where the time goes\n\n"
        "The diagnosis in the middle, cut along its longest chain of calls. It used "
        f"{parts.cpu * 1000:.0f} ms of processor time, in part while it waited.\n\n"
        + markdown_table(("part", "time", "share"), shown)
        + f"\nIts chain: {chain.round_trips} round trips, {bare * 1000:.0f} ms of network alone, "
        f"and {chain.seconds * 1000:.0f} ms with the services' own time.\n\n"
        + markdown_table(("call", "begins", "takes", "round trips"), calls)
    )
