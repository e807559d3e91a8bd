"""The names of an audit, held against the table that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backup_doctor.base.names_alike import nearest_first
from backup_doctor.collect.row.columns import setting_of
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.columns import GUIDE_COLUMNS
from backup_doctor.judge.mistakes import mistake
from backup_doctor.run.audit.table import BrokeOffError

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Names
    from backup_doctor.run.audit.table import About
    from backup_doctor.settings.model import Settings

NEEDED = ("id", "status", "s3_key")
TIMES = ("created_at", "finished_at")
SHOWN = 8


def fitted(settings: Settings, about: About) -> Names:
    """The names of the columns that the table has; one for a time that holds none is left out.

    Raises:
        SettingsError: the configuration names what the database does not have.
        BrokeOffError: the guide's table, or a column that is needed, is not there either.
    """
    names = settings.names
    if about.columns is None:
        if "table" in names.given:
            raise mistake(settings, "table", names.table, "no table", about.tables)
        raise BrokeOffError(_missing(f"no table {names.table}", "table", names.table, about.tables))
    for guide_name in GUIDE_COLUMNS:
        column, name = names.column(guide_name), f"columns.{guide_name}"
        if not column or column in about.columns:
            continue
        if name in names.given:
            thing = f"no column of {names.table}"
            raise mistake(settings, name, column, thing, about.columns)
        if guide_name in NEEDED:
            thing = f"no column {column} in {names.table}"
            raise BrokeOffError(_missing(thing, name, column, about.columns))
    absent = {one: "" for one in GUIDE_COLUMNS if names.column(one) not in about.columns}
    if about.times is not None:
        absent |= {one: "" for one in TIMES if names.column(one) not in about.times}
    return msgspec.structs.replace(names, columns={**names.columns, **absent})


def _missing(thing: str, setting: str, wanted: str, there: tuple[str, ...]) -> Unseen:
    nearest = ", ".join(nearest_first(wanted, there)[:SHOWN])
    return Unseen(
        why=Why.NOT_CONFIGURED,
        what=f"There is {thing}, so that nothing can be compared.",
        remedy=f"Set {setting_of(setting)}." + (f" There is {nearest}." if nearest else ""),
        dependency="PostgreSQL",
    )
