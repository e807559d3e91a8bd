"""Endpoints: the key that secrets are sealed with, and secrets that come sealed.

Source: https://docs.github.com/en/rest/guides/encrypting-secrets-for-the-rest-api for the box, and
the manual's page of each endpoint; the wording of a refused box is not documented.
"""

import base64
import binascii
import re
from hashlib import sha256
from typing import Final

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue
from nacl.exceptions import CryptoError
from nacl.public import SealedBox

from backup_doctor.demo.github.endpoint import Audience, endpoint
from backup_doctor.demo.github.resources import Json
from backup_doctor.demo.github.service import Refusal, not_found, service
from backup_doctor.demo.github.state import SecretRecord

DOCS: Final = "actions/secrets"
NAME: Final = re.compile(r"(?!GITHUB_)[A-Z_][A-Z0-9_]*")
REFUSED_NAME: Final = (
    "Secret names can only contain alphanumeric characters ([a-z], [A-Z], [0-9]) or underscores (_). "
    "Spaces are not allowed. Must start with a letter ([a-z], [A-Z]) or underscores (_)."
)


@endpoint(
    "/actions/secrets/public-key",
    needs="secrets:read",
    docs=f"{DOCS}#get-a-repository-public-key",
    audience=Audience.PERMITTED,
)
def public_key() -> Json:
    """Show the key that a secret of the repository has to be sealed with."""
    return shown_key()


@endpoint(
    "/environments/<path:environment>/secrets/public-key",
    needs="environments:read",
    docs=f"{DOCS}#get-an-environment-public-key",
    audience=Audience.PERMITTED,
)
def environment_public_key(environment: str) -> Json:
    """Show the key that a secret of an environment has to be sealed with."""
    records_of(environment)
    return shown_key()


@endpoint(
    "/actions/secrets/<secret>",
    needs="secrets:write",
    docs=f"{DOCS}#create-or-update-a-repository-secret",
    audience=Audience.PERMITTED,
    method="PUT",
)
def set_secret(secret: str) -> ResponseReturnValue:
    """Set a secret of the repository."""
    repository = service().repository
    return keep(secret, repository.secrets, repository.secret_values)


@endpoint(
    "/environments/<path:environment>/secrets/<secret>",
    needs="environments:write",
    docs=f"{DOCS}#create-or-update-an-environment-secret",
    audience=Audience.PERMITTED,
    method="PUT",
)
def set_environment_secret(environment: str, secret: str) -> ResponseReturnValue:
    """Set a secret of an environment."""
    values = service().repository.environment_values.setdefault(environment, {})
    return keep(secret, records_of(environment), values)


def shown_key() -> Json:
    """Schema `actions-public-key`."""
    key = bytes(service().sealing_key.public_key)
    return {"key_id": key_id(key), "key": base64.b64encode(key).decode()}


def key_id(key: bytes) -> str:
    """Name a key as GitHub does: by a number."""
    return str(int.from_bytes(sha256(key).digest()[:7]))


def records_of(environment: str) -> list[SecretRecord]:
    """Find an environment's secrets.

    Raises:
        Refusal: 404.
    """
    known = service().repository.environments
    if environment not in known:
        raise not_found()
    return known[environment]


def keep(secret: str, records: list[SecretRecord], values: dict[str, str]) -> ResponseReturnValue:
    """Keep what came sealed: 201 for a new secret, 204 for one that was there.

    Raises:
        Refusal: 422 for a name that no secret may have, and for a box that does not open.
    """
    name = secret.upper()
    if not NAME.fullmatch(name):
        raise Refusal(422, REFUSED_NAME)
    values[name] = opened()
    now = service().now()
    for record in records:
        if record.name == name:
            record.updated_at = now
            return Response(status=204)
    records.append(SecretRecord(name, now, now))
    return jsonify({}), 201


def opened() -> str:
    """Open the sealed box of this request.

    Raises:
        Refusal: 422.
    """
    body = request.get_json(silent=True) or {}
    key = service().sealing_key
    if body.get("key_id") != key_id(bytes(key.public_key)):
        raise Refusal(422, "Validation Failed: key_id")
    try:
        box = base64.b64decode(body.get("encrypted_value", ""), validate=True)
        return SealedBox(key).decrypt(box).decode()
    except (binascii.Error, CryptoError, ValueError) as error:
        raise Refusal(422, "Validation Failed: encrypted_value") from error
