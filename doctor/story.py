"""What happened to this backup: the facts that several rules and the diagnosis share.

Pure functions from the case. Two principles of the contract live here: what the run's own log says
outranks what a probe finds now, and a condition that began after the failure explains nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median
from typing import TYPE_CHECKING

from doctor.chain import Link
from doctor.evidence.base import Unseen
from doctor.evidence.function import FunctionRecord, HttpAnswer
from doctor.evidence.log import NOT_SAID, Call, Outcome, Shown
from doctor.evidence.workflow import Job, Run
from doctor.framework import Found
from doctor.model import Exhibit, Fix, Role, Severity
from doctor.signatures import Meaning, fallback_meaning, function_meaning, gateway_meaning

if TYPE_CHECKING:
    from collections.abc import Iterable

    from doctor.case import Case

BOTH_WRITES = (Link.FUNCTION_UPDATES, Link.FALLBACK_UPDATES)
QUEUE_LIMIT = timedelta(minutes=15)
DISPATCH_GRACE = timedelta(minutes=1)
USUAL_FACTOR = 3
UNAUTHORIZED = 401
API_KEY = "BACKUP_API_KEY"
SERVICE_KEYS = ("SUPABASE_SERVICE_ROLE_KEY", "VITE_SUPABASE_SERVICE_ROLE_KEY")
SERVICE_URLS = ("SUPABASE_URL", "VITE_SUPABASE_URL")


class RowState(StrEnum):
    """What the row says, in the pipeline's terms."""

    UNSEEN = "unseen"
    ABSENT = "absent"
    IN_PROGRESS = "in progress"
    RIGHT = "right"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    OTHER = "other"


def row_state(case: Case) -> RowState:
    """What the newest row says."""
    if case.row is None:
        return RowState.UNSEEN
    if case.row.table is None and case.row.rows != () and not case.row.newest:
        return RowState.ABSENT
    if isinstance(case.row.rows, Unseen):
        return RowState.UNSEEN
    row = case.row.newest
    if row is None:
        return RowState.ABSENT
    by_status = {
        case.names.in_progress: RowState.IN_PROGRESS,
        case.names.failed: RowState.FAILED,
        case.names.success: RowState.RIGHT,
    }
    state = by_status.get(row.status or "", RowState.OTHER)
    if state is RowState.RIGHT and missing_columns(case):
        return RowState.INCOMPLETE
    return state


def missing_columns(case: Case) -> tuple[str, ...]:
    """The guide's columns that a finished row must have and this one has not."""
    row = case.backup
    if row is None:
        return ()
    wanted = {"s3_key": row.s3_key, "size_bytes": row.size_bytes, "finished_at": row.finished_at}
    return tuple(name for name, value in wanted.items() if value is None or value == "")


def row_age(case: Case) -> timedelta | None:
    """How old the row is."""
    row = case.backup
    return case.now - row.created_at if row and row.created_at else None


class Progress(StrEnum):
    """Whether the backup is still being made: the job with the update step counts, never the run."""

    OVER = "over"
    GOING = "going"
    OVERDUE = "overdue"
    NOT_STARTED = "not started"
    UNSEEN = "unseen"


def progress(case: Case) -> Progress:
    """How far the job that holds the update step is."""
    workflow = case.workflow
    if workflow is None or isinstance(workflow.run, Unseen):
        return Progress.UNSEEN
    if workflow.run is None:
        age = row_age(case)
        return Progress.GOING if age is not None and age < DISPATCH_GRACE else Progress.OVER
    if workflow.job is None:
        return _run_progress(case, workflow.run)
    return _job_progress(case, workflow.job)


def _run_progress(case: Case, run: Run) -> Progress:
    if run.status == "completed":
        return Progress.OVER
    return _waiting(case, run.created_at)


def _job_progress(case: Case, job: Job) -> Progress:
    if job.status == "completed":
        return Progress.OVER
    if job.started_at is None or job.status in ("queued", "waiting", "pending", "requested"):
        return _waiting(case, job.created_at or job.started_at)
    late = case.now - job.started_at > timedelta(seconds=usual_s(case))
    return Progress.OVERDUE if late else Progress.GOING


def _waiting(case: Case, since: datetime | None) -> Progress:
    if since is None:
        return Progress.GOING
    return Progress.NOT_STARTED if case.now - since > QUEUE_LIMIT else Progress.GOING


def usual_s(case: Case) -> float:
    """How long the job may take, in seconds: its own limit, else 3 × the usual, else stuck_after."""
    workflow = case.workflow
    file = workflow.file if workflow else None
    limit = None if file is None or isinstance(file, Unseen) else file.job_timeout_minutes
    if limit:
        return limit * 60
    if workflow and workflow.usual_s:
        return USUAL_FACTOR * median(workflow.usual_s)
    return case.names.stuck_after_s


def is_over(case: Case) -> bool:
    """Whether the backup is over or overdue, so that an unfinished row is a stuck one."""
    now = progress(case)
    if now is not Progress.UNSEEN:
        return now is not Progress.GOING
    age = row_age(case)
    return age is None or age > timedelta(seconds=case.names.stuck_after_s)


def failed_at(case: Case) -> datetime | None:
    """When the update failed, as closely as GitHub tells; else the row's creation."""
    workflow = case.workflow
    run = workflow.run if workflow and isinstance(workflow.run, Run) else None
    times = (
        workflow.update_step.completed_at if workflow and workflow.update_step else None,
        workflow.job.completed_at if workflow and workflow.job else None,
        run.updated_at if run and run.status == "completed" else None,
    )
    return next((time for time in times if time), None)


def began_after_failure(case: Case, since: datetime | None) -> bool:
    """Whether something that began at `since` is too late to explain this backup."""
    failed = failed_at(case)
    return since is not None and failed is not None and since > failed


def run_read_secrets_at(case: Case) -> datetime | None:
    """When GitHub handed the secrets to the run: when it was queued."""
    workflow = case.workflow
    run = workflow.run if workflow and isinstance(workflow.run, Run) else None
    return (run.started_at or run.created_at) if run else None


def update_ran(case: Case) -> bool | None:
    """Whether the update step was executed; None where that cannot be told."""
    workflow = case.workflow
    if workflow is None:
        return None
    if workflow.reading and workflow.reading.update_seen:
        return True
    step = workflow.update_step
    if step is not None and step.status == "completed":
        return step.conclusion != "skipped"
    if workflow.run is None:
        return False
    job = workflow.job
    if job is not None and job.status == "completed" and (job.steps or job.conclusion == "skipped"):
        return False if step is None or step.conclusion is None else None
    return None


def function_call(case: Case) -> Call:
    """The log's call of the function; `not-made` where the update did not run or had no key."""
    if update_ran(case) is False:
        return Call(outcome=Outcome.NOT_MADE)
    log = case.log
    if log is None:
        return NOT_SAID
    variable = log.variable(API_KEY)
    if log.function_call.outcome is Outcome.NOT_SAID and variable and variable.shown is Shown.EMPTY:
        return Call(outcome=Outcome.NOT_MADE)
    if log.function_call.outcome is Outcome.NOT_SAID and log.backup_id_not_found:
        return Call(outcome=Outcome.NOT_MADE)
    return log.function_call


def fallback_call(case: Case) -> Call:
    """The log's direct update; `not-made` where the update did not run or gave up before."""
    if update_ran(case) is False:
        return Call(outcome=Outcome.NOT_MADE)
    log = case.log
    if log is None:
        return NOT_SAID
    if log.fallback_call.outcome is Outcome.NOT_SAID and log.backup_id_not_found:
        return Call(outcome=Outcome.NOT_MADE)
    return log.fallback_call


def function_said(case: Case) -> Meaning:
    """What the log's answer of the function can mean."""
    return function_meaning(function_call(case))


def fallback_said(case: Case) -> Meaning:
    """What the log's answer to the direct update can mean."""
    return fallback_meaning(fallback_call(case))


@dataclass(frozen=True, kw_only=True)
class Weight:
    """What a condition is in this story, once the log and the present were held together.

    `remark` is what the summary adds where it is no cause.
    """

    breaks: tuple[Link, ...]
    role: Role
    severity: Severity
    healed: bool = False
    by_log: bool = False
    remark: str = " It does not explain this backup."

    @property
    def is_cause(self) -> bool:
        """Whether it explains this row."""
        return self.role is Role.CAUSE

    def found(
        self,
        summary: str,
        evidence: tuple[Exhibit, ...] = (),
        fixes: tuple[Fix, ...] = (),
        *,
        weak: bool = False,
    ) -> Found:
        """The finding: where it is healed, it says so, and nothing but the row is left to mend."""
        if self.healed:
            summary, fixes = (
                f"{summary} It failed then and works now: only the row is left to mend.",
                (),
            )
        elif not self.is_cause:
            summary = f"{summary}{self.remark}"
        return Found(
            summary=summary,
            evidence=evidence,
            fixes=fixes,
            breaks=self.breaks,
            severity=self.severity,
            role=self.role,
            by_log=self.by_log,
            healed=self.healed,
            weak=weak and not self.by_log,
        )


def weigh(
    then: dict[Link, bool | None], *, now: bool | None, since: datetime | None = None, case: Case
) -> Weight | None:
    """Hold a condition against the log (`then`, by link) and the present (`now`).

    At a link, True is what the log proves, False what it rules out, None what it leaves open: there
    the present decides, unless it began (`since`) after the failure. Nothing at all: None.
    """
    current = bool(now) and not began_after_failure(case, since)
    proved = tuple(link for link, shown in then.items() if shown)
    likely = tuple(link for link, shown in then.items() if shown is None and current)
    if proved or likely:
        breaks = tuple(sorted(set(proved + likely)))
        healed = bool(proved) and now is False
        return Weight(
            breaks=breaks,
            role=Role.CAUSE,
            severity=Severity.FAIL,
            healed=healed,
            by_log=bool(proved),
        )
    if now:
        return Weight(breaks=(), role=Role.CONTEXT, severity=Severity.WARN)
    return None


def function_then(case: Case, *codes: str) -> dict[Link, bool | None]:
    """Whether the log's answer of the function proves, allows or rules out one of the codes."""
    return {Link.FUNCTION_UPDATES: _fits(function_call(case), function_said(case), codes)}


def _fits(call: Call, meaning: Meaning, codes: Iterable[str]) -> bool | None:
    if call.outcome is Outcome.NOT_SAID:
        return None
    if call.outcome in (Outcome.NOT_MADE, Outcome.OK):
        return False
    if not meaning.codes:
        return None
    if meaning.proved:
        return meaning.proved in set(codes)
    return None if set(codes) & set(meaning.codes) else False


# What the function answers when something below it fails: its own words for the database's refusal.
_FROM_BELOW = frozenset({"function/server-error", "function/rejected", "function/timeout"})
# A fault that the function names as its own (a bug, or a body it does not like) is not from below.
_OWN_FAULT = re.compile(
    r"TypeError|ReferenceError|SyntaxError|RangeError|is not defined|cannot read propert"
    r"|missing|required|invalid (body|json|request|payload)|method not allowed",
    re.IGNORECASE,
)
# A hidden row is silent: the call succeeds and changes nothing.
SILENT = frozenset(
    {
        "rls/update-blocked",
        "rls/role-without-bypass",
        "secrets/wrong-role",
        "row/trigger-interferes",
    }
)


def database_then(case: Case, *codes: str, silent: bool = False) -> dict[Link, bool | None]:
    """The same for what lies below both ways: the key, the grant, the table, the row itself.

    `silent`: the condition makes a write succeed that changes nothing.
    """
    return {
        Link.FUNCTION_UPDATES: _function_below(case, codes, silent=silent),
        Link.FALLBACK_UPDATES: _fallback_below(case, codes, silent=silent),
    }


def _function_below(case: Case, codes: tuple[str, ...], *, silent: bool) -> bool | None:
    lookup = _lookup_below(case, codes)
    if lookup is not None:
        return lookup
    call, meaning = function_call(case), function_said(case)
    if call.outcome is Outcome.NOT_MADE:
        return False
    if call.outcome is Outcome.OK:
        return None if silent else False
    if call.outcome is Outcome.NOT_SAID:
        return False if function_blocked_now(case) else None
    if set(codes) & set(meaning.codes):
        return True if meaning.proved else None
    reached_below = meaning.own_words is not False and set(meaning.codes) & _FROM_BELOW
    return None if reached_below and not _OWN_FAULT.search(call.body) else False


def _lookup_below(case: Case, codes: tuple[str, ...]) -> bool | None:
    """The look-up of the backup's id comes before both ways: refused there, refused everywhere."""
    log = case.log
    if log is None or not (log.backup_id_not_found or log.lookup_call.outcome is Outcome.REFUSED):
        return None
    meaning = fallback_meaning(log.lookup_call)
    if not meaning.codes:
        return (
            None if function_call(case).outcome is not Outcome.NOT_MADE else _silent_lookup(codes)
        )
    if set(codes) & set(meaning.codes):
        return True if meaning.proved else None
    return False


def _silent_lookup(codes: tuple[str, ...]) -> bool | None:
    """An id that was not found without a message: the row was hidden, or the key was refused."""
    hides = SILENT | {
        "secrets/revoked",
        "secrets/expired",
        "secrets/missing",
        "secrets/empty",
        "secrets/whitespace",
        "secrets/project-mismatch",
        "secrets/bad-url",
        "rls/no-grant",
        "row/table-missing",
        "row/column-missing",
        "row/schema-cache-stale",
        "row/api-overloaded",
    }
    return None if hides & set(codes) else False


def _fallback_below(case: Case, codes: tuple[str, ...], *, silent: bool) -> bool | None:
    lookup = _lookup_below(case, codes)
    if lookup:
        return lookup
    call, meaning = fallback_call(case), fallback_said(case)
    if call.outcome is Outcome.NOT_MADE:
        return False
    if call.outcome is Outcome.OK:
        return None if silent and not call.rows else False
    return _fits(call, meaning, codes)


def function_blocked_now(case: Case) -> bool:
    """Whether the function cannot get as far as the database now, for a reason of its own."""
    function = case.function
    if function is None:
        return False
    if function.record is None:
        return True
    if isinstance(function.record, FunctionRecord) and function.record.status not in ("ACTIVE", ""):
        return True
    answer = function.empty_post
    if not isinstance(answer, HttpAnswer):
        return False
    if answer.status == UNAUTHORIZED and not function.key_sent:
        # The doctor has no key; the pipeline may well have one.
        return False
    return bool(gateway_meaning(answer.status, answer.body)) or answer.status in (
        401,
        402,
        429,
        546,
    )


def pipeline_key_worked(case: Case) -> bool:
    """Whether the log or the row proves that the pipeline's service key was accepted."""
    fallback = fallback_call(case)
    if fallback.outcome is Outcome.OK:
        return True
    log = case.log
    if log is None:
        return False
    if log.lookup_call.outcome is Outcome.OK:
        return True
    below = fallback_meaning(fallback).proved
    return below is not None and below.startswith(("rls/", "row/"))


def function_key_worked(case: Case) -> bool:
    """Whether the log proves that the pipeline's function key was accepted."""
    if function_call(case).outcome is Outcome.OK:
        return True
    meaning = function_said(case)
    return meaning.own_words is True and not {"function/key-rejected", "function/rejected"} & set(
        meaning.codes
    )
