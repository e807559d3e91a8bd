"""The dispatch of a workflow: what it answers, what it refuses, and the run that it queues."""

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from backup_doctor.demo.github.server import GitHub
from backup_doctor.demo.github.state import Repository, Run
from tests.demo.github.conftest import ADMIN, NIGHT, PATH, Clock, connect

DISPATCHES = "/actions/workflows/backup.yml/dispatches"
INPUTS = {"dispatch_id": "d9"}


def test_a_dispatch_queues_a_run_and_says_nothing_of_it(client: httpx.Client, clock: Clock) -> None:
    clock.now = NIGHT.replace(hour=5)

    answer = client.post(DISPATCHES, json={"ref": "main", "inputs": INPUTS})

    assert (answer.status_code, answer.content) == (204, b"")
    newest = client.get("/actions/runs").json()["workflow_runs"][0]
    assert (newest["event"], newest["status"]) == ("workflow_dispatch", "queued")
    assert (newest["conclusion"], newest["created_at"]) == (None, "2026-11-24T05:00:00Z")


@pytest.mark.parametrize(
    ("version", "details"), [("2022-11-28", {"return_run_details": True}), ("2026-03-10", {})]
)
def test_a_dispatch_tells_the_runs_id_when_asked_or_since_2026(
    client: httpx.Client, version: str, details: dict[str, bool]
) -> None:
    answer = client.post(
        DISPATCHES,
        json={"ref": "main", "inputs": INPUTS} | details,
        headers={"X-GitHub-Api-Version": version},
    )

    assert answer.status_code == 200
    run = client.get(answer.json()["run_url"]).json()
    assert (run["id"], run["html_url"]) == (
        answer.json()["workflow_run_id"],
        answer.json()["html_url"],
    )


@pytest.fixture
def finishing(repository: Repository) -> Iterator[GitHub]:
    def finish(run: Run, inputs: Mapping[str, Any]) -> None:
        run.title = f"backup {inputs['dispatch_id']}"
        run.status, run.conclusion = "completed", "success"

    with GitHub(repository, [ADMIN], on_dispatch=finish) as server:
        yield server


def test_the_owner_of_the_stand_in_may_run_what_was_dispatched(finishing: GitHub) -> None:
    with connect(finishing, ADMIN) as client:
        client.post(DISPATCHES, json={"ref": "main", "inputs": INPUTS})
        newest = client.get("/actions/runs?status=success").json()["workflow_runs"][0]

    assert newest["display_title"] == "backup d9"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"inputs": INPUTS}, 'Invalid request.\n\n"ref" wasn\'t supplied.'),
        ({"ref": "gone"}, "No ref found for: gone"),
        ({"ref": "main", "inputs": {"foo": 1}}, 'Unexpected inputs provided: ["foo"]'),
        (
            {"ref": "main", "inputs": {str(n): n for n in range(26)}},
            "you may only define up to 25 inputs for a 'workflow_dispatch' event",
        ),
    ],
)
def test_a_dispatch_that_does_not_fit_is_refused_with_the_reason(
    client: httpx.Client, github: GitHub, body: dict[str, Any], message: str
) -> None:
    answer = client.post(DISPATCHES, json=body)

    assert (answer.status_code, answer.json()["message"]) == (422, message)
    assert len(github.repository.runs) == 2


@pytest.mark.parametrize(
    ("triggers", "status"),
    [
        (b"on: workflow_dispatch\n", 204),
        (b"on: [push, workflow_dispatch]\n", 204),
        (b'"on": {workflow_dispatch: }\n', 204),
        (b"on: push\n", 422),
        (b"", 422),
    ],
)
def test_a_workflow_must_ask_to_be_dispatched(
    client: httpx.Client, repository: Repository, triggers: bytes, status: int
) -> None:
    repository.files[PATH] = triggers

    assert client.post(DISPATCHES, json={"ref": "main"}).status_code == status


def test_a_disabled_workflow_is_not_dispatched(client: httpx.Client) -> None:
    answer = client.post("/actions/workflows/old.yml/dispatches", json={"ref": "main"})

    assert answer.status_code == 422
    assert "disabled workflow" in answer.json()["message"]


def test_who_may_only_read_may_not_dispatch(workflow_token: httpx.Client) -> None:
    answer = workflow_token.post(DISPATCHES, json={"ref": "main"})

    assert answer.status_code == 403
    assert answer.headers["x-accepted-github-permissions"] == "actions=write"
