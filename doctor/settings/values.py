"""What a value must look like: one small function for each kind of setting.

Each returns the value as it is used, or raises ValueError with a clause that completes
"SUPABASE_URL (the environment) …". Credentials never stand in the clause.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from doctor.settings.errors import shown

if TYPE_CHECKING:
    from collections.abc import Callable

UNIT_S = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
DURATION = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?")
REPOSITORY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*)/[A-Za-z0-9._-]+")
PROJECT_REF = re.compile(r"[a-z]{20}")
HOSTED = re.compile(r"([a-z]{20})\.supabase\.(?:co|in)")
FUNCTION = re.compile(r"[A-Za-z0-9_-]+")
IDENTIFIER = re.compile(r'[^\x00-\x1f\x7f."]{1,63}')
BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]|arn:[\w:/.-]+")
DATABASE_SCHEME = re.compile(r"postgres(?:ql)?(?:\+\w+)?")
LOOPBACK = re.compile(r"localhost|127(?:\.\d{1,3}){3}|::1")


def duration_s(value: str) -> float:
    """`2h`, `90m`, `1h30m`, `45s` or `1d` in seconds."""
    match = DURATION.fullmatch(value)
    if not value or match is None:
        raise ValueError(
            f"is no duration: {shown(value)}. Days, hours, minutes, seconds: 1d, 1h30m."
        )
    total = sum(
        int(count or 0) * unit for count, unit in zip(match.groups(), UNIT_S.values(), strict=True)
    )
    if total == 0:
        raise ValueError("is no time at all; a duration must be longer than zero.")
    return float(total)


def is_loopback(host: str | None) -> bool:
    """Whether a host name is this machine by definition, whatever DNS says."""
    return host is not None and LOOPBACK.fullmatch(host.lower()) is not None


def hosted_ref(url: str) -> str | None:
    """The project ref in the host of a hosted project's URL."""
    match = HOSTED.fullmatch(urlsplit(url).hostname or "")
    return match[1] if match else None


def base_url(value: str) -> str:
    """An http(s) URL without a trailing slash; plain http is for this machine only."""
    parts = _split(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(
            f"is no URL: {shown(_without_userinfo(value))}. It must begin with https://."
        )
    if "@" in parts.netloc:
        raise ValueError("has a user name or password in it, which this URL must not have.")
    if parts.query or parts.fragment or "\\" in value:
        raise ValueError("must end after its host or path: no ?, no #, no backslash.")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError(
            f"sends keys unencrypted: {shown(value)}. Use https://; http is for loopback."
        )
    return value.rstrip("/")


def database_url(value: str) -> str:
    """A PostgreSQL URL; the driver that SQLAlchemy writes into the scheme is left out."""
    scheme, separator, rest = value.partition("://")
    if not separator or DATABASE_SCHEME.fullmatch(scheme.lower()) is None:
        raise ValueError("is no PostgreSQL URL. It must begin with postgresql://.")
    _split(f"postgresql://{rest}")
    return f"postgresql://{rest}"


def _split(value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        _ = parts.port, parts.hostname
    except ValueError:
        raise ValueError("is no URL: its host or its port cannot be read.") from None
    if re.search(r"[\x00-\x20\x7f]", value):
        raise ValueError("is no URL: it has a blank or a control character in it.")
    return parts


def _without_userinfo(value: str) -> str:
    return value.rpartition("@")[2]


def repository(value: str) -> str:
    """`owner/name`."""
    return _matching(REPOSITORY, value, "is no repository", "Write it as owner/name.")


def project_ref(value: str) -> str:
    """Twenty lower-case letters."""
    return _matching(PROJECT_REF, value, "is no project ref", "It has 20 lower-case letters.")


def function(value: str) -> str:
    """The slug of an edge function."""
    return _matching(FUNCTION, value, "is no function's name", "Letters, digits, _ and - only.")


def bucket(value: str) -> str:
    """The name of a bucket, without s3:// and without a path."""
    return _matching(BUCKET, value, "is no bucket's name", "Only the name: no s3://, no path.")


def identifier(value: str) -> str:
    """The name of a column or a role."""
    return _matching(IDENTIFIER, value, "is no name in a database", "At most 63 characters.")


def table(value: str) -> str:
    """`table` or `schema.table`."""
    parts = value.split(".")
    if len(parts) > 2 or not all(IDENTIFIER.fullmatch(part) for part in parts):  # noqa: PLR2004 -- schema and table
        raise ValueError(f"is no table's name: {shown(value)}. Write table or schema.table.")
    return value


def _matching(pattern: re.Pattern[str], value: str, problem: str, hint: str) -> str:
    if pattern.fullmatch(value) is None:
        raise ValueError(f"{problem}: {shown(value)}. {hint}")
    return value


RULES: dict[str, Callable[[str], object]] = {
    "supabase_url": base_url,
    "management_url": base_url,
    "github_url": base_url,
    "endpoint": base_url,
    "database_url": database_url,
    "project_ref": project_ref,
    "repository": repository,
    "bucket": bucket,
    "function": function,
    "table": table,
    "writer_role": identifier,
    "stuck_after": duration_s,
}


def check(name: str, value: str) -> None:
    """Raise ValueError where a setting's value cannot be right."""
    rule = identifier if name.startswith("columns.") else RULES.get(name)
    if rule is not None:
        rule(value)
