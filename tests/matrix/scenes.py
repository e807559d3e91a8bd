"""One scene of the matrix: a pipeline, what is broken in it, and what a right diagnosis says."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backup_doctor.demo.faults import (
    Expectation,
    Fault,
    compose,
    expected,
    function_code,
    function_key,
)
from backup_doctor.demo.faults.expectation import BEFORE_THE_UPDATE
from backup_doctor.demo.faults.fault import nothing
from backup_doctor.demo.world import World
from backup_doctor.evidence.findings import Verdict
from tests.e2e.doctoring import diagnose_world
from tests.matrix.pipelines import REFERENCE, Pipeline, upload_quickly

if TYPE_CHECKING:
    from backup_doctor.demo.world import Servers
    from backup_doctor.evidence.findings import Report

CODE_FAULTS = (
    *function_code.FAULTS,
    *(fault for fault in function_key.FAULTS if fault.name == "function-uses-dead-key"),
)


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
    def parts(self) -> tuple[Fault, ...]:
        """The single faults that it is made of."""
        return tuple(part for fault in self.faults for part in fault.causes)

    @property
    def expected(self) -> Expectation:
        """What follows from the chain."""
        return expected(self.faults, looks_up=self.pipeline.looks_up)

    @property
    def possible(self) -> bool:
        """Whether the faults can be put into this pipeline, and leave a trace that anyone could see.

        A fault in the function's code wants that code. What is over when the doctor comes, and of
        which the log shows nothing but a status, nobody can know. A look-up of its own, early in
        the run, leaves nothing of the rest where it is refused.
        """
        pipeline = self.pipeline
        in_code = any(fault in CODE_FAULTS for fault in self.faults)
        over = any(fault.after is not nothing for fault in self.faults)
        in_lookup = any(fault.in_lookup for fault in self.faults)
        return not (
            (in_code and pipeline.own_function)
            or (over and pipeline.mute)
            or (in_lookup and pipeline.looks_up_early)
        )


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
    if not any(fault.side in BEFORE_THE_UPDATE for fault in scene.faults):
        upload_quickly(world)
    scene.pipeline.install(world)
    dispatch_id = world.insert_row()
    broken = compose(*scene.faults)
    broken.before(world)
    scene.pipeline.settle(world)
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
    needless = report.verdict is Verdict.HEALTHY and report.fix_sql is not None
    return Outcome(
        scene.name,
        scene.expected,
        Expectation(report.verdict, tuple(report.causes)),
        report.failing_step.check if report.failing_step else None,
        (*map(str, report.errors), *(["a healthy backup has fix SQL"] if needless else [])),
        seconds,
    )
