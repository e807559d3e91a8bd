"""What keeps the database or the whole project from answering, or from taking a write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backup_doctor.demo.faults.changes import platform, platform_sql, together
from backup_doctor.demo.faults.defect import Side
from backup_doctor.demo.faults.fault import Fault

if TYPE_CHECKING:
    from backup_doctor.demo.faults.fault import Change
    from backup_doctor.demo.world import World

TABLE = "public.backup_history"
# PostgREST waits 8 s at Supabase; the answer is the same after a shorter wait.
IMPATIENT = platform_sql("ALTER ROLE authenticator SET lock_timeout = '300ms'")
UNREACHABLE_DATABASE = "postgresql://backup_doctor:none@127.0.0.1:1/postgres?connect_timeout=1"


def hold(statement: str) -> Change:
    """A console began a transaction, and nobody ended it."""
    return together(IMPATIENT, lambda world: world.hold_transaction(statement))


def release(world: World) -> None:
    """The transaction is ended."""
    world.end_transactions()


def refuse_writes(world: World) -> None:
    """Set what Supabase sets near the disk's quota."""
    name = world.database_uri.rsplit("/", 1)[1]
    world.sql_as_superuser(f"ALTER DATABASE {name} SET default_transaction_read_only = on")


def pause(world: World) -> None:
    """A free project pauses when nobody uses it: its API and its database are gone."""
    world.project.status = "INACTIVE"
    world.project.faults.paused = 540
    world.doctor_database_uri = UNREACHABLE_DATABASE


def resume(world: World) -> None:
    """The project was restored."""
    world.project.status = "ACTIVE_HEALTHY"
    world.project.faults.paused = None
    world.doctor_database_uri = world.reader_uri


def _api(name: str, description: str, before: Change) -> Fault:
    return Fault(name, description, Side.BOTH, "row/api-overloaded", before=before, in_lookup=True)


NO_CONNECTION = platform_sql("ALTER ROLE authenticator CONNECTION LIMIT 0")

FAULTS: Final = (
    Fault(
        "row-locked",
        "an open transaction holds the row",
        Side.BOTH,
        "row/locked",
        before=hold(f"SELECT id FROM {TABLE} FOR UPDATE"),
    ),
    Fault(
        "table-locked",
        "an open transaction holds the table against writes",
        Side.BOTH,
        "row/locked",
        before=hold(f"LOCK TABLE {TABLE} IN EXCLUSIVE MODE"),
    ),
    Fault(
        "lock-released",
        "a transaction held the row during the run",
        Side.BOTH,
        "row/locked",
        before=hold(f"SELECT id FROM {TABLE} FOR UPDATE"),
        after=release,
    ),
    Fault(
        "read-only",
        "the database refuses all writes, as near its disk quota",
        Side.BOTH,
        "row/database-read-only",
        before=refuse_writes,
    ),
    _api("pool-exhausted", "the Data API has no connection left", platform(pool_exhausted=True)),
    _api("too-many-connections", "the database takes no connection more", NO_CONNECTION),
    _api(
        "schema-cache-lost",
        "the Data API could not read the schema",
        platform(schema_cache_lost=True),
    ),
    Fault(
        "overload-over",
        "the Data API had no connection left during the run",
        Side.BOTH,
        "row/api-overloaded",
        before=platform(pool_exhausted=True),
        after=platform(pool_exhausted=False),
        in_lookup=True,
    ),
    Fault(
        "project-paused",
        "the project is paused",
        Side.BOTH,
        "function/project-paused",
        before=pause,
        in_lookup=True,
        in_front=True,
        hides_row=True,
    ),
    Fault(
        "project-restored",
        "the project was paused during the run",
        Side.BOTH,
        "function/project-paused",
        before=pause,
        after=resume,
        in_lookup=True,
        in_front=True,
    ),
    Fault(
        "project-restricted",
        "the project is restricted for its quota",
        Side.BOTH,
        "function/project-restricted",
        before=platform(restricted=True),
        in_lookup=True,
        in_front=True,
    ),
    Fault(
        "platform-down",
        "the project's API was down during the run",
        Side.BOTH,
        "function/unreachable",
        before=platform(unavailable=521),
        after=platform(unavailable=None),
        in_lookup=True,
        in_front=True,
    ),
)
