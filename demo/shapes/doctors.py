"""The doctor's own side: what it was given is stale, dead, or less than everything."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from backup_doctor.demo.shapes.shape import Shape
from backup_doctor.demo.supabase.keys import legacy_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from backup_doctor.demo.world import World


def given(name: str, value: str) -> Callable[[World], Mapping[str, str]]:
    """The doctor's settings with another value."""
    return lambda world: {**world.environment(), name: value}


def rotated_service_key(world: World) -> Mapping[str, str]:
    """The doctor has the service-role key from before it was rotated."""
    stale = legacy_key(world.project.ref, "service_role", "the secret of then", datetime.now(UTC))
    return {**world.environment(), "SUPABASE_SERVICE_ROLE_KEY": stale}


def another_projects_key(world: World) -> Mapping[str, str]:
    """The doctor has the staging project's key."""
    other = legacy_key("z" * 20, "service_role", "another secret", datetime.now(UTC))
    return {**world.environment(), "SUPABASE_SERVICE_ROLE_KEY": other}


def padded_keys(world: World) -> Mapping[str, str]:
    """The doctor's keys were pasted with their line ends."""
    environment = dict(world.environment())
    for name in ("SUPABASE_SERVICE_ROLE_KEY", "BACKUP_API_KEY"):
        environment[name] += "\n"
    return environment


def anonymous_key(world: World) -> Mapping[str, str]:
    """The doctor has the anon key in the service-role key's place."""
    return {**world.environment(), "SUPABASE_SERVICE_ROLE_KEY": world.project.keys.anon}


def trailing_slash(world: World) -> None:
    """The URL ends with a slash, on GitHub and for the doctor."""
    world.github_secrets["VITE_SUPABASE_URL"] += "/"


def use_secret_key(world: World) -> None:
    """The team has moved to the new keys and turned the legacy ones off."""
    world.github_secrets["VITE_SUPABASE_SERVICE_ROLE_KEY"] = world.project.keys.secret
    world.project.legacy_keys_enabled = False


SHAPES: Final = (
    Shape("new-keys", "the keys are of the new kind, the legacy ones off", use_secret_key),
    Shape("trailing-slash", "the project's URL ends with a slash", trailing_slash),
    Shape(
        "stale-service-key", "the doctor's service key was rotated", environment=rotated_service_key
    ),
    Shape(
        "staging-key",
        "the doctor's service key is another project's",
        environment=another_projects_key,
    ),
    Shape("anon-key", "the doctor was given the anon key", environment=anonymous_key),
    Shape("padded-keys", "the doctor's keys end with a newline", environment=padded_keys),
    Shape(
        "other-function-key",
        "the doctor's function key is an old one",
        environment=given("BACKUP_API_KEY", "0" * 64),
    ),
    Shape(
        "dead-access-token",
        "the doctor's Supabase access token has expired",
        environment=given("SUPABASE_ACCESS_TOKEN", "sbp_" + "0" * 40),
    ),
    Shape(
        "dead-github-token",
        "the doctor's GitHub token has expired",
        environment=given("GITHUB_TOKEN", "github_pat_expired"),
    ),
    Shape(
        "dead-database-url",
        "the doctor's database address does not answer, and the Data API does",
        environment=given("SUPABASE_DB_URL", "postgresql://reader:x@127.0.0.1:9/postgres"),
    ),
)
