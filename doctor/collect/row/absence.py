"""Whether a row that was not found is not there: the control look-up, and rows that are nearly it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.clients.key_role import SERVICE_ROLE
from backup_doctor.collect.database.answers import Refusal
from backup_doctor.collect.database.near import near_statement, nearest, same_uuid
from backup_doctor.collect.database.statements import document
from backup_doctor.collect.row.columns import setting_of
from backup_doctor.evidence.base import Shown, Unseen, Why
from backup_doctor.evidence.sql import identifier, literal

if TYPE_CHECKING:
    from backup_doctor.collect.clients.database import Way
    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.case import Case, Names
    from backup_doctor.evidence.row import BackupRow, Table

# Of these row-level security alone decides what a reader sees; a view may leave rows out.
PLAIN = ("table", "partitioned table")
_NARROWS = re.compile(
    r"\b(?:WHERE|JOIN|LIMIT|OFFSET|FETCH|HAVING|GROUP BY|DISTINCT|UNION|INTERSECT|EXCEPT|WITH)\b",
    re.IGNORECASE,
)


class Absence(Immutable, frozen=True, kw_only=True):
    """`shown` is why the row would have been seen, or why it may be there all the same.

    `near` are rows that may be meant; `spelling` is the id as a row has it, where it is the very same
    UUID. `columns` are the table's, as its rows show them.
    """

    shown: Shown | Unseen
    near: tuple[BackupRow, ...] = ()
    spelling: str | None = None
    columns: tuple[str, ...] = ()


def absence_by_sql(way: Way, case: Case, table: Table) -> Absence:
    """Of a row that SQL did not find: nothing hides rows from this user, so none is there."""
    reply = way.run(near_statement(case.names, table, case.asked))
    answer = reply.unseen() if isinstance(reply, Refusal) else reply
    found = answer if isinstance(answer, Unseen) else document(answer)
    rows = [] if isinstance(found, Unseen) else found["rows"]
    near = nearest(rows, case.names, case.asked)
    others = f"{table.kind} {case.names.table}"
    if table.kind not in PLAIN and not _shows_all(way, table):
        return Absence(
            shown=_may_leave_out(others), near=near, spelling=same_uuid(near, case.asked)
        )
    if table.kind not in PLAIN and not rows:
        return Absence(shown=_shows_nothing(case.names, others))
    user = "" if isinstance(found, Unseen) else f" ({found['user']})"
    return Absence(
        shown=Shown(by=f"The doctor's database user{user} may see every row of the {others}."),
        near=near,
        spelling=same_uuid(near, case.asked),
    )


def _shows_all(way: Way, table: Table) -> bool:
    """Whether a view's own query leaves no row out of the one table behind it."""
    qualified = literal(identifier(table.schema, table.name))
    reply = way.run(f"SELECT pg_catalog.pg_get_viewdef({qualified}::regclass) AS definition")
    if isinstance(reply, Refusal | Unseen) or len(reply) != 1:
        return False
    definition = reply[0].get("definition")
    return isinstance(definition, str) and _NARROWS.search(definition) is None


def _may_leave_out(thing: str) -> Unseen:
    return Unseen(
        why=Why.NOT_FOUND,
        what=f"The {thing} shows no such row, but its query may leave it out: for example one that was "
        "marked as deleted.",
        remedy=f"Look for the row in the table behind the view, or set {setting_of('table')} to that table.",
        dependency="PostgreSQL",
    )


def absence_by_rest(ask: Sources, case: Case, *, sees_all: bool) -> Absence:
    """Of a row that the Data API did not show: it shows others, to a key from which nothing is hidden.

    An empty answer alone proves nothing: PostgREST gives the same for what may not be seen.
    """
    page = ask.data_api.newest()
    if isinstance(page, Unseen):
        return Absence(shown=page)
    near = nearest([*page, *_alike(ask, case)], case.names, case.asked)
    columns = tuple(page[0]) if page else ()
    shown: Shown | Unseen
    if not sees_all:
        shown = may_be_hidden(ask.data_api.role)
    elif not page:
        shown = _shows_nothing(case.names, f"table {case.names.table}")
    else:
        shown = Shown(by=f"The Data API shows other rows of {case.names.table} to the same key.")
    return Absence(shown=shown, near=near, spelling=same_uuid(near, case.asked), columns=columns)


def _alike(ask: Sources, case: Case) -> list[dict[str, Any]]:
    """Rows of any age in which the id that was asked for stands."""
    found = ask.data_api.naming_id(case.asked)
    return [] if isinstance(found, Unseen) else found


def may_be_hidden(role: str | None) -> Unseen:
    """That row-level security may hide the row from the key's role."""
    return Unseen(
        why=Why.DENIED,
        what=f"The key's role ({role or 'unknown'}) sees no such row, but row-level security may "
        "hide it.",
        remedy="Set SUPABASE_SERVICE_ROLE_KEY to the project's service-role (or secret) key.",
        dependency="Supabase's Data API",
    )


def unproved_by_rest(ask: Sources, names: Names, *, some_seen: bool) -> Unseen | None:
    """Why rows may be there that the Data API does not show; None where it would show them.

    `some_seen`: it showed rows just now, so that no control look-up is needed.
    """
    if ask.data_api.role != SERVICE_ROLE:
        return may_be_hidden(ask.data_api.role)
    control = [{}] if some_seen else ask.data_api.newest()
    if isinstance(control, Unseen):
        return control
    return None if control else _shows_nothing(names, f"table {names.table}")


def _shows_nothing(names: Names, thing: str) -> Unseen:
    named = " or ".join(filter(None, (names.supabase_url and "SUPABASE_URL", setting_of("table"))))
    return Unseen(
        why=Why.NOT_FOUND,
        what=f"The {thing} shows the doctor no row at all, so its rows may only not be visible.",
        remedy=f"Check {named}, or set SUPABASE_DB_URL (or SUPABASE_ACCESS_TOKEN).",
        dependency="PostgreSQL",
    )
