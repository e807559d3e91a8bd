"""How busy the machine is with what is not measured: figures of a busy one say nothing."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

WATCHED_S = 3.0
# Of all cores' time; a machine at rest is below 2 %.
BUSY = 0.1
IDLE_FIELDS = slice(3, 5)


@dataclass(frozen=True)
class Load:
    """`share` of all cores' time that others took while nothing was measured; the load average."""

    share: float
    average: float

    @property
    def is_busy(self) -> bool:
        """Whether figures taken now would be others' as well."""
        return self.share > BUSY

    def __str__(self) -> str:
        return f"{self.share:.0%} of its time taken by others, load average {self.average:.1f}"


def load_now() -> Load:
    """Watch the machine for a moment, doing nothing."""
    before = _times()
    time.sleep(WATCHED_S)
    passed = [now - then for now, then in zip(_times(), before, strict=True)]
    return Load(1 - sum(passed[IDLE_FIELDS]) / max(1, sum(passed)), os.getloadavg()[0])


def _times() -> list[int]:
    """Linux's own account of all cores: user, nice, system, idle, iowait, irq, softirq, steal."""
    line = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0]
    return [int(field) for field in line.split()[1:9]]
