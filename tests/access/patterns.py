"""What the doctor may be without: one credential, one permission, or most of them."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backup_doctor.demo.github.state import Token
from backup_doctor.demo.storage import READ_ACTIONS, allow
from backup_doctor.demo.supabase.postgres import as_role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from backup_doctor.demo.world import World

GITHUB = ("GITHUB_REPOSITORY", "GITHUB_TOKEN", "GITHUB_API_URL")
DATABASE = ("SUPABASE_DB_URL",)
MANAGEMENT = ("SUPABASE_ACCESS_TOKEN", "SUPABASE_MANAGEMENT_URL", "SUPABASE_PROJECT_REF")
DATA_API = ("SUPABASE_URL", "SUPABASE_SERVICE_ROLE_KEY")
FUNCTION_KEY = ("BACKUP_API_KEY",)
STORE = (
    "BACKUP_BUCKET",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_REGION",
    "AWS_ENDPOINT_URL_S3",
)


@dataclass(frozen=True)
class Pattern:
    """`given` makes the doctor's settings of a world; it may take rights away in the world itself."""

    name: str
    given: Callable[[World], Mapping[str, str]]


def _without(*names: str) -> Callable[[World], dict[str, str]]:
    def given(world: World) -> dict[str, str]:
        return {name: value for name, value in world.environment().items() if name not in names}

    return given


def _only(*names: str) -> Callable[[World], dict[str, str]]:
    def given(world: World) -> dict[str, str]:
        return {name: value for name, value in world.environment().items() if name in names}

    return given


def _token(kind: str, *permissions: str) -> Callable[[World], dict[str, str]]:
    """Another token: what GitHub gives a workflow, or a person's with fewer permissions."""

    def given(world: World) -> dict[str, str]:
        value = f"{kind}_{secrets.token_hex(18)}"
        allowed = frozenset(f"{permission}:read" for permission in permissions)
        world.github.tokens.append(
            Token(value, allowed, "installation" if kind == "ghs" else "pat")
        )
        return {**world.environment(), "GITHUB_TOKEN": value}

    return given


def _database_role(role: str) -> Callable[[World], dict[str, str]]:
    def given(world: World) -> dict[str, str]:
        uri = world.environment()["SUPABASE_DB_URL"]
        return {**world.environment(), "SUPABASE_DB_URL": as_role(uri, role)}

    return given


def _s3(*actions: str) -> Callable[[World], dict[str, str]]:
    def given(world: World) -> dict[str, str]:
        allow(world.bucket, world.bucket.doctor, actions)
        return world.environment()

    return given


@contextmanager
def all_rights(world: World) -> Iterator[None]:
    """Give the doctor back, at the end, what a pattern took away in the world."""
    yield
    allow(world.bucket, world.bucket.doctor, READ_ACTIONS)


PATTERNS = (
    Pattern("no database", _without(*DATABASE)),
    Pattern("no service key", _without("SUPABASE_SERVICE_ROLE_KEY")),
    Pattern("no Data API", _without(*DATA_API)),
    Pattern("no function key", _without(*FUNCTION_KEY)),
    Pattern("no Management token", _without("SUPABASE_ACCESS_TOKEN")),
    Pattern("no GitHub token", _without("GITHUB_TOKEN")),
    Pattern("GITHUB_TOKEN of a workflow", _token("ghs", "actions", "contents")),
    Pattern(
        "GitHub without checks", _token("pat", "actions", "contents", "secrets", "environments")
    ),
    Pattern(
        "GitHub without contents", _token("pat", "actions", "checks", "secrets", "environments")
    ),
    Pattern("GitHub without actions", _token("pat", "contents", "secrets")),
    Pattern("no S3 credentials", _without("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")),
    Pattern("no bucket", _without(*STORE)),
    Pattern("no ListBucket", _s3("s3:GetObject")),
    Pattern("get and list alone", _s3("s3:GetObject", "s3:ListBucket")),
    Pattern("a reader's database role", _database_role("supabase_read_only_user")),
    Pattern("no database, no Management", _without(*DATABASE, *MANAGEMENT)),
    Pattern("no row at all", _without(*DATABASE, *DATA_API, *MANAGEMENT)),
    Pattern("only the database", _only(*DATABASE)),
    Pattern("only the Data API", _only(*DATA_API)),
    Pattern("only the Management API", _only(*MANAGEMENT)),
    Pattern("only GitHub", _only(*GITHUB)),
    Pattern("only S3", _only(*STORE)),
    Pattern("the database and S3", _only(*DATABASE, *STORE)),
    Pattern("the Data API and GitHub", _only(*DATA_API, *GITHUB)),
    Pattern("what the guide has", _only(*DATA_API, *FUNCTION_KEY, *GITHUB)),
)
