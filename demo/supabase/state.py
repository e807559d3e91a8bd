"""What Supabase knows of one project: plain data that a demo or a test fills and changes at will.

Every stand-in of the project reads it afresh for each request, so a change holds at once, as a
click in the dashboard does. Times are aware datetimes in UTC.
"""

import secrets
import string
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from backup_doctor.demo.supabase.keys import Keys

if TYPE_CHECKING:
    import psycopg
    from psycopg.rows import TupleRow

REF_LENGTH = 20
EPOCH = datetime(2024, 1, 1, tzinfo=UTC)

SchemaCache: TypeAlias = Mapping[str, frozenset[str]]
"""The columns of each table by its qualified name, such as `public.backup_history`."""


@dataclass
class Function:
    """A deployed edge function. A missing `entrypoint` file is a bundle that was lost."""

    slug: str
    entrypoint: Path
    verify_jwt: bool = True
    name: str = ""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: Literal["ACTIVE", "REMOVED", "THROTTLED"] = "ACTIVE"
    version: int = 1
    created_at: datetime = EPOCH
    updated_at: datetime = EPOCH

    def __post_init__(self) -> None:
        self.name = self.name or self.slug


@dataclass(frozen=True)
class SecretValue:
    """A secret of the edge functions. The Management API shows only its digest."""

    value: str
    updated_at: datetime = EPOCH


@dataclass(frozen=True)
class LogRecord:
    """One line of the platform's logs, with the columns of its table `logs`.

    `source` is `function_edge_logs` (one for each request, by the gateway), `function_logs` (what
    a function writes, and its boot and shutdown), `edge_logs` (the Data API) or `postgres_logs`.
    """

    source: str
    event_message: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    severity: str = "INFO"
    timestamp: datetime = field(default_factory=lambda: datetime.now(UTC))
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass
class Faults:
    """What is wrong with the platform itself; as it stands, nothing is.

    paused: the HTTP status of a paused project: 540 as documented, 530 as measured just after.
    restricted: 402, for a quota or an unpaid bill.
    pool_exhausted: no database connection is left for the Data API (PGRST003).
    schema_cache_lost: the Data API could not read the catalogue (PGRST002).
    function_limit: functions die of memory or CPU time (546).
    function_idle: functions send nothing for 150 s (504); the stand-in says so at once.
    function_rate_limit: functions were called too often (429).
    refuse_sb_bearer: the older gateway, where `Bearer sb_…` before a function is no valid JWT.
    unavailable: HTTP status (521 or 544) of a platform that is down.
    latency_s: seconds that every answer is late.
    """

    paused: Literal[540, 530] | None = None
    restricted: bool = False
    pool_exhausted: bool = False
    schema_cache_lost: bool = False
    function_limit: bool = False
    function_idle: bool = False
    function_rate_limit: bool = False
    refuse_sb_bearer: bool = False
    unavailable: Literal[521, 544] | None = None
    latency_s: float = 0.0


def new_ref() -> str:
    """Return a project reference: 20 lower-case letters."""
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(REF_LENGTH))


@dataclass
class Project:
    """One Supabase project.

    database_uri: the administrator's, for the stand-ins alone.
    url: where its gateway answers; the gateway fills it in when it starts.
    rest_limits_changes: whether the Data API knows `max-affected`, as PostgREST does since 12.2.
    legacy_disabled_at: shown in the answer to a legacy key while `legacy_keys_enabled` is false.
    schema_cache: None is fresh; a mapping is what the Data API last read, and still believes.
    schema_listener: where the Data API hears `NOTIFY pgrst` while its cache is stale.
    """

    database_uri: str
    ref: str = field(default_factory=new_ref)
    name: str = "backups"
    region: str = "eu-central-1"
    status: str = "ACTIVE_HEALTHY"
    url: str = ""
    keys: Keys = field(init=False)
    legacy_keys_enabled: bool = True
    legacy_disabled_at: datetime = EPOCH
    exposed_schemas: list[str] = field(default_factory=lambda: ["public", "graphql_public"])
    rest_limits_changes: bool = True
    functions: dict[str, Function] = field(default_factory=dict)
    function_secrets: dict[str, SecretValue] = field(default_factory=dict)
    logs: list[LogRecord] = field(default_factory=list)
    schema_cache: SchemaCache | None = None
    schema_listener: "psycopg.Connection[TupleRow] | None" = None
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        self.keys = Keys.create(self.ref)
