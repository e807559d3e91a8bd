"""What the rules of this step share: the row and its table as evidence."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.log import Outcome
from backup_doctor.evidence.row import RowEvidence, Table
from backup_doctor.judge.history import (
    fallback_call,
    function_call,
    function_told,
    row_age,
    stopped_at_look_up,
)
from backup_doctor.judge.show import duration

if TYPE_CHECKING:
    from collections.abc import Collection

    from backup_doctor.evidence.case import Case

A_MINUTE = timedelta(minutes=1)
WRITTEN = ("s3_key", "status", "size_bytes", "finished_at")
SOMETIMES_WRITTEN = ("error_text", "workflow_run_id")
# The database's own first: what a function says of it stands around it.
# In JSON, and as node prints an object.
_MESSAGES = tuple(
    re.compile(rf'"{name}"\s*:\s*"((?:[^"\\\n]|\\")+)"' rf"|\b{name}: '([^'\n]+)'")
    for name in ("message", "error")
)
# SQLSTATEs of the Data API's own answer: of a statement of psql's they may be the statement's fault.
_OF_FUNCTION = re.compile(
    r"\bcode\\?[\"']?\s*:\s*\\?[\"'](?:220(?:04|12|23)|2203\w|2F\w{3}|38\w{3}|39\w{3}|54\d{3}|P000[2-4]"
    r"|21000(?!.{0,60}requires a WHERE)|42(?:601|702|704|725|804|846|883))\\?[\"']",
    re.DOTALL,
)
_OF_RULE = re.compile(
    r"cannot perform (?:UPDATE|INSERT) RETURNING on relation"
    r"|rules are not supported for data-modifying statements in WITH"
)
_ESCAPED, _QUOTE = '\\"', '"'


def both_told(case: Case) -> str:
    """What both updates were answered, by the log, or the look-up if the update went no further."""
    if case.log and stopped_at_look_up(case):
        return case.log.lookup_call.body
    return f"{function_told(case)}\n{fallback_call(case).body}"


def message_told(case: Case, links: Collection[Link]) -> str:
    """The database's own message in what refused the updates at these links, after a colon; or empty."""
    refused = {
        Link.FUNCTION_UPDATES: (function_call(case), function_told(case)),
        Link.FALLBACK_UPDATES: (fallback_call(case), fallback_call(case).body),
    }
    # What an update that worked shows is the row, whose columns may be called so.
    told = "\n".join(
        text
        for link, (call, text) in refused.items()
        if link in links and call.outcome is not Outcome.OK
    )
    said = next((found for one in _MESSAGES if (found := one.search(told))), None)
    return f": {(said[1] or said[2]).replace(_ESCAPED, _QUOTE)}" if said else ""


def told_of_function(case: Case) -> bool:
    """Whether the Data API passes on an error that a plain update meets in the body of a function alone."""
    return _OF_FUNCTION.search(both_told(case)) is not None


def told_of_rule(case: Case) -> bool:
    """Whether PostgreSQL says that a rewrite rule is what it cannot do the Data API's update with."""
    return _OF_RULE.search(both_told(case)) is not None


def for_how_long(case: Case) -> str:
    """For how long the row has been as it is, as the end of a sentence; a time to come is said."""
    age = row_age(case)
    if age is None:
        return "."
    if age < -A_MINUTE:
        created = case.names.column("created_at")
        return f". Its {created} lies {duration(-age)} in the future."
    return f" for {duration(age)}."


def where(seen: RowEvidence) -> str:
    """The route as the source of evidence."""
    return f"database, by {seen.route}" if seen.route else "database"


def table_of(seen: RowEvidence) -> Table | None:
    """The table, where the catalogue could be seen and has it."""
    return seen.table if isinstance(seen.table, Table) else None


def where_else(case: Case) -> str:
    """Where another table that an update meets stands: beside the pipeline's, or within or behind it."""
    known, ours = table_of(case.row) if case.row else None, case.names.table
    if known is not None and known.kind == "view":
        return f"behind the view {ours}, or written beside it"
    if known is not None and known.kind == "partitioned table":
        return f"a partition of {ours}, or written beside it"
    return f"written beside {ours}"


def api_text(seen: RowEvidence) -> str:
    """What the Data API answers now, in one line."""
    if isinstance(seen.api, Unseen):
        return seen.api.what
    return f"HTTP {seen.api.status} {seen.api.code or ''} {seen.api.message}".strip()
