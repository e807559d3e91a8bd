"""Every HTTP dependency × every fault: a report in time, honest about what could not be seen.

A fixed sample runs with all tests, all of them with `make faults`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.dependencies import DEPENDENCIES, Dependency
from tests.faults.expecting import assert_named, assert_safe, passed, statuses
from tests.faults.scene import strike

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults.catalogue import Fault
    from tests.faults.scene import Scene

SAMPLE = {"refused", "drip-head", "html", "503-json"}


def pairs() -> Iterator[object]:
    """Each dependency with each of its faults; what is not in the sample is marked."""
    for dependency in DEPENDENCIES:
        for fault in dependency.faults:
            marks = () if fault.name in SAMPLE else (pytest.mark.exhaustive,)
            yield pytest.param(dependency, fault, id=f"{dependency.name}-{fault.name}", marks=marks)


@pytest.mark.parametrize("story", ["stuck", "healthy"])
@pytest.mark.parametrize(("dependency", "fault"), tuple(pairs()))
def test_a_failing_service_costs_what_it_knows_and_nothing_more(
    scenes: dict[str, Scene], dependency: Dependency, fault: Fault, story: str, tmp_path: Path
) -> None:
    scene = scenes[story]

    outcome = strike(scene, dependency, fault, tmp_path)

    report = outcome.report
    assert_safe(outcome, scene.truth)
    if fault.name not in dependency.believable:
        assert_named(report, dependency.called)
        assert_named(report, fault.says)
        assert not passed(report).intersection(dependency.needed_by)
    others = touched_by(dependency, whole_host=fault.whole_host)
    assert statuses(report, without=others) == statuses(scene.truth, without=others)


def touched_by(dependency: Dependency, *, whole_host: bool) -> set[str]:
    """The checks that ask this service, or whose judgement rests on what it says."""
    asked_by = {
        "GITHUB_API_URL": {"secrets", "workflow", "function", "row", "rls"},
        "SUPABASE_MANAGEMENT_URL": {"secrets", "function", "rls"},
        "AWS_ENDPOINT_URL_S3": {"object"},
    }
    if dependency.setting == "SUPABASE_URL":
        own = {"function"} if dependency.paths == "/functions/" else {"row", "rls", "secrets"}
        return {"function", "row", "rls", "secrets"} if whole_host else own
    if dependency.without:
        return asked_by[dependency.setting] | {"row", "rls"}
    return asked_by[dependency.setting]
