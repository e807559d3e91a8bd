"""Whether what was not seen is not there: the row, and its table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.evidence.base import Shown, Unseen, Why
from backup_doctor.evidence.log import Outcome
from backup_doctor.evidence.row import ApiAnswer, Route
from backup_doctor.evidence.workflow import FoundBy, WorkflowFile
from backup_doctor.judge.history.beside import schema_beside, table_beside
from backup_doctor.judge.history.calls import (
    answers_told,
    fallback_call,
    look_up_found,
)
from backup_doctor.judge.history.then import database_then

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.row import RowEvidence

NOT_SHOWN = Unseen(
    why=Why.NOT_ASKED,
    what="No row was found, and nothing shows that one would have been seen.",
    remedy="Set SUPABASE_DB_URL (or SUPABASE_ACCESS_TOKEN).",
    dependency="PostgreSQL",
)
CHECK_DATABASE = (
    "Check that SUPABASE_DB_URL, SUPABASE_URL, SUPABASE_PROJECT_REF and table are the pipeline's."
)


def absence_of_row(seen: RowEvidence, case: Case) -> Shown | Unseen | None:
    """Whether no row has this id; None where one was found, or could not be looked for.

    What the run itself found in the pipeline's database outranks what is not in the doctor's.
    """
    if case.is_preflight or seen.rows != ():
        return None
    if run_found_row(case):
        return _elsewhere("The run's own look-up found this row, and the doctor does not: ")
    api = seen.api if isinstance(seen.api, ApiAnswer) else None
    if seen.route is not Route.REST and api and api.rows:
        return _elsewhere(
            "The Data API finds this row, and the database that SQL reaches does not: "
        )
    return seen.absent or NOT_SHOWN


def _elsewhere(begin: str) -> Unseen:
    return Unseen(
        why=Why.NOT_FOUND,
        what=f"{begin}the doctor looks at another database, or the row was deleted since.",
        remedy=CHECK_DATABASE,
        dependency="PostgreSQL",
    )


def run_found_row(case: Case) -> bool:
    """Whether the run's own log shows that the pipeline found the row, or changed it."""
    log, workflow = case.log, case.workflow
    if log is None or workflow is None or workflow.found_by is FoundBy.ONLY_CANDIDATE:
        return False
    fallback = log.fallback_call
    return look_up_found(case) or (fallback.outcome is Outcome.OK and bool(fallback.rows))


def absence_of_table(seen: RowEvidence, case: Case) -> Shown | Unseen | None:
    """Whether the pipeline's table is missing; None where it is there, or the catalogue unseen.

    A table that is not in the doctor's database may have another name: it is the pipeline's only if
    the run says so.
    """
    said = True in database_then(case, "row/table-missing").values()
    if said or table_beside(case, "row/table-missing") or schema_beside(case):
        return Shown(by="The run's log has the database's own answer.")
    if seen.table is not None:
        return None
    if run_found_row(case):
        return _elsewhere(f"The run found its row, and there is no table {case.names.table} here: ")
    named = next(_namings(case), None)
    if named:
        return Shown(by=f"{named} names the table {case.names.table_name}.")
    return seen.rows if isinstance(seen.rows, Unseen) else NOT_SHOWN


def run_names_table(case: Case) -> bool:
    """Whether the run, its log or its workflow speaks of the table by this name."""
    return next(_namings(case), None) is not None


def _namings(case: Case) -> Iterator[str]:
    """Who says that the pipeline uses a table of this name."""
    workflow = case.workflow
    step = workflow.update_step if workflow else None
    file = workflow.file if workflow else None
    written = file.update_step if isinstance(file, WorkflowFile) else None
    told = {
        "The run's log": log_texts(case),
        "The update step": f"{step.name if step else ''}\n{written.name if written else ''}",
        "The update step's script": written.script if written else "",
    }
    # A table that is called as the folder of the bucket is not named by every key.
    name = re.compile(rf"(?:rest/v1/|(?<![\w/-])){re.escape(case.names.table_name)}(?![\w/-])")
    yield from (who for who, text in told.items() if name.search(text))


def log_texts(case: Case) -> str:
    """What the run's log shows of its calls to the database, and of their answers."""
    log = case.log
    if log is None:
        return ""
    lines = (*log.update_excerpt, *fallback_call(case).lines, *log.lookup_call.lines)
    return "\n".join((*lines, *answers_told(case)))
