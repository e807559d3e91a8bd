"""The update step's call of the edge function: the guide's own list of errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.workflow.empty_values import (
    empty_value,
    empty_variables,
    said_empty,
    send_it,
)
from backup_doctor.checks.workflow.look_up import BELOW
from backup_doctor.checks.workflow.other_ways import how
from backup_doctor.checks.workflow.update_fixes import CHECK_METHOD, find_out
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Role, Severity
from backup_doctor.evidence.workflow import WorkflowEvidence
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.history import (
    BOTH_WRITES,
    another_row_succeeded,
    fallback_call,
    function_call,
)
from backup_doctor.judge.history.calls import FAILED
from backup_doctor.judge.show import log_lines
from backup_doctor.judge.traits import Trait
from backup_doctor.services.meaning import NOT_ALLOWED

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix
    from backup_doctor.evidence.log import Call

rules = Rules[WorkflowEvidence]()


@rules.cause(
    "workflow/edge-call-failed",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=(*BELOW, "workflow/backup-id-not-found", "workflow/fallback-failed"),
    traits=(Trait.GENERAL, Trait.OF_ONE_RUN),
)
def edge_call_failed(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The update step's call of the edge function failed.

    Detected: "Edge function call failed (HTTP …)" or the like in the log.
    Cause: 401: the key or the JWT check; 404: not deployed, or the function's own; 5xx: the function
    or what lies below it. This code is a cause only if nothing tells which.
    Fix: that of the cause; what would settle it is said in the report.
    By hand: the log of the update step.
    Source: guide, step 1.
    """
    call = function_call(case)
    if call.outcome not in FAILED:
        return None
    sent = empty_value(call)
    # Another way got through, to the other row.
    reached = another_row_succeeded(case)
    return Found(
        summary=f"The call of {case.names.function} failed{how(call)}.{said_empty(case, sent)}",
        evidence=(*log_lines(case, "log", call), *empty_variables(case, sent)),
        fixes=(send_it(case, sent),) if sent else _by_answer(case, call),
        by_log=True,
        breaks=_breaks(case, sent=bool(sent)),
        role=Role.SYMPTOM if reached else None,
        severity=Severity.WARN if reached else None,
    )


def _by_answer(case: Case, call: Call) -> tuple[Fix, ...]:
    """What a bare status asks for; else what would settle the cause, where that was not asked yet."""
    if call.status == NOT_ALLOWED:
        return (CHECK_METHOD,)
    function = case.function
    if function is not None and function.key_sent and not isinstance(function.record, Unseen):
        return ()
    ask_more = find_out(
        case,
        "function",
        "Configure SUPABASE_ACCESS_TOKEN and BACKUP_API_KEY for the doctor: the platform's "
        "record of the function tells a refusal of the gateway from one of the function.",
    )
    return (ask_more,)


def _breaks(case: Case, *, sent: bool) -> tuple[Link, ...] | None:
    """None where the other row was reached; both updates where both sent an empty value: one cause."""
    if another_row_succeeded(case):
        return ()
    return BOTH_WRITES if sent and empty_value(fallback_call(case)) else None
