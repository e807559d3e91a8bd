"""The update step's look-up of the backup's id, which found nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from backup_doctor.checks.workflow.other_ways import how
from backup_doctor.checks.workflow.told import quoted_answer, told_fixes
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.log import Outcome
from backup_doctor.evidence.rls import Proof
from backup_doctor.evidence.workflow import WorkflowEvidence
from backup_doctor.judge.advice import set_on_github
from backup_doctor.judge.commands import gh_log
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.history import RowState, row_state, stopped_at_look_up, update_ran
from backup_doctor.judge.history.calls import NO_ROWS
from backup_doctor.judge.history.record import CLOCKS
from backup_doctor.judge.history.secret_names import called
from backup_doctor.judge.show import duration, exhibit, log_lines, manual
from backup_doctor.judge.traits import Trait
from backup_doctor.services.errors import decide
from backup_doctor.services.meaning import database_meaning
from backup_doctor.services.secret_uses import Use

if TYPE_CHECKING:
    from datetime import timedelta

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix
    from backup_doctor.evidence.log import Call

rules = Rules[WorkflowEvidence]()

OF_DUMPS = "postgres/"
BELOW = ("secrets/*", "function/*", "row/*", "rls/*")
SEE_ROW = manual(
    "See whether the row is there, and whether the step's key may read it",
    "Select the row by its dispatch_id, then repeat the step's own look-up with the service-role key.",
)


class EmptyLookUp(NamedTuple):
    """Why the look-up found nothing, in a sentence, and what to do."""

    said: str = ""
    fixes: tuple[Fix, ...] = (SEE_ROW,)


@rules.cause(
    "workflow/backup-id-not-found",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=BELOW,
    traits=(Trait.OF_ONE_RUN,),
)
def backup_id_not_found(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The update step found no backup id for its dispatch.

    Detected: "Could not find backup_id" (or the like) in the log.
    Cause: there is no such row, or it was inserted after the look-up; or the look-up itself was
    refused (a wrong key, no grant, a hidden row), or was made in another project. The row check
    decides which.
    Fix: that of the cause.
    By hand: the log of the update step.
    Source: guide, step 1.
    """
    log = case.log
    if log is None or row_state(case) is RowState.RIGHT:
        return None
    line, call = log.backup_id_not_found, log.lookup_call
    if not line and not (stopped_at_look_up(case) and _is_its_own(call)):
        return None
    who, why = "The update step" if update_ran(case) else "A step", _why(seen, case)
    told = decide(call.body.splitlines())
    if told and told.error.id.startswith(OF_DUMPS) and database_meaning(call.body):
        told = None  # A dump's statement timeout is another matter than a look-up's.
    return Found(
        summary=f"{who} found no backup id for this dispatch.{why.said}"
        if line
        else f"The look-up of the backup's id failed{how(call)}{quoted_answer(call)}.",
        evidence=(
            *((exhibit("line", line, "workflow log", gh_log(case)),) if line else ()),
            *log_lines(case, "answer to the look-up", call),
        ),
        fixes=told_fixes(told) if told else why.fixes,
        by_log=True,
    )


def _is_its_own(call: Call) -> bool:
    """Whether an answer is the look-up's: without a status, and none of the database's, it may be another's."""
    return bool(call.status or database_meaning(call.body) or call.outcome is not Outcome.REFUSED)


def _why(seen: WorkflowEvidence, case: Case) -> EmptyLookUp:
    late = _inserted_after(seen, case)
    if late is not None:
        return EmptyLookUp(
            f" The row was inserted {duration(late)} after that step had ended.",
            (
                manual(
                    "Insert the row before the workflow is dispatched",
                    "Let the app wait until its insert is committed, and dispatch the workflow then.",
                ),
            ),
        )
    if case.backup is None or not _found_no_rows(case):
        return EmptyLookUp()
    if _is_of_another_project(case):
        return EmptyLookUp(
            " The database has the row, and the Data API that the doctor was given does not: the doctor's "
            "URL and key are of another project than the database, and so may be GitHub's.",
            (
                set_on_github(case, Use.URL, "that of the project in which the row is"),
                set_on_github(case, Use.SERVICE_KEY, "that project's key"),
            ),
        )
    if _shown_to_doctor(case):
        url, key = called(case, Use.URL), called(case, Use.SERVICE_KEY)
        return EmptyLookUp(
            " Its key was accepted, but the answer held no row: the step may have asked for another id, its URL "
            "and key may be of another project, or the row was not committed yet.",
            (
                manual(
                    f"See which id the step looks up, and whether {url} and {key} are this project's",
                    "Repeat the step's own look-up with the id that it prints. If URL and key are another "
                    "project's, set both on GitHub again: the doctor's own copies show the row.",
                ),
            ),
        )
    return EmptyLookUp()


def _inserted_after(seen: WorkflowEvidence, case: Case) -> timedelta | None:
    """How long after the update step the row was inserted, where it was."""
    ended = seen.update_step.completed_at if seen.update_step else None
    created = case.backup.created_at if case.backup else None
    if ended is None or created is None or created <= ended + CLOCKS:
        return None
    return created - ended


def _found_no_rows(case: Case) -> bool:
    """Whether the look-up was answered, and with no row."""
    call = case.log.lookup_call if case.log else None
    if call is None or call.outcome is not Outcome.OK:
        return False
    return call.rows == 0 or call.body.strip() in NO_ROWS


def _rows_shown(case: Case) -> int | None:
    """How many rows the Data API shows to the doctor's own copy of the key."""
    api = case.row.api if case.row else None
    return None if api is None or isinstance(api, Unseen) else api.rows


def _shown_to_doctor(case: Case) -> bool:
    return bool(_rows_shown(case))


def _is_of_another_project(case: Case) -> bool:
    """Whether PostgreSQL lets the writing role see the row, and the Data API does not have it."""
    proof = case.rls.proof if case.rls else None
    return _rows_shown(case) == 0 and isinstance(proof, Proof) and proof.row_visible is True
