"""Files, secrets, variables and environments."""

import base64

import httpx
import pytest

from tests.demo.github.conftest import PATH, WORKFLOW_FILE


def test_a_file_comes_as_base64_in_short_lines(client: httpx.Client) -> None:
    answer = client.get(f"/contents/{PATH}").json()

    assert base64.b64decode(answer["content"]) == WORKFLOW_FILE
    assert max(len(line) for line in answer["content"].splitlines()) == 60
    assert (answer["encoding"], answer["size"]) == ("base64", len(WORKFLOW_FILE))


def test_a_file_is_named_as_git_names_it(client: httpx.Client) -> None:
    """As `printf '# Shop\\n' | git hash-object --stdin` does."""
    sha = client.get("/contents/README.md").json()["sha"]

    assert sha == "a00621bb3a9b990ee018f8d04c2d3140800d6ca6"


@pytest.mark.parametrize(
    "accept",
    [
        "application/vnd.github.raw+json",
        "application/vnd.github.raw, */*",
        "application/vnd.github.v3.raw",
    ],
)
def test_a_file_comes_raw_for_who_accepts_it_so(client: httpx.Client, accept: str) -> None:
    assert client.get(f"/contents/{PATH}", headers={"Accept": accept}).content == WORKFLOW_FILE


@pytest.mark.parametrize("ref", ["main", "a" * 40])
def test_a_file_can_be_read_at_a_branch_and_at_a_runs_commit(
    client: httpx.Client, ref: str
) -> None:
    answer = client.get(f"/contents/{PATH}", params={"ref": ref}).json()

    assert answer["url"].endswith(f"?ref={ref}")


def test_an_unknown_commit_is_named(client: httpx.Client) -> None:
    answer = client.get("/contents/README.md", params={"ref": "gone"})

    assert answer.status_code == 404
    assert answer.json()["message"] == "No commit found for the ref gone"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/contents", [("dir", ".github"), ("file", "README.md")]),
        ("/contents/.github", [("dir", ".github/workflows")]),
        ("/contents/.github/workflows", [("file", PATH)]),
    ],
)
def test_a_directory_lists_what_is_right_below_it(
    client: httpx.Client, path: str, expected: list[tuple[str, str]]
) -> None:
    assert [(each["type"], each["path"]) for each in client.get(path).json()] == expected


def test_a_missing_file_is_not_found(client: httpx.Client) -> None:
    assert client.get("/contents/.github/workflows/other.yml").status_code == 404


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/actions/secrets", ["BACKUP_API_KEY"]),
        ("/actions/organization-secrets", ["VITE_SUPABASE_URL"]),
        ("/environments/production/secrets", ["DEPLOY_KEY"]),
        ("/environments/eu%2Fwest/secrets", []),
    ],
)
def test_secrets_are_names_and_times_and_never_values(
    client: httpx.Client, path: str, names: list[str]
) -> None:
    answer = client.get(path).json()

    assert answer["total_count"] == len(names)
    assert [secret["name"] for secret in answer["secrets"]] == names
    assert all(
        secret.keys() == {"name", "created_at", "updated_at"} for secret in answer["secrets"]
    )


@pytest.mark.parametrize("name", ["staging", "eu/west"])
def test_an_environment_that_is_not_there_or_not_encoded_is_not_found(
    client: httpx.Client, name: str
) -> None:
    assert client.get(f"/environments/{name}/secrets").status_code == 404


def test_environments_are_listed(workflow_token: httpx.Client) -> None:
    answer = workflow_token.get("/environments").json()

    assert [each["name"] for each in answer["environments"]] == ["production", "eu/west"]


def test_variables_show_their_values_to_who_may_read_them(
    client: httpx.Client, workflow_token: httpx.Client
) -> None:
    shown = client.get("/actions/variables").json()["variables"]

    assert [(each["name"], each["value"]) for each in shown] == [("BUCKET", "shop-backups")]
    assert workflow_token.get("/actions/variables").status_code == 403
