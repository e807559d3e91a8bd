"""The reference pipeline's edge function, run by Deno in front of a real HTTP server."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import deno
import httpx
import pytest

import backup_doctor.demo
from tests.demo.recording_server import RecordingServer

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(backup_doctor.demo.__file__).parent / "pipeline" / "supabase" / "functions"
SOURCE = FOLDER / "update-backup" / "index.ts"
START_SECONDS = 20
BACKUP_ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
API_KEY = "5f2b8c0d9e"
AUTHORIZED = {"Authorization": f"Bearer {API_KEY}"}
PATCH = "PATCH /rest/v1/backup_history"
ROW = f'[{{"id":"{BACKUP_ID}","s3_key":"backups/test/backup.zip","status":"success"}}]'
BODY = {
    "backup_id": BACKUP_ID,
    "s3_key": "backups/test/backup.zip",
    "size_bytes": 1024000,
    "workflow_run_id": "123456789",
}


def free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@contextmanager
def serving(**env: str) -> Iterator[httpx.Client]:
    """The function on a free port; its environment is `env` alone."""
    address = free_address()
    process = subprocess.Popen(
        [
            deno.find_deno_bin(),
            "run",
            "--no-remote",
            "--allow-env",
            "--allow-net=127.0.0.1",
            SOURCE,
        ],
        env={
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "DENO_NO_UPDATE_CHECK": "1",
            "DENO_SERVE_ADDRESS": f"tcp:{address}",
            **env,
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with httpx.Client(base_url=f"http://{address}", timeout=10) as client:
            _wait_for(client, process)
            yield client
    finally:
        process.kill()
        process.wait()


def _wait_for(client: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(httpx.TransportError):
            client.options("/")
            return
        time.sleep(0.05)
    pytest.fail("the function did not start")


@pytest.fixture(scope="module")
def database() -> Iterator[RecordingServer]:
    with RecordingServer({}) as server:
        yield server


@pytest.fixture(scope="module")
def running(database: RecordingServer) -> Iterator[httpx.Client]:
    legacy = {"SUPABASE_URL": database.url, "SUPABASE_SERVICE_ROLE_KEY": "ey.legacy.key"}
    with serving(BACKUP_API_KEY=API_KEY, **legacy) as client:
        yield client


@pytest.fixture
def function(running: httpx.Client, database: RecordingServer) -> httpx.Client:
    database.received.clear()
    database.answers = {PATCH: (200, ROW)}
    return running


def test_the_guides_request_gets_the_guides_answer(
    function: httpx.Client, database: RecordingServer
) -> None:
    answer = function.post("/", headers=AUTHORIZED, json=BODY)

    assert answer.status_code == 200
    assert answer.json() == {
        "success": True,
        "message": "Backup updated successfully",
        "backup": {
            "id": BACKUP_ID,
            "s3_key": "backups/test/backup.zip",
            "status": "success",
        },
    }
    [update] = database.received
    assert update.query == {"id": f"eq.{BACKUP_ID}"}
    assert update.headers["prefer"] == "return=representation"
    changed = update.json()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", changed.pop("finished_at"))
    assert changed == {
        "status": "success",
        "s3_key": "backups/test/backup.zip",
        "size_bytes": 1024000,
        "workflow_run_id": "123456789",
        "error_text": None,
    }


def test_the_legacy_key_goes_into_both_headers(
    function: httpx.Client, database: RecordingServer
) -> None:
    function.post("/", headers=AUTHORIZED, json=BODY)

    headers = database.received[0].headers
    assert headers["apikey"] == "ey.legacy.key"
    assert headers["authorization"] == "Bearer ey.legacy.key"


def test_the_projects_secret_key_is_preferred_and_goes_into_apikey_alone(
    database: RecordingServer,
) -> None:
    database.received.clear()
    database.answers = {PATCH: (200, ROW)}
    keys = {
        "SUPABASE_SECRET_KEYS": '{"default":"sb_secret_x"}',
        "SUPABASE_SERVICE_ROLE_KEY": "ey.legacy.key",
    }

    with serving(BACKUP_API_KEY=API_KEY, SUPABASE_URL=database.url, **keys) as function:
        answer = function.post("/", headers=AUTHORIZED, json=BODY)

    assert answer.status_code == 200
    assert database.received[0].headers["apikey"] == "sb_secret_x"
    assert "authorization" not in database.received[0].headers


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Bearer {API_KEY}x"},
        {"Authorization": f"Basic {API_KEY}"},
        {"Authorization": API_KEY},
        {"apikey": API_KEY},
    ],
)
def test_any_other_key_is_unauthorized_and_touches_nothing(
    function: httpx.Client, database: RecordingServer, headers: dict[str, str]
) -> None:
    answer = function.post("/", headers=headers, json=BODY)

    assert answer.status_code == 401
    assert answer.json() == {"success": False, "error": "Unauthorized"}
    assert database.received == []


def test_an_empty_object_is_told_which_fields_are_missing(
    function: httpx.Client, database: RecordingServer
) -> None:
    answer = function.post("/", headers=AUTHORIZED, json={})

    assert answer.status_code == 400
    assert answer.json() == {
        "success": False,
        "error": "Missing required fields: backup_id, s3_key, size_bytes, workflow_run_id",
    }
    assert database.received == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("backup_id", "7"),
        ("backup_id", f"{BACKUP_ID}&status=eq.failed"),
        ("s3_key", 7),
        ("size_bytes", "1024000"),
        ("size_bytes", -1),
        ("size_bytes", 1.5),
        ("workflow_run_id", 123456789),
    ],
)
def test_a_field_of_the_wrong_kind_is_named(
    function: httpx.Client, database: RecordingServer, field: str, value: object
) -> None:
    answer = function.post("/", headers=AUTHORIZED, json={**BODY, field: value})

    assert answer.status_code == 400
    assert answer.json() == {"success": False, "error": f"Invalid fields: {field}"}
    assert database.received == []


@pytest.mark.parametrize("body", ["", "not json", "[]", "null", '"text"'])
def test_a_body_that_is_no_object_is_refused(function: httpx.Client, body: str) -> None:
    answer = function.post("/", headers=AUTHORIZED, content=body)

    assert answer.status_code == 400
    assert answer.json() == {"success": False, "error": "The body must be a JSON object"}


def test_an_empty_backup_is_a_size_and_not_a_missing_field(function: httpx.Client) -> None:
    assert function.post("/", headers=AUTHORIZED, json={**BODY, "size_bytes": 0}).is_success


def test_no_row_is_backup_not_found(function: httpx.Client, database: RecordingServer) -> None:
    database.answers[PATCH] = 200, "[]"

    answer = function.post("/", headers=AUTHORIZED, json=BODY)

    assert answer.status_code == 404
    assert answer.json() == {"success": False, "error": "Backup not found"}


def test_the_databases_own_error_is_passed_on(
    function: httpx.Client, database: RecordingServer
) -> None:
    message = "permission denied for table backup_history"
    database.answers[PATCH] = 403, f'{{"code":"42501","hint":null,"message":"{message}"}}'

    answer = function.post("/", headers=AUTHORIZED, json=BODY)

    assert answer.status_code == 500
    assert answer.json() == {
        "success": False,
        "error": "Database update failed",
        "details": {"status": 403, "code": "42501", "message": message},
    }


@pytest.mark.parametrize("status", [200, 502])
def test_an_answer_that_is_no_json_is_a_failed_update(
    function: httpx.Client, database: RecordingServer, status: int
) -> None:
    database.answers[PATCH] = status, "<html>a proxy's page</html>"

    answer = function.post("/", headers=AUTHORIZED, json=BODY)

    assert answer.status_code == 500
    assert answer.json()["details"] == {"status": status}


@pytest.mark.parametrize("method", ["GET", "PUT", "OPTIONS"])
def test_only_post_is_allowed(function: httpx.Client, method: str) -> None:
    assert function.request(method, "/", headers=AUTHORIZED).status_code == 405


def test_without_its_own_secret_the_function_says_so() -> None:
    with serving(SUPABASE_URL="http://127.0.0.1:9") as function:
        answer = function.post("/", headers=AUTHORIZED, json=BODY)

    assert answer.status_code == 500
    assert answer.json() == {
        "success": False,
        "error": "BACKUP_API_KEY is not set in the function's secrets",
    }


def test_a_database_out_of_reach_is_named() -> None:
    nobody = free_address()

    with serving(BACKUP_API_KEY=API_KEY, SUPABASE_URL=f"http://{nobody}") as function:
        answer = function.post("/", headers=AUTHORIZED, json=BODY)

    assert answer.status_code == 500
    assert answer.json()["error"] == "Database unreachable"
    assert nobody in answer.json()["details"]["message"]


def test_the_function_imports_nothing() -> None:
    assert not re.search(r"^\s*import\b|\bimport\(", SOURCE.read_text(), re.MULTILINE)
