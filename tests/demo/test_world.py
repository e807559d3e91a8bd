"""The world: a pipeline that runs for real, healthy or broken in a named way."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, LiteralString

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row

from backup_doctor.demo.faults import FAULTS, Fault
from backup_doctor.demo.github.state import Run
from backup_doctor.demo.world import Servers, World


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with Servers.start() as started:
        yield started


@pytest.fixture
def world(servers: Servers) -> Iterator[World]:
    with World(servers) as opened:
        yield opened


def broken(world: World, *names: str) -> tuple[dict[str, Any] | None, Run]:
    """Run the pipeline with these faults; return what the row became, and the run."""
    dispatch_id = world.insert_row()
    for name in names:
        FAULTS[name].before(world)
    run = world.run_pipeline(dispatch_id)
    for name in names:
        FAULTS[name].after(world)
    return row(world, dispatch_id), run


def row(world: World, dispatch_id: str) -> dict[str, Any] | None:
    with psycopg.connect(world.reader_uri, row_factory=dict_row) as connection:
        return connection.execute(
            "SELECT * FROM public.backup_history WHERE dispatch_id = %s", [dispatch_id]
        ).fetchone()


def log(run: Run) -> str:
    return run.jobs[0].log or ""


def conclusions(run: Run) -> dict[str, str | None]:
    return {step.name: step.conclusion for step in run.jobs[0].steps}


UPDATE = "Update backup_history via Edge Function"


def test_a_healthy_pipeline_records_the_object_that_it_uploaded(world: World) -> None:
    seen, run = broken(world, "healthy")

    assert run.conclusion == "success"
    assert seen is not None
    assert seen["status"] == "success"
    assert seen["workflow_run_id"] == str(run.id)
    head = world.servers.storage.s3.head_object(Bucket=world.bucket.name, Key=seen["s3_key"])
    assert head["ContentLength"] == seen["size_bytes"]
    assert "Edge function call succeeded (HTTP 200)" in log(run)


def test_stuck_is_a_function_not_deployed_and_a_fallback_without_grant(world: World) -> None:
    seen, run = broken(world, "stuck")

    assert seen is not None
    assert (seen["status"], seen["s3_key"]) == ("in_progress", None)
    assert conclusions(run)[UPDATE] == "failure"
    assert "Edge function call failed (HTTP 404)" in log(run)
    assert "Direct update failed (HTTP 403)" in log(run)
    assert "permission denied for table backup_history" in log(run)


def test_wrong_key_is_refused_by_the_function_and_the_policies_hide_the_row(world: World) -> None:
    seen, run = broken(world, "wrong-key")

    assert seen is not None
    assert seen["status"] == "in_progress"
    assert "Edge function call failed (HTTP 401)" in log(run)
    assert "Direct update failed (HTTP 200)" in log(run)


def test_no_row_is_not_found_by_the_update_step(world: World) -> None:
    seen, run = broken(world, "no-row")

    assert seen is None
    assert "Could not find backup_id" in log(run)


def test_no_upload_fails_before_the_update_and_is_recorded_as_failed(world: World) -> None:
    seen, run = broken(world, "no-upload")

    assert seen is not None
    assert seen["status"] == "failed"
    assert conclusions(run)["Upload backup to S3"] == "failure"
    assert conclusions(run)[UPDATE] == "skipped"
    assert "(AccessDenied) when calling the PutObject operation" in log(run)


def test_the_jwt_gate_refuses_the_key_before_the_function_runs(world: World) -> None:
    seen, run = broken(world, "jwt-gate")

    assert seen is not None
    assert seen["status"] == "in_progress"
    assert "Edge function call failed (HTTP 401)" in log(run)
    assert "UNAUTHORIZED_INVALID_JWT_FORMAT" in log(run)
    assert "Direct update failed (HTTP 403)" in log(run)


def test_the_fallback_saves_a_pipeline_without_its_function(world: World) -> None:
    seen, run = broken(world, "fallback-saved-it")

    assert seen is not None
    assert seen["status"] == "success"
    assert run.conclusion == "success"
    assert "Direct update succeeded (HTTP 200)" in log(run)


def test_a_fault_in_one_world_is_not_in_the_next(servers: Servers) -> None:
    with World(servers) as first:
        broken(first, "wrong-key", "no-upload")
    with World(servers) as second:
        seen, _ = broken(second, "healthy")

    assert seen is not None
    assert seen["status"] == "success"


def test_a_closed_world_leaves_no_database_no_bucket_and_no_files(servers: Servers) -> None:
    with World(servers) as world:
        world.servers.storage.s3.put_object(Bucket=world.bucket.name, Key="left", Body=b"over")

    with psycopg.connect(servers.postgres.uri("postgres")) as connection:
        databases = connection.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE 'world%'"
        ).fetchall()

    assert databases == []
    assert servers.storage.s3.list_buckets()["Buckets"] == []
    assert not world.directory.exists()


def test_the_environment_names_services_that_answer_its_credentials(world: World) -> None:
    environment = world.environment()

    run = httpx.get(
        f"{environment['GITHUB_API_URL']}/repos/{environment['GITHUB_REPOSITORY']}/actions/runs",
        headers={
            "Authorization": f"Bearer {environment['GITHUB_TOKEN']}",
            "User-Agent": "backup-doctor",
        },
    )
    project = httpx.get(
        f"{environment['SUPABASE_MANAGEMENT_URL']}/v1/projects/{environment['SUPABASE_PROJECT_REF']}",
        headers={"Authorization": f"Bearer {environment['SUPABASE_ACCESS_TOKEN']}"},
    )
    rows = httpx.get(
        f"{environment['SUPABASE_URL']}/rest/v1/backup_history",
        headers={"apikey": environment["SUPABASE_SERVICE_ROLE_KEY"]},
    )

    assert [answer.status_code for answer in (run, project, rows)] == [200, 200, 200]


def test_the_doctors_database_role_cannot_write(world: World) -> None:
    with (
        psycopg.connect(world.environment()["SUPABASE_DB_URL"]) as connection,
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
    ):
        connection.execute("UPDATE public.backup_history SET status = 'success'")


def test_the_workflow_file_is_in_the_repository_and_the_secrets_are_named(world: World) -> None:
    broken(world, "healthy")

    repository = world.repository
    assert (
        b"Update backup_history via Edge Function"
        in repository.files[".github/workflows/backup.yml"]
    )
    assert {"BACKUP_API_KEY", "VITE_SUPABASE_URL"} <= {secret.name for secret in repository.secrets}


def test_a_run_happens_at_the_time_that_it_is_given(world: World) -> None:
    then = datetime(2026, 1, 15, 2, 3, 4, tzinfo=UTC)

    run = world.run_pipeline(world.insert_row(), now=lambda: then)

    assert run.created_at == then
    assert "2026-01-15T02:03:04.0000000Z" in log(run)


def test_a_transaction_that_is_held_keeps_others_from_its_row_until_it_is_ended(
    world: World,
) -> None:
    world.insert_row()
    update = "SET lock_timeout = '100ms'; UPDATE public.backup_history SET error_text = 'x'"
    world.hold_transaction("SELECT id FROM public.backup_history FOR UPDATE")

    with pytest.raises(psycopg.errors.LockNotAvailable):
        world.sql(update)
    world.end_transactions()

    world.sql(update)


def test_a_function_whose_source_is_edited_is_deployed_anew(world: World) -> None:
    source = "supabase/functions/update-backup/index.ts"

    world.edit(source, "Backup updated successfully", "Done")

    assert world.project.functions["update-backup"].version == 2
    assert b'"Done"' in world.repository.files[source]


def test_a_world_gives_the_servers_roles_back(servers: Servers) -> None:
    roles = "SELECT rolname, rolbypassrls, rolconnlimit, rolconfig FROM pg_roles ORDER BY rolname"
    before = query(servers, roles)
    with World(servers) as world:
        FAULTS["role-without-bypass"].before(world)
        FAULTS["too-many-connections"].before(world)
        FAULTS["row-locked"].before(world)
        inside = query(servers, roles)

    assert inside != before
    assert query(servers, roles) == before


def query(servers: Servers, statement: LiteralString) -> list[Any]:
    with psycopg.connect(servers.postgres.uri("postgres")) as connection:
        return connection.execute(statement).fetchall()


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_every_fault_says_what_it_is_in_one_line(fault: Fault) -> None:
    assert fault.description
    assert "\n" not in fault.description
    assert fault.root_cause is None or "/" in fault.root_cause
