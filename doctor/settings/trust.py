"""Which credential may go to which address.

A file in the working directory may belong to a stranger's pull request. An address that such a file
names is therefore given no credential from elsewhere, and is not called at all, unless its host is
the public one or this machine, or the user says --trust-config. Where the same file holds the
credential too, that one is used with its address.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from msgspec.structs import replace

from backup_doctor.base.immutable import Immutable
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.keys import describe_service_key
from backup_doctor.settings.table import BY_NAME, SETTINGS, key_in_project
from backup_doctor.settings.values import hosted_ref, is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.settings.resolving import ResolvedSettings, Value

S3_CREDENTIALS = ("access_key_id", "secret_access_key", "session_token", "profile")
# Not any host of Amazon's: everybody can have a machine or a load balancer with a name there.
AMAZON_S3 = re.compile(
    r"(?:[a-z0-9.-]+\.)?s3(?:-fips)?(?:\.dualstack)?(?:[.-][a-z]{2}(?:-[a-z]+)+-\d)?"
    r"\.amazonaws\.com(?:\.cn)?"
)


class Address(Immutable, frozen=True, kw_only=True):
    """A setting that says where credentials are sent, and whose they are at the public address.

    `silences` is the setting without which nothing is asked there.
    """

    name: str
    credentials: tuple[str, ...]
    silences: str
    is_public: Callable[[str], bool] = lambda _host: False


ADDRESSES = (
    Address(
        name="supabase_url", credentials=("service_key", "function_key"), silences="supabase_url"
    ),
    Address(
        name="management_url",
        credentials=("access_token",),
        silences="access_token",
        is_public=lambda host: host == "api.supabase.com",
    ),
    Address(
        name="github_url",
        credentials=("github_token",),
        silences="repository",
        is_public=lambda host: host == "api.github.com",
    ),
)


def apply(resolved: ResolvedSettings) -> tuple[ResolvedSettings, dict[str, Unseen]]:
    """Take away every credential that its address may not be given; say why, by setting."""
    values = dict(resolved.values)
    warnings = list(resolved.warnings)
    withheld: dict[str, Unseen] = {}
    for address in ADDRESSES:
        at = values.get(address.name)
        if at is None or _is_trusted(address, at, resolved):
            continue
        for name in address.credentials:
            warnings += _pair(resolved, values, withheld, name, at)
        if not any(name in values for name in address.credentials):
            withheld[address.silences] = _not_trusted(address.silences, at)
            values.pop(address.silences, None)
    _protect_database(values, withheld)
    _protect_storage(resolved, values, withheld)
    return replace(resolved, values=values, warnings=tuple(warnings)), withheld


def _is_trusted(address: Address, at: Value, resolved: ResolvedSettings) -> bool:
    host = urlsplit(at.bare).hostname or ""
    if not at.source.is_file or is_loopback(host) or address.is_public(host):
        return True
    return address.name == "supabase_url" and _key_names_project(at, resolved)


def _key_names_project(at: Value, resolved: ResolvedSettings) -> bool:
    """Whether the user's own legacy key says that this hosted project is the user's."""
    key = resolved.values.get("service_key")
    ref = hosted_ref(at.bare)
    if key is None or key.source.is_file or ref is None:
        return False
    return describe_service_key(key.text, setting=key.origin.name).ref == ref


def _pair(
    resolved: ResolvedSettings,
    values: dict[str, Value],
    withheld: dict[str, Unseen],
    name: str,
    at: Value,
) -> list[str]:
    """Use the credential of the address's own file, else none; returns warnings."""
    credential = values.get(name)
    if credential is None or credential.source is at.source:
        return []
    own = resolved.in_source(name, at.source)
    if own is None:
        withheld[name] = _not_trusted(name, at)
        del values[name]
        return []
    values[name] = own
    return [f"{own.origin} was taken, not {credential.origin}: it belongs to {at.origin}."]


def _not_trusted(name: str, at: Value) -> Unseen:
    return Unseen(
        why=Why.NOT_TRUSTED,
        what=(
            f"The {BY_NAME[name].about} was not used: {at.origin.place} names the address "
            f"({at.origin.name}), and a file may not choose where a key from elsewhere is sent."
        ),
        remedy=_remedy(name, at),
    )


def _remedy(name: str, at: Value) -> str:
    """The line that enables it. An address in the environment changes nothing for a chosen project."""
    setting = BY_NAME[name]
    if at.source.outranks and setting.secret and not at.source.found:
        return f"Set {key_in_project(setting)} in the same project, or give --trust-config."
    if at.source.outranks:
        return "If the file is yours, give --trust-config."
    return f"Give --trust-config, or set {_variable(at)} in the environment."


def _variable(at: Value) -> str:
    """The environment variable of an address that a file names, perhaps by its key."""
    written = at.origin.name
    return next(
        setting.env[0] for setting in SETTINGS if written in (*setting.variables, *setting.keys)
    )


def _protect_database(values: dict[str, Value], withheld: dict[str, Unseen]) -> None:
    """Libpq takes a missing password from PGPASSWORD or ~/.pgpass: not for a file's own address."""
    url = values.get("database_url")
    if url is None or not url.source.is_file or _brings_password(url.bare) or _is_local(url.bare):
        return
    withheld["database_url"] = _not_trusted("database_url", url)
    del values["database_url"]


def _brings_password(url: str) -> bool:
    parts = urlsplit(url)
    in_query = parse_qs(parts.query, keep_blank_values=True).get("password")
    return bool(in_query[-1] if in_query else parts.password)


def _is_local(url: str) -> bool:
    parts = urlsplit(url)
    redirected = {"host", "hostaddr", "service"} & set(
        parse_qs(parts.query, keep_blank_values=True)
    )
    return is_loopback(parts.hostname) and "," not in parts.netloc and not redirected


def _protect_storage(
    resolved: ResolvedSettings, values: dict[str, Value], withheld: dict[str, Unseen]
) -> None:
    """boto3 finds credentials by itself, so a bucket behind a stranger's endpoint is not asked."""
    endpoint = values.get("endpoint")
    if endpoint is None or not endpoint.source.is_file:
        return
    host = urlsplit(endpoint.bare).hostname or ""
    if is_loopback(host) or AMAZON_S3.fullmatch(host):
        return
    own = {name: resolved.in_source(name, endpoint.source) for name in S3_CREDENTIALS}
    if own["access_key_id"] and own["secret_access_key"]:
        for name in S3_CREDENTIALS:
            values.pop(name, None)
        values.update({name: value for name, value in own.items() if value and name != "profile"})
        return
    # A bucket may also be named by a row: without one in the settings, none is asked either.
    withheld["bucket"] = _not_trusted("bucket", endpoint)
    values.pop("bucket", None)
