"""Names that somebody configured and that the database does not have: mistakes of the configuration.

They say nothing of a backup, so no report is made of them. A name that the run itself uses is none:
there the database lacks what the pipeline needs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.base.names_alike import nearest_first
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.columns import GUIDE_COLUMNS
from backup_doctor.evidence.row import ApiAnswer, Table
from backup_doctor.judge.history import absence_of_table, run_names_table
from backup_doctor.judge.history.absence import log_texts
from backup_doctor.services.meaning import coded_answer
from backup_doctor.settings.errors import SettingsError, shown, where_to_set
from backup_doctor.settings.table import BY_NAME

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.row import RowEvidence
    from backup_doctor.settings.model import Settings

NAMES_SHOWN = 8
UNKNOWN_COLUMN = "42703"
HINTED_TABLE = re.compile(r"'([^']+)'")


def refuse_mistaken_names(case: Case, settings: Settings) -> None:
    """Raise where a configured table, column or role is not there.

    Raises:
        SettingsError: the message names the setting, where it was set, and what is there instead.
    """
    seen = case.row
    if seen is None:
        return
    given = case.names.given
    if "table" in given and _lacks_table(seen, case):
        raise mistake(settings, "table", case.names.table, "no table", _tables(seen))
    for name in GUIDE_COLUMNS:
        column = case.names.columns.get(name)
        if f"columns.{name}" in given and column and _lacks_column(seen, case, column):
            thing = f"no column of {case.names.table}"
            raise mistake(settings, f"columns.{name}", column, thing, seen.columns)
    role = settings.writer_role
    if "writer_role" in given and _lacks_role(seen, role):
        roles = () if isinstance(seen.server, Unseen) else seen.server.other_roles
        raise mistake(settings, "writer_role", role, "no role", roles)


def _lacks_table(seen: RowEvidence, case: Case) -> bool:
    unknown_to_api = (
        isinstance(seen.api, ApiAnswer) and "row/table-missing" in coded_answer(seen.api.code).means
    )
    gone = unknown_to_api if isinstance(seen.table, Unseen) else seen.table is None
    return (
        gone
        and not run_names_table(case)
        and isinstance(absence_of_table(seen, case), Unseen | None)
    )


def _tables(seen: RowEvidence) -> tuple[str, ...]:
    """The tables that are most like it; by the Data API, the one that it would have meant."""
    if isinstance(seen.server, Unseen):
        hint = seen.api.hint if isinstance(seen.api, ApiAnswer) else ""
        return tuple(HINTED_TABLE.findall(hint))
    return seen.server.similar_tables


def _lacks_column(seen: RowEvidence, case: Case, column: str) -> bool:
    lacks = column not in seen.columns if seen.columns else _is_refused(seen, column)
    if not lacks:
        return False
    return re.search(rf"(?<!\w){re.escape(column)}(?!\w)", log_texts(case)) is None


def _is_refused(seen: RowEvidence, column: str) -> bool:
    """Whether PostgreSQL itself said that there is no such column, where no row shows which there are."""
    api, rows = seen.api, seen.rows
    answers = (
        (api.code, api.message) if isinstance(api, ApiAnswer) else None,
        (rows.code, rows.what) if isinstance(rows, Unseen) else None,
    )
    return any(answer[0] == UNKNOWN_COLUMN and column in answer[1] for answer in answers if answer)


def _lacks_role(seen: RowEvidence, role: str) -> bool:
    grants = seen.table.grants_of(role) if isinstance(seen.table, Table) else None
    return grants is not None and not grants.exists


def mistake(
    settings: Settings, name: str, value: str, thing: str, there: tuple[str, ...]
) -> SettingsError:
    """One message: the setting and its place, what is there instead, where to set it, an example."""
    setting = BY_NAME[name]
    nearest = nearest_first(value, there)[:NAMES_SHOWN]
    instead = f" There is {', '.join(nearest)}." if nearest else ""
    example = nearest[0] if nearest else setting.example
    return SettingsError(
        f"{settings.origins.get(name, name)} names {thing} of the database that the doctor asks: "
        f"{shown(value)}.{instead}\n{where_to_set(setting)}\n"
        f"Example: {setting.usual_variables[0]}={example}"
    )
