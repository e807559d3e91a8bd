"""Writing by the Data API: one UPDATE, of one row, with all that was seen as its filters.

PostgREST runs it in a transaction of its own, so that what a transaction by SQL checks within it is
asked just before: whether another row has the object's key. A new row is never inserted that way.
Source: PostgREST, "Prefer Header" (handling, max-affected) and "Horizontal Filtering".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from backup_doctor.collect.clients.data_api import PAGE_ROWS, DataApi
from backup_doctor.collect.clients.key_role import SERVICE_ROLE
from backup_doctor.collect.clients.postgrest_answer import NAME
from backup_doctor.collect.clients.postgrest_query import quoted
from backup_doctor.collect.database.rows import read_row
from backup_doctor.collect.deadline import Deadline
from backup_doctor.collect.row.key_owners import TOO_MANY, names_key
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.object_keys import basename
from backup_doctor.report.compose.results import sentence
from backup_doctor.run.fix.ending import Ending, Written
from backup_doctor.run.fix.outcome import is_announced_row
from backup_doctor.run.fix.rows import as_text
from backup_doctor.run.fix.transaction import MOVED_ON, OTHERWISE

if TYPE_CHECKING:
    from backup_doctor.collect.clients.answer import Answer
    from backup_doctor.evidence.case import Names
    from backup_doctor.run.fix.plan import Plan
    from backup_doctor.settings.model import Settings

WRITE_LIMIT_S = 25.0
STRICT = "return=representation, handling=strict, max-affected=1"
# "Invalid preferences given with handling=strict": a PostgREST before 12.2.
TOO_OLD = "PGRST122"
REFUSALS = range(400, 500)
SQL_NEEDED = "Paste the SQL, or set SUPABASE_DB_URL (or SUPABASE_ACCESS_TOKEN)."
# What this way cannot prove, for the person who is asked.
NOT_PROVED = (
    "The Data API cannot show whether triggers or rules will act on the change, and another row that "
    "takes the same file in the same moment is not kept out."
)


def unable(settings: Settings, plan: Plan) -> str | None:
    """Why this plan cannot be written by the Data API; None where it can be."""
    if plan.inserts:
        return f"A new row is not inserted by the Data API. {SQL_NEEDED}"
    uncomparable = [name for name, value in plan.guard.items() if isinstance(value, dict | list)]
    if uncomparable:
        return f"The Data API cannot compare {', '.join(uncomparable)}. {SQL_NEEDED}"
    role = DataApi(settings, Deadline(0.0)).role
    if plan.takes is not None and role != SERVICE_ROLE:
        return (
            f"Which rows name the file cannot be seen with a key of the role {role or 'unknown'}. "
            f"{SQL_NEEDED}"
        )
    return None


def by_data_api(settings: Settings, plan: Plan) -> Written:
    """Change the row, if it is as it was seen and no other row has its object's key."""
    reason = unable(settings, plan)
    if reason is not None:
        return Written(ending=Ending.NOT_BEGUN, reason=reason)
    api = _WritingDataApi(settings, Deadline(WRITE_LIMIT_S))
    return _taken(api, settings.names, plan) or api.update(plan)


class _WritingDataApi(DataApi):
    """The Data API with the one request that writes."""

    def update(self, plan: Plan) -> Written:
        answer = self._http.call(
            "PATCH",
            f"rest/v1/{quote(self._names.table_name, safe='')}",
            params=_filters(plan),
            json={one.column: _json(one.new) for one in plan.differences},
            headers={"Prefer": STRICT, **self._profile()},
        )
        if isinstance(answer, Unseen):
            lost = answer.why in (Why.TIMED_OUT, Why.GARBLED)
            ending = Ending.UNKNOWN if lost else Ending.NOT_BEGUN
            return Written(ending=ending, reason=sentence(answer))
        return self._written(answer, plan)

    def _profile(self) -> dict[str, str]:
        """The schema, where the look-up named it too: else it is the one that the API puts first."""
        schema = self._names.schema
        return {} if schema == "public" else {"Content-Profile": schema}

    def _written(self, answer: Answer, plan: Plan) -> Written:
        rows = answer.json()
        if answer.status == 200 and isinstance(rows, list):  # noqa: PLR2004 -- HTTP
            return _of_rows(rows, plan)
        refused = self._read(answer)
        if refused.code == TOO_OLD:
            reason = f"The project's PostgREST cannot limit a change to one row. {SQL_NEEDED}"
            return Written(ending=Ending.NOT_BEGUN, reason=reason)
        said = f"{NAME} answered HTTP {refused.status}: {refused.message.rstrip('.')}."
        if not refused.gateway:
            return Written(ending=Ending.ROLLED_BACK, reason=f"{said} ({refused.code})")
        # A gateway that refuses passes nothing on; of one that fails nobody knows.
        ending = Ending.NOT_BEGUN if refused.status in REFUSALS else Ending.UNKNOWN
        return Written(ending=ending, reason=said)


def _of_rows(rows: list[Any], plan: Plan) -> Written:
    if not rows:
        reason = f"{MOVED_ON[0].upper()}{MOVED_ON[1:]}."
        return Written(ending=Ending.ROLLED_BACK, reason=reason, otherwise=True)
    row = rows[0] if isinstance(rows[0], dict) else {}
    if is_announced_row(row, plan):
        return Written(ending=Ending.COMMITTED)
    reason = f"It was changed, but {OTHERWISE}: something in the database acted on the change."
    return Written(ending=Ending.COMMITTED, reason=reason, otherwise=True, became=row)


def _taken(api: DataApi, names: Names, plan: Plan) -> Written | None:
    """Why the file must not be taken: another row has it by now, or that could not be seen."""
    if plan.takes is None:
        return None
    file = basename(plan.takes)
    for spelled in dict.fromkeys((file, quote(file))):
        page = api.containing("s3_key", spelled)
        if isinstance(page, Unseen):
            return Written(ending=Ending.NOT_BEGUN, reason=sentence(page))
        if len(page) >= PAGE_ROWS:
            return Written(ending=Ending.NOT_BEGUN, reason=TOO_MANY.what)
        rows = (read_row(values, names) for values in page)
        if any(one.id != plan.key[1] and names_key(one, plan.takes, plan.bucket) for one in rows):
            reason = "Another row names this file by now."
            return Written(ending=Ending.NOT_BEGUN, reason=reason, otherwise=True)
    return None


def _filters(plan: Plan) -> dict[str, str]:
    """The row's id, and every column that was seen, with the value that it must still have."""
    column, value = plan.key
    seen = {**{one.column: one.old for one in plan.differences if one.known}, **plan.guard}
    filters = {quoted(name): _is(old) for name, old in seen.items()}
    return {**filters, quoted(column): f"eq.{value}"}


def _is(value: Any) -> str:  # noqa: ANN401 -- a column's JSON value
    return "is.null" if value is None else f"eq.{as_text(value)}"


def _json(value: Any) -> Any:  # noqa: ANN401 -- a column's new value
    return value if value is None or isinstance(value, int) else as_text(value)
