"""Every JSON answer of the stand-in satisfies GitHub's own OpenAPI description."""

from typing import Any

import httpx
import pytest

from backup_doctor.demo.github.listing import RUN_FILTERS, STATUSES
from backup_doctor.demo.github.server import GitHub
from tests.demo.github.conftest import ADMIN, connect
from tests.demo.github.openapi import (
    DESCRIPTIONS,
    ENTERPRISE,
    GITHUB_COM,
    description,
    operation,
    problems,
    success,
)

NAME = "/repos/{owner}/{repo}"

pytestmark = pytest.mark.skipif(
    not DESCRIPTIONS.exists(),
    reason="GitHub's OpenAPI description is not installed: npm ci in tests/real_clients",
)

ANSWERS = [
    (NAME, ""),
    (f"{NAME}/actions/runs", "/actions/runs"),
    (f"{NAME}/actions/runs/{{run_id}}", "/actions/runs/11"),
    (f"{NAME}/actions/runs/{{run_id}}/attempts/{{attempt_number}}", "/actions/runs/11/attempts/1"),
    (f"{NAME}/actions/runs/{{run_id}}/jobs", "/actions/runs/11/jobs?filter=all"),
    (f"{NAME}/actions/runs/{{run_id}}/jobs", "/actions/runs/12/jobs"),
    (
        f"{NAME}/actions/runs/{{run_id}}/attempts/{{attempt_number}}/jobs",
        "/actions/runs/11/attempts/2/jobs",
    ),
    (
        f"{NAME}/actions/runs/{{run_id}}/pending_deployments",
        "/actions/runs/12/pending_deployments",
    ),
    (f"{NAME}/actions/jobs/{{job_id}}", "/actions/jobs/101"),
    (f"{NAME}/actions/workflows", "/actions/workflows"),
    (f"{NAME}/actions/workflows/{{workflow_id}}", "/actions/workflows/backup.yml"),
    (f"{NAME}/actions/workflows/{{workflow_id}}/runs", "/actions/workflows/7/runs"),
    (f"{NAME}/check-runs/{{check_run_id}}/annotations", "/check-runs/101/annotations"),
    (f"{NAME}/actions/secrets", "/actions/secrets"),
    (f"{NAME}/actions/secrets/public-key", "/actions/secrets/public-key"),
    (
        f"{NAME}/environments/{{environment_name}}/secrets/public-key",
        "/environments/production/secrets/public-key",
    ),
    (f"{NAME}/actions/runs/{{run_id}}/artifacts", "/actions/runs/11/artifacts"),
    (f"{NAME}/actions/organization-secrets", "/actions/organization-secrets"),
    (f"{NAME}/environments", "/environments"),
    (f"{NAME}/environments/{{environment_name}}/secrets", "/environments/production/secrets"),
    (f"{NAME}/actions/variables", "/actions/variables"),
    (f"{NAME}/contents/{{path}}", "/contents/README.md"),
    (f"{NAME}/contents/{{path}}", "/contents/.github"),
]
REDIRECTS = [
    (f"{NAME}/actions/jobs/{{job_id}}/logs", "/actions/jobs/101/logs"),
    (f"{NAME}/actions/runs/{{run_id}}/logs", "/actions/runs/11/logs"),
    (
        f"{NAME}/actions/runs/{{run_id}}/attempts/{{attempt_number}}/logs",
        "/actions/runs/11/attempts/1/logs",
    ),
]
PRODUCTS = {GITHUB_COM: "", ENTERPRISE: "/api/v3"}
"""Each description, and the base path of the stand-in that is held against it."""


@pytest.mark.parametrize(("product", "base_path"), PRODUCTS.items())
def test_each_answer_is_as_described(github: GitHub, product: str, base_path: str) -> None:
    with (
        GitHub(github.repository, [ADMIN], base_path=base_path) as server,
        connect(server, ADMIN) as client,
    ):
        root = str(client.base_url).rstrip("/")
        bodies = {address: client.get(root + address).json() for _, address in ANSWERS}

    found = {
        address: problems(bodies[address], success(operation(path, product=product)), product)
        for path, address in ANSWERS
    }

    assert found == {address: [] for _, address in ANSWERS}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"inputs": {}}, "$: not described: {'inputs'}"),
        ({"id": "11"}, "$.id: '11' is not of type 'integer'"),
        ({"created_at": "yesterday"}, "$.created_at: 'yesterday' is not a 'date-time'"),
        ({"display_title": None}, "$.display_title: None is not of type 'string'"),
        ({"conclusion": None}, None),
    ],
)
def test_an_answer_that_differs_from_the_description_would_be_noticed(
    client: httpx.Client, change: dict[str, Any], problem: str | None
) -> None:
    body = client.get("/actions/runs/11").json() | change

    found = problems(body, success(operation(f"{NAME}/actions/runs/{{run_id}}")))

    assert found == ([problem] if problem else [])


def test_the_quota_is_as_described(github: GitHub) -> None:
    body = httpx.get(f"{github.url}/rate_limit").json()

    assert problems(body, success(operation("/rate_limit"))) == []


def test_the_details_of_a_dispatched_run_are_as_described(client: httpx.Client) -> None:
    described = operation(f"{NAME}/actions/workflows/{{workflow_id}}/dispatches", method="post")

    answer = client.post(
        "/actions/workflows/7/dispatches", json={"ref": "main", "return_run_details": True}
    )

    assert problems(answer.json(), success(described)) == []


@pytest.mark.parametrize(("path", "address"), REDIRECTS)
def test_each_log_is_a_redirect_as_described(client: httpx.Client, path: str, address: str) -> None:
    answer = client.get(address)

    assert str(answer.status_code) in operation(path)["responses"]
    assert "location" in answer.headers


def test_each_refusal_is_a_basic_error_that_names_the_operations_page(
    stranger: httpx.Client,
) -> None:
    root = str(stranger.base_url).rstrip("/")

    for path, address in ANSWERS + REDIRECTS:
        answer = stranger.get(root + address)

        assert answer.status_code == 404
        assert problems(answer.json(), {"$ref": "#/components/schemas/basic-error"}) == []
        assert answer.json()["documentation_url"] == operation(path)["externalDocs"]["url"]


def test_the_stand_in_reads_the_filters_that_are_described() -> None:
    shared = description()["components"]["parameters"]
    used = operation(f"{NAME}/actions/runs")["parameters"]
    described = {shared[each["$ref"].rpartition("/")[2]]["name"] for each in used}

    assert described >= RUN_FILTERS


def test_the_stand_in_knows_the_statuses_that_are_described() -> None:
    status = description()["components"]["parameters"]["workflow-run-status"]

    assert set(status["schema"]["enum"]) == STATUSES
