"""The action in the very run that it examines: its steps in a shell, on a pipeline that really ran."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from backup_doctor.demo.faults import FAULTS
from backup_doctor.demo.github.state import Job, Run, Step
from tests.action.steps import Machine, use

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.demo.world import World

# GitHub sets these; an input or a job's `env` cannot.
RESERVED = ("GITHUB_REPOSITORY", "GITHUB_API_URL")


def with_the_doctors_job(run: Run) -> Run:
    """The run while its job `diagnose` is going: the backup's job has ended, the run has not."""
    now = datetime.now(UTC)
    step = Step("Run acme/backup-doctor@v1", 2, "in_progress", None, now)
    run.jobs.append(
        Job(
            id=run.id * 10 + 9,
            name="diagnose",
            status="in_progress",
            conclusion=None,
            created_at=now,
            started_at=now,
            runner_name="GitHub Actions 2",
            steps=[step],
        )
    )
    run.status, run.conclusion = "in_progress", None
    return run


def machine_in(world: World, run: Run, folder: Path, event: dict[str, Any]) -> Machine:
    """The runner of the job `diagnose`, with the job's `env` as the user's workflow gives it."""
    return Machine.prepare(
        folder,
        event,
        **world.environment(),
        GITHUB_RUN_ID=str(run.id),
        GITHUB_RUN_ATTEMPT="1",
        GITHUB_JOB="diagnose",
    )


def broken(world: World, fault: str) -> tuple[str, Run]:
    """A backup whose pipeline ran with the fault, and its run."""
    dispatch_id = world.insert_row()
    FAULTS[fault].before(world)
    run = with_the_doctors_job(world.run_pipeline(dispatch_id))
    FAULTS[fault].after(world)
    return dispatch_id, run


def test_it_finds_its_backup_by_the_inputs_of_the_dispatch_and_tells_the_run(
    world: World, tmp_path: Path
) -> None:
    dispatch_id, run = broken(world, "stuck")

    done = use(machine_in(world, run, tmp_path, {"inputs": {"dispatch_id": dispatch_id}}), {})

    assert done.exit_code == 1, done.stderr
    assert done.outputs["verdict"] == "failing"
    assert done.outputs["root-cause"] == "function/not-deployed"
    assert done.outputs["failing-step"] == "function"
    assert done.outputs["fingerprint"].startswith("bd-")
    assert done.outputs["fix-sql"].startswith("BEGIN;\n")
    assert done.outputs["fix-sql"].rstrip().endswith(";")
    assert done.summary.startswith("## ❌ FAILING: `function/not-deployed`")
    assert done.stdout.startswith("::error title=backup failing%3A function/not-deployed::")
    assert "supabase functions deploy" in done.stdout


def test_it_leaves_the_report_in_every_format_for_an_upload(world: World, tmp_path: Path) -> None:
    dispatch_id, run = broken(world, "no-upload")
    event = {"client_payload": {"dispatch_id": dispatch_id}}

    done = use(machine_in(world, run, tmp_path, event), {"report-dir": "out put"})

    folder = tmp_path / "work" / done.outputs["report-path"]
    assert sorted(file.suffix for file in folder.iterdir()) == [
        ".html",
        ".json",
        ".md",
        ".txt",
        ".xml",
    ]
    report = json.loads((folder / "backup-doctor.json").read_text())
    assert report["root_cause"] == done.outputs["root-cause"] == "workflow/failed-before-update"
    assert report["subject"]["run_id"] == str(run.id)
    assert done.outputs["fix-sql"] == ""


def test_without_a_dispatch_id_it_takes_the_run_that_it_is_part_of(
    world: World, tmp_path: Path
) -> None:
    _, run = broken(world, "stuck")

    done = use(machine_in(world, run, tmp_path, {"schedule": "0 3 * * *"}), {})

    assert done.outputs["root-cause"] == "function/not-deployed", done.stdout + done.stderr


def test_it_says_nothing_of_a_healthy_backup(world: World, tmp_path: Path) -> None:
    dispatch_id, run = broken(world, "healthy")

    done = use(machine_in(world, run, tmp_path, {"inputs": {"dispatch_id": dispatch_id}}), {})

    assert (done.exit_code, done.stdout, done.summary) == (0, "", ""), done.stderr
    assert done.outputs["verdict"] == "healthy"


def test_every_setting_may_come_from_an_input_instead_of_the_environment(
    world: World, tmp_path: Path
) -> None:
    dispatch_id, run = broken(world, "stuck")
    settings = world.environment()
    machine = Machine.prepare(
        tmp_path, {}, **{name: settings[name] for name in RESERVED}, GITHUB_RUN_ID=str(run.id)
    )

    done = use(
        machine,
        {
            "dispatch-id": dispatch_id,
            "supabase-url": settings["SUPABASE_URL"],
            "service-role-key": settings["SUPABASE_SERVICE_ROLE_KEY"],
            "backup-api-key": settings["BACKUP_API_KEY"],
            "supabase-access-token": settings["SUPABASE_ACCESS_TOKEN"],
            "management-url": settings["SUPABASE_MANAGEMENT_URL"],
            "project-ref": settings["SUPABASE_PROJECT_REF"],
            "database-url": settings["SUPABASE_DB_URL"],
            "github-token": settings["GITHUB_TOKEN"],
            "bucket": settings["BACKUP_BUCKET"],
            "aws-access-key-id": settings["AWS_ACCESS_KEY_ID"],
            "aws-secret-access-key": settings["AWS_SECRET_ACCESS_KEY"],
            "aws-region": settings["AWS_REGION"],
            "aws-endpoint-url-s3": settings["AWS_ENDPOINT_URL_S3"],
            "table": "public.backup_history",
            "columns-s3-key": "s3_key",
        },
    )

    assert done.outputs["root-cause"] == "function/not-deployed", done.stdout + done.stderr
    report = json.loads((tmp_path / "work/backup-doctor-report/backup-doctor.json").read_text())
    assert all(result["status"] in ("pass", "fail") for result in report["results"])


def test_no_secret_reaches_the_log_the_summary_the_outputs_or_a_file(
    world: World, tmp_path: Path
) -> None:
    dispatch_id, run = broken(world, "wrong-key")
    machine = machine_in(world, run, tmp_path, {"inputs": {"dispatch_id": dispatch_id}})

    done = use(machine, {"verbose": "true"})

    files = (tmp_path / "work/backup-doctor-report").iterdir()
    told = "".join([str(msgspec.to_builtins(done)), *(file.read_text() for file in files)])
    for name, value in world.environment().items():
        if "KEY" in name or "TOKEN" in name:
            assert value not in told, name


@pytest.mark.parametrize(
    "dispatch_id",
    ["$(touch owned)", "`touch owned`", "'; touch owned; '", "a\n::error::owned", "--help"],
)
def test_a_hostile_dispatch_id_runs_nothing_and_annotates_nothing(
    world: World, tmp_path: Path, dispatch_id: str
) -> None:
    machine = Machine.prepare(tmp_path, {}, **world.environment())

    done = use(machine, {"dispatch-id": dispatch_id, "only": "row"})

    assert done.outputs["verdict"] == "failing", done.stderr
    assert not (tmp_path / "work/owned").exists()
    assert "\n::error::owned" not in done.stdout


def test_as_a_step_of_the_backups_own_job_it_judges_what_has_concluded(
    world: World, tmp_path: Path
) -> None:
    """Nothing can write the row any more; the log does not exist yet, which the report says."""
    dispatch_id = world.insert_row()
    FAULTS["stuck"].before(world)
    run = world.run_pipeline(dispatch_id)
    job = run.jobs[0]
    job.status, job.conclusion, job.completed_at, job.log = "in_progress", None, None, None
    job.steps[-1] = Step("Run acme/backup-doctor@v1", 9, "in_progress", None, datetime.now(UTC))
    run.status, run.conclusion = "in_progress", None

    done = use(machine_in(world, run, tmp_path, {"inputs": {"dispatch_id": dispatch_id}}), {})

    assert done.outputs["verdict"] == "failing", done.stdout
    assert done.outputs["root-cause"] == "function/not-deployed"
    assert "in a separate job" in done.stdout
    report = json.loads((tmp_path / "work/backup-doctor-report/backup-doctor.json").read_text())
    found = {finding["code"] for result in report["results"] for finding in result["findings"]}
    assert {"function/not-deployed", "rls/no-grant"} <= found
    assert "workflow/not-started" not in found


def test_its_own_first_step_installs_what_the_second_needs(tmp_path: Path) -> None:
    machine = Machine.prepare(tmp_path, {}, BACKUP_BUCKET="acme", GITHUB_RUN_ID="1")

    done = use(machine, {"dispatch-id": "d-1", "only": "secrets"}, install=True)

    assert done.outputs["verdict"] == "unknown", done.stderr
    assert done.exit_code == 3
