"""Secrets that come sealed: only with the key that was shown, and only under names that can be."""

import base64

import httpx
import pytest
from nacl.public import PrivateKey, PublicKey, SealedBox

from backup_doctor.demo.github.state import Repository
from tests.demo.github.conftest import Clock


def sealed(client: httpx.Client, value: str, at: str = "/actions/secrets") -> dict[str, str]:
    shown = client.get(f"{at}/public-key").json()
    box = SealedBox(PublicKey(base64.b64decode(shown["key"])))
    text = base64.b64encode(box.encrypt(value.encode())).decode()
    return {"key_id": shown["key_id"], "encrypted_value": text}


def test_a_secret_is_made_and_then_changed(
    client: httpx.Client, repository: Repository, clock: Clock
) -> None:
    made = client.put("/actions/secrets/new_key", json=sealed(client, "one"))
    changed = client.put("/actions/secrets/NEW_KEY", json=sealed(client, "two"))

    assert (made.status_code, made.json()) == (201, {})
    assert (changed.status_code, changed.content) == (204, b"")
    assert repository.secret_values == {"NEW_KEY": "two"}
    assert repository.secrets[-1].updated_at == clock.now


def test_an_environment_has_secrets_of_its_own(
    client: httpx.Client, repository: Repository
) -> None:
    at = "/environments/eu%2Fwest/secrets"

    answer = client.put(f"{at}/DEPLOY_KEY", json=sealed(client, "west", at))

    assert answer.status_code == 201
    assert repository.environment_values == {"eu/west": {"DEPLOY_KEY": "west"}}
    assert repository.secret_values == {}


def test_there_is_no_key_of_an_environment_that_there_is_not(client: httpx.Client) -> None:
    assert client.get("/environments/nowhere/secrets/public-key").status_code == 404


@pytest.mark.parametrize("name", ["1ST", "WITH-DASH", "GITHUB_TOKEN"])
def test_a_name_that_no_secret_may_have_is_refused(client: httpx.Client, name: str) -> None:
    answer = client.put(f"/actions/secrets/{name}", json=sealed(client, "x"))

    assert answer.status_code == 422
    assert answer.json()["message"].startswith("Secret names can only contain")


def test_a_box_for_another_key_is_refused(client: httpx.Client, repository: Repository) -> None:
    other = SealedBox(PrivateKey.generate().public_key).encrypt(b"x")
    body = sealed(client, "x") | {"encrypted_value": base64.b64encode(other).decode()}

    answers = [
        client.put("/actions/secrets/KEY", json=body),
        client.put("/actions/secrets/KEY", json=sealed(client, "x") | {"key_id": "0"}),
        client.put("/actions/secrets/KEY", json={}),
    ]

    assert [answer.status_code for answer in answers] == [422, 422, 422]
    assert repository.secret_values == {}
