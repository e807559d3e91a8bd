"""`backup-doctor preflight` as a program: its exit code is the verdict."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from backup_doctor.demo.faults import SINGLE
from tests.programs import bare

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.demo.world import World


def preflight(
    world: World, directory: Path, *flags: str, **environ: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "backup_doctor", "preflight", "--format", "json", *flags],
        env=bare(HOME=str(directory), **(world.environment() | environ)),
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_pipeline_that_is_well_is_exit_0(world: World, tmp_path: Path) -> None:
    done = preflight(world, tmp_path)

    report = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert report["verdict"] == "healthy"
    backup = ("dispatch_id", "backup_id", "run_id", "s3_key", "run_url", "created_at")
    assert [report["subject"][name] for name in backup] == [None] * 6
    assert report["subject"]["repository"] == world.repository.full_name
    assert report["subject"]["project"] == world.project.ref
    assert report["fix_sql"] is None
    assert report["summary"].startswith("The next backup would get through")


def test_a_pipeline_that_would_fail_is_exit_1_and_says_what_to_do(
    world: World, tmp_path: Path
) -> None:
    SINGLE["no-update-grant"].before(world)

    done = preflight(world, tmp_path)

    report = json.loads(done.stdout)
    (cause,) = [
        finding
        for result in report["results"]
        for finding in result["findings"]
        if finding["role"] == "cause" and finding["code"] == "rls/no-grant"
    ]
    assert done.returncode == 1
    assert report["failing_step"]["check"] == "rls"
    assert report["fix_sql"] is None, "there is no row to mend"
    assert "GRANT" in cause["fixes"][0]["text"]


def test_what_could_not_be_seen_is_exit_3_and_named(world: World, tmp_path: Path) -> None:
    done = preflight(world, tmp_path, GITHUB_TOKEN="")

    report = json.loads(done.stdout)
    assert done.returncode == 3
    assert report["verdict"] == "unknown"
    assert any("GITHUB_TOKEN" in open_question for open_question in report["cannot_tell"])


@pytest.mark.parametrize("flag", ["--dispatch-id", "--run-id"])
def test_preflight_asks_about_no_backup(world: World, tmp_path: Path, flag: str) -> None:
    assert preflight(world, tmp_path, flag, "1").returncode == 2
