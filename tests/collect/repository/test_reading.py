"""What the files of a repository say of the settings, for repositories of many shapes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from backup_doctor.cli.init_job import job_of
from backup_doctor.collect.repository import Reading, read_repository
from tests.collect.repository import shapes

if TYPE_CHECKING:
    from pathlib import Path


def told(reading: Reading) -> dict[str, str]:
    """The settings that were found, by name."""
    return {one.setting: one.value for one in reading.clues}


def inputs(reading: Reading) -> dict[str, str]:
    """What the doctor's job is handed."""
    assert reading.job is not None
    return dict(reading.job.inputs)


def test_the_guides_own_repository_is_read_whole(tmp_path: Path) -> None:
    reading = read_repository(shapes.guides(tmp_path))

    found = told(reading)
    assert found["repository"] == "acme/shop"
    assert found["table"] == "public.backup_history"
    assert found["function"] == "update-backup"
    assert found["step"] == "Update backup_history via Edge Function"
    assert found["prefix"] == "backups/"
    assert all(
        value == name.partition(".")[2]
        for name, value in found.items()
        if name[:4] in ("colu", "stat")
    )
    assert reading.questions == {}
    assert reading.unknown == {}


def test_every_clue_names_the_line_that_says_it(tmp_path: Path) -> None:
    root = shapes.guides(tmp_path)

    for clue in read_repository(root).clues:
        line = (root / clue.path).read_text().splitlines()[clue.line - 1]
        assert clue.value.removeprefix("public.") in line


def test_other_names_of_all_things_are_found(tmp_path: Path) -> None:
    reading = read_repository(shapes.made(tmp_path, shapes.OTHER_NAMES))

    assert told(reading) == {
        "repository": "acme/shop",
        "project_ref": "abcdefghijklmnopqrst",
        "workflow": "nightly.yml",
        "table": "public.dump_jobs",
        "columns.id": "job_id",
        "columns.dispatch_id": "request_id",
        "columns.s3_key": "object_path",
        "columns.status": "state",
        "columns.size_bytes": "bytes",
        "columns.finished_at": "ended_at",
        "columns.error_text": "error_message",
        "columns.workflow_run_id": "run_id",
        "columns.created_at": "requested_at",
        "status.in_progress": "running",
        "status.success": "completed",
        "status.failed": "errored",
        "status.cancelled": "canceled",
        "function": "close-job",
        "step": "Close the job",
        "secrets.service_key": "PROD_SERVICE_ROLE_KEY",
        "secrets.supabase_url": "PROD_SUPABASE_URL",
        "secrets.function_key": "BACKUP_FUNCTION_TOKEN",
        "bucket": "acme-dumps",
        "prefix": "nightly/",
    }
    assert inputs(reading)["dispatch_id"] == "${{ inputs.request_id }}"


def test_a_step_without_a_name_is_found_by_the_script_that_it_runs(tmp_path: Path) -> None:
    reading = read_repository(shapes.made(tmp_path, shapes.SCRIPT_STEP))

    found = told(reading)
    assert found["step"] == "Run node ops/finish.mjs"
    assert found["table"] == "public.backups"
    assert found["function"] == "false"
    assert (found["status.in_progress"], found["status.success"]) == ("pending", "done")
    assert found["prefix"] == "db/daily/"
    assert "columns.workflow_run_id" in reading.unknown
    assert reading.job is not None
    assert reading.job.needs == ("make", "tell")


def test_a_pipeline_without_a_function_has_none(tmp_path: Path) -> None:
    reading = read_repository(shapes.made(tmp_path, shapes.NO_FUNCTION))

    found = told(reading)
    assert (found["function"], found["bucket"]) == ("false", "acme-backups")
    assert inputs(reading)["supabase_url"] == "${{ vars.SUPABASE_URL }}"
    assert reading.job is not None
    assert reading.job.runs_on == ("self-hosted", "linux")
    assert not reading.job.own_keys
    assert "production" in reading.unknown["job: environment"]


def test_a_called_workflow_is_known_by_its_caller_and_the_callers_secrets(tmp_path: Path) -> None:
    reading = read_repository(shapes.made(tmp_path, shapes.CALLED))

    assert reading.job is not None
    assert (reading.job.workflow, reading.job.needs) == (".github/workflows/start.yml", ("shop",))
    assert inputs(reading) == {
        "supabase_url": "${{ secrets.SHOP_SUPABASE_URL }}",
        "service_key": "${{ secrets.SHOP_SERVICE_ROLE_KEY }}",
        "dispatch_id": "${{ github.event.client_payload.backup_ref_id }}",
    }


def test_without_sql_the_script_says_the_table_and_the_word_of_success(tmp_path: Path) -> None:
    reading = read_repository(shapes.made(tmp_path, shapes.PYTHON_ALONE))

    assert told(reading) == {
        "table": "public.backup_runs",
        "status.success": "completed",
        "function": "false",
        "step": "Finish",
        "secrets.supabase_url": "SUPABASE_URL",
    }
    assert inputs(reading)["bucket"] == "${{ vars.BUCKET }}"
    assert reading.job is not None
    assert reading.job.runs_on == "ubuntu-latest"


def test_names_in_quotes_and_a_step_that_is_an_action_of_the_repository(tmp_path: Path) -> None:
    reading = read_repository(shapes.made(tmp_path, shapes.PRISMA))

    found = told(reading)
    assert found["step"] == "Run ./.github/actions/finish"
    assert found["table"] == "public.Backup"
    assert found["columns.dispatch_id"] == "dispatchId"
    assert found["columns.s3_key"] == "s3Key"
    assert found["columns.created_at"] == "createdAt"
    assert (found["status.in_progress"], found["status.success"]) == ("IN_PROGRESS", "OK")
    assert reading.unknown["status.failed"]


def test_a_step_that_only_begins_the_backup_is_not_the_update(tmp_path: Path) -> None:
    file = ".github/workflows/backup.yml"
    begins = """\
      - name: Begin
        run: |
          curl -X PATCH "$SUPABASE_URL/rest/v1/backup_history?dispatch_id=eq.$DISPATCH_ID" \\
            -d '{"status": "running"}'
"""
    text = shapes.NO_FUNCTION[file].replace("    steps:\n", f"    steps:\n{begins}")

    reading = read_repository(shapes.made(tmp_path, {file: text}))

    assert told(reading)["step"] == "Mark the backup as done"
    assert told(reading)["status.success"] == "success"


def test_two_that_fit_are_a_question_and_an_answer_settles_it(tmp_path: Path) -> None:
    root = shapes.made(tmp_path, shapes.TWO_OF_ALL)

    asked = read_repository(root)
    settled = read_repository(root, {"workflow": "b.yml"})

    assert asked.questions.keys() == {"workflow", "table"}
    assert asked.job is None
    assert told(settled)["workflow"] == "b.yml"
    assert settled.job is not None


def test_a_github_of_ones_own_and_names_alone_of_an_env_file(tmp_path: Path) -> None:
    reading = read_repository(shapes.made(tmp_path, shapes.ENTERPRISE))

    assert told(reading) == {
        "repository": "ops/shop",
        "github_url": "https://github.acme.example/api/v3",
    }
    assert reading.env_names == {"SUPABASE_SERVICE_ROLE_KEY"}
    assert "canary" not in repr(reading)


def test_nothing_is_read_of_an_empty_folder(tmp_path: Path) -> None:
    assert not read_repository(tmp_path).read


def test_what_no_setting_takes_is_left_out_and_named(tmp_path: Path) -> None:
    reading = read_repository(shapes.made(tmp_path, shapes.HOSTILE))

    assert told(reading) == {"table": "public.backup_history", "function": "false"}
    assert inputs(reading) == {}
    assert "step" in reading.unknown
    assert reading.job is not None
    assert reading.job.runs_on == "ubuntu-latest"


@pytest.mark.parametrize("linked", [".github", ".github/workflows/backup.yml", ".env"])
def test_no_link_is_followed(linked: str, tmp_path: Path) -> None:
    away = shapes.guides(tmp_path / "away")
    (away / ".env").write_text("SUPABASE_URL=https://x.example\n")
    here = tmp_path / "here"
    (here / linked).parent.mkdir(parents=True)
    (here / linked).symlink_to(away / linked)

    assert not read_repository(here).read


def test_the_remote_of_a_work_tree_is_that_of_its_repository(tmp_path: Path) -> None:
    shapes.made(tmp_path, {f"main/{path}": text for path, text in shapes.ORIGIN.items()})
    shapes.made(
        tmp_path,
        {
            "main/.git/worktrees/w/commondir": "../..\n",
            "tree/.git": f"gitdir: {tmp_path}/main/.git/worktrees/w\n",
        },
    )

    assert told(read_repository(tmp_path / "tree")) == {"repository": "acme/shop"}


def test_the_job_that_was_pasted_is_replaced_and_never_waited_for(tmp_path: Path) -> None:
    root = shapes.guides(tmp_path)
    first = read_repository(root).job
    assert first is not None
    file = root / first.workflow
    file.write_text(
        file.read_text().partition("\n  # A green backup")[0] + "\n" + job_of(first, {})
    )

    second = read_repository(root).job

    assert second == first
    assert second.replaces == "diagnose"


@pytest.mark.parametrize(
    ("url", "repository"),
    [
        ("https://github.com/acme/shop", "acme/shop"),
        ("ssh://git@github.com:22/acme/shop.git", "acme/shop"),
        ("git@github.com-work:acme/shop.git", "acme/shop"),
        ("https://x-access-token:ghp_canary@github.com/acme/shop.js.git", "acme/shop.js"),
        ("git@gitlab.com:acme/shop.git", None),
        ("/srv/git/shop", None),
    ],
)
def test_the_repository_is_that_of_the_remote(
    url: str, repository: str | None, tmp_path: Path
) -> None:
    root = shapes.made(tmp_path, {".git/config": shapes.REMOTE.format(url=url)})

    reading = read_repository(root)

    assert told(reading).get("repository") == repository
    assert "github_url" not in told(reading)
    assert "canary" not in repr(reading)


def test_a_workflow_that_makes_no_backup_is_not_taken_for_one(tmp_path: Path) -> None:
    files = {".github/workflows/ci.yml": shapes.OTHER_NAMES[".github/workflows/ci.yml"]}

    reading = read_repository(shapes.made(tmp_path, files))

    assert reading.job is None
    assert "workflow" in reading.unknown


def test_a_workflow_that_is_not_yaml_is_named(tmp_path: Path) -> None:
    root = shapes.guides(tmp_path)
    for file in (root / ".github/workflows").iterdir():
        file.write_text("jobs: [backup")

    reading = read_repository(root)

    assert reading.unknown["workflow"].endswith("update a backup's row; not valid YAML: backup.yml")


@pytest.mark.parametrize(
    "sql",
    [
        "".join(f"create table a{at} (x int, " for at in range(9_000)),
        "alter table a add b int, " * 9_000,
        "create type a as enum ('" * 9_000,
        "create table a (" + "b int, " * 30_000,
        "/* " * 80_000,
        "check (a in (" * 18_000,
    ],
    ids=["open tables", "alter", "enums", "columns", "comments", "checks"],
)
def test_hostile_sql_is_read_in_little_time(sql: str, tmp_path: Path) -> None:
    root = shapes.made(tmp_path, {"migrations/1.sql": sql})
    begun = time.process_time()

    read_repository(root)

    assert time.process_time() - begun < 9


def test_a_key_of_very_many_parts_in_the_cli_s_configuration_does_not_hold_it_up(
    tmp_path: Path,
) -> None:
    root = shapes.made(tmp_path, {"supabase/config.toml": "a." * 100_000 + "a = 1\n"})
    begun = time.monotonic()

    read_repository(root)

    assert time.monotonic() - begun < 9


def test_a_secret_of_any_name_is_known_by_what_the_script_does_with_it(tmp_path: Path) -> None:
    reading = read_repository(shapes.made(tmp_path, shapes.SHORT_NAMES))

    assert told(reading)["secrets.supabase_url"] == "SB_URL"
    assert told(reading)["secrets.service_key"] == "SB_PROD"
    assert inputs(reading) == {
        "supabase_url": "${{ secrets.SB_URL }}",
        "service_key": "${{ secrets.SB_PROD }}",
        "bucket": "${{ vars.R2_BUCKET }}",
        "dispatch_id": "${{ inputs.request_id }}",
    }
