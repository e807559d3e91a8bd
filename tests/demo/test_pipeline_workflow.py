"""The reference workflow: what it says, and what it does when it runs."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import backup_doctor.demo
from backup_doctor.demo.runner import run_workflow
from backup_doctor.demo.storage import Bucket, Storage, allow
from tests.demo.recording_server import RecordingServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.demo.github.state import Run

PIPELINE = Path(backup_doctor.demo.__file__).parent / "pipeline"
PATH = ".github/workflows/backup.yml"
UPDATE_STEP = "Update backup_history via Edge Function"
BACKUP_ID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
API_KEY = "canary-5f2b8c0d9e"
TABLE = "/rest/v1/backup_history"
FUNCTION = "/functions/v1/update-backup"
FOUND = 200, f'[{{"id":"{BACKUP_ID}"}}]'


@pytest.fixture(scope="module")
def storage() -> Iterator[Storage]:
    with Storage() as server:
        yield server


@pytest.fixture
def bucket(storage: Storage) -> Iterator[Bucket]:
    made = storage.create_bucket("acme-pipeline")
    yield made
    storage.delete_bucket(made)


@pytest.fixture
def supabase() -> Iterator[RecordingServer]:
    answers = {
        f"GET {TABLE}": FOUND,
        f"PATCH {TABLE}": FOUND,
        f"POST {FUNCTION}": (200, '{"success":true}'),
    }
    with RecordingServer(answers) as server:
        yield server


@pytest.fixture(scope="module")
def workflow() -> Any:
    return yaml.safe_load((PIPELINE / PATH).read_text())


def run(supabase: RecordingServer, bucket: Bucket) -> Run:
    return run_workflow(
        PIPELINE,
        PATH,
        job="backup",
        secrets={
            "VITE_SUPABASE_URL": supabase.url,
            "VITE_SUPABASE_SERVICE_ROLE_KEY": "sb_secret_canary",
            "BACKUP_API_KEY": API_KEY,
            "AWS_ACCESS_KEY_ID": bucket.pipeline.access_key_id,
            "AWS_SECRET_ACCESS_KEY": bucket.pipeline.secret_access_key,
        },
        variables={"AWS_REGION": bucket.region, "BACKUP_BUCKET": bucket.name},
        inputs={"dispatch_id": "d-1"},
        env={"AWS_ENDPOINT_URL_S3": bucket.endpoint},
        run_id=4711,
        repository="acme/shop",
    )


def conclusions(made: Run) -> dict[str, str | None]:
    return {step.name: step.conclusion for step in made.jobs[0].steps}


def test_a_backup_is_made_uploaded_and_reported(
    supabase: RecordingServer, bucket: Bucket, storage: Storage
) -> None:
    made = run(supabase, bucket)

    assert made.title == "Backup d-1"
    assert conclusions(made) == {
        "Set up job": "success",
        "Checkout": "success",
        "Create backup archive": "success",
        "Upload backup to S3": "success",
        UPDATE_STEP: "success",
        "Record the failure": "skipped",
        "Post Checkout": "success",
        "Complete job": "success",
    }, made.jobs[0].log
    told = supabase.received[-1].json()
    assert told["workflow_run_id"] == "4711"
    assert re.fullmatch(r"backups/\d{4}/\d\d/\d\d/backup-d-1-\d{6}\.zip", told["s3_key"])
    archive = storage.s3.get_object(Bucket=bucket.name, Key=told["s3_key"])["Body"].read()
    assert len(archive) == told["size_bytes"]
    with zipfile.ZipFile(io.BytesIO(archive)) as content:
        assert "functions/update-backup/index.ts" in content.namelist()


def test_the_log_says_what_happened_and_shows_no_secret(
    supabase: RecordingServer, bucket: Bucket
) -> None:
    supabase.answers[f"POST {FUNCTION}"] = 401, '{"success":false,"error":"Unauthorized"}'

    log = run(supabase, bucket).jobs[0].log

    assert log is not None
    key = supabase.received[-1].json()["s3_key"]
    assert f"Z S3_KEY={key}\n" in log
    assert "Z BACKUP_API_KEY set: yes\n" in log
    assert "Z   BACKUP_API_KEY: ***\n" in log
    assert "Z Edge function call failed (HTTP 401)\n" in log
    assert "Z Direct update succeeded (HTTP 200)\n" in log
    for secret in (API_KEY, "sb_secret_canary", bucket.pipeline.secret_access_key, supabase.url):
        assert secret not in log


def test_a_denied_upload_is_recorded_as_a_failure(
    supabase: RecordingServer, bucket: Bucket
) -> None:
    allow(bucket, bucket.pipeline, ["s3:ListBucket"])

    made = run(supabase, bucket)

    assert made.conclusion == "failure"
    assert conclusions(made)["Upload backup to S3"] == "failure"
    assert conclusions(made)[UPDATE_STEP] == "skipped"
    assert conclusions(made)["Record the failure"] == "success"
    assert supabase.received[-1].json()["status"] == "failed"
    assert "(AccessDenied) when calling the PutObject operation" in str(made.jobs[0].log)


def test_a_failed_update_after_a_good_upload_is_never_recorded_as_a_failed_backup(
    supabase: RecordingServer, bucket: Bucket
) -> None:
    refused = 403, '{"code":"42501","message":"permission denied"}'
    supabase.answers |= {f"POST {FUNCTION}": refused, f"PATCH {TABLE}": refused}

    made = run(supabase, bucket)

    assert made.conclusion == "failure"
    assert conclusions(made)[UPDATE_STEP] == "failure"
    assert conclusions(made)["Record the failure"] == "skipped"


def test_the_diagnosis_always_runs_for_a_short_time_and_may_only_read(
    workflow: dict[str, Any],
) -> None:
    diagnose = workflow["jobs"]["diagnose"]

    assert diagnose["needs"] == "backup"
    assert diagnose["if"] == "${{ always() }}"
    assert diagnose["timeout-minutes"] == 5
    assert diagnose["permissions"] == {"actions": "read", "contents": "read"}
    assert "backup-doctor" in diagnose["steps"][-1]["run"]
    assert "--quiet" in diagnose["steps"][-1]["run"]


def test_no_script_has_an_expression_in_it(workflow: dict[str, Any]) -> None:
    """An input or a secret inside a script would be run as code."""
    scripts = [
        step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step
    ]

    assert scripts
    assert not [script for script in scripts if "${{" in script]


def test_every_action_is_pinned_to_a_commit(workflow: dict[str, Any]) -> None:
    actions = [
        step["uses"] for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step
    ]

    assert actions
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action) for action in actions)


def test_the_readme_names_every_secret_and_variable_of_the_workflow() -> None:
    text = (PIPELINE / PATH).read_text()
    readme = (PIPELINE / "README.md").read_text()

    used = set(re.findall(r"\b(?:secrets|vars)\.(\w+)", text))

    assert used
    assert not [name for name in used if f"`{name}`" not in readme]


def test_the_function_is_deployed_without_the_platforms_jwt_check() -> None:
    config = (PIPELINE / "supabase" / "config.toml").read_text()

    assert re.search(r"^\[functions\.update-backup\]$", config, re.MULTILINE)
    assert re.search(r"^verify_jwt = false$", config, re.MULTILINE)
