"""Play scenes: the pipeline really runs, and the doctor sees it with its scripts and without them."""

from __future__ import annotations

import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backup_doctor.demo.faults import Expectation, compose
from backup_doctor.demo.world import Servers, World
from backup_doctor.evidence.case import Asked
from backup_doctor.evidence.findings import Verdict
from tests.e2e.doctoring import diagnose
from tests.strangers.hiding import hide_scripts
from tests.strangers.repository import CONFIGURATION, pipelines
from tests.strangers.scenes import Scene, scenes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.evidence.findings import Report


@dataclass(frozen=True)
class Outcome:
    """What the doctor said of a scene, beside what it should have.

    `unseen` is what it said where the scripts could not be read. `trouble` is what kept the scene
    from being played or judged.
    """

    name: str
    shape: str
    expected: Expectation
    seen: Expectation
    unseen: Expectation
    summaries: tuple[str, str] = ("", "")
    trouble: str = ""
    seconds: float = 0.0

    def is_right(self, got: Expectation) -> bool:
        """Whether verdict and root cause are those that follow from the chain."""
        return (
            not self.trouble
            and got.verdict is self.expected.verdict
            and got.root_cause == self.expected.root_cause
        )


def break_and_run(world: World, scene: Scene) -> str:
    """Put the scene's faults into its pipeline, run it, and return the dispatch id."""
    scene.pipeline.install(world)
    dispatch_id = world.insert_row()
    broken = compose(*scene.faults)
    broken.before(world)
    world.run_pipeline(dispatch_id)
    broken.after(world)
    return dispatch_id


def look(world: World, scene: Scene, dispatch_id: str) -> Report:
    """What the doctor says, in the pipeline's repository with its configuration."""
    (world.directory / CONFIGURATION).write_text(scene.pipeline.configuration)
    return diagnose(world.environment(), Asked(dispatch_id=dispatch_id), world.directory)


def play(servers: Servers, scene: Scene) -> Outcome:
    """Play the scene in a world of its own, and look at it twice."""
    started = time.monotonic()
    with World(servers) as world:
        dispatch_id = break_and_run(world, scene)
        recorded = len(world.project.logs)
        seen = look(world, scene, dispatch_id)
        # What the first look left in the platform's record is no part of the second.
        del world.project.logs[recorded:]
        hide_scripts(world)
        unseen = look(world, scene, dispatch_id)
    return Outcome(
        scene.name,
        scene.pipeline.shape,
        scene.expected,
        _said(seen),
        _said(unseen),
        (seen.summary, unseen.summary),
        "\n".join(map(str, (*seen.errors, *unseen.errors))),
        time.monotonic() - started,
    )


def _said(report: Report) -> Expectation:
    return Expectation(report.verdict, tuple(report.causes))


def every_scene() -> tuple[Scene, ...]:
    """All scenes of all pipelines."""
    every = enumerate(pipelines())
    return tuple(scene for number, one in every for scene in scenes(one, number))


def core() -> tuple[Scene, ...]:
    """The good backup of each pipeline, and two faults."""
    every = enumerate(pipelines())
    return tuple(
        scene for number, one in every for scene in (scenes(one, number)[i] for i in (0, 1, 3))
    )


CATALOGUES = {"all": every_scene, "core": core}


class _Stage:
    """The servers of this process, started when its first scene begins."""

    servers: Servers | None = None

    @classmethod
    def open(cls) -> Servers:
        if cls.servers is None:
            cls.servers = Servers.start()
        return cls.servers


def play_all(catalogue: str, words: tuple[str, ...], workers: int) -> Iterator[Outcome]:
    """Play the scenes whose names have one of the words in them; all without words."""
    wanted = [
        (catalogue, number)
        for number, scene in enumerate(CATALOGUES[catalogue]())
        if not words or any(word in scene.name for word in words)
    ]
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(_play, wanted)


# A scene holds functions, which do not travel between processes: it goes by its number.
def _play(wanted: tuple[str, int]) -> Outcome:
    catalogue, number = wanted
    scene = CATALOGUES[catalogue]()[number]
    try:
        return play(_Stage.open(), scene)
    except Exception:  # noqa: BLE001 -- a scene that cannot be played is a miss, not the end
        nothing = Expectation(Verdict.UNKNOWN)
        return Outcome(
            scene.name,
            scene.pipeline.shape,
            scene.expected,
            nothing,
            nothing,
            trouble=traceback.format_exc(),
        )
