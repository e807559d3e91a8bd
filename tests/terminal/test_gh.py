"""The stand-in for GitHub's API, held against GitHub's own command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backup_doctor.demo.faults.changes import SCRIPT
from backup_doctor.demo.github.state import SecretRecord
from tests.terminal import MISSING, Ended, Login, Terminal

if TYPE_CHECKING:
    from backup_doctor.demo.world import World

RUN = 19_400_000_001

pytestmark = pytest.mark.skipif("gh" in MISSING, reason="gh is not installed (make programs)")


def here(terminal: Terminal) -> str:
    """The flag that names the repository with its host: gh is logged in to github.com as well."""
    return f"--repo {terminal.host}/acme/app"


def said(ended: Ended) -> str:
    assert ended.code == 0, ended.said
    return ended.said


def test_a_run_is_listed_and_shown_with_its_log(terminal: Terminal) -> None:
    listed = said(terminal.shell(f"gh run list {here(terminal)}", Login.READER))
    shown = said(terminal.shell(f"gh run view {RUN} {here(terminal)}", Login.READER))
    log = said(terminal.shell(f"gh run view {RUN} --log {here(terminal)}", Login.READER))

    assert "completed\tsuccess" in listed
    assert "✓ backup in" in shown
    assert "Edge function call succeeded (HTTP 200)" in log


def test_a_log_is_kept_by_its_own_terminal(terminal: Terminal, world: World) -> None:
    said(terminal.shell(f"gh run view {RUN} --log {here(terminal)}", Login.READER))

    assert [*world.directory.glob(f"terminal-*/temporary/*/run-log-{RUN}-*.zip")]


def test_a_file_is_shown(terminal: Terminal) -> None:
    path = f"https://{terminal.host}/api/v3/repos/acme/app/contents/.github/workflows/backup.yml"

    shown = said(
        terminal.shell(f"gh api {path} -H 'Accept: application/vnd.github.raw'", Login.READER)
    )

    assert shown.startswith("name: Backup")


def test_a_secret_that_is_asked_for_is_what_the_person_knows(
    terminal: Terminal, world: World
) -> None:
    said(terminal.shell(f"gh secret set VITE_SUPABASE_URL {here(terminal)}"))

    assert world.github_secrets["VITE_SUPABASE_URL"] == "https://right.example"
    assert "VITE_SUPABASE_URL" in said(
        terminal.shell(f"gh secret list {here(terminal)}", Login.READER)
    )


def test_nobody_answers_for_a_value_that_is_not_known(terminal: Terminal, world: World) -> None:
    before = world.github_secrets["BACKUP_API_KEY"]

    ended = terminal.shell(f"gh secret set BACKUP_API_KEY {here(terminal)}")

    assert (ended.code, world.github_secrets["BACKUP_API_KEY"]) == (1, before)


def test_a_secret_may_come_from_another_program(terminal: Terminal, world: World) -> None:
    said(
        terminal.shell(
            f'K=$(openssl rand -hex 8)\nprintf %s "$K" | gh secret set NEW {here(terminal)}'
        )
    )

    assert len(world.github_secrets["NEW"]) == 16


def test_an_environments_secret_is_set_there(terminal: Terminal, world: World) -> None:
    world.repository.environments["production"] = [SecretRecord("DEPLOY_KEY")]

    said(terminal.shell(f"printf n3w | gh secret set DEPLOY_KEY --env production {here(terminal)}"))

    assert world.repository.environment_values == {"production": {"DEPLOY_KEY": "n3w"}}


def test_another_attempt_is_of_the_runs_own_commit_with_the_secrets_of_now(
    terminal: Terminal, world: World
) -> None:
    world.repository.runs[0].jobs[0].conclusion = "failure"
    world.edit(SCRIPT, "find_backup_id", "echo not in that commit; find_backup_id")
    world.github_secrets["BACKUP_API_KEY"] = "changed meanwhile"

    said(terminal.shell(f"gh run rerun {RUN} --failed {here(terminal)}"))

    (run,) = world.repository.runs
    log = run.jobs[0].log or ""
    assert (run.attempt, [attempt.attempt for attempt in run.attempts()]) == (2, [2, 1])
    assert "Edge function call failed (HTTP 401)" in log
    assert "not in that commit" not in log


def test_a_green_runs_failed_jobs_are_not_run_again(terminal: Terminal, world: World) -> None:
    ended = terminal.shell(f"gh run rerun {RUN} --failed {here(terminal)}")

    assert (ended.code, "cannot be rerun" in ended.said) == (1, True)
    assert world.repository.runs[0].attempt == 1


def test_a_run_is_cancelled(terminal: Terminal, world: World) -> None:
    (run,) = world.repository.runs
    run.status, run.conclusion = "in_progress", None

    said(terminal.shell(f"gh run cancel {RUN} {here(terminal)}"))

    assert [run.status, run.conclusion] == ["completed", "cancelled"]


def test_a_workflow_is_listed_and_enabled(terminal: Terminal, world: World) -> None:
    world.repository.workflows[0].state = "disabled_inactivity"

    listed = said(terminal.shell(f"gh workflow list --all {here(terminal)}", Login.READER))
    said(terminal.shell(f"gh workflow enable backup.yml {here(terminal)}"))

    assert "disabled_inactivity" in listed
    assert world.repository.workflows[0].state == "active"
