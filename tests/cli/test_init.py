"""`init` reads a repository and writes what differs from the defaults, never over what is there."""

from __future__ import annotations

import json
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest
import yaml

from backup_doctor.cli import init
from tests.cli.command import doctor, environment
from tests.collect.repository import shapes
from tests.programs import on_a_terminal

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = "backup-doctor.toml"
JOB = "backup-doctor-job.yml"
NIGHTLY = ".github/workflows/nightly.yml"
ACTION = f"acme/doctor@{'a' * 40}"


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

    seen = on_a_terminal(command, cwd=root, env=environment("healthy"), typed="2\n\n\n")

    assert "Which is the" in seen
    written = tomllib.loads((root / CONFIG).read_text())
    assert written["workflow"] == "b.yml"
    assert written["function"] is False
    assert yaml.safe_load((root / JOB).read_text())["jobs"]["diagnose"]["needs"] == "backup"


def test_on_a_terminal_a_file_is_overwritten_if_the_user_agrees(tmp_path: Path) -> None:
    (shapes.guides(tmp_path) / CONFIG).write_text("mine")
    command = [sys.executable, "-m", "tests.cli.command", "init"]

    on_a_terminal(command, cwd=tmp_path, env=environment("healthy"), typed="\nn\n")
    kept = (tmp_path / CONFIG).read_text()
    on_a_terminal(command, cwd=tmp_path, env=environment("healthy"), typed="\ny\n")

    assert kept == "mine"
    assert "acme/shop" in (tmp_path / CONFIG).read_text()


def test_an_action_that_is_no_commit_is_refused(tmp_path: Path) -> None:
    done = doctor("init", "--action", "acme/doctor@v1", cwd=shapes.guides(tmp_path))
    right = doctor("init", "--action", f"acme/doctor@{'a' * 40}", cwd=tmp_path)

    assert done.returncode == 2
    assert f"uses: acme/doctor@{'a' * 40}" in right.stdout


def test_with_an_action_the_job_is_put_into_the_workflow_itself(tmp_path: Path) -> None:
    root = shapes.made(tmp_path, shapes.OTHER_NAMES)
    workflow = root / NIGHTLY
    workflow.chmod(0o644)
    before = workflow.read_text()

    done = doctor("init", "--yes", "--action", ACTION, cwd=root)

    after = workflow.read_text()
    assert after.startswith(before)
    assert yaml.safe_load(after)["jobs"]["diagnose"]["steps"][0]["uses"] == ACTION
    assert workflow.stat().st_mode & 0o777 == 0o644
    assert f"+++ b/{NIGHTLY}" in done.stdout
    assert f"Changed {NIGHTLY}" in done.stdout
    assert not (root / JOB).exists()


def test_run_again_it_changes_nothing_in_the_workflow(tmp_path: Path) -> None:
    root = shapes.made(tmp_path, shapes.OTHER_NAMES)
    doctor("init", "--yes", "--action", ACTION, cwd=root)
    once = (root / NIGHTLY).read_text()

    again = doctor("init", "--yes", "--force", "--action", ACTION, cwd=root)

    assert f"{NIGHTLY} has the job already." in again.stdout
    assert (root / NIGHTLY).read_text() == once


def test_without_a_terminal_and_without_yes_the_change_is_only_shown(tmp_path: Path) -> None:
    root = shapes.made(tmp_path, shapes.OTHER_NAMES)
    before = (root / NIGHTLY).read_text()

    done = doctor("init", "--action", ACTION, cwd=root)
    printed = doctor("init", "--print", "--yes", "--action", ACTION, cwd=root)

    assert "--yes makes the change above" in done.stdout
    assert f"+        uses: {ACTION}" in printed.stdout
    assert (root / NIGHTLY).read_text() == before


def test_on_a_terminal_the_workflow_is_changed_if_the_user_agrees(tmp_path: Path) -> None:
    root = shapes.made(tmp_path, shapes.OTHER_NAMES)
    before = (root / NIGHTLY).read_text()
    command = [sys.executable, "-m", "tests.cli.command", "init", "--force"]

    seen = on_a_terminal(command, cwd=root, env=environment("healthy"), typed=f"{ACTION}\nn\n")
    kept = (root / NIGHTLY).read_text()
    on_a_terminal(command, cwd=root, env=environment("healthy"), typed=f"{ACTION}\ny\n")

    assert seen.index("+  diagnose:") < seen.index(f"Change {NIGHTLY}?")
    assert kept == before
    assert "diagnose" in yaml.safe_load((root / NIGHTLY).read_text())["jobs"]


def test_a_job_of_the_doctors_that_is_there_is_replaced_only_by_force(tmp_path: Path) -> None:
    root = shapes.guides(tmp_path)
    file = root / ".github" / "workflows" / "backup.yml"
    before = file.read_text()

    left = doctor("init", "--yes", "--action", ACTION, cwd=root)
    kept = file.read_text()
    doctor("init", "--yes", "--force", "--action", ACTION, cwd=root)

    assert "it has the job diagnose; --force replaces it" in left.stdout
    assert kept == before
    assert "Install backup-doctor" not in file.read_text()
    assert "# Only where nothing was uploaded" in file.read_text()


def test_a_workflow_that_cannot_be_changed_safely_is_left_with_the_reason(tmp_path: Path) -> None:
    root = shapes.made(tmp_path, shapes.OTHER_NAMES)
    flow = json.dumps(yaml.safe_load((root / NIGHTLY).read_text().replace("on:", "'on':")))
    (root / NIGHTLY).write_text(flow)

    done = doctor("init", "--yes", "--action", ACTION, cwd=root)

    assert f"{NIGHTLY} was left as it is: its jobs stand on one line" in done.stdout
    assert (root / NIGHTLY).read_text() == flow
    assert yaml.safe_load((root / JOB).read_text())["jobs"]["diagnose"]["needs"] == "dump"


def logged_in(tmp_path: Path) -> dict[str, str]:
    """A home in which gh and the Supabase CLI are logged in."""
    home = tmp_path / "home"
    (home / ".supabase").mkdir(parents=True)
    (home / ".supabase" / "access-token").write_text(f"sbp_{'b' * 40}")
    (home / "gh").mkdir()
    (home / "gh" / "hosts.yml").write_text(
        f"github.com:\n    user: octocat\n    oauth_token: gho_{'a' * 36}\n"
    )
    known = environment("healthy", configured=False)
    return known | {"HOME": str(home), "GH_CONFIG_DIR": str(home / "gh")}


def test_the_tokens_of_gh_and_the_supabase_cli_are_taken_if_the_user_agrees(
    tmp_path: Path,
) -> None:
    root = shapes.made(tmp_path / "repository", shapes.OTHER_NAMES | {".gitignore": ".env\n"})
    command = [sys.executable, "-m", "tests.cli.command", "init"]

    seen = on_a_terminal(command, cwd=root, env=logged_in(tmp_path), typed="\ny\ny\n")

    lines = (root / ".env").read_text().splitlines()
    assert f"GITHUB_TOKEN=gho_{'a' * 36}" in lines
    assert f"SUPABASE_ACCESS_TOKEN=sbp_{'b' * 40}" in lines
    assert "aaaa" not in seen
    assert "bbbb" not in seen
    assert "GITHUB_TOKEN:" not in seen.partition("still lacks")[2]


def test_no_token_is_taken_without_being_asked_for_or_into_a_file_that_git_takes(
    tmp_path: Path,
) -> None:
    root = shapes.made(tmp_path / "repository", shapes.OTHER_NAMES)
    command = [sys.executable, "-m", "tests.cli.command", "init", "--force"]

    tracked = on_a_terminal(command, cwd=root, env=logged_in(tmp_path), typed="\n")
    (root / ".gitignore").write_text(".env\n")
    on_a_terminal([*command, "--yes"], cwd=root, env=logged_in(tmp_path / "2"))
    on_a_terminal(command, cwd=root, env=logged_in(tmp_path / "3"), typed="\nn\nn\n")

    assert "gh auth token" not in tracked
    assert "TOKEN" not in (root / ".env").read_text()


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


@pytest.mark.parametrize(
    ("url", "commit", "action"),
    [
        ("https://github.com/acme/doctor.git", "a" * 40, ACTION),
        ("ssh://git@github.com/acme/doctor", "a" * 40, ACTION),
        ("https://gitlab.com/acme/doctor", "a" * 40, None),
        ("https://github.com/acme/doctor", "main", None),
        ("file:///home/somebody/doctor", None, None),
    ],
)
def test_the_repository_that_pip_installed_it_from_is_the_action(
    url: str,
    commit: str | None,
    action: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = {"url": url, "vcs_info": {"commit_id": commit}} if commit else {"url": url}
    (tmp_path / "backup_doctor-1.dist-info").mkdir()
    (tmp_path / "backup_doctor-1.dist-info" / "METADATA").write_text("Name: backup-doctor\n")
    (tmp_path / "backup_doctor-1.dist-info" / "direct_url.json").write_text(json.dumps(told))
    monkeypatch.syspath_prepend(tmp_path)

    assert init._installed_from() == action
