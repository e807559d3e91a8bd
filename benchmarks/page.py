"""The page `docs/performance.md`: the figures, the machine, and how they were come by."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING

from benchmarks.targets import markdown_table, table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.breakdown import Breakdown
    from benchmarks.chain import Chain
    from benchmarks.targets import Target

PACKAGES = ("typer", "httpx", "boto3", "psycopg", "awscli")
HEADER = """\
# Performance

Written by `make bench`, which measures everything side by side in one run. Nothing in the tests
depends on these figures.

"""
METHOD = """\

## How it is measured

Every command is a separate process, started fresh, from start to exit. The commands of a
comparison take turns. Ratios are of the least values, because anything else that the machine does only
ever adds to a time; memory is the greatest value seen (`ru_maxrss`).

The diagnosis is that of the demo's fault `stuck`: real PostgreSQL, the stand-ins for Supabase,
GitHub and S3, and a pipeline that really ran. It counts only if it finds the root cause.

**The network.** A proxy on loopback stands before each service, the storage that GitHub redirects
log downloads to among them, and delays each direction by half of {round_trip:.0f} ms. A new
connection costs one round trip more, and HTTP connections stay open, as with the services
themselves. There is no TLS, and no bandwidth limit. Services and clients share the machine's cores.

**The longest chain of dependent calls** is read off what went through the proxies. A call lasts
from the first byte of its question to the last byte of its answer, and includes the connection, if
it opened one, and the time that the service took. Everything a call waited for had ended before it
began; so, from the answer that came last, the chain goes back to the call that had ended last
before that call began, and so on to the first. The target compares the diagnosis with the sum of
these calls: what it adds is start-up, its own work between calls, judging and printing.

**The guide** is [`benchmarks/guide.sh`](../benchmarks/guide.sh): its steps one after the other with
curl, psql and the AWS command line, in the hands of someone who knows every id by heart and never
hesitates.
"""


def write_page(
    path: Path,
    targets: Sequence[Target],
    parts: Breakdown,
    chain: Chain,
    round_trip_s: float,
    load_before: float,
) -> None:
    """Write the page; `parts` and `chain` are those of the quickest diagnosis.

    `load_before` is the load average of the last minute before the benchmark.
    """
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        HEADER
        + table(targets)
        + _machine(load_before)
        + _where_the_time_goes(parts)
        + _chain(chain, round_trip_s)
        + METHOD.format(round_trip=round_trip_s * 1000),
        encoding="utf-8",
    )


def _machine(load_before: float) -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"\nMeasured on {os.cpu_count()} cores ({platform.machine()}), {memory / 2**30:.0f} GiB, "
        f"{platform.system()}, Python {platform.python_version()}, {packages}. Load average when it "
        f"began and ended: {load_before:.1f} and {os.getloadavg()[0]:.1f}.\n"
    )


def _where_the_time_goes(parts: Breakdown) -> str:
    rows = [
        ("before the first call: interpreter, imports, settings", parts.start),
        *((f"waiting for {service}", seconds) for service, seconds in parts.calls.items()),
        ("between the calls: the doctor's own work", parts.between),
        ("after the last answer: judging, rendering, leaving", parts.end),
        ("in all", parts.total),
    ]
    shown = [(name, f"{s * 1000:.0f} ms", f"{s / parts.total:.0%}") for name, s in rows]
    return (
        "\n## Where the time goes\n\n"
        "The quickest diagnosis, cut along its longest chain of calls. It used "
        f"{parts.cpu * 1000:.0f} ms of processor time, in part while it waited.\n\n"
        + markdown_table(("part", "time", "share"), shown)
    )


def _chain(chain: Chain, round_trip_s: float) -> str:
    start = chain.turns[0].started
    rows = [
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
        f"\nIts chain: {chain.round_trips} round trips, {bare * 1000:.0f} ms of network alone, "
        f"and {chain.seconds * 1000:.0f} ms with the services' own time.\n\n"
        + markdown_table(("call", "begins", "takes", "round trips"), rows)
    )
