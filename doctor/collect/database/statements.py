"""The statements of the `.sql` files beside this module.

They hold psql's variables (`:'schema'`), so that a person can run them by hand:

    psql -v schema=public -v table=backup_history -v roles='["service_role"]' -f catalogue.sql

Each returns one row with one column, `document`: JSON as text, which is the same by every route.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec

from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.sql import literal

if TYPE_CHECKING:
    from backup_doctor.collect.database.answers import Rows

_VARIABLE = re.compile(r":'(\w+)'")


def statement(name: str, **variables: str) -> str:
    """The statement in `name`.sql with its variables filled in as literals."""
    text = files(__package__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
    filled = _VARIABLE.sub(lambda match: literal(variables[match.group(1)]), text)
    return filled.strip().removesuffix(";")


def document(rows: Rows) -> dict[str, Any] | Unseen:
    """The JSON document in the one row that a statement returned."""
    text = rows[0].get("document") if len(rows) == 1 else None
    if isinstance(text, dict):
        return text
    try:
        found = msgspec.json.decode(text) if isinstance(text, str) else None
    except msgspec.DecodeError:
        found = None
    return found if isinstance(found, dict) else GARBLED


GARBLED = Unseen(
    why=Why.GARBLED,
    what="The database's answer was not the document that was asked for.",
    dependency="PostgreSQL",
)
