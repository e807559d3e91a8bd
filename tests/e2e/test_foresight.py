"""What is asked ahead is the very thing that is asked last, and decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backup_doctor.collect.database.direct import Direct
from backup_doctor.collect.object import collector as of_object
from backup_doctor.collect.rls import collector as of_rls
from backup_doctor.demo.faults import FAULTS
from backup_doctor.evidence.case import Asked
from backup_doctor.report.compose import write
from backup_doctor.run.examine import checked
from backup_doctor.run.foresight import foresee
from backup_doctor.run.runner import DoctorRun
from backup_doctor.settings.load import Flags, load
from tests.e2e.doctoring import AWS
from tests.matrix.pipelines import upload_quickly

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.demo.world import World


@pytest.fixture
def run(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DoctorRun:
    """The doctor's run on a stuck backup."""
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    upload_quickly(world)
    dispatch_id = world.insert_row()
    FAULTS["stuck"].before(world)
    world.run_pipeline(dispatch_id)
    FAULTS["stuck"].after(world)
    environ = world.environment()
    aws = (f"{name}='{environ.pop(name)}'\n" for name in AWS if name in environ)
    (tmp_path / ".env").write_text("".join(aws))
    settings = load(Flags(), environ=environ, cwd=tmp_path)
    return DoctorRun(settings=settings, asked=Asked(dispatch_id=dispatch_id))


def foreseen(run: DoctorRun) -> set[str]:
    direct = run.sources.database.direct
    assert isinstance(direct, Direct)
    return {statement for statement, _ in direct._foreseen}


def test_every_answer_that_was_asked_for_ahead_is_the_one_that_is_wanted_last(
    run: DoctorRun,
) -> None:
    collected = run.collect()
    foresee(run)
    of_repair = {one for one in foreseen(run) if one.startswith(("EXPLAIN", "SELECT count"))}
    assert of_repair

    checked(run, collected)
    assert of_repair.isdisjoint(foreseen(run))
    of_object.look(run.sources, run.case)
    of_rls.look(run.sources, run.case)

    assert foreseen(run) == set()


def test_the_report_is_the_same_without_any_foresight(run: DoctorRun) -> None:
    collected = run.collect()

    without = checked(run, collected).collected
    foresee(run)
    with_it = checked(run, collected).collected

    assert with_it.fix_check == without.fix_check
    assert write(with_it, run.registry).fix_sql == write(without, run.registry).fix_sql


def test_a_file_that_is_not_this_backups_changes_nothing(run: DoctorRun) -> None:
    collected = run.collect()
    seen = collected.case.object
    assert seen is not None
    assert seen.present is not None
    wrong = seen.present.__class__(
        key="backups/another.zip",
        size=seen.present.size + 1,
        etag=seen.present.etag,
        modified_at=seen.present.modified_at,
    )
    run.sources.hints = type(run.sources.hints)()
    run.sources.hints.found(wrong)

    foresee(run)
    report = write(checked(run, collected).collected, run.registry)

    assert "another.zip" not in (report.fix_sql or "another.zip")
    assert report.root_cause == "function/not-deployed"
