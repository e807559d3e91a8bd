"""Play many scenes at once: three processes for each core, with a database and an S3 server of its own."""

from __future__ import annotations

import os
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, ClassVar, TypeVar

from backup_doctor.demo.faults import Expectation
from backup_doctor.demo.world import Servers
from backup_doctor.evidence.findings import Verdict
from tests.matrix.catalogue import CATALOGUES
from tests.matrix.loop import close_loop
from tests.matrix.scenes import Outcome, Scene, play

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Answer = TypeVar("Answer")
# A scene waits as long as it works: for a script, an answer, a server that stops.
PER_CORE = 3


@dataclass(frozen=True)
class LoopOutcome:
    """What was not right after a scene's report was followed, and what was done: see `Loop`."""

    name: str
    problems: tuple[str, ...]
    outcome: Outcome | None = None
    fixes: Counter[str] = field(default_factory=Counter)
    evidence: Counter[str] = field(default_factory=Counter)
    acts: int = 0
    seconds: float = 0.0


class _Stage:
    """The servers of this process, started when its first scene begins, and what it has tried."""

    servers: Servers | None = None
    tried: ClassVar[set[str]] = set()

    @classmethod
    def open(cls) -> Servers:
        if cls.servers is None:
            cls.servers = Servers.start()
        return cls.servers


def play_all(catalogue: str, names: tuple[str, ...] = (), every: int = 1) -> Iterator[Outcome]:
    """Play the scenes of a catalogue whose name has one of `names` in it; all without names.

    `every` leaves scenes out: of so many, only the first is played.
    """
    yield from _on_all_cores(_play, catalogue, names, every)


def loop_all(
    catalogue: str, names: tuple[str, ...] = (), every: int = 1, *, thorough: bool = True
) -> Iterator[LoopOutcome]:
    """Follow the reports on the scenes of a catalogue.

    `thorough` tries each command of the evidence in every scene; else a process tries each form once.
    """
    yield from _on_all_cores(partial(_loop, thorough), catalogue, names, every)


def _on_all_cores(
    task: Callable[[str, int], Answer], catalogue: str, names: tuple[str, ...], every: int
) -> Iterator[Answer]:
    wanted = [
        number
        for number, scene in enumerate(CATALOGUES[catalogue]())
        if not names or any(name in scene.name for name in names)
    ][::every]
    with ProcessPoolExecutor(PER_CORE * (os.cpu_count() or 1)) as pool:
        yield from pool.map(partial(task, catalogue), wanted)


# A scene holds functions, which do not travel between processes: it goes by its number.
def _scene(catalogue: str, number: int) -> Scene:
    return CATALOGUES[catalogue]()[number]


def _play(catalogue: str, number: int) -> Outcome:
    scene, started = _scene(catalogue, number), time.monotonic()
    try:
        return play(_Stage.open(), scene)
    except Exception:  # noqa: BLE001 -- a scene that cannot be played is a miss, not the end
        error = traceback.format_exc()
        nothing = Expectation(Verdict.UNKNOWN)
        return Outcome(
            scene.name, scene.expected, nothing, None, (error,), time.monotonic() - started
        )


def _loop(thorough: bool, catalogue: str, number: int) -> LoopOutcome:
    scene, started = _scene(catalogue, number), time.monotonic()
    try:
        loop = close_loop(_Stage.open(), scene, None if thorough else _Stage.tried)
    except Exception:  # noqa: BLE001 -- the same
        return LoopOutcome(scene.name, (traceback.format_exc(),))
    return LoopOutcome(
        scene.name,
        loop.problems,
        loop.outcome,
        loop.fixes,
        loop.evidence,
        loop.acts,
        time.monotonic() - started,
    )
