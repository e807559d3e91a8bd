"""Settings from flags, the environment, `.env` and the file, in this order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from doctor.case import Names
from doctor.settings import reading, trust
from doctor.settings.errors import SettingsError
from doctor.settings.model import Origin, Secret, Settings, Storage
from doctor.settings.reading import Source
from doctor.settings.resolving import Resolved, resolve
from doctor.settings.table import BY_NAME, GUIDE_COLUMNS
from doctor.settings.values import base_url, database_url, duration_s, hosted_ref

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from doctor.evidence.base import Unseen

__all__ = ["Flags", "SettingsError", "anything_configured", "first_steps", "load"]

# What makes boto3 find credentials in the environment; a file's own then come second.
AWS_CREDENTIALS_IN_ENVIRONMENT = (
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
LETS_A_CHECK_LOOK = ("supabase_url", "access_token", "database_url", "repository", "bucket")
FIRST_SETTINGS = ("supabase_url", "service_key", "repository", "github_token", "bucket")


@dataclass(frozen=True, kw_only=True)
class Flags:
    """What the command line says of the settings. `stuck_after` is a duration such as `2h`."""

    config: Path | None = None
    trust_config: bool = False
    probe_function: bool = False
    stuck_after: str | None = None


def load(flags: Flags, *, environ: Mapping[str, str], cwd: Path) -> Settings:
    """The settings, resolved.

    Raises:
        SettingsError: a file cannot be read, has an unknown key, or a value cannot be right.
    """
    sources = (
        Source(place="a flag", values=_flag_values(flags), by_key=True),
        reading.environment(environ),
        reading.dotenv(cwd),
        reading.config_file(cwd, flags.config),
    )
    resolved = resolve([source for source in sources if source])
    resolved = _whole_aws_credentials(resolved, environ)
    if flags.trust_config:
        return _settings(resolved, flags)
    trusted, withheld = trust.apply(resolved)
    return _settings(trusted, flags, withheld)


def _flag_values(flags: Flags) -> Mapping[str, str]:
    return {"stuck_after": flags.stuck_after} if flags.stuck_after else {}


def _whole_aws_credentials(resolved: Resolved, environ: Mapping[str, str]) -> Resolved:
    """Take AWS credentials from one source as a whole; the environment's are left to boto3."""
    values = dict(resolved.values)
    found = {name: values.pop(name, None) for name in trust.S3_CREDENTIALS}
    profile = found["profile"]
    if any(environ.get(name, "").strip() for name in AWS_CREDENTIALS_IN_ENVIRONMENT):
        # boto3 reads all of them itself, except a profile, of which CI may make an empty one.
        if profile and not profile.source.is_file and not environ.get("AWS_ACCESS_KEY_ID"):
            values["profile"] = profile
        return replace(resolved, values=values)
    leader = found["access_key_id"] or profile
    if leader is not None:
        values |= {
            name: value for name, value in found.items() if value and value.source is leader.source
        }
    return replace(resolved, values=values)


def _settings(
    resolved: Resolved, flags: Flags, withheld: Mapping[str, Unseen] = MappingProxyType({})
) -> Settings:
    url = resolved.values.get("supabase_url")
    supabase_url = base_url(url.bare) if url else None
    database = resolved.text("database_url")
    project_ref = resolved.text("project_ref") or (
        hosted_ref(supabase_url) if supabase_url else None
    )
    return Settings(
        names=_names(resolved, supabase_url=supabase_url, project_ref=project_ref),
        supabase_url=supabase_url,
        supabase_url_given=url.text if url else None,
        service_key=resolved.secret("service_key"),
        function_key=resolved.secret("function_key"),
        access_token=resolved.secret("access_token"),
        management_url=base_url(_text(resolved, "management_url")),
        project_ref=project_ref,
        database_url=Secret(database_url(database)) if database else None,
        repository=resolved.text("repository"),
        github_token=resolved.secret("github_token"),
        github_url=base_url(_text(resolved, "github_url")),
        storage=_storage(resolved),
        writer_role=_text(resolved, "writer_role"),
        probe_function=flags.probe_function,
        origins=_origins(resolved),
        withheld=dict(withheld),
        warnings=resolved.warnings,
    )


def _names(resolved: Resolved, *, supabase_url: str | None, project_ref: str | None) -> Names:
    return Names(
        table=_text(resolved, "table"),
        columns={name: _text(resolved, f"columns.{name}") for name in GUIDE_COLUMNS},
        in_progress=_text(resolved, "status.in_progress"),
        success=_text(resolved, "status.success"),
        failed=_text(resolved, "status.failed"),
        function=_text(resolved, "function"),
        workflow=resolved.text("workflow"),
        job=resolved.text("job"),
        step=_text(resolved, "step"),
        trigger_step=_text(resolved, "trigger_step"),
        repository=resolved.text("repository"),
        bucket=resolved.text("bucket"),
        prefix=_text(resolved, "prefix"),
        project_ref=project_ref,
        supabase_url=supabase_url,
        stuck_after_s=duration_s(_text(resolved, "stuck_after")),
    )


def _storage(resolved: Resolved) -> Storage:
    endpoint = resolved.text("endpoint")
    return Storage(
        endpoint=base_url(endpoint) if endpoint else None,
        region=resolved.text("region"),
        access_key_id=resolved.secret("access_key_id"),
        secret_access_key=resolved.secret("secret_access_key"),
        session_token=resolved.secret("session_token"),
        profile=resolved.text("profile"),
    )


def _text(resolved: Resolved, name: str) -> str:
    """The value of a setting that has a default."""
    return resolved.text(name) or BY_NAME[name].default or ""


def _origins(resolved: Resolved) -> dict[str, Origin]:
    defaults = {
        name: Origin(name=setting.key, place="the default")
        for name, setting in BY_NAME.items()
        if setting.default is not None
    }
    return defaults | {name: value.origin for name, value in resolved.values.items()}


def anything_configured(settings: Settings) -> bool:
    """Whether at least one check has something to look at."""
    return bool(settings.withheld) or any(name in settings.origins for name in LETS_A_CHECK_LOOK)


def first_steps() -> str:
    """What to set first, for someone who has set nothing."""
    width = max(len(BY_NAME[name].env[0]) for name in FIRST_SETTINGS)
    lines = [f"  {BY_NAME[name].env[0]:<{width}}  {BY_NAME[name].about}" for name in FIRST_SETTINGS]
    return "\n".join(
        [
            "Nothing is configured yet, so there is nothing to look at. Set these first, in the",
            "environment or in .env (each is optional, and lets more checks look):",
            *lines,
            "`backup-doctor init` writes a file with all of them; `backup-doctor demo` needs none.",
        ]
    )
