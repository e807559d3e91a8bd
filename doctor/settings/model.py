"""The settings, resolved: values, where each came from, and why a missing one is missing."""

from __future__ import annotations

import msgspec

from backup_doctor.base.immutable import Immutable
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Names
from backup_doctor.settings.errors import alternatives
from backup_doctor.settings.table import BY_NAME, key_in_project

# What a credential is used on: these, and those of the tables `columns` and `status`.
STEERING = frozenset(
    {"table", "columns", "status", "function", "bucket", "prefix", "endpoint", "repository"}
)
# A shorter value is no credential, and would blot out half of every text.
SHORTEST_MASKED = 4


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


class Origin(Immutable, frozen=True, kw_only=True):
    """Where a value came from.

    `name` is as the user wrote it (`VITE_SUPABASE_URL`), `place` the source (`the environment`,
    `.env`, `backup-doctor.toml`, `a flag`, `the default`). `file` is the file, as `--config` would
    name it; `found`: nobody named it, and nobody said that it may be trusted. `indirect`: the file
    only names the variable that holds the value, and `name` is that variable.
    """

    name: str
    place: str
    file: str | None = None
    found: bool = False
    indirect: bool = False

    def __str__(self) -> str:
        return f"{self.name} ({self.place})"


class Storage(Immutable, frozen=True, kw_only=True):
    """What is handed to boto3 beyond what it finds for itself; None leaves it to boto3."""

    endpoint: str | None = None
    region: str | None = None
    access_key_id: Secret | None = None
    secret_access_key: Secret | None = None
    session_token: Secret | None = None
    profile: str | None = None


class Settings(Immutable, frozen=True, kw_only=True):
    """Everything that the user configured. Keys as given (surrounding whitespace included).

    URLs are bare of surrounding whitespace and of a trailing slash; `supabase_url_given` is what
    the user wrote. `origins` and `withheld` go by the names in `backup_doctor.settings.table`.
    `named_secrets` are what the variables hold that any project of the file names.
    """

    names: Names = msgspec.field(default_factory=Names)
    supabase_url: str | None = None
    supabase_url_given: str | None = None
    service_key: Secret | None = None
    function_key: Secret | None = None
    access_token: Secret | None = None
    management_url: str = "https://api.supabase.com"
    project_ref: str | None = None
    database_url: Secret | None = None
    repository: str | None = None
    github_token: Secret | None = None
    github_url: str = "https://api.github.com"
    storage: Storage = msgspec.field(default_factory=Storage)
    writer_role: str = "service_role"
    probe_function: bool = False
    no_probe: bool = False
    origins: dict[str, Origin] = msgspec.field(default_factory=dict)
    withheld: dict[str, Unseen] = msgspec.field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    named_secrets: tuple[Secret, ...] = ()

    def absent(self, setting: str) -> Unseen:
        """Why a setting has no value: withheld by the trust rule, or simply not set."""
        if setting in self.withheld:
            return self.withheld[setting]
        names = HOW_TO_SET[setting]
        if self.names.project is not None:
            names = f"{key_in_project(BY_NAME[setting])} in [projects.{self.names.project}]"
        return Unseen(
            why=Why.NOT_CONFIGURED,
            what=f"No {WHAT_IT_IS[setting]} is configured.",
            remedy=f"Set {names}.",
        )

    def origin(self, setting: str) -> str:
        """The name under which a setting was given, for messages and evidence."""
        origin = self.origins.get(setting)
        if origin:
            return origin.name
        known = BY_NAME[setting]
        return known.env[0] if known.env else known.key

    def steered_by_found_files(self) -> dict[str, Origin]:
        """The settings that say what a credential is used on, of files that nobody named.

        Such a file may be a stranger's. Nothing may be written by them without being shown.
        """
        steering = {
            name: origin
            for name, origin in self.origins.items()
            if origin.found
            and (origin.indirect or name in STEERING or name.partition(".")[0] in STEERING)
        }
        ref, token = self.origins.get("project_ref"), self.origins.get("access_token")
        if ref and ref.found and token and token.file != ref.file:
            steering["project_ref"] = ref
        return steering

    @property
    def may_post_to_function(self) -> bool:
        """Whether the function may be called with a body: not by a name from such a file."""
        return not self.no_probe and "function" not in self.steered_by_found_files()

    def secrets(self) -> tuple[Secret, ...]:
        """Every credential that is at hand, so that it can be kept out of what is shown."""
        held = (
            self.service_key,
            self.function_key,
            self.access_token,
            self.database_url,
            self.github_token,
            self.storage.access_key_id,
            self.storage.secret_access_key,
            self.storage.session_token,
        )
        return tuple(secret for secret in held if secret is not None)

    def mask(self, text: str) -> str:
        """The text without any credential, for what a service sent back."""
        for secret in self.secrets():
            bare = secret.reveal().strip()
            if len(bare) >= SHORTEST_MASKED:
                text = text.replace(bare, "***")
        return text


WHAT_IT_IS = {name: setting.about for name, setting in BY_NAME.items()}
HOW_TO_SET = {
    name: alternatives(setting.env or (setting.key,)) for name, setting in BY_NAME.items()
}
