"""`--all-projects` of `preflight` and `audit`: each is looked at, and one that cannot be hides none."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.programs import bare

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backup_doctor.demo.world import World


@pytest.fixture
def folder(world: World, tmp_path: Path) -> Path:
    """A folder whose configuration has three projects, of which the middle one can be looked at."""
    given = world.environment()
    (tmp_path / "backup-doctor.toml").write_text(
        "[projects.nowhere]\n"
        'supabase_url = "http://127.0.0.1:9"\n'
        '[projects."my shop"]\n'
        f'supabase_url = "{given["SUPABASE_URL"]}"\n'
        'service_role_key_env = "SUPABASE_SERVICE_ROLE_KEY"\n'
        'database_url_env = "SUPABASE_DB_URL"\n'
        "[projects.broken]\n"
        'supabase_url = "no url"\n'
    )
    return tmp_path


def doctor(world: World, folder: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """A command for all projects of the folder."""
    return subprocess.run(
        [sys.executable, "-m", "backup_doctor", *flags, "--all-projects"],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=bare(**world.environment()),
        timeout=180,
    )


def test_each_project_has_its_report_and_the_worst_code_counts(world: World, folder: Path) -> None:
    world.run_pipeline(world.insert_row())

    done = doctor(world, folder, "preflight", "--format", "json")

    projects = json.loads(done.stdout)["projects"]
    assert done.returncode == 3, done.stderr
    assert list(projects) == ["nowhere", "my shop", "broken"]
    assert projects["my shop"]["verdict"] == "healthy"
    assert projects["broken"]["verdict"] == "unknown"
    assert (
        "supabase_url (backup-doctor.toml, [projects.broken])"
        in projects["broken"]["cannot_tell"][0]
    )
    assert "broken: supabase_url" in done.stderr


def test_a_quiet_preflight_names_only_those_that_need_a_look(world: World, folder: Path) -> None:
    world.run_pipeline(world.insert_row())

    done = doctor(world, folder, "preflight", "--format", "markdown", "--quiet")

    headings = [line for line in done.stdout.splitlines() if line.startswith("# ")]
    assert headings == ["# nowhere", "# broken"]


def test_each_project_is_audited_and_a_line_says_whose_it_is(world: World, folder: Path) -> None:
    world.run_pipeline(world.insert_row())
    world.sql("UPDATE public.backup_history SET size_bytes = 7")

    lines = doctor(world, folder, "audit", "--format", "json")
    text = doctor(world, folder, "audit", "--format", "text", "--limit", "0")

    assert (lines.returncode, text.returncode) == (3, 3)
    (told,) = map(json.loads, lines.stdout.splitlines())
    assert (told["project"], told["kind"], told["row_size"]) == ("my shop", "size-mismatch", 7)
    order = [text.stdout.index(f"=== {name} ===") for name in ("nowhere", "my shop", "broken")]
    assert order == sorted(order)
    assert "supabase_url (backup-doctor.toml, [projects.broken])" in text.stdout


@pytest.mark.parametrize(
    "flags",
    [
        ("preflight", "--project", "x"),
        ("preflight", "--report", "x.md"),
        ("preflight", "--save-evidence", "x.json"),
        ("preflight", "--format", "html"),
        ("audit", "--project", "x"),
        ("audit", "--inventory", "x"),
        ("audit", "--print-sql", "athena"),
        ("audit", "--fix-script", "x"),
        ("audit", "--format", "html"),
    ],
)
def test_what_is_for_one_project_is_not_done_for_all(
    world: World, folder: Path, flags: tuple[str, ...]
) -> None:
    done = doctor(world, folder, *flags)

    assert done.returncode == 2
    assert f"{flags[1]}{' html' if 'html' in flags else ''} is for one project" in done.stderr


def test_without_any_project_there_is_nothing_to_do(world: World, tmp_path: Path) -> None:
    for command in ("preflight", "audit"):
        done = doctor(world, tmp_path, command)

        assert done.returncode == 2
        assert "There are no projects" in done.stderr


@contextmanager
def silent_server() -> Iterator[str]:
    """Takes every connection, and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.slow
@pytest.mark.parametrize("command", ["list", "preflight", "sweep", "audit"])
def test_a_project_that_does_not_answer_takes_no_time_from_the_others_and_is_named(
    world: World, tmp_path: Path, command: str
) -> None:
    world.run_pipeline(world.insert_row())
    given = world.environment()
    mine = (
        f'supabase_url = "{given["SUPABASE_URL"]}"\n'
        'service_role_key_env = "SUPABASE_SERVICE_ROLE_KEY"\n'
        'database_url_env = "SUPABASE_DB_URL"\n'
    )
    with silent_server() as url:
        mute = f'supabase_url = "{url}"\nservice_role_key_env = "SUPABASE_SERVICE_ROLE_KEY"\n'
        (tmp_path / "backup-doctor.toml").write_text(
            f"[projects.mute]\n{mute}[projects.one]\n{mine}[projects.two]\n{mine}"
        )
        began = time.monotonic()
        done = doctor(world, tmp_path, command, "--budget", "45", "--trust-config")
        took = time.monotonic() - began

    assert done.returncode == 3, done.stderr
    assert took < 45
    assert "mute (15 s)" in done.stderr or took < 30, "it ended by itself, or its share ended it"
    assert "one (" not in done.stderr
    assert "two (" not in done.stderr
