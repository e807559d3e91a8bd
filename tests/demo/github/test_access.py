"""Who may see what, and what every answer says of limits, versions and permissions."""

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from backup_doctor.demo.github.server import GitHub
from backup_doctor.demo.github.state import Repository, Token
from tests.demo.github.conftest import ACTIONS, ADMIN, STRANGER, Clock, connect

RUNS = "/actions/runs"
SECRETS = "/actions/secrets"
LOGS = "/actions/jobs/101/logs"


def test_an_unknown_token_is_bad_credentials(anonymous: httpx.Client) -> None:
    answer = anonymous.get(RUNS, headers={"Authorization": "Bearer ghp_wrong"})

    assert answer.status_code == 401
    assert answer.json() == {
        "message": "Bad credentials",
        "documentation_url": "https://docs.github.com/rest",
        "status": "401",
    }


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "token"])
def test_a_token_may_come_under_either_name(anonymous: httpx.Client, scheme: str) -> None:
    answer = anonymous.get(RUNS, headers={"Authorization": f"{scheme} {ACTIONS.value}"})

    assert answer.status_code == 200


def test_a_private_repository_does_not_exist_for_strangers(
    stranger: httpx.Client, anonymous: httpx.Client
) -> None:
    answers = [who.get(path) for who in (stranger, anonymous) for path in (RUNS, SECRETS)]

    assert {answer.status_code for answer in answers} == {404}


def test_a_missing_permission_is_named_in_a_header(workflow_token: httpx.Client) -> None:
    answer = workflow_token.get(SECRETS)

    assert answer.status_code == 403
    assert answer.json()["message"] == "Resource not accessible by integration"
    assert answer.json()["documentation_url"].endswith("/actions/secrets#list-repository-secrets")
    assert answer.headers["x-accepted-github-permissions"] == "secrets=read"


def test_a_personal_token_is_refused_as_such(repository: Repository) -> None:
    token = Token("github_pat_small", frozenset({"contents:read"}), kind="pat")
    with GitHub(repository, [token]) as server, connect(server, token) as small:
        answer = small.get(RUNS)

    assert answer.status_code == 403
    assert answer.json()["message"] == "Resource not accessible by personal access token"


def test_any_token_of_the_repository_may_see_the_repository(github: GitHub) -> None:
    url = f"{github.url}/repos/acme/shop"
    callers = [{"Authorization": f"Bearer {token.value}"} for token in (ACTIONS, STRANGER)]

    seen, hidden = (httpx.get(url, headers=headers) for headers in callers)

    assert seen.json()["full_name"] == "acme/shop"
    assert hidden.status_code == 404
    assert httpx.get(f"{url}/", headers=callers[0]).status_code == 404


def test_the_repositorys_name_is_found_in_any_case(github: GitHub) -> None:
    headers = {"Authorization": f"Bearer {ACTIONS.value}"}

    assert httpx.get(f"{github.url}/repos/ACME/Shop", headers=headers).status_code == 200
    assert httpx.get(f"{github.url}/repos/acme/other", headers=headers).status_code == 404


def test_anyone_may_read_runs_of_a_public_repository_but_no_log_or_secret(
    anonymous: httpx.Client, repository: Repository
) -> None:
    repository.private = False

    answers = {path: anonymous.get(path) for path in (RUNS, LOGS, SECRETS)}

    assert {path: answer.status_code for path, answer in answers.items()} == {
        RUNS: 200,
        LOGS: 403,
        SECRETS: 401,
    }
    assert answers[LOGS].json()["message"] == "Must have admin rights to Repository."
    assert answers[SECRETS].json()["message"] == "Requires authentication"


def test_any_token_will_do_for_the_logs_of_a_public_repository(
    stranger: httpx.Client, repository: Repository
) -> None:
    repository.private = False

    assert stranger.get(LOGS).status_code == 302
    assert stranger.get(SECRETS).status_code == 403


def test_a_request_must_say_who_sends_it(workflow_token: httpx.Client) -> None:
    answer = workflow_token.get(RUNS, headers={"User-Agent": ""})

    assert answer.status_code == 403
    assert "Please make sure your request has a User-Agent header" in answer.text


@pytest.mark.parametrize(
    ("asked", "status"),
    [(None, 200), ("2022-11-28", 200), ("2026-03-10", 200), ("v3", 400), ("2021-01-01", 410)],
)
def test_a_version_of_the_api_is_known_unknown_or_retired(
    workflow_token: httpx.Client, github: GitHub, asked: str | None, status: int
) -> None:
    github.policy.retired_versions.add("2021-01-01")
    headers = {"X-GitHub-Api-Version": asked} if asked else {}

    answer = workflow_token.get(RUNS, headers=headers)

    assert answer.status_code == status
    if answer.is_success:
        assert answer.headers["x-github-api-version-selected"] == (asked or "2022-11-28")


def test_each_request_counts_against_the_hour(workflow_token: httpx.Client, clock: Clock) -> None:
    workflow_token.get(RUNS)
    headers = workflow_token.get(SECRETS).headers

    assert headers["x-ratelimit-limit"] == "1000"
    assert headers["x-ratelimit-used"] == "2"
    assert headers["x-ratelimit-remaining"] == "998"
    assert headers["x-ratelimit-reset"] == str(int((clock.now + timedelta(hours=1)).timestamp()))
    assert headers["x-ratelimit-resource"] == "core"


def test_a_used_up_quota_refuses_until_its_reset(
    workflow_token: httpx.Client, github: GitHub, clock: Clock
) -> None:
    github.policy.quota(ACTIONS).used = 1000

    refused = workflow_token.get(RUNS)
    clock.now += timedelta(hours=1)
    admitted = workflow_token.get(RUNS)

    assert refused.status_code == 403
    assert refused.json()["message"] == "API rate limit exceeded for installation ID 41898282."
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert admitted.status_code == 200


def test_a_caller_without_a_token_is_limited_by_address(
    anonymous: httpx.Client, github: GitHub
) -> None:
    github.policy.quota(None).used = 60

    answer = anonymous.get(RUNS)

    assert answer.json()["message"] == "API rate limit exceeded for 127.0.0.1."


def test_asking_for_the_quota_costs_nothing(github: GitHub) -> None:
    headers = {"Authorization": f"Bearer {ADMIN.value}"}

    answers = [httpx.get(f"{github.url}/rate_limit", headers=headers) for _ in range(2)]

    assert [answer.json()["resources"]["core"]["used"] for answer in answers] == [0, 0]
    assert answers[0].json()["rate"]["limit"] == 5000


def test_the_newer_version_of_the_api_leaves_the_rate_out(github: GitHub) -> None:
    answer = httpx.get(f"{github.url}/rate_limit", headers={"X-GitHub-Api-Version": "2026-03-10"})

    assert answer.json().keys() == {"resources"}
    assert answer.json()["resources"]["core"]["limit"] == 60


@pytest.mark.parametrize(("seconds", "header"), [(60, "60"), (None, None)])
def test_the_secondary_limit_may_or_may_not_say_how_long_to_wait(
    workflow_token: httpx.Client, github: GitHub, seconds: int | None, header: str | None
) -> None:
    github.policy.secondary_rate_limit = True
    github.policy.retry_after = seconds

    answer = workflow_token.get(RUNS)

    assert answer.status_code == 403
    assert answer.json()["message"].startswith("You have exceeded a secondary rate limit.")
    assert answer.headers.get("retry-after") == header


def test_what_has_not_changed_is_free_for_the_same_token_only(
    workflow_token: httpx.Client, client: httpx.Client, repository: Repository
) -> None:
    tag = {"If-None-Match": workflow_token.get(RUNS).headers["etag"]}

    unchanged = workflow_token.get(RUNS, headers=tag)
    elsewhere = client.get(RUNS, headers=tag)
    repository.runs.pop()
    changed = workflow_token.get(RUNS, headers=tag)

    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["x-ratelimit-used"] == "1"
    assert elsewhere.status_code == 200
    assert changed.status_code == 200


@pytest.fixture
def enterprise(repository: Repository) -> Iterator[GitHub]:
    with GitHub(repository, [ACTIONS], base_path="/api/v3") as server:
        yield server


def test_an_enterprise_server_is_below_a_path_and_links_there(
    enterprise: GitHub, repository: Repository
) -> None:
    repository.runs.extend(repository.runs * 20)
    with connect(enterprise, ACTIONS) as caller:
        first = caller.get(RUNS)
        second = caller.get(first.links["next"]["url"])
        log = httpx.get(caller.get(LOGS).headers["location"])

    assert enterprise.url.endswith("/api/v3")
    assert first.json()["workflow_runs"][0]["url"].startswith(f"{enterprise.url}/repos/acme/shop/")
    assert "/api/v3/" not in first.json()["workflow_runs"][0]["html_url"]
    assert "/api/v3/repositories/" in first.links["next"]["url"]
    assert len(second.json()["workflow_runs"]) == 12
    assert log.status_code == 200


def test_an_enterprise_server_has_no_rate_limits(enterprise: GitHub) -> None:
    with connect(enterprise, ACTIONS) as caller:
        headers = caller.get(RUNS).headers
    answer = httpx.get(f"{enterprise.url}/rate_limit")

    assert "x-ratelimit-limit" not in headers
    assert headers["x-github-enterprise-version"]
    assert (answer.status_code, answer.json()["message"]) == (404, "Rate limiting is not enabled.")


def test_a_closed_server_frees_its_port(repository: Repository) -> None:
    with GitHub(repository, [ACTIONS]) as server:
        pass

    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url)
