"""The root cause is found in pipelines whose words nobody has written into a table.

A few of them: `make strangers` plays all.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from backup_doctor.demo.faults import SINGLE
from backup_doctor.demo.shapes.ways import mended_after_failure
from backup_doctor.demo.world import World
from backup_doctor.evidence.findings import Severity, Verdict
from tests.e2e.conftest import servers
from tests.strangers.playing import break_and_run, look
from tests.strangers.repository import Pipeline, pipelines
from tests.strangers.scenes import Scene

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.demo.world import Servers

__all__ = ["servers"]

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")

FEW = ("bash-portuguese", "composite-bash", "node-german", "python-chinese")


@pytest.fixture(params=[one for one in pipelines() if one.name in FEW], ids=lambda one: one.name)
def stranger(request: pytest.FixtureRequest) -> Pipeline:
    one: Pipeline = request.param
    return one


@pytest.fixture
def world(servers: Servers) -> Iterator[World]:
    with World(servers) as opened:
        yield opened


def test_a_good_backup_is_healthy(world: World, stranger: Pipeline) -> None:
    scene = Scene(stranger)

    report = look(world, scene, break_and_run(world, scene))

    assert (report.verdict, report.errors) == (Verdict.HEALTHY, ())
    every = [finding for result in report.results for finding in result.findings]
    assert [one.code for one in every if one.severity is Severity.FAIL] == []


def test_the_root_cause_is_found(world: World, stranger: Pipeline) -> None:
    scene = Scene(stranger, (SINGLE["other-caller-key"], SINGLE["role-without-bypass"]))

    report = look(world, scene, break_and_run(world, scene))

    assert report.errors == ()
    assert report.root_cause == scene.expected.root_cause


def test_what_is_over_is_told_by_the_log_alone(world: World, stranger: Pipeline) -> None:
    stranger.install(world)

    report = look(world, Scene(stranger), mended_after_failure(world))

    assert report.errors == ()
    # A bare 404 can be the function's own as well.
    of_status = {"function/rejected"} if stranger.mute else set()
    assert report.root_cause in {"function/not-deployed", *of_status}
    assert [stage.state.value for stage in report.chain[4:6]] == ["failed", "failed"]
