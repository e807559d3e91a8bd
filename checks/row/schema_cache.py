"""Whether PostgREST knows the table and the columns that are there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.checks.row.schema import column_named_in_log, lacking
from backup_doctor.checks.row.view import WRITTEN, api_text, table_of
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.findings import Risk
from backup_doctor.evidence.log import NOT_SAID
from backup_doctor.evidence.row import RowEvidence
from backup_doctor.judge.framework import Found, Resolved, Rules
from backup_doctor.judge.history import (
    BOTH_WRITES,
    database_then,
    fallback_call,
    function_told,
    proved_where_open,
    table_beside,
    weigh,
)
from backup_doctor.judge.history.calls import answers_told
from backup_doctor.judge.history.since import data_api_answers
from backup_doctor.judge.show import exhibit, log_lines, manual, sql
from backup_doctor.judge.traits import Trait
from backup_doctor.services.meaning import coded_answer, database_meaning

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix


rules = Rules[RowEvidence]()

RELOAD = sql("Reload the schema cache", "NOTIFY pgrst, 'reload schema';", Risk.LOW)
_LOOKED_FOR = re.compile(r"find the table '([^'.]+)\.([^'.]+)' in the schema cache")


@rules.cause(
    "row/schema-cache-stale",
    breaks=BOTH_WRITES,
    traits=(
        Trait.AFTER_KEY,
        Trait.OF_TABLE,
        Trait.HIDES_ROW,
        Trait.FAILS_LOOK_UP,
        Trait.NAMED_BY_STEP,
    ),
)
def schema_cache_stale(seen: RowEvidence, case: Case) -> Found | None:
    """PostgREST does not know a table or column that exists.

    Detected: the Data API answers PGRST205 or PGRST204 (now, or in the log), and the catalogue has
    the table and its columns; or a row that is older than the failure is read from that table.
    Cause: the table or column was made after PostgREST last read the schema, and the reload that
    usually follows did not happen; or it looks in another schema, as the table's own is not exposed.
    Fix: `NOTIFY pgrst, 'reload schema';`, or expose the schema.
    By hand: ask the Data API for the row and compare with the catalogue.
    Source: PostgREST, schema cache.
    """
    known, named = table_of(seen), column_named_in_log(case)
    if known is None and not _is_shown_by_a_row(seen, case, named):
        return None
    if known and not seen.has_good and lacking(known, case, WRITTEN):
        return None
    gone = known is not None and named is not None and known.column(named) is None
    if gone or table_beside(case, "row/schema-cache-stale"):
        return None
    api = None if isinstance(seen.api, Unseen) else seen.api
    now = True if api and "row/schema-cache-stale" in coded_answer(api.code).means else None
    then = database_then(case, "row/schema-cache-stale")
    if _says_unknown(case):
        # The message is PGRST204 or PGRST205 and the thing exists: that is what stale means.
        then = proved_where_open(then)
    weight = weigh(then, now=now, case=case)
    if weight is None:
        return None
    elsewhere = _schema_asked(case)
    told = named if not weight.holds else None
    # The doctor's own look-up does not ask for a column that was missed.
    knows = data_api_answers(case) and not named
    resolved = Resolved(by="the Data API knows the table") if knows else None
    over = weight.is_over(resolved)
    return weight.found(
        f"The Data API looks for {case.names.table_name} in the schema {elsewhere}: it does not serve "
        f"{case.names.schema} first, or at all."
        if elsewhere
        else f"PostgREST did not know the column {told}, which the table has now: its schema cache was stale, "
        "or the column was added since."
        if told
        else f"PostgREST's schema cache {'was' if over else 'is'} stale: it {'did' if over else 'does'} not "
        "know what the database has.",
        (
            *log_lines(case, "answer to the update", fallback_call(case)),
            exhibit("Data API now", api_text(seen), "Data API", None),
        ),
        (_expose(case, elsewhere) if elsewhere else RELOAD,),
        resolved=resolved,
    )


def _schema_asked(case: Case) -> str | None:
    """The other schema in which the Data API looked for the very table; None where it did in its own."""
    own = case.names.schema
    return next((schema for schema in _schemas_asked(case) if schema != own), None)


def _schemas_asked(case: Case) -> list[str]:
    """Where the Data API looked for the very table and did not find it, by the log."""
    look_up = case.log.lookup_call if case.log else NOT_SAID
    texts = (look_up.body, fallback_call(case).body, function_told(case))
    named = (found for one in texts for found in _LOOKED_FOR.findall(one))
    return [schema for schema, name in named if name == case.names.table_name]


def _is_shown_by_a_row(seen: RowEvidence, case: Case, column: str | None) -> bool:
    """Whether a row, where there is no catalogue, shows that what was not known is there."""
    if column:
        return seen.newest is not None and column in seen.newest.values
    return case.backup is not None and case.names.schema in _schemas_asked(case)


def _expose(case: Case, instead: str) -> Fix:
    return manual(
        f"Let the Data API serve the schema {case.names.schema}",
        f"Add {case.names.schema} to the exposed schemas (Supabase Dashboard → Settings → Data API), before "
        f"{instead}; or let the pipeline name it in the header Accept-Profile (Content-Profile for a "
        "write).",
    )


def _says_unknown(case: Case) -> bool:
    """Whether PostgREST itself said in the log that it does not know the thing; a 404 may be anyone's."""
    return any("row/schema-cache-stale" in database_meaning(text) for text in answers_told(case))
