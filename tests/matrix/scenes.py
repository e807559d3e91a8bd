"""One scene of the matrix: a pipeline, what is broken in it, and what a right diagnosis says."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from doctor.demo.faults import Expectation, Fault, Side, compose, expected
from doctor.demo.faults import function_code
from doctor.demo.world import World
from tests.e2e.doctoring import diagnose_world
from tests.matrix.pipelines import REFERENCE, Pipeline

if TYPE_CHECKING:
    from doctor.demo.world import Servers
    from doctor.model import Report


@dataclass(frozen=True)
class Scene:
    """Faults in a pipeline."""

    faults: tuple[Fault, ...]
    pipeline: Pipeline = REFERENCE

    @property
    def name(self) -> str:
        """The faults and the pipeline, as a test is named."""
        return f"{'+'.join(fault.name for fault in self.faults)} ({self.pipeline.name})"

    @property
    def expected(self) -> Expectation:
        """What follows from the chain."""
        return expected(self.faults, looks_up=self.pipeline.looks_up)

    @property
    def possible(self) -> bool:
        """Whether the faults can be put into this pipeline: a fault in the code wants that code."""
        theirs = any(fault in function_code.FAULTS for fault in self.faults)
        return not (theirs and self.pipeline.own_function)


@dataclass(frozen=True)
class Outcome:
    """What the doctor said of a scene, beside what it should have."""

    name: str
    expected: Expectation
    got: Expectation
    failing_check: str | None
    errors: tuple[str, ...]
    seconds: float

    @property
    def root_is_right(self) -> bool:
        """Whether verdict and root cause are those that follow from the chain."""
        return (
            not self.errors
            and self.got.verdict is self.expected.verdict
            and self.got.root_cause == self.expected.root_cause
        )

    @property
    def is_right(self) -> bool:
        """Whether the causes that follow are right too, and the step that is named."""
        return (
            self.root_is_right
            and self.got.causes == self.expected.causes
            and self.failing_check == self.expected.failing_check
        )


def break_and_run(world: World, scene: Scene) -> str:
    """Put the scene's faults into a world, run its pipeline, and return the dispatch id."""
    scene.pipeline.install(world)
    dispatch_id = world.insert_row()
    broken = compose(*scene.faults)
    broken.before(world)
    world.run_pipeline(dispatch_id)
    broken.after(world)
    return dispatch_id


def play(servers: Servers, scene: Scene) -> Outcome:
    """Play the scene in a world of its own, and let the doctor see it."""
    started = time.monotonic()
    with World(servers) as world:
        report = diagnose_world(world, break_and_run(world, scene), world.directory)
    return outcome(scene, report, time.monotonic() - started)


def outcome(scene: Scene, report: Report, seconds: float) -> Outcome:
    """Hold a report against what follows from the chain."""
    return Outcome(
        scene.name,
        scene.expected,
        Expectation(report.verdict, tuple(report.causes)),
        report.failing_step.check if report.failing_step else None,
        tuple(map(str, report.errors)),
        seconds,
    )


def upload_side(fault: Fault) -> bool:
    """Whether the fault keeps the file from reaching the bucket."""
    return fault.side is Side.UPLOAD
