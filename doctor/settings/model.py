"""The settings, resolved: values, where each came from, and why a missing one is missing."""

from __future__ import annotations

from dataclasses import dataclass, field

from doctor.case import Names
from doctor.evidence.base import Unseen, Why


class Secret:
    """A credential. Its value leaves only through `reveal`; text of any kind shows `***`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value, for the one call that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a value came from: `name` as the user wrote it (`VITE_SUPABASE_URL`), `place` the source
    (`the environment`, `.env`, `backup-doctor.toml`, `a flag`, `the default`)."""

    name: str
    place: str

    def __str__(self) -> str:
        return f"{self.name} ({self.place})"


@dataclass(frozen=True, kw_only=True)
class Storage:
    """What is handed to boto3 beyond what it finds for itself; None leaves it to boto3."""

    endpoint: str | None = None
    region: str | None = None
    access_key_id: Secret | None = None
    secret_access_key: Secret | None = None
    session_token: Secret | None = None
    profile: str | None = None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that the user configured. Keys as given (surrounding whitespace included)."""

    names: Names = field(default_factory=Names)
    supabase_url: str | None = None
    service_key: Secret | None = None
    function_key: Secret | None = None
    access_token: Secret | None = None
    management_url: str = "https://api.supabase.com"
    project_ref: str | None = None
    database_url: Secret | None = None
    repository: str | None = None
    github_token: Secret | None = None
    github_url: str = "https://api.github.com"
    storage: Storage = field(default_factory=Storage)
    writer_role: str = "service_role"
    probe_function: bool = False
    origins: dict[str, Origin] = field(default_factory=dict)
    withheld: dict[str, Unseen] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def absent(self, setting: str) -> Unseen:
        """Why a setting has no value: withheld by the trust rule, or simply not set."""
        if setting in self.withheld:
            return self.withheld[setting]
        names = HOW_TO_SET[setting]
        return Unseen(
            why=Why.NOT_CONFIGURED,
            what=f"No {WHAT_IT_IS[setting]} is configured.",
            remedy=f"Set {names}.",
        )

    def origin(self, setting: str) -> str:
        """The name under which a setting was given, for messages and evidence."""
        origin = self.origins.get(setting)
        return origin.name if origin else HOW_TO_SET[setting].split(" or ")[0]


WHAT_IT_IS = {
    "supabase_url": "Supabase project URL",
    "service_key": "service-role key",
    "function_key": "function key",
    "access_token": "Supabase access token (Management API)",
    "project_ref": "Supabase project ref",
    "database_url": "database URL",
    "repository": "GitHub repository",
    "github_token": "GitHub token",
    "bucket": "bucket",
}

HOW_TO_SET = {
    "supabase_url": "SUPABASE_URL or VITE_SUPABASE_URL",
    "service_key": "SUPABASE_SERVICE_ROLE_KEY or VITE_SUPABASE_SERVICE_ROLE_KEY",
    "function_key": "BACKUP_API_KEY",
    "access_token": "SUPABASE_ACCESS_TOKEN",
    "project_ref": "SUPABASE_PROJECT_REF",
    "database_url": "SUPABASE_DB_URL or DATABASE_URL",
    "repository": "GITHUB_REPOSITORY",
    "github_token": "GITHUB_TOKEN or GH_TOKEN",
    "bucket": "BACKUP_BUCKET, S3_BUCKET or AWS_S3_BUCKET",
}
