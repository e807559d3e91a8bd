"""What a value must look like: one small function for each kind of setting.

Each returns the value as it is used, or raises ValueError with a clause that completes
"SUPABASE_URL (the environment) …". Credentials never stand in the clause.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from backup_doctor.settings.errors import shown

if TYPE_CHECKING:
    from collections.abc import Callable

UNIT_S = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
DURATION = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?")
REPOSITORY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*)/[A-Za-z0-9._-]+")
PROJECT_REF = re.compile(r"[a-z]{20}")
HOSTED = re.compile(r"([a-z]{20})\.supabase\.(?:co|in)")
DASHBOARD = ("supabase.com", "www.supabase.com", "app.supabase.com", "app.supabase.io")
DATABASE_HOST = re.compile(r"db\.([a-z]{20})\.supabase\.(?:co|in)")
FUNCTION = re.compile(r"[A-Za-z0-9_-]+")
IDENTIFIER = re.compile(r'[^\x00-\x1f\x7f."]{1,63}')
# Of ARNs, boto3 takes those of access points in the place of a name, and no bucket's own.
BUCKET = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]"
    r"|arn:aws[a-z-]*:s3[a-z-]*:[a-z0-9-]*:\d{12}:(?:accesspoint|outpost)[:/][\w:/.-]+"
)
DATABASE_SCHEME = re.compile(r"postgres(?:ql)?(?:\+\w+)?")
# The dashboard's connection strings come with a blank where the password goes.
TO_FILL_IN = re.compile(r":(\[YOUR[-_ ]PASSWORD\])@", re.IGNORECASE)
# In the place of the port stand a password's first characters, up to one that ends them.
CUT_SHORT = re.compile(r"[^/?#@]*:(?!\d*[/?#])[^/?#@]*[/?#].*@")
ESCAPED = "Write its special characters percent-encoded: # as %23, / as %2F, ? as %3F, @ as %40."
SECRET_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
REGION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
LONGEST = 1024
# Control characters, lone surrogates, and separators of lines and paragraphs.
UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
LOOPBACK = re.compile(r"localhost|127(?:\.\d{1,3}){3}|::1")


def duration_s(value: str) -> float:
    """`2h`, `90m`, `1h30m`, `45s` or `1d` in seconds."""
    match = DURATION.fullmatch(value)
    if not value or match is None:
        raise ValueError(
            f"is not a duration: {shown(value)}. Days, hours, minutes, seconds: 1d, 1h30m."
        )
    total = sum(
        int(count or 0) * unit for count, unit in zip(match.groups(), UNIT_S.values(), strict=True)
    )
    if total == 0:
        raise ValueError("must be longer than zero.")
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
            f"is not a URL: {shown(_without_userinfo(value))}. It must begin with https://."
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


def supabase_url(value: str) -> str:
    """A project's URL; neither that of a page of the dashboard nor the database's host."""
    url = base_url(value)
    parts = urlsplit(url)
    other = DATABASE_HOST.fullmatch(parts.hostname or "")
    if other is None and parts.hostname not in DASHBOARD:
        return url
    ref = (
        other[1] if other else next(iter(re.findall(r"/project/([a-z]{20})", parts.path)), "<ref>")
    )
    what = "the database's host" if other else "the dashboard"
    raise ValueError(f"is {what}: {shown(value)}. The project's URL is https://{ref}.supabase.co.")


def github_url(value: str) -> str:
    """The base URL of GitHub's API, not of its website."""
    url = base_url(value)
    if urlsplit(url).hostname in ("github.com", "www.github.com"):
        raise ValueError("is GitHub's website. Its API is https://api.github.com.")
    return url


def github_server(api_url: str, given: str | None = None) -> str:
    """Where people and gh reach the GitHub whose API that is; `given` if it is an address at all.

    Source: GitHub, "Contexts", `github.server_url`; GitHub Enterprise Server, `/api/v3`.
    """
    for url in (given or "", api_url):
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname:
            host = parts.netloc.rpartition("@")[2]
            is_api = url == api_url and not parts.path.strip("/")
            return f"{parts.scheme}://{host.removeprefix('api.') if is_api else host}"
    return api_url


def database_url(value: str) -> str:
    """A PostgreSQL URL; the driver that SQLAlchemy writes into the scheme is left out."""
    scheme, separator, rest = value.partition("://")
    if not separator or DATABASE_SCHEME.fullmatch(scheme.lower()) is None:
        raise ValueError("is not a PostgreSQL URL. It must begin with postgresql://.")
    blank = TO_FILL_IN.search(rest)
    if blank:
        raise ValueError(f"still has {blank[1]} where the database password goes. {ESCAPED}")
    if CUT_SHORT.match(rest):
        raise ValueError(f"is not a URL: its password has a / ? or # in it. {ESCAPED}")
    _split(f"postgresql://{rest}")
    return f"postgresql://{rest}"


def _split(value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        _ = parts.port, parts.hostname
    except ValueError:
        raise ValueError("is not a URL: its host or its port cannot be read.") from None
    if re.search(r"[\x00-\x20\x7f]", value):
        raise ValueError("is not a URL: it has a blank or a control character in it.")
    return parts


def _without_userinfo(value: str) -> str:
    return value.rpartition("@")[2]


def repository(value: str) -> str:
    """`owner/name`."""
    return _matching(REPOSITORY, value, "is not a repository", "Write it as owner/name.")


def project_ref(value: str) -> str:
    """Twenty lower-case letters."""
    return _matching(PROJECT_REF, value, "is not a project ref", "It has 20 lower-case letters.")


def function(value: str) -> str:
    """The slug of an edge function."""
    return _matching(FUNCTION, value, "is not a function's name", "Letters, digits, _ and - only.")


def words(value: str) -> tuple[str, ...]:
    """One word or several with commas between them, each once."""
    found = tuple(dict.fromkeys(word for one in value.split(",") if (word := one.strip())))
    if not found:
        raise ValueError(f"has no word in it: {shown(value)}.")
    for word in found:
        text(word)
    return found


def text(value: str) -> str:
    """Any text on one line."""
    if len(value) > LONGEST or any(unicodedata.category(one) in UNPRINTABLE for one in value):
        raise ValueError(
            f"is not one line of text: {shown(value)}. At most {LONGEST} characters, none invisible."
        )
    return value


def secret_name(value: str) -> str:
    """What GitHub, and a function's environment, take for a secret's name."""
    return _matching(SECRET_NAME, value, "is not a secret's name", "Letters, digits and _ only.")


def region(value: str) -> str:
    """A region, as it stands in a host name."""
    return _matching(REGION, value, "is not a region", "For example eu-central-1, or auto.")


def bucket(value: str) -> str:
    """The name of a bucket, without s3:// and without a path; or an access point's ARN."""
    hint = "Only the name: no s3://, no path, no arn:aws:s3:::."
    return _matching(BUCKET, value, "is not a bucket's name", hint)


def identifier(value: str) -> str:
    """The name of a column or a role."""
    return _matching(IDENTIFIER, value, "is not a name in a database", "At most 63 characters.")


def table(value: str) -> str:
    """`table` or `schema.table`."""
    parts = value.split(".")
    if len(parts) > 2 or not all(IDENTIFIER.fullmatch(part) for part in parts):  # noqa: PLR2004 -- schema and table
        raise ValueError(f"is not a table's name: {shown(value)}. Write table or schema.table.")
    return value


def _matching(pattern: re.Pattern[str], value: str, problem: str, hint: str) -> str:
    if pattern.fullmatch(value) is None:
        raise ValueError(f"{problem}: {shown(value)}. {hint}")
    return value


RULES: dict[str, Callable[[str], object]] = {
    "supabase_url": supabase_url,
    "management_url": base_url,
    "github_url": github_url,
    "endpoint": base_url,
    "database_url": database_url,
    "project_ref": project_ref,
    "repository": repository,
    "bucket": bucket,
    "prefix": text,
    "region": region,
    "profile": text,
    "workflow": text,
    "job": text,
    "step": text,
    "trigger_step": text,
    "function": function,
    "table": table,
    "writer_role": identifier,
    "stuck_after": duration_s,
    "max_age": duration_s,
}
RULES_OF_TABLES: dict[str, Callable[[str], object]] = {
    "columns": identifier,
    "status": words,
    "secrets": secret_name,
}


def is_none(value: str) -> bool:
    """Whether a value says that the pipeline has no such thing."""
    return value.strip().lower() == "false"


def check(name: str, value: str) -> None:
    """Raise ValueError where a setting's value cannot be right."""
    rule = RULES_OF_TABLES.get(name.partition(".")[0]) or RULES.get(name)
    if rule is not None:
        rule(value)
