"""Play every situation: `python -m tests.harm [WORD ...]`, those whose kind or name holds a word."""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

from backup_doctor.demo.world import Servers
from tests.harm.catalogue import numbered
from tests.harm.page import write_figures
from tests.harm.playing import play

if TYPE_CHECKING:
    from tests.harm.playing import Played

PER_CORE = 3


class _Servers:
    """The servers of this process, started when its first situation begins."""

    started: Servers | None = None

    @classmethod
    def get(cls) -> Servers:
        if cls.started is None:
            cls.started = Servers.start()
        return cls.started


def main(*words: str) -> int:
    """Play, say what was wrong, and return how many did harm."""
    started = time.monotonic()
    wanted = [
        number
        for number, (kind, situation) in enumerate(numbered())
        if not words or any(word in kind or word in situation.name for word in words)
    ]
    played: list[Played] = []
    with ProcessPoolExecutor(PER_CORE * (os.cpu_count() or 1)) as pool:
        for one in pool.map(_play, wanted):
            played.append(one)
            for problem in one.problems:
                _say(f"{one.kind}: {one.situation}\n    {problem}")
    wrong = sum(bool(one.problems) for one in played)
    near = sum(one.is_near_miss for one in played)
    _say(
        f"{len(played) - near} situations and {near} near misses played in "
        f"{time.monotonic() - started:.0f} s: {wrong} not right"
    )
    if not words:
        write_figures(played)
    return wrong


# A situation holds functions, which do not travel between processes: it goes by its number.
def _play(number: int) -> Played:
    kind, situation = list(numbered())[number]
    return play(_Servers.get(), kind, situation)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(min(main(*sys.argv[1:]), 1))
