"""Running again, cancelling, enabling: what the stand-in does, and what it refuses as GitHub does."""

from datetime import timedelta

import httpx
import pytest

from backup_doctor.demo.github.server import GitHub
from backup_doctor.demo.github.state import Repository, Run
from tests.demo.github.conftest import ADMIN, NIGHT, Clock, connect


def test_another_attempt_is_queued_and_the_earlier_ones_stay(
    client: httpx.Client, repository: Repository
) -> None:
    answer = client.post("/actions/runs/11/rerun-failed-jobs")

    assert (answer.status_code, answer.json()) == (201, {})
    shown = client.get("/actions/runs/11").json()
    assert (shown["run_attempt"], shown["status"], shown["conclusion"]) == (3, "queued", None)
    assert client.get("/actions/runs/11/attempts/2").json()["conclusion"] == "failure"
    assert [run.id for run in repository.runs] == [11, 12]


def test_the_owner_of_the_stand_in_is_told_of_another_attempt(repository: Repository) -> None:
    told: list[Run] = []

    with GitHub(repository, [ADMIN], on_rerun=told.append) as server:
        connect(server, ADMIN).post("/actions/runs/11/rerun")

    assert [(run.id, run.attempt) for run in told] == [(11, 3)]


def test_a_run_that_is_going_is_not_run_again(client: httpx.Client) -> None:
    answer = client.post("/actions/runs/12/rerun")

    assert (answer.status_code, answer.json()["message"]) == (
        403,
        "This workflow is already running",
    )


@pytest.mark.parametrize(
    ("conclusion", "status"),
    [("failure", 201), ("cancelled", 201), ("success", 403), ("skipped", 403)],
)
def test_failed_jobs_are_run_again_only_where_there_are_some(
    client: httpx.Client, repository: Repository, conclusion: str, status: int
) -> None:
    for job in repository.runs[0].jobs:
        job.conclusion = conclusion

    assert client.post("/actions/runs/11/rerun-failed-jobs").status_code == status


def test_a_run_whose_file_was_refused_is_not_run_again(
    client: httpx.Client, repository: Repository
) -> None:
    repository.runs[0].jobs.clear()

    assert client.post("/actions/runs/11/rerun").status_code == 403


def test_a_run_is_run_again_for_thirty_days(client: httpx.Client, clock: Clock) -> None:
    clock.now = NIGHT + timedelta(days=31)

    answer = client.post("/actions/runs/11/rerun")

    assert (answer.status_code, answer.json()["message"]) == (
        403,
        "Unable to retry this workflow run because it was created over a month ago",
    )


def test_a_cancelled_run_ends_with_the_step_at_hand(client: httpx.Client) -> None:
    answer = client.post("/actions/runs/12/cancel")

    assert answer.status_code == 202
    assert client.get("/actions/runs/12").json()["conclusion"] == "cancelled"
    jobs = client.get("/actions/runs/12/jobs").json()["jobs"]
    assert [job["conclusion"] for job in jobs] == ["success", "cancelled"]
    assert jobs[1]["steps"][0]["conclusion"] == "cancelled"


def test_a_run_that_has_ended_is_not_cancelled(client: httpx.Client) -> None:
    answer = client.post("/actions/runs/11/cancel")

    assert (answer.status_code, answer.json()["message"]) == (
        409,
        "Cannot cancel a workflow run that is completed.",
    )


@pytest.mark.parametrize("verb", ["enable", "disable"])
def test_a_workflow_is_enabled_and_disabled_by_its_files_name(
    client: httpx.Client, repository: Repository, verb: str
) -> None:
    answer = client.put(f"/actions/workflows/old.yml/{verb}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert (
        repository.workflows[1].state == {"enable": "active", "disable": "disabled_manually"}[verb]
    )


def test_who_may_only_read_changes_nothing(workflow_token: httpx.Client) -> None:
    for method, path in (
        ("POST", "/actions/runs/11/rerun"),
        ("POST", "/actions/runs/12/cancel"),
        ("PUT", "/actions/workflows/8/enable"),
        ("PUT", "/actions/secrets/BACKUP_API_KEY"),
    ):
        assert workflow_token.request(method, path).status_code == 403
