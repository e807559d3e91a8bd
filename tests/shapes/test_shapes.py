"""A pipeline that is well raises no alarm, however different it looks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from backup_doctor.demo.shapes import SHAPES, stores
from backup_doctor.evidence.case import Asked
from backup_doctor.evidence.findings import Severity
from tests.e2e.doctoring import diagnose
from tests.matrix.pipelines import upload_quickly

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.demo.world import World


# What they say of files is true of those that the AWS command line uploads.
OF_FILES = {shape.name for shape in stores.SHAPES}


@pytest.fixture(autouse=True)
def _nowhere_in_particular(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests may run in GitHub Actions themselves; the doctor of a shape does not."""
    for name in [name for name in os.environ if name.startswith("GITHUB_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize("name", SHAPES)
def test_a_healthy_pipeline_of_any_shape_has_nothing_that_fails(
    world: World, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape = SHAPES[name]
    if name not in OF_FILES:
        upload_quickly(world)
    dispatch_id = shape.make(world)
    (tmp_path / "backup-doctor.toml").write_text(shape.configuration)
    for variable, value in shape.surroundings(world).items():
        monkeypatch.setenv(variable, value)

    asked = Asked(dispatch_id=dispatch_id)
    report = diagnose(shape.environment(world), asked, tmp_path, skip=shape.skip)

    findings = [finding for result in report.results for finding in result.findings]
    assert report.errors == ()
    assert [one.code for one in findings if one.severity is Severity.FAIL] == []
    assert (report.verdict, report.root_cause, report.causes) == (shape.verdict, None, ())
