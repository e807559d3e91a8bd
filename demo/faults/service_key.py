"""What is wrong with the workflow's own access: the service-role key, and the project's URL."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from backup_doctor.demo.faults.defect import Side
from backup_doctor.demo.faults.fault import Fault
from backup_doctor.demo.supabase.keys import LEGACY_LIFETIME, Keys, legacy_key
from backup_doctor.demo.supabase.state import new_ref

if TYPE_CHECKING:
    from backup_doctor.demo.faults.fault import Change
    from backup_doctor.demo.world import World

KEY = "VITE_SUPABASE_SERVICE_ROLE_KEY"
URL = "VITE_SUPABASE_URL"


def forget(name: str) -> Change:
    """GitHub has no such secret."""
    return lambda world: world.github_secrets.pop(name)


def empty(name: str) -> Change:
    """GitHub has the secret, and it is empty."""
    return lambda world: world.github_secrets.update({name: ""})


def use_anon(world: World) -> None:
    """The line above was copied from the API settings."""
    world.github_secrets[KEY] = world.project.keys.anon


def use_publishable(world: World) -> None:
    """The publishable key was copied instead of the secret one."""
    world.github_secrets[KEY] = world.project.keys.publishable


def expire(world: World) -> None:
    """The project is old enough for its legacy keys to have run out."""
    keys, then = world.project.keys, datetime.now(UTC) - LEGACY_LIFETIME - timedelta(days=9)
    key = legacy_key(world.project.ref, "service_role", keys.jwt_secret, then)
    world.project.keys = replace(keys, service_role=key)
    world.github_secrets[KEY] = key


def disable_legacy_keys(world: World) -> None:
    """Somebody turned the legacy keys off, and the workflow still has one."""
    world.project.legacy_keys_enabled = False
    world.project.legacy_disabled_at = datetime.now(UTC) - timedelta(days=3)


def rotate(world: World) -> None:
    """The JWT secret was rotated: there are new keys, and the old ones are dead."""
    world.project.keys = Keys.create(world.project.ref)


def use_other_project(world: World) -> None:
    """The key is another project's."""
    world.github_secrets[KEY] = Keys.create(new_ref()).service_role


def say(url: str) -> Change:
    """GitHub has this for the URL; `{url}` and `{ref}` stand for the project's."""

    def change(world: World) -> None:
        world.github_secrets[URL] = url.format(url=world.gateway.url, ref=world.project.ref)

    return change


def _key(name: str, description: str, code: str, change: Change) -> Fault:
    return Fault(
        name,
        description,
        Side.FALLBACK,
        f"secrets/{code}",
        before=change,
        in_lookup=True,
    )


def _url(name: str, description: str, code: str, change: Change) -> Fault:
    return Fault(
        name,
        description,
        Side.BOTH,
        f"secrets/{code}",
        before=change,
        in_lookup=True,
        in_front=True,
    )


FAULTS: Final = (
    _key("no-service-key", "GitHub has no service-role key", "missing", forget(KEY)),
    _key("empty-service-key", "GitHub's service-role key is empty", "empty", empty(KEY)),
    _key("anon-key", "the anon key stands in the service-role key's place", "wrong-role", use_anon),
    _key(
        "publishable-key",
        "the publishable key stands in the service-role key's place",
        "wrong-role",
        use_publishable,
    ),
    _key("expired-key", "the service-role key has expired", "expired", expire),
    _key("legacy-keys-off", "the project's legacy keys are off", "revoked", disable_legacy_keys),
    _key("rotated-key", "the project's keys were rotated", "revoked", rotate),
    _key(
        "other-projects-key",
        "the service-role key is another project's",
        "project-mismatch",
        use_other_project,
    ),
    _url("no-url", "GitHub has no Supabase URL", "missing", forget(URL)),
    _url("empty-url", "GitHub's Supabase URL is empty", "empty", empty(URL)),
    _url("url-newline", "the Supabase URL ends in a newline", "whitespace", say("{url}\n")),
    _url("api-url", "the Supabase URL has the Data API's path", "bad-url", say("{url}/rest/v1")),
    _url(
        "dashboard-url",
        "the Supabase URL is the dashboard's address",
        "bad-url",
        say("{url}/dashboard/project/{ref}"),
    ),
    _url(
        "misspelt-url",
        "the Supabase URL names a host that does not exist",
        "bad-url",
        say("https://{ref}.supabase.invalid"),
    ),
)
