"""With five settings the log of the last run tells what broke it, and which function its script calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backup_doctor.demo.faults import FAULTS
from backup_doctor.evidence.findings import FixKind, Verdict
from tests.preflight.foresight import foresee

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.demo.world import World
    from backup_doctor.evidence.findings import Finding, Report

MORE = ("SUPABASE_ACCESS_TOKEN", "SUPABASE_DB_URL", "BACKUP_API_KEY", "SUPABASE_PROJECT_REF")
SCRIPT = "scripts/update-backup-history.sh"


def with_five_settings(world: World, directory: Path, *more: str) -> Report:
    known = world.environment().items()
    five = {name: value for name, value in known if name not in MORE or name in more}
    return foresee(world, directory, five)


def of_last_run(report: Report) -> Finding | None:
    found = (finding for result in report.results for finding in result.findings)
    return next((one for one in found if one.code == "workflow/last-run-failed"), None)


@pytest.mark.parametrize(
    ("fault", "said", "fixed"),
    [
        ("dump-refused", "'Create backup archive' failed: the database refuses the password", True),
        ("no-update-grant", "the direct update of backup_history failed (HTTP 403): ", False),
        ("update-dies-silently", "", False),
    ],
)
def test_what_the_log_of_the_last_run_says_is_told(
    world: World, tmp_path: Path, fault: str, said: str, fixed: bool
) -> None:
    FAULTS[fault].before(world)
    world.run_pipeline(world.insert_row())

    found = of_last_run(with_five_settings(world, tmp_path))

    assert (found is not None) is bool(said)
    if found is not None:
        assert said in found.summary
        assert any(one.kind is FixKind.MANUAL for one in found.fixes) is fixed
        assert found.fixes[-1].text.startswith("backup-doctor --run-id ")


def test_a_green_run_whose_updates_were_all_refused_is_no_good_sign(
    world: World, tmp_path: Path
) -> None:
    FAULTS["no-update-grant"].before(world)
    world.edit(SCRIPT, "  exit 1\nfi", "  exit 0\nfi")
    world.run_pipeline(world.insert_row())

    found = of_last_run(with_five_settings(world, tmp_path))

    assert found is not None
    assert "ended with success: the function update-backup failed (HTTP 500)" in found.summary


def test_a_function_that_the_script_does_not_call_is_not_said_to_accept_the_key(
    world: World, tmp_path: Path
) -> None:
    world.edit(SCRIPT, "functions/v1/update-backup", "functions/v1/finish-backup")
    world.run_pipeline(world.insert_row())

    report = with_five_settings(world, tmp_path, "BACKUP_API_KEY")

    told = "The script of the last run calls the function finish-backup, and not update-backup."
    (function,) = (one for one in report.results if one.check == "function")
    assert "accepts the key" not in report.summary
    assert any(told in note for note in function.notes)


def test_the_doctors_own_key_says_nothing_of_one_that_the_last_run_was_refused_with(
    world: World, tmp_path: Path
) -> None:
    own = world.environment()
    world.github_secrets["VITE_SUPABASE_SERVICE_ROLE_KEY"] = f"sb_secret_{'a' * 22}_{'b' * 8}"
    FAULTS["not-deployed"].before(world)
    world.publish_secrets()
    world.run_pipeline(world.insert_row())

    report = foresee(world, tmp_path, own)

    assert report.verdict is Verdict.FAILING
    assert "secrets/revoked" in report.causes


@pytest.mark.parametrize(
    ("before", "verdict"),
    [(True, Verdict.HEALTHY), (False, Verdict.UNKNOWN)],
    ids=["by the fallback", "by the function"],
)
def test_a_good_backup_proves_the_way_that_it_took_and_no_other(
    world: World, tmp_path: Path, verdict: Verdict, *, before: bool
) -> None:
    if before:
        world.project.functions.clear()
    world.run_pipeline(world.insert_row())
    world.project.functions.clear()

    report = with_five_settings(world, tmp_path)

    assert report.verdict is verdict
    assert ("held then, not checked since" in report.summary) is before
