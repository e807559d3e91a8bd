"""What is known of the secrets, without any of them: names, ages, shapes and comparisons."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from backup_doctor.evidence.base import Evidence, Fact, Unseen, unseen


class Level(StrEnum):
    """Where GitHub keeps a secret. Environment wins over repository over organization."""

    ENVIRONMENT = "environment"
    REPOSITORY = "repository"
    ORGANIZATION = "organization"


class StoredSecret(Fact, frozen=True, kw_only=True):
    """A secret by name; GitHub never shows its value. Both times are UTC."""

    name: str
    level: Level
    created_at: datetime | None = None
    updated_at: datetime | None = None


class SecretLevel(Fact, frozen=True, kw_only=True):
    """The secrets of one level, or why that level may not be read."""

    level: Level
    secrets: tuple[StoredSecret, ...] | Unseen


class KeyKind(StrEnum):
    """What a service key looks like."""

    LEGACY_JWT = "legacy JWT"
    SECRET = "secret key (sb_secret_…)"  # noqa: S105 -- names a kind of key, holds none
    PUBLISHABLE = "publishable key (sb_publishable_…)"
    MANAGEMENT_TOKEN = "access token (sbp_…)"  # noqa: S105 -- names a kind of key, holds none
    UNRECOGNIZED = "no Supabase key"


class ServiceKey(Fact, frozen=True, kw_only=True):
    """The service-role key that the doctor was given, described without showing it.

    `setting` is the name that it came under; `role`, `ref` and the times are a legacy JWT's own
    claims, unverified. `flaw` says what is wrong with its form, as a sentence goes on after "it";
    empty where nothing is.
    """

    setting: str
    kind: KeyKind
    flaw: str = ""
    role: str | None = None
    ref: str | None = None
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    surrounding_whitespace: bool = False


class SupabaseUrl(Fact, frozen=True, kw_only=True):
    """The project URL that the doctor was given. `ref` is from a hosted URL's host, else None.

    `problem` says what is wrong with it as a base URL for the pipeline, None when it is fine.
    """

    setting: str
    value: str
    ref: str | None = None
    problem: str | None = None
    surrounding_whitespace: bool = False


class FunctionSecret(Fact, frozen=True, kw_only=True):
    """A secret of the edge function, by name. `empty`: its digest is that of the empty string."""

    name: str
    updated_at: datetime | None = None
    empty: bool | None = None


class KeyMatch(StrEnum):
    """The caller's BACKUP_API_KEY held against the function's digest."""

    EQUAL = "equal"
    EQUAL_BUT_FOR_WHITESPACE = "equal but for surrounding whitespace"
    DIFFERENT = "different"


class FunctionKey(Fact, frozen=True, kw_only=True):
    """The function key that the doctor was given: where from, and whether the function has the same.

    `match` is Unseen where the digests could not be read or the digest algorithm not calibrated.
    `function_side_whitespace`: the function's secret is this key plus a trailing newline or blank.
    `is_jwt`: it has the shape of one. `equal_to` names every secret of the function's that is this
    very key: which of them it compares its caller's with is known later.
    """

    setting: str
    surrounding_whitespace: bool = False
    match: KeyMatch | Unseen
    function_side_whitespace: bool = False
    is_jwt: bool = False
    equal_to: tuple[str, ...] = ()


class ProjectKeys(Fact, frozen=True, kw_only=True):
    """What the Management API says of the project's own keys.

    `service_key_listed`: the given service key is one of the project's current ones (None: the list
    shows too little to tell).
    """

    legacy_enabled: bool | None = None
    service_key_listed: bool | None = None


def listed_in(level: SecretLevel) -> tuple[StoredSecret, ...]:
    """The secrets of a level; none where it may not be read."""
    return () if isinstance(level.secrets, Unseen) else level.secrets


class SecretsEvidence(Evidence, frozen=True, kw_only=True):
    """Guide step 2: the secrets on GitHub's side and on the function's side."""

    levels: tuple[SecretLevel, ...] | Unseen
    function_secrets: tuple[FunctionSecret, ...] | Unseen
    service_key: ServiceKey | Unseen
    function_key: FunctionKey | Unseen
    url: SupabaseUrl | Unseen
    project_keys: ProjectKeys | Unseen
    project_ref: str | None = None

    def saw(self) -> str:
        """How many names GitHub has, what key was given, and whether the function's is the same."""
        names = {one.name for level in self.readable() for one in listed_in(level)}
        count = f"{len(names)} secret{'s' if len(names) != 1 else ''} on GitHub"
        given = self.service_key if isinstance(self.service_key, ServiceKey) else None
        match = self.function_key.match if isinstance(self.function_key, FunctionKey) else None
        said = (
            count if self.readable() else "",
            f"service key: {given.kind}" if given else "",
            "the doctor's copy of the function key matches" if match is KeyMatch.EQUAL else "",
        )
        return "; ".join(filter(None, said))

    def readable(self) -> tuple[SecretLevel, ...]:
        """The levels whose names could be read."""
        if isinstance(self.levels, Unseen):
            return ()
        return tuple(level for level in self.levels if not isinstance(level.secrets, Unseen))

    def stored(self, name: str) -> StoredSecret | None:
        """The secret of that name (GitHub's names know no case) at the level that wins."""
        found = [
            secret
            for level in self.readable()
            if not isinstance(level.secrets, Unseen)
            for secret in level.secrets
            if secret.name.upper() == name.upper()
        ]
        order = list(Level)
        return min(found, key=lambda secret: order.index(secret.level), default=None)

    def all_levels_read(self) -> bool:
        """Whether an absent name is really absent: every level could be read."""
        return (
            not isinstance(self.levels, Unseen)
            and bool(self.levels)
            and len(self.readable()) == len(self.levels)
        )

    def unread(self) -> tuple[Unseen, ...]:
        """Why the names of a level could not be read, where they could not."""
        levels = (self.levels,) if isinstance(self.levels, Unseen) else self.levels
        return unseen(*(one if isinstance(one, Unseen) else one.secrets for one in levels))

    def notes(self) -> tuple[Unseen, ...]:
        """The names that could not be read, and what could not be compared."""
        match = self.function_key.match if isinstance(self.function_key, FunctionKey) else None
        compared = unseen(self.function_secrets, self.function_key, match, self.project_keys)
        return (*self.unread(), *compared)
