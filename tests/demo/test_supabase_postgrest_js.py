"""The Data API's stand-in, held against Supabase's own client, @supabase/postgrest-js."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from backup_doctor.demo.supabase.gateway import Gateway
from backup_doctor.demo.supabase.postgres import PostgresServer
from tests.demo.supabase_project import running_project

MODULES = Path(__file__).parents[1] / "real_clients"
SCRIPT = Path(__file__).with_name("postgrest_js_check.mjs")

pytestmark = pytest.mark.skipif(
    not (MODULES / "node_modules/@supabase/postgrest-js").exists() or not shutil.which("node"),
    reason="@supabase/postgrest-js is not installed: npm ci in tests/real_clients",
)


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    """What the client made of each call, by its name in the script."""
    with (
        PostgresServer.start() as server,
        running_project(server) as project,
        Gateway(project) as gateway,
    ):
        told = subprocess.run(
            ["node", SCRIPT, MODULES, f"{gateway.url}/rest/v1", project.keys.service_role],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
    answers: dict[str, Any] = json.loads(told.stdout)
    return answers


@pytest.mark.parametrize(
    ("call", "status", "data"),
    [
        ("inserted", 201, {"status": "in_progress"}),
        ("insertedMany", 201, None),
        ("found", 200, {"dispatch_id": "js-1", "size_bytes": 7}),
        ("missing", 200, None),
        ("listed", 206, [{"dispatch_id": "js-2"}]),
        ("ranged", 200, [{"dispatch_id": "js-2"}, {"dispatch_id": "js-3"}]),
        ("counted", 200, None),
        ("updated", 204, None),
        ("updatedRow", 200, [{"s3_key": "k"}]),
        ("updatedNone", 200, []),
    ],
)
def test_the_client_is_content(seen: dict[str, Any], call: str, status: int, data: object) -> None:
    assert (seen[call]["status"], seen[call]["code"]) == (status, None)
    assert seen[call]["data"] == data


@pytest.mark.parametrize(("call", "count"), [("listed", 2), ("counted", 5)])
def test_the_client_reads_the_count(seen: dict[str, Any], call: str, count: int) -> None:
    assert seen[call]["count"] == count


@pytest.mark.parametrize(
    ("call", "status", "code"),
    [
        ("notOne", 406, "PGRST116"),
        ("refused", 400, "23514"),
        ("unknownColumn", 400, "PGRST204"),
        ("unknownTable", 404, "PGRST205"),
    ],
)
def test_the_client_understands_the_error(
    seen: dict[str, Any], call: str, status: int, code: str
) -> None:
    assert (seen[call]["status"], seen[call]["code"]) == (status, code)
    assert seen[call]["data"] is None
