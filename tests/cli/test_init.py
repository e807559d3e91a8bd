"""`init` reads a repository and writes what differs from the defaults, never over what is there."""

from __future__ import annotations

import sys
import tomllib
from typing import TYPE_CHECKING

import yaml

from tests.cli.command import doctor, environment
from tests.collect.repository import shapes
from tests.programs import on_a_terminal

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = "backup-doctor.toml"
JOB = "backup-doctor-job.yml"


def test_the_guides_repository_needs_nothing_but_its_own_name(tmp_path: Path) -> None:
    done = doctor("init", cwd=shapes.guides(tmp_path))

    assert done.returncode == 0
    assert tomllib.loads((tmp_path / CONFIG).read_text()) == {"repository": "acme/shop"}
    assert "scripts/update-backup-history.sh:19" in done.stdout
    assert "backup-doctor.toml" in done.stdout


def test_the_workflow_job_always_runs_and_only_reads(tmp_path: Path) -> None:
    done = doctor("init", cwd=shapes.guides(tmp_path))

    text = (tmp_path / JOB).read_text()
    job = yaml.safe_load(text)["jobs"]["diagnose"]
    assert text.strip() in done.stdout
    assert job["if"] == "${{ always() }}"
    assert job["needs"] == "backup"
    assert set(job["permissions"].values()) == {"read"}
    assert job["timeout-minutes"] <= 10
    assert job["steps"][0]["uses"] == f"your-org/backup-doctor@{'0' * 40}"
    assert not any("run" in step for step in job["steps"])


def test_it_ends_with_the_names_of_what_is_not_set(tmp_path: Path) -> None:
    (shapes.guides(tmp_path) / ".env").write_text("SUPABASE_SERVICE_ROLE_KEY=canary\n")

    done = doctor("init", cwd=tmp_path)

    missing = done.stdout.partition("still lacks")[2]
    assert "SUPABASE_URL:" in missing
    assert "GITHUB_TOKEN:" in missing
    for is_set in ("SUPABASE_SERVICE_ROLE_KEY:", "BACKUP_API_KEY:", "GITHUB_REPOSITORY:"):
        assert is_set not in missing
    assert "canary" not in done.stdout + (tmp_path / CONFIG).read_text()


def test_other_names_are_in_the_file_and_the_job_and_addresses_in_dotenv(tmp_path: Path) -> None:
    root = shapes.made(tmp_path, shapes.OTHER_NAMES)
    (root / ".env").write_text("A=b")

    done = doctor("init", "--yes", cwd=root)

    written = tomllib.loads((root / CONFIG).read_text())
    job = yaml.safe_load((root / JOB).read_text())["jobs"]["diagnose"]["steps"][0]["with"]
    assert written["columns"]["s3_key"] == job["columns-s3-key"] == "object_path"
    assert written["status"]["success"] == job["status-success"] == "completed"
    assert "supabase.co" not in (root / CONFIG).read_text()
    assert (root / ".env").read_text() == (
        "A=b\nSUPABASE_URL=https://abcdefghijklmnopqrst.supabase.co\n"
    )
    assert ".gitignore" in done.stdout


def test_an_address_that_dotenv_has_is_not_added_again(tmp_path: Path) -> None:
    root = shapes.made(tmp_path, shapes.OTHER_NAMES)
    (root / ".env").write_text("SUPABASE_URL=https://mine.example\n")

    doctor("init", "--yes", cwd=root)

    assert (root / ".env").read_text() == "SUPABASE_URL=https://mine.example\n"


def test_print_writes_nothing(tmp_path: Path) -> None:
    root = shapes.made(tmp_path, shapes.OTHER_NAMES)

    done = doctor("init", "--print", cwd=root)

    assert done.returncode == 0
    assert 'table = "public.dump_jobs"' in done.stdout
    assert not any((root / name).exists() for name in (CONFIG, JOB, ".env"))


def test_it_is_run_anywhere_in_the_repository(tmp_path: Path) -> None:
    root = shapes.guides(tmp_path)

    doctor("init", cwd=root / "supabase")

    assert (root / CONFIG).exists()
    assert not (root / "supabase" / CONFIG).exists()


def test_where_there_is_nothing_to_read_it_says_where_to_run_it(tmp_path: Path) -> None:
    done = doctor("init", cwd=tmp_path)

    assert done.returncode == 2
    assert "Run it in the root of the repository" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_is_ambiguous_is_left_out_and_named(tmp_path: Path) -> None:
    root = shapes.made(tmp_path, shapes.TWO_OF_ALL)

    done = doctor("init", "--yes", cwd=root)

    assert done.returncode == 0
    assert "workflow: a.yml (.github/workflows/a.yml:1) or b.yml" in done.stdout
    assert tomllib.loads((root / CONFIG).read_text()) == {"repository": "acme/shop"}
    assert not (root / JOB).exists()


def test_what_files_say_steers_neither_the_terminal_nor_the_files(tmp_path: Path) -> None:
    root = shapes.made(tmp_path, shapes.HOSTILE)

    done = doctor("init", "--yes", cwd=root)

    assert tomllib.loads((root / CONFIG).read_text()) == {"function": False}
    assert "${{ toJSON" not in (root / JOB).read_text()
    assert "\x1b" not in done.stdout
    assert not any(line.startswith("::") for line in done.stdout.splitlines())


def test_a_token_in_the_remote_is_not_shown(tmp_path: Path) -> None:
    done = doctor("init", "--yes", cwd=shapes.made(tmp_path, shapes.ENTERPRISE), configured=False)

    assert "GITHUB_API_URL=https://github.acme.example/api/v3" in done.stdout
    assert "canary" not in done.stdout


def test_yes_overwrites_nothing(tmp_path: Path) -> None:
    (shapes.guides(tmp_path) / CONFIG).write_text("mine")
    command = [sys.executable, "-m", "tests.cli.command", "init", "--yes"]

    seen = on_a_terminal(command, cwd=tmp_path, env=environment("healthy"))

    assert "there already" in seen
    assert (tmp_path / CONFIG).read_text() == "mine"


def test_on_a_terminal_the_user_chooses_and_one_answer_settles_more(tmp_path: Path) -> None:
    root = shapes.made(tmp_path, shapes.TWO_OF_ALL)
    command = [sys.executable, "-m", "tests.cli.command", "init"]

    seen = on_a_terminal(command, cwd=root, env=environment("healthy"), typed="2\n\n")

    assert "Which is the" in seen
    written = tomllib.loads((root / CONFIG).read_text())
    assert written["workflow"] == "b.yml"
    assert written["function"] is False
    assert yaml.safe_load((root / JOB).read_text())["jobs"]["diagnose"]["needs"] == "backup"


def test_on_a_terminal_a_file_is_overwritten_if_the_user_agrees(tmp_path: Path) -> None:
    (shapes.guides(tmp_path) / CONFIG).write_text("mine")
    command = [sys.executable, "-m", "tests.cli.command", "init"]

    on_a_terminal(command, cwd=tmp_path, env=environment("healthy"), typed="n\n")
    kept = (tmp_path / CONFIG).read_text()
    on_a_terminal(command, cwd=tmp_path, env=environment("healthy"), typed="y\n")

    assert kept == "mine"
    assert "acme/shop" in (tmp_path / CONFIG).read_text()


def test_an_action_that_is_no_commit_is_refused(tmp_path: Path) -> None:
    done = doctor("init", "--action", "acme/doctor@v1", cwd=shapes.guides(tmp_path))
    right = doctor("init", "--action", f"acme/doctor@{'a' * 40}", cwd=tmp_path)

    assert done.returncode == 2
    assert f"uses: acme/doctor@{'a' * 40}" in right.stdout


def test_it_overwrites_only_by_force(tmp_path: Path) -> None:
    file = shapes.guides(tmp_path) / CONFIG
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
    (shapes.guides(tmp_path) / JOB).mkdir()

    done = doctor("init", "--force", cwd=tmp_path)

    assert done.returncode == 2
    assert "backup-doctor-job.yml could not be written: Is a directory." in done.stderr
