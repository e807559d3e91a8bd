"""The catalogue's documents as evidence: the server, the table, and who locks it."""

from __future__ import annotations

import json
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import msgspec

from backup_doctor.base.models import as_model
from backup_doctor.base.names_alike import nearest_first
from backup_doctor.collect.database.statements import GARBLED, statement
from backup_doctor.evidence.row import LockHolder, Server, Table

if TYPE_CHECKING:
    from backup_doctor.evidence.base import Unseen
    from backup_doctor.evidence.case import Names

API_ROLES = ("service_role", "anon", "authenticated")
QUERY_SHOWN = 200
SIMILAR_SHOWN = 5
# What PostgreSQL shows of other users' sessions to those who may not look.
_HIDDEN = "<insufficient privilege>"


def catalogue_statement(names: Names, *roles: str) -> str:
    """Ask for the server and the table; the pipeline writes as the first of `roles`."""
    return statement(
        "catalogue",
        schema=names.schema,
        table=names.table_name,
        roles=json.dumps([*roles, *API_ROLES]),
        writer=roles[0],
    )


def locks_statement(names: Names) -> str:
    """Ask who holds a strong lock on the table."""
    return statement("locks", schema=names.schema, table=names.table_name)


def read_server(document: dict[str, Any], names: Names) -> Server | Unseen:
    """The server, with the names of tables that may be the missing one."""
    instead = {
        "similar_tables": similar_tables(document.get("others") or [], names),
        "other_roles": document.get("roles") or [],
    }
    try:
        return as_model({**document["server"], **instead}, Server)
    except (msgspec.ValidationError, KeyError, TypeError):
        return GARBLED


def read_table(document: dict[str, Any]) -> Table | Unseen | None:
    """The table; None where there is none of that name."""
    try:
        return as_model(document.get("table"), Table | None)
    except msgspec.ValidationError:
        return GARBLED


def read_holders(found: list[dict[str, Any]]) -> tuple[LockHolder, ...]:
    """The open transactions, with as much of their last statement as helps to recognize it."""
    return tuple(
        as_model({**holder, "query": _shortened(holder.get("query"))}, LockHolder)
        for holder in found
    )


def _shortened(query: str | None) -> str | None:
    return None if not query or query == _HIDDEN else " ".join(query.split())[:QUERY_SHOWN]


def similar_tables(others: list[str], names: Names) -> tuple[str, ...]:
    """Tables of the same name in other schemas, then those whose name is nearly the same, or any."""
    by_name: dict[str, list[str]] = {}
    for qualified in others:
        by_name.setdefault(qualified.split(".", 1)[-1].lower(), []).append(qualified)
    wanted = names.table_name.lower()
    close = get_close_matches(wanted, by_name, n=SIMILAR_SHOWN, cutoff=0.6) or nearest_first(
        wanted, by_name
    )
    return tuple(qualified for name in close for qualified in by_name[name])[:SIMILAR_SHOWN]
