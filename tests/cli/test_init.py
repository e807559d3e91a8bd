"""`init` writes what a newcomer edits, and never over what is there."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import yaml

from tests.cli.command import doctor

if TYPE_CHECKING:
    from pathlib import Path


def test_it_writes_a_configuration_in_which_everything_is_a_comment(tmp_path: Path) -> None:
    done = doctor("init", cwd=tmp_path)

    text = (tmp_path / "backup-doctor.toml").read_text()
    assert done.returncode == 0
    assert "backup-doctor.toml" in done.stdout
    assert "stuck_after" in text
    assert not any(value for value in tomllib.loads(text).values() if not isinstance(value, dict))


def test_the_workflow_job_always_runs_and_only_reads(tmp_path: Path) -> None:
    doctor("init", cwd=tmp_path)

    job = yaml.safe_load((tmp_path / "backup-doctor-job.yml").read_text())["jobs"]["diagnose"]
    assert job["if"] == "${{ always() }}"
    assert set(job["permissions"].values()) == {"read"}
    assert job["timeout-minutes"] <= 10
    assert any("backup-doctor --dispatch-id" in step.get("run", "") for step in job["steps"])


def test_it_overwrites_only_by_force(tmp_path: Path) -> None:
    file = tmp_path / "backup-doctor.toml"
    file.write_text("mine")

    refused = doctor("init", cwd=tmp_path)
    kept = file.read_text()
    forced = doctor("init", "--force", cwd=tmp_path)

    assert refused.returncode == 2
    assert "--force" in refused.stderr
    assert kept == "mine"
    assert forced.returncode == 0
    assert file.read_text() != "mine"


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "backup-doctor-job.yml").mkdir()

    done = doctor("init", "--force", cwd=tmp_path)

    assert done.returncode == 2
    assert "backup-doctor-job.yml could not be written: Is a directory." in done.stderr
