"""A sweep asks the checks of other packages too."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from backup_doctor.run.sweep.sweeping import Wish
from tests import disk_plugin
from tests.sweep.crowd import swept

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backup_doctor.demo.world import World
    from backup_doctor.evidence.findings import CheckResult


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with disk_plugin.installed(tmp_path, monkeypatch):
        yield


def result(world: World, directory: Path, *, sample: int = 1) -> CheckResult:
    """What the plugin's check comes to for the one backup that is stuck."""
    dispatch_id = world.insert_row()
    world.run_pipeline(dispatch_id)
    world.sql(
        "UPDATE public.backup_history SET status = 'in_progress', s3_key = NULL, "
        "created_at = now() - interval '1 day'"
    )
    sweep = swept(world, directory, Wish(older_than_s=7200, sample=sample, verbose=True))
    (one,) = sweep.backups
    return next(found for found in one.report.results if found.check == "disk")


def codes(found: CheckResult) -> list[str]:
    return [one.code for one in found.findings]


def test_a_backup_that_is_read_closely_is_asked_about(world: World, tmp_path: Path) -> None:
    assert codes(result(world, tmp_path)) == ["disk/full"]


def test_of_another_one_nothing_is_said(world: World, tmp_path: Path) -> None:
    found = result(world, tmp_path, sample=0)

    assert (found.status, codes(found)) == ("skip", [])
    assert "Diagnose this backup alone" in found.notes[0]


@pytest.mark.parametrize("sample", [0, 1])
def test_what_is_the_same_for_all_backups_is_asked_once(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sample: int
) -> None:
    monkeypatch.setattr(disk_plugin.check, "shared", True)

    assert codes(result(world, tmp_path, sample=sample)) == ["disk/slow"]


@pytest.mark.parametrize("shared", [True, False])
def test_one_that_ends_the_process_as_it_looks_costs_its_own_result_alone(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, shared: bool
) -> None:
    def leave(*_: object) -> None:
        sys.exit(0)

    monkeypatch.setattr(disk_plugin.check, "load_collector", lambda: leave)
    monkeypatch.setattr(disk_plugin.check, "shared", shared)

    found = result(world, tmp_path)

    assert found.status == "unknown"
    assert "failed in the doctor itself (SystemExit)" in found.notes[0]
