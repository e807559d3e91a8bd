"""Names from a file that was merely found are shown before a write, and never taken without asking."""

from __future__ import annotations

import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.fix.test_fix_command import FIX, environment, fix, on_a_terminal, rows, stuck

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.demo.world import World

__all__ = ["stuck"]


def found_file(world: World, cwd: Path, kind: str) -> str:
    """A file in the working directory that names the bucket."""
    text = {
        "backup-doctor.toml": f'bucket = "{world.bucket.name}"',
        ".env": f"BACKUP_BUCKET={world.bucket.name}",
    }
    (cwd / kind).write_text(text[kind])
    return kind


@pytest.mark.parametrize("kind", ["backup-doctor.toml", ".env"])
def test_with_yes_it_is_refused_with_the_command_that_names_the_file(
    world: World, stuck: str, tmp_path: Path, kind: str
) -> None:
    name = found_file(world, tmp_path, kind)
    given = {"BACKUP_BUCKET": None, "SUPABASE_DB_URL": world.owner_uri}

    refused = fix(world, stuck, "--apply", "--yes", cwd=tmp_path, **given)
    untouched = rows(world)[0]["status"]
    command = shlex.split(refused.stderr.splitlines()[-1])
    named = subprocess.run(
        [sys.executable, "-m", "backup_doctor", *command[1:]],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=environment(world, **given),
        timeout=120,
    )

    assert (refused.returncode, refused.stdout, untouched) == (3, "", "in_progress")
    assert f"bucket ({name})" in refused.stderr
    assert command[-2:] == ["--config", name]
    assert (named.returncode, rows(world)[0]["status"]) == (0, "success"), named.stderr


def test_a_file_that_is_trusted_needs_no_name(world: World, stuck: str, tmp_path: Path) -> None:
    found_file(world, tmp_path, ".env")
    given = {"BACKUP_BUCKET": None, "SUPABASE_DB_URL": world.owner_uri}

    done = fix(world, stuck, "--apply", "--yes", "--trust-config", cwd=tmp_path, **given)

    assert (done.returncode, rows(world)[0]["status"]) == (0, "success"), done.stderr


def test_who_is_asked_sees_each_name_with_its_source(
    world: World, stuck: str, tmp_path: Path
) -> None:
    (tmp_path / "backup-doctor.toml").write_text(
        f'bucket = "{world.bucket.name}"\ntable = "public.backup_history"\n'
        '[columns]\ndispatch_id = "dispatch_id"\n[status]\nsuccess = "success"\n'
    )

    code, shown = on_a_terminal(world, stuck, "n\n", tmp_path, BACKUP_BUCKET=None)

    assert code == 3
    for name, value in (
        ("bucket", world.bucket.name),
        ("table", "public.backup_history"),
        ("columns.dispatch_id", "dispatch_id"),
        ("status.success", "success"),
    ):
        assert f"{name} is {value}, by backup-doctor.toml" in shown


def test_a_sweep_is_refused_alike(world: World, stuck: str, tmp_path: Path) -> None:
    found_file(world, tmp_path, ".env")
    assert FIX[-1] == "fix"

    done = subprocess.run(
        [*FIX[:-1], "sweep", "--older-than", "1s", "--apply", "--yes"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=environment(world, BACKUP_BUCKET=None, SUPABASE_DB_URL=world.owner_uri),
        timeout=120,
    )

    assert (done.returncode, rows(world)[0]["status"]) == (3, "in_progress")
    assert "--config .env" in done.stderr


def test_without_apply_nothing_is_asked_of_the_file(
    world: World, stuck: str, tmp_path: Path
) -> None:
    found_file(world, tmp_path, ".env")

    done = fix(world, stuck, cwd=tmp_path, BACKUP_BUCKET=None)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout
