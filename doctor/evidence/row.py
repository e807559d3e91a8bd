"""What the database says: the row, its table's catalogue, and the way it was asked."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from backup_doctor.evidence.base import Evidence, Fact, Shown, Unseen, Why, unseen
from backup_doctor.evidence.columns import DUPLICATE_OF
from backup_doctor.evidence.open_to_all import OpenFunction, OpenView
from backup_doctor.evidence.trigger import Trigger


class Route(StrEnum):
    """The ways to the database, best first."""

    DIRECT = "psycopg"
    MANAGEMENT = "Management API"
    REST = "PostgREST"


class BackupRow(Fact, frozen=True, kw_only=True):
    """One row of the table, by the guide's column names whatever the user's are called.

    `values` holds the raw JSON value of every column by its real name; the typed fields are None where
    it is NULL, absent or of another shape. Times are UTC. A saved bundle has the values of the columns
    that the settings name, and of the others the `types` alone.
    """

    id: str | None = None
    dispatch_id: str | None = None
    s3_key: str | None = None
    status: str | None = None
    size_bytes: int | None = None
    finished_at: datetime | None = None
    error_text: str | None = None
    workflow_run_id: str | None = None
    created_at: datetime | None = None
    values: dict[str, Any] = {}
    types: dict[str, str] = {}


class LastGood(Fact, frozen=True, kw_only=True):
    """The last backup that succeeded, of those that were seen; None: none was.

    `unproved` is why a later one may be there all the same.
    """

    row: BackupRow | None = None
    unproved: Unseen | None = None


class Column(Fact, frozen=True, kw_only=True):
    """A column: `type` as format_type() prints it, `default` the expression or None.

    `virtual`: it is generated, and never stored. `used_by` names what keeps its type from being
    changed: views, policies, triggers, generated columns.
    """

    name: str
    type: str
    not_null: bool = False
    default: str | None = None
    generated: bool = False
    virtual: bool = False
    used_by: tuple[str, ...] = ()

    @property
    def is_identity(self) -> bool:
        """Whether PostgreSQL numbers it itself, and takes no other value."""
        return self.default == "generated always as identity"


class Constraint(Fact, frozen=True, kw_only=True):
    """A constraint of the table.

    `kind` is pg_constraint.contype (c, u, p, f, x, n), or `partition`: that a partition takes the row;
    `accepts` is its verdict on the row as the pipeline would write it, None where that could not be
    evaluated (`problem` says why). A unique index is of kind u too. `columns` are its own; `expression`
    is a CHECK's, or that of a partial unique index. `holder`: another row that has a unique key already.
    `partitions` are those that alone have it, where the table itself does not.
    """

    name: str
    kind: str
    definition: str
    columns: tuple[str, ...] = ()
    expression: str | None = None
    accepts: bool | None = None
    problem: str | None = None
    holder: str | None = None
    partitions: tuple[str, ...] = ()


class Policy(Fact, frozen=True, kw_only=True):
    """A row-level policy, as pg_policies lists it. `command` is ALL, SELECT, INSERT, UPDATE, DELETE."""

    name: str
    permissive: bool
    roles: tuple[str, ...]
    command: str
    using: str | None = None
    check: str | None = None


class RoleGrants(Fact, frozen=True, kw_only=True):
    """What a role may do with the table, by has_table_privilege (column grants included in *_any)."""

    role: str
    exists: bool
    bypasses_rls: bool = False
    superuser: bool = False
    schema_usage: bool = False
    select: bool = False
    insert: bool = False
    update: bool = False
    update_columns: tuple[str, ...] = ()
    select_columns: tuple[str, ...] = ()


class LockHolder(Fact, frozen=True, kw_only=True):
    """An open transaction that holds the row (or a strong lock on the table).

    `may_be_for_key`: it wrote into a table whose foreign key points here, and not into this one; its
    lock may be the one that such a key takes, for which an UPDATE need not wait.
    """

    pid: int
    transaction_start: datetime | None = None
    state: str | None = None
    application: str | None = None
    query: str | None = None
    mode: str = "row"
    may_be_for_key: bool = False


class Table(Fact, frozen=True, kw_only=True):
    """What the catalogue knows of the table. `writer` is the role that the pipeline writes with."""

    schema: str
    name: str
    kind: str
    columns: tuple[Column, ...]
    constraints: tuple[Constraint, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    policies: tuple[Policy, ...] = ()
    grants: tuple[RoleGrants, ...] = ()
    open_functions: tuple[OpenFunction, ...] = ()
    open_views: tuple[OpenView, ...] = ()
    rls_enabled: bool = False
    rls_forced: bool = False
    owner: str = ""

    def column(self, name: str) -> Column | None:
        """The column of that name."""
        return next((column for column in self.columns if column.name == name), None)

    def grants_of(self, role: str) -> RoleGrants | None:
        """What that role may do, where it was asked about."""
        return next((grant for grant in self.grants if grant.role == role), None)


class Server(Fact, frozen=True, kw_only=True):
    """The database server itself.

    `default_read_only` is what a new session of the pipeline gets (the cluster's, database's and
    role's setting, never the doctor's own read-only session); `in_recovery` marks a replica.
    None: the doctor's own role has a setting that hides the server's. `similar_tables` and `other_roles`
    are what the table, or the writing role, may be instead.
    """

    version: str
    now: datetime
    user: str = ""
    default_read_only: bool | None = False
    in_recovery: bool = False
    similar_tables: tuple[str, ...] = ()
    other_roles: tuple[str, ...] = ()


class RouteFailure(Fact, frozen=True, kw_only=True):
    """A way to the database that was tried and failed; the next one was taken."""

    route: Route
    reason: Unseen


class ApiAnswer(Fact, frozen=True, kw_only=True):
    """How the Data API (PostgREST behind Supabase's gateway) answered the pipeline's own look-up.

    `gateway` is true for an answer that PostgREST itself never saw; `rows` counts the rows that the
    key may see; `code` is the SQLSTATE, PGRST code or sb-error-code.
    """

    status: int
    code: str | None = None
    message: str = ""
    hint: str = ""
    rows: int | None = None
    gateway: bool = False


class Period(Fact, frozen=True, kw_only=True):
    """When the runs of a row were started: after the backup before it, until the one after it was made."""

    since: datetime | None = None
    until: datetime | None = None

    def has(self, at: datetime | None) -> bool:
        """Whether a run that was created then may be the row's."""
        if at is None:
            return True
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


def _state(row: BackupRow) -> str:
    said = (
        row.status or "no status",
        f"{row.size_bytes:,} bytes" if row.size_bytes is not None else "no size",
        "" if row.s3_key else "no s3_key",
        f"finished {row.finished_at:%Y-%m-%d %H:%M:%S} UTC" if row.finished_at else "not finished",
    )
    return ", ".join(filter(None, said))


class RowEvidence(Evidence, frozen=True, kw_only=True):
    """Guide step 3: the row, its table, and how both were seen.

    `rows` are all rows of this dispatch id (or backup id), newest first; none at all only where
    `absent` says why one would have been seen. `table` is None where it does not exist, `Unseen`
    where the route cannot see the catalogue; `columns` are the table's, by the catalogue or by what
    a row showed. `unwritten` are the guide's columns that no good row has; `has_good`: there is a good
    row beside those found. `near` are rows of nearly this id, `respelled` is how the row writes its id.
    `period` is when the newest row's runs were started, where its id is other backups' too.
    """

    route: Route | None
    rows: tuple[BackupRow, ...] | Unseen
    table: Table | Unseen | None
    server: Server | Unseen
    api: ApiAnswer | Unseen
    failures: tuple[RouteFailure, ...] = ()
    locks: tuple[LockHolder, ...] | Unseen = ()
    earlier_sizes: tuple[int, ...] = ()
    columns: tuple[str, ...] = ()
    unwritten: tuple[str, ...] = ()
    has_good: bool = False
    last_good: LastGood | Unseen | None = None
    absent: Shown | None = None
    near: tuple[BackupRow, ...] = ()
    respelled: str | None = None
    period: Period | None = None

    @property
    def newest(self) -> BackupRow | None:
        """The row that the guide's query would show, but for one that is closed as a duplicate."""
        rows = () if isinstance(self.rows, Unseen) else self.rows
        marks = {f"{DUPLICATE_OF}{row.id}" for row in rows}
        return next((one for one in rows if one.error_text not in marks), (*rows, None)[0])

    def saw(self) -> str:
        """The newest row's state (without a row in question, the table's), and how it was seen."""
        by = f" (by {self.route})" if self.route else ""
        if isinstance(self.rows, Unseen):
            columns = f"{len(self.table.columns)} columns" if isinstance(self.table, Table) else ""
            return columns + by if columns else ""
        return (_state(self.newest) if self.newest else "no row") + by

    def gaps(self) -> tuple[Unseen, ...]:
        """Without the row there is no verdict; where none was asked about, it is the table."""
        nobody_asked = isinstance(self.rows, Unseen) and self.rows.why is Why.NOT_ASKED
        return unseen(self.table if nobody_asked else self.rows)

    def notes(self) -> tuple[Unseen, ...]:
        """The routes that failed, what the one taken could not see, and a Data API in trouble."""
        failed = (failure.reason for failure in self.failures)
        respelled = _respelled(self.respelled) if self.respelled else ()
        near = _nearly(self.near) if self.near and isinstance(self.rows, Unseen) else ()
        return (*failed, *unseen(self.table, self.locks), *_trouble(self.api), *respelled, *near)


def _nearly(near: tuple[BackupRow, ...]) -> tuple[Unseen, ...]:
    """That other rows have nearly this id."""
    ids = " or ".join(repr(row.dispatch_id or row.id) for row in near)
    what = f"There are rows with nearly this id. Did you mean {ids}?"
    return (Unseen(why=Why.NOT_FOUND, what=what, dependency="PostgreSQL"),)


def _respelled(spelling: str) -> tuple[Unseen, ...]:
    """That the row has the id in another spelling than it was asked for."""
    what = f"No row has the id exactly as it was given: the row was found as {spelling!r}."
    return (Unseen(why=Why.NOT_FOUND, what=what, dependency="PostgreSQL"),)


def _trouble(api: ApiAnswer | Unseen) -> tuple[Unseen, ...]:
    """The Data API's failure to answer the pipeline's own look-up, where it was asked."""
    if isinstance(api, Unseen):
        return () if api.why in (Why.NOT_CONFIGURED, Why.NOT_ASKED) else (api,)
    if api.rows is not None or not (api.gateway or api.status >= 500):  # noqa: PLR2004 -- HTTP
        return ()
    said = f"{api.status} {api.code or ''} {api.message.rstrip('.')}"
    what = f"Supabase's Data API answered the look-up with HTTP {' '.join(said.split())}."
    return (
        Unseen(why=Why.REFUSED, what=what, dependency="Supabase's Data API", status=api.status),
    )
