"""A project as the Management API shows it: JSON bodies, built from the project's state."""

import base64
import hashlib
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from backup_doctor.demo.supabase.functions import injected_environment
from backup_doctor.demo.supabase.state import EPOCH, Function, Project, SecretValue

View = dict[str, Any]

ORGANIZATION = "abcdefghijklmnopqrst"
POSTGRES_VERSION = "17.6.1.111"
MASK = "·" * 22
PREFIX_LENGTH = 15  # `sb_secret_` and the five characters that the dashboard shows


def project_view(project: Project) -> View:
    """`GET /v1/projects/{ref}`."""
    return {
        "id": project.ref,
        "ref": project.ref,
        "organization_id": ORGANIZATION,
        "organization_slug": ORGANIZATION,
        "name": project.name,
        "region": project.region,
        "status": project.status,
        "database": {
            "host": f"db.{project.ref}.supabase.co",
            "version": POSTGRES_VERSION,
            "postgres_engine": POSTGRES_VERSION.partition(".")[0],
            "release_channel": "ga",
        },
        "created_at": _iso(EPOCH),
    }


def health_view(project: Project, services: Iterable[str]) -> list[View]:
    """`GET …/health?services=…`: one entry for each service asked for."""
    healthy = project.status == "ACTIVE_HEALTHY" and project.faults.unavailable is None
    status = "ACTIVE_HEALTHY" if healthy else "UNHEALTHY"
    return [{"name": name, "healthy": healthy, "status": status} for name in services]


def function_view(function: Function) -> View:
    """`GET …/functions/{slug}`, and an element of the list. Times are in milliseconds."""
    source = function.entrypoint.read_bytes() if function.entrypoint.is_file() else b""
    return {
        "id": function.id,
        "slug": function.slug,
        "name": function.name,
        "status": function.status,
        "version": function.version,
        "created_at": _milliseconds(function.created_at),
        "updated_at": _milliseconds(function.updated_at),
        "verify_jwt": function.verify_jwt,
        "import_map": False,
        "entrypoint_path": f"file:///tmp/{function.slug}/source/{function.entrypoint.name}",
        "ezbr_sha256": hashlib.sha256(source).hexdigest(),
    }


def secrets_view(project: Project) -> list[View]:
    """`GET …/secrets`: each value as its SHA-256, those that the platform sets included."""
    return [
        {"name": name, "value": _digest(secret.value), "updated_at": _iso(secret.updated_at)}
        for name, secret in sorted(_secrets(project).items())
    ]


def api_keys_view(project: Project, *, reveal: bool) -> list[View]:
    """`GET …/api-keys`. Without `reveal` the secret key is masked; legacy keys never are."""
    keys = project.keys
    return [
        _legacy_key("anon", keys.anon),
        _legacy_key("service_role", keys.service_role),
        _key("publishable", keys.publishable, shown=keys.publishable, template=None),
        _key(
            "secret",
            keys.secret,
            shown=keys.secret if reveal else keys.secret[:PREFIX_LENGTH] + MASK,
            template={"role": "service_role"},
        ),
    ]


def pooler_view(project: Project) -> list[View]:
    """`GET …/config/database/pooler`: where the shared pooler of a hosted project would answer.

    The demo has none: the database is reached at its own address.
    """
    host = f"aws-0-{project.region}.pooler.supabase.com"
    user = f"postgres.{project.ref}"
    uri = f"postgresql://{user}:[YOUR-PASSWORD]@{host}:6543/postgres"
    return [
        {
            "identifier": project.ref,
            "database_type": "PRIMARY",
            "is_using_scram_auth": True,
            "db_user": user,
            "db_host": host,
            "db_port": 6543,
            "db_name": "postgres",
            "connection_string": uri,
            "connectionString": uri,
            "default_pool_size": 15,
            "max_client_conn": 200,
            "pool_mode": "transaction",
        }
    ]


def _secrets(project: Project) -> dict[str, SecretValue]:
    platform = {name: SecretValue(value) for name, value in injected_environment(project).items()}
    return platform | project.function_secrets


def _legacy_key(role: str, key: str) -> View:
    return {
        "name": role,
        "api_key": key,
        "id": role,
        "type": "legacy",
        "hash": _hash(key),
        "prefix": key.rpartition(".")[2][:5],  # the head of every JWT is the same
        "description": f"Legacy {role} API key",
    }


def _key(kind: str, key: str, *, shown: str, template: View | None) -> View:
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, key)),
        "name": "default",
        "type": kind,
        "api_key": shown,
        "description": None,
        "secret_jwt_template": template,
        "hash": _hash(key),
        "prefix": key[:PREFIX_LENGTH],
        "inserted_at": _iso(EPOCH),
        "updated_at": _iso(EPOCH),
    }


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def _hash(key: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest()).rstrip(b"=").decode()


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
