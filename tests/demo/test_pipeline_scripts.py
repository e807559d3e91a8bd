"""The reference pipeline's scripts, run by bash and curl against a real HTTP server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import backup_doctor.demo
from tests.demo.recording_server import RecordingServer

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPTS = Path(backup_doctor.demo.__file__).parent / "pipeline" / "scripts"
BACKUP_ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
KEY = "backups/2026/01/15/backup-d-1-020304.zip"
TABLE = "/rest/v1/backup_history"
FUNCTION = "/functions/v1/update-backup"
API_KEY = "canary-5f2b8c0d9e"
SECRET_KEY = "sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz"
LEGACY_KEY = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2ln"

FOUND = 200, f'[{{"id":"{BACKUP_ID}"}}]'
UPDATED = 200, f'[{{"id":"{BACKUP_ID}","status":"success"}}]'
NOT_DEPLOYED = 404, '{"code":"NOT_FOUND","message":"Requested function was not found"}'
NO_GRANT = 403, '{"code":"42501","details":null,"hint":null,"message":"permission denied"}'


@pytest.fixture
def supabase() -> Iterator[RecordingServer]:
    answers = {
        f"GET {TABLE}": FOUND,
        f"PATCH {TABLE}": UPDATED,
        f"POST {FUNCTION}": (200, '{"success":true,"message":"Backup updated successfully"}'),
    }
    with RecordingServer(answers) as server:
        yield server


def run(script: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-e", str(SCRIPTS / script), *arguments],
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def update(server: RecordingServer, **changes: str) -> subprocess.CompletedProcess[str]:
    env = {
        "SUPABASE_URL": server.url,
        "SUPABASE_SERVICE_ROLE_KEY": SECRET_KEY,
        "BACKUP_API_KEY": API_KEY,
        "DISPATCH_ID": "d-1",
        "S3_KEY": KEY,
        "BACKUP_SIZE": "1234567",
        "GITHUB_RUN_ID": "4711",
    }
    return run("update-backup-history.sh", **{**env, **changes})


def test_the_function_is_told_all_that_the_row_needs(supabase: RecordingServer) -> None:
    done = update(supabase)

    assert done.returncode == 0, done.stdout
    assert supabase.asked() == [f"GET {TABLE}", f"POST {FUNCTION}"]
    look_up, call = supabase.received
    assert look_up.query["dispatch_id"] == "eq.d-1"
    assert call.headers["authorization"] == f"Bearer {API_KEY}"
    assert call.json() == {
        "backup_id": BACKUP_ID,
        "s3_key": KEY,
        "size_bytes": 1234567,
        "workflow_run_id": "4711",
    }


def test_the_log_names_what_a_person_needs_and_no_key(supabase: RecordingServer) -> None:
    done = update(supabase)

    assert done.stdout.splitlines() == [
        "DISPATCH_ID=d-1",
        f"S3_KEY={KEY}",
        "BACKUP_SIZE=1234567",
        "BACKUP_API_KEY set: yes",
        f"Found backup_id {BACKUP_ID}",
        "Edge function call succeeded (HTTP 200)",
        'Response: {"success":true,"message":"Backup updated successfully"}',
    ]


def test_a_failed_call_is_logged_and_the_row_updated_directly(supabase: RecordingServer) -> None:
    supabase.answers[f"POST {FUNCTION}"] = NOT_DEPLOYED

    done = update(supabase)

    assert done.returncode == 0, done.stdout
    assert "Edge function call failed (HTTP 404)\nResponse: " + NOT_DEPLOYED[1] in done.stdout
    assert "Direct update succeeded (HTTP 200)\nResponse: " + UPDATED[1] in done.stdout
    patch = supabase.received[-1]
    assert patch.query == {"id": f"eq.{BACKUP_ID}"}
    assert patch.headers["prefer"] == "return=representation"
    changed = patch.json()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", changed.pop("finished_at"))
    assert changed == {
        "status": "success",
        "s3_key": KEY,
        "size_bytes": 1234567,
        "error_text": None,
        "workflow_run_id": "4711",
    }


def test_without_a_function_key_the_row_is_updated_directly(supabase: RecordingServer) -> None:
    done = update(supabase, BACKUP_API_KEY="")

    assert done.returncode == 0, done.stdout
    assert "BACKUP_API_KEY set: no" in done.stdout
    assert supabase.asked() == [f"GET {TABLE}", f"PATCH {TABLE}"]


def test_when_both_ways_fail_the_step_fails(supabase: RecordingServer) -> None:
    supabase.answers |= {f"POST {FUNCTION}": NOT_DEPLOYED, f"PATCH {TABLE}": NO_GRANT}

    done = update(supabase)

    assert done.returncode == 1
    assert "Edge function call failed (HTTP 404)" in done.stdout
    assert f"Direct update failed (HTTP 403)\nResponse: {NO_GRANT[1]}" in done.stdout
    assert f"::error::backup_history was not updated: backup {BACKUP_ID}" in done.stdout


def test_an_update_that_changes_no_row_fails_though_the_answer_is_200(
    supabase: RecordingServer,
) -> None:
    supabase.answers[f"PATCH {TABLE}"] = 200, "[]"

    done = update(supabase, BACKUP_API_KEY="")

    assert done.returncode == 1
    assert "Direct update failed (HTTP 200)\nResponse: []" in done.stdout


@pytest.mark.parametrize(
    ("answer", "status"),
    [((200, "[]"), 200), ((401, '{"message":"Invalid API key"}'), 401)],
    ids=["no row", "look-up refused"],
)
def test_a_row_that_cannot_be_found_ends_the_step(
    supabase: RecordingServer, answer: tuple[int, str], status: int
) -> None:
    supabase.answers[f"GET {TABLE}"] = answer

    done = update(supabase)

    assert done.returncode == 1
    error = f"Could not find backup_id for dispatch_id d-1 (HTTP {status})"
    assert f"::error::{error}\nResponse: {answer[1]}" in done.stdout
    assert supabase.asked() == [f"GET {TABLE}"]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:9", "Failed to connect to 127.0.0.1 port 9"),
        ("http://nowhere.invalid", "Could not resolve host: nowhere.invalid"),
        ("", "URL using bad/illegal format or missing URL"),
    ],
)
def test_a_service_that_does_not_answer_is_http_000_with_the_reason(
    supabase: RecordingServer, url: str, reason: str
) -> None:
    done = update(supabase, SUPABASE_URL=url)

    assert done.returncode == 1
    error = "Could not find backup_id for dispatch_id d-1 (HTTP 000)"
    assert f"{error}\nResponse: {reason}" in done.stdout


def test_a_secret_key_goes_into_apikey_alone(supabase: RecordingServer) -> None:
    update(supabase)

    headers = supabase.received[0].headers
    assert headers["apikey"] == SECRET_KEY
    assert "authorization" not in headers


def test_a_legacy_key_goes_into_both_headers(supabase: RecordingServer) -> None:
    update(supabase, SUPABASE_SERVICE_ROLE_KEY=LEGACY_KEY)

    headers = supabase.received[0].headers
    assert headers["apikey"] == LEGACY_KEY
    assert headers["authorization"] == f"Bearer {LEGACY_KEY}"


def test_the_function_is_never_shown_the_service_role_key(supabase: RecordingServer) -> None:
    update(supabase, SUPABASE_SERVICE_ROLE_KEY=LEGACY_KEY)

    call = supabase.received[-1]
    assert call.path == FUNCTION
    assert LEGACY_KEY not in json.dumps(call.headers)


@pytest.mark.parametrize("dispatch_id", ["a&select=*", 'd\'1 $(id) "x"', "über/50%", "<b>#</b>"])
def test_any_dispatch_id_is_data_and_never_syntax(
    supabase: RecordingServer, dispatch_id: str
) -> None:
    key = f"backups/2026/01/15/backup-{dispatch_id}-020304.zip"

    done = update(supabase, DISPATCH_ID=dispatch_id, S3_KEY=key)

    assert done.returncode == 0, done.stdout
    look_up, call = supabase.received
    assert look_up.query["dispatch_id"] == f"eq.{dispatch_id}"
    assert look_up.query["select"] == "id"
    assert call.json()["s3_key"] == key


def test_keys_are_not_in_the_list_of_processes(tmp_path: Path) -> None:
    """A curl in front of the real one writes down how it was called."""
    calls = tmp_path / "calls"
    fake = tmp_path / "curl"
    fake.write_text(
        f'#!/bin/bash\nprintf "%s\\n" "$@" >>{calls}\n'
        f"printf '%s\\n%s' '[{{\"id\":\"{BACKUP_ID}\"}}]' 200\n"
    )
    fake.chmod(0o755)

    with RecordingServer({}) as server:
        path = f"{tmp_path}:{os.environ['PATH']}"
        update(server, PATH=path, SUPABASE_SERVICE_ROLE_KEY=LEGACY_KEY)

    assert FUNCTION in calls.read_text()
    assert LEGACY_KEY not in calls.read_text()
    assert API_KEY not in calls.read_text()


def test_a_failure_is_recorded_only_while_the_row_is_in_progress(
    supabase: RecordingServer,
) -> None:
    done = run(
        "record-failure.sh",
        'The zip is "empty"',
        SUPABASE_URL=supabase.url,
        SUPABASE_SERVICE_ROLE_KEY=SECRET_KEY,
        DISPATCH_ID="d-1",
        GITHUB_RUN_ID="4711",
    )

    assert done.returncode == 0, done.stdout
    patch = supabase.received[-1]
    assert patch.query == {"id": f"eq.{BACKUP_ID}", "status": "eq.in_progress"}
    assert patch.json()["status"] == "failed"
    assert patch.json()["error_text"] == 'The zip is "empty"'
    assert patch.json()["workflow_run_id"] == "4711"


def test_the_archive_holds_the_whole_folder(tmp_path: Path) -> None:
    source = tmp_path / "data"
    (source / "deep").mkdir(parents=True)
    (source / "deep" / "rows.csv").write_text("id\n1\n")
    (source / ".hidden").write_text("x")
    github_env = tmp_path / "env"

    done = run(
        "create-backup.sh",
        BACKUP_SOURCE=str(source),
        RUNNER_TEMP=str(tmp_path),
        GITHUB_ENV=str(github_env),
    )

    assert done.returncode == 0, done.stdout
    archive = tmp_path / "backup.zip"
    assert github_env.read_text() == f"BACKUP_FILE={archive}\n"
    with zipfile.ZipFile(archive) as content:
        assert content.testzip() is None
        assert {".hidden", "deep/rows.csv"} <= set(content.namelist())


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    done = run(
        "create-backup.sh",
        BACKUP_SOURCE=str(tmp_path / "nowhere"),
        RUNNER_TEMP=str(tmp_path),
        GITHUB_ENV=str(tmp_path / "env"),
    )

    assert done.returncode != 0
    assert not (tmp_path / "backup.zip").exists()


def test_an_upload_passes_its_key_and_size_on(tmp_path: Path) -> None:
    aws = tmp_path / "aws"
    aws.write_text('#!/bin/bash\necho "aws $*"\n')
    aws.chmod(0o755)
    archive = tmp_path / "backup.zip"
    archive.write_bytes(b"PK\x05\x06" + bytes(18))
    github_env = tmp_path / "env"

    done = run(
        "upload-backup.sh",
        PATH=f"{tmp_path}:{os.environ['PATH']}",
        BACKUP_FILE=str(archive),
        BACKUP_BUCKET="acme-backups",
        DISPATCH_ID="d-1",
        GITHUB_ENV=str(github_env),
    )

    assert done.returncode == 0, done.stdout
    key = r"backups/\d{4}/\d\d/\d\d/backup-d-1-\d{6}\.zip"
    assert re.fullmatch(rf"S3_KEY={key}\nBACKUP_SIZE=22\n", github_env.read_text())
    assert re.match(rf"aws s3 cp {archive} s3://acme-backups/{key} ", done.stdout)
    assert done.stdout.endswith(github_env.read_text())


def test_a_dispatch_id_cannot_add_variables_of_its_own(tmp_path: Path) -> None:
    github_env = tmp_path / "env"

    done = run("upload-backup.sh", DISPATCH_ID="d\nPATH=/evil", GITHUB_ENV=str(github_env))

    assert done.returncode == 1
    assert "control character" in done.stdout
    assert not github_env.exists()


DISPATCHES = "/repos/acme/shop/actions/workflows/backup.yml/dispatches"


def trigger(server: RecordingServer) -> subprocess.CompletedProcess[str]:
    return run(
        "trigger-backup.sh",
        SUPABASE_URL=server.url,
        SUPABASE_SERVICE_ROLE_KEY=SECRET_KEY,
        GITHUB_API_URL=server.url,
        GITHUB_REPOSITORY="acme/shop",
        GITHUB_TOKEN="ghs_token",
    )


def test_the_trigger_inserts_the_row_and_then_dispatches_its_id(supabase: RecordingServer) -> None:
    supabase.answers |= {f"POST {TABLE}": (201, FOUND[1]), f"POST {DISPATCHES}": (204, "")}

    done = trigger(supabase)

    assert done.returncode == 0, done.stdout
    insert, dispatch = supabase.received
    dispatch_id = insert.json()["dispatch_id"]
    assert insert.json()["status"] == "in_progress"
    assert f"DISPATCH_ID={dispatch_id}" in done.stdout
    assert dispatch.json() == {"ref": "main", "inputs": {"dispatch_id": dispatch_id}}
    assert dispatch.headers["authorization"] == "Bearer ghs_token"


def test_the_trigger_dispatches_nothing_without_a_row(supabase: RecordingServer) -> None:
    supabase.answers[f"POST {TABLE}"] = NO_GRANT

    done = trigger(supabase)

    assert done.returncode == 1
    assert "Could not create the row in backup_history (HTTP 403)" in done.stdout
    assert supabase.asked() == [f"POST {TABLE}"]


def test_a_refused_dispatch_is_recorded_in_the_row(supabase: RecordingServer) -> None:
    refused = 403, '{"message":"Resource not accessible by integration"}'
    supabase.answers |= {f"POST {TABLE}": (201, FOUND[1]), f"POST {DISPATCHES}": refused}

    done = trigger(supabase)

    assert done.returncode == 1
    recorded = supabase.received[-1]
    assert recorded.method == "PATCH"
    assert recorded.json()["error_text"] == "Could not dispatch the workflow (HTTP 403)"
