"""The machine that measures: what it is, what was measured, and whether anything else kept it busy."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[1]
# A figure is one only if others used no more of the cores just before it and just after.
MOST_BUSY = 0.15
SAMPLE_S = 0.5
# The columns of `/proc/stat` in which a core does nothing.
IDLE = (3, 4)


def busy_share(seconds: float = SAMPLE_S) -> float:
    """How much of all cores is used now, from 0 to 1, while the caller sleeps; 1 where it cannot be told."""
    before = _times()
    time.sleep(seconds)
    spent = [after - before for before, after in zip(before, _times(), strict=True)]
    return 1.0 - sum(spent[at] for at in IDLE) / sum(spent) if sum(spent) else 1.0


def wait_for_quiet(longest_s: float) -> float:
    """Wait until nothing else keeps the machine busy, at most so long; how busy it is then."""
    until = time.monotonic() + longest_s
    while (share := busy_share()) > MOST_BUSY and time.monotonic() < until:
        time.sleep(1.0)
    return share


def described(packages: Sequence[str]) -> str:
    """The machine, the versions, the commit and the moment, as a sentence."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"Measured at commit {commit()} on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, on "
        f"{os.cpu_count()} cores ({platform.machine()}), {memory / 2**30:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}, {versions}; load at the end (1, 5, 15 minutes): {load}.\n"
    )


def commit() -> str:
    """The commit that is measured; with a word if the code has changed since."""
    hash_ = _git("rev-parse", "--short", "HEAD")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ":!docs")
    return f"{hash_} (with changes)" if changed else hash_


def _git(*words: str) -> str:
    done = subprocess.run(  # noqa: S603 -- git alone
        ["git", *words],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "" if done.returncode == 0 else "unknown"


def _times() -> list[int]:
    """Of all cores together, in ticks, by kind; steal counts as use."""
    try:
        first = Path("/proc/stat").read_text(encoding="ascii").partition("\n")[0]
    except OSError:
        return [0] * 8
    return [int(one) for one in first.split()[1:9]]
