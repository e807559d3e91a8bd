"""Runs, attempts and jobs: how they are found, listed and shown."""

from datetime import timedelta

import httpx
import pytest

from backup_doctor.demo.github.server import GitHub
from backup_doctor.demo.github.state import Repository, Run
from tests.demo.github.conftest import NIGHT, PATH


def run_ids(answer: httpx.Response) -> list[int]:
    return [run["id"] for run in answer.json()["workflow_runs"]]


def add_runs(repository: Repository, count: int) -> None:
    repository.runs.extend(
        Run(1000 + n, 7, PATH, "Backup", f"backup x{n}", created_at=NIGHT + timedelta(days=1))
        for n in range(count)
    )


def test_runs_are_listed_newest_first(client: httpx.Client) -> None:
    answer = client.get("/actions/runs")

    assert answer.json()["total_count"] == 2
    assert run_ids(answer) == [12, 11]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"event": "schedule"}, [12]),
        ({"status": "completed"}, [11]),
        ({"status": "failure"}, [11]),
        ({"status": "in_progress"}, [12]),
        ({"branch": "release"}, []),
        ({"head_sha": "a" * 40}, [11]),
        ({"created": ">=2026-11-24T02:30:00Z"}, [12]),
        ({"created": ">2026-11-24T02:30:00Z"}, []),
        ({"created": "<=2026-11-24T02:00:00Z"}, [11]),
        ({"created": "<2026-11-24T02:00:00Z"}, []),
        ({"created": "2026-11-24T01:55:00Z..2026-11-24T02:05:00Z"}, [11]),
        ({"created": "2026-11-24T04:00:00+02:00..*"}, [12, 11]),
        ({"created": "*..2026-11-23"}, []),
        ({"created": "2026-11-24"}, [12, 11]),
        ({"event": "", "status": "", "created": ""}, [12, 11]),
    ],
)
def test_a_filter_keeps_the_runs_that_match(
    client: httpx.Client, query: dict[str, str], expected: list[int]
) -> None:
    assert run_ids(client.get("/actions/runs", params=query)) == expected


@pytest.mark.parametrize("query", [{"status": "startup_failure"}, {"created": "yesterday"}])
def test_a_filter_that_github_does_not_know_is_refused(
    client: httpx.Client, query: dict[str, str]
) -> None:
    assert client.get("/actions/runs", params=query).status_code == 422


def test_the_link_header_leads_through_every_page(
    client: httpx.Client, repository: Repository
) -> None:
    add_runs(repository, 5)
    query: dict[str, str | int] = {"per_page": 3, "event": "workflow_dispatch"}

    first = client.get("/actions/runs", params=query)
    second = client.get(first.links["next"]["url"])

    assert first.json()["total_count"] == second.json()["total_count"] == 6
    assert [*run_ids(first), *run_ids(second)] == [1004, 1003, 1002, 1001, 1000, 11]
    assert set(first.links) == {"next", "last"}
    assert set(second.links) == {"prev", "first"}
    assert "/repositories/1296269/actions/runs?" in first.links["next"]["url"]


def test_a_single_page_has_no_link_header(client: httpx.Client) -> None:
    assert "link" not in client.get("/actions/runs").headers


@pytest.mark.parametrize(("asked", "given"), [("0", 30), ("many", 30), ("500", 100)])
def test_a_page_holds_thirty_runs_unless_told_and_never_over_a_hundred(
    client: httpx.Client, repository: Repository, asked: str, given: int
) -> None:
    add_runs(repository, 120)

    assert len(run_ids(client.get("/actions/runs", params={"per_page": asked}))) == given


def test_a_filtered_list_ends_after_a_thousand_runs(
    client: httpx.Client, repository: Repository
) -> None:
    add_runs(repository, 1001)
    beyond: dict[str, str | int] = {"per_page": 100, "page": 11}

    assert run_ids(client.get("/actions/runs", params=beyond)) == [1000, 12, 11]
    assert (
        run_ids(client.get("/actions/runs", params=beyond | {"event": "workflow_dispatch"})) == []
    )


def test_a_run_shows_its_latest_attempt_and_points_to_the_one_before(client: httpx.Client) -> None:
    run = client.get("/actions/runs/11").json()

    assert (run["run_attempt"], run["display_title"]) == (2, "backup d1")
    assert run["created_at"] == "2026-11-24T02:00:00Z"
    assert httpx.URL(run["previous_attempt_url"]).path.endswith("/actions/runs/11/attempts/1")
    before = client.get(run["previous_attempt_url"]).json()
    assert (before["run_attempt"], before["previous_attempt_url"]) == (1, None)


def test_runs_are_numbered_within_their_workflow(client: httpx.Client) -> None:
    numbers = [run["run_number"] for run in client.get("/actions/runs").json()["workflow_runs"]]

    assert numbers == [2, 1]


def test_a_run_does_not_show_its_inputs(client: httpx.Client) -> None:
    run = client.get("/actions/runs/11").json()

    assert {"inputs", "client_payload"}.isdisjoint(run)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/actions/runs/11/jobs", [101, 102]),
        ("/actions/runs/11/jobs?filter=latest", [101, 102]),
        ("/actions/runs/11/jobs?filter=all", [101, 102, 100]),
        ("/actions/runs/11/attempts/1/jobs", [100]),
    ],
)
def test_jobs_are_those_of_the_latest_attempt_unless_told(
    client: httpx.Client, path: str, expected: list[int]
) -> None:
    assert [job["id"] for job in client.get(path).json()["jobs"]] == expected


def test_a_job_tells_its_steps_with_gaps_in_their_numbers(client: httpx.Client) -> None:
    job = client.get("/actions/jobs/101").json()

    assert (job["run_id"], job["run_attempt"], job["conclusion"]) == (11, 2, "failure")
    assert [(step["number"], step["conclusion"]) for step in job["steps"]] == [
        (1, "success"),
        (2, "success"),
        (3, "failure"),
        (4, "skipped"),
        (9, "success"),
    ]


def test_a_job_that_never_ran_has_no_runner_and_no_steps(client: httpx.Client) -> None:
    job = client.get("/actions/jobs/102").json()

    assert (job["runner_id"], job["runner_name"], job["steps"]) == (None, None, [])
    assert job["started_at"] == job["created_at"]


def test_the_annotations_of_a_job_are_those_of_its_check_run(client: httpx.Client) -> None:
    check_run_url = client.get("/actions/jobs/101").json()["check_run_url"]

    annotations = client.get(f"{check_run_url}/annotations").json()

    assert [each["message"] for each in annotations] == ["Process completed with exit code 1."]


@pytest.mark.parametrize(
    "path",
    [
        "/actions/runs/99",
        "/actions/runs/11/attempts/3",
        "/actions/runs/99/jobs",
        "/actions/jobs/99",
        "/actions/jobs/99/logs",
        "/actions/workflows/99",
        "/actions/runs/",
        "/actions/runs/latest",
        "//actions/runs",
    ],
)
def test_what_is_not_there_is_not_found(client: httpx.Client, path: str) -> None:
    answer = client.get(f"{client.base_url}".rstrip("/") + path)

    assert answer.status_code == 404
    assert answer.json()["message"] == "Not Found"
    assert answer.json()["status"] == "404"


@pytest.mark.parametrize("key", ["7", "backup.yml"])
def test_a_workflow_is_found_by_its_id_and_by_its_file(client: httpx.Client, key: str) -> None:
    assert client.get(f"/actions/workflows/{key}").json()["path"] == PATH
    assert run_ids(client.get(f"/actions/workflows/{key}/runs")) == [12, 11]


def test_a_disabled_workflow_says_so(client: httpx.Client) -> None:
    states = {
        each["name"]: each["state"] for each in client.get("/actions/workflows").json()["workflows"]
    }

    assert states == {"Backup": "active", "Old": "disabled_inactivity"}


def test_every_request_is_noted_in_order(client: httpx.Client, github: GitHub) -> None:
    client.get("/actions/runs?event=schedule")
    client.post("/actions/runs/11/rerun")

    assert github.requests == [
        ("GET", "/repos/acme/shop/actions/runs?event=schedule"),
        ("POST", "/repos/acme/shop/actions/runs/11/rerun"),
    ]


def test_the_command_line_client_can_view_a_failed_run(workflow_token: httpx.Client) -> None:
    """The calls of `gh run view --log-failed`, each address taken from the answer before."""
    runs = workflow_token.get("/actions/workflows/backup.yml/runs", params={"per_page": 20})
    run = next(each for each in runs.json()["workflow_runs"] if each["conclusion"] == "failure")
    jobs = workflow_token.get(run["jobs_url"], params={"per_page": 100}).json()["jobs"]
    failed = next(job for job in jobs if job["conclusion"] == "failure")

    log = httpx.get(workflow_token.get(f"{failed['url']}/logs").headers["location"])

    assert "Edge function call failed (HTTP 404)" in log.text


def test_a_waiting_run_says_who_must_approve_which_environment(client: httpx.Client) -> None:
    (pending,) = client.get("/actions/runs/12/pending_deployments").json()

    assert pending["environment"]["name"] == "production"
    assert [each["reviewer"]["login"] for each in pending["reviewers"]] == ["octocat"]
    assert client.get("/actions/runs/11/pending_deployments").json() == []
