"""What happened to a backup: how far it came, what was called, and what the log says of each way."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Asked, Names
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Role, Severity
from backup_doctor.evidence.function import FunctionLogLine, FunctionRecord, HttpAnswer, Invocation
from backup_doctor.evidence.log import NOT_SAID, Call, EnvShown, Outcome, Variable
from backup_doctor.evidence.workflow import Run, WorkflowEvidence, WorkflowFile
from backup_doctor.judge.framework import Resolved
from backup_doctor.judge.history import (
    RowState,
    RunProgress,
    address_then,
    another_row_succeeded,
    aside,
    began_after_failure,
    database_then,
    failed_at,
    fallback_call,
    function_blocked_now,
    function_call,
    function_key_worked,
    function_then,
    is_over,
    missing_columns,
    pipeline_key_worked,
    platform_then,
    progress,
    row_age,
    row_state,
    run_read_secrets_at,
    service_key_then,
    stopped_at_look_up,
    update_ran,
    usual_s,
    weigh,
)
from backup_doctor.judge.history.calls import function_said, url_was_unusable
from backup_doctor.judge.history.record import function_wrote
from backup_doctor.judge.show import manual
from backup_doctor.services.meaning import Meaning
from tests.judgement.cases import (
    CREATED,
    ENDED,
    NOT_THERE,
    ROW_ID,
    a_row,
    call,
    case,
    finished_row,
    function,
    log,
    no_run,
    row,
    the_object,
    workflow,
)

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case

FUNCTION, FALLBACK = Link.FUNCTION_UPDATES, Link.FALLBACK_UPDATES
FAILED = call(500, "Internal Server Error")
NOT_MADE = Call(outcome=Outcome.NOT_MADE)
UNREACHED = Call(outcome=Outcome.UNREACHABLE)
UNSEEN = Unseen(why=Why.UNREACHABLE, what="GitHub could not be reached.")
NO_LOG = workflow(None)
PROOF = Resolved(by="it was tried")
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def without(kind: str, *evidence: Any, **changes: Any) -> Case:
    """A case in which this check saw nothing."""
    one = case(*evidence, **changes)
    return replace(one, evidence={**one.evidence, kind: NOT_THERE})


def job_of(seen: WorkflowEvidence, **changes: Any) -> WorkflowEvidence:
    """The same run, whose job differs."""
    assert seen.job
    job = replace(seen.job, **changes)
    return replace(seen, job=job, jobs=(job,))


def step_of(seen: WorkflowEvidence, **changes: Any) -> WorkflowEvidence:
    """The same run, whose update step differs."""
    assert seen.update_step
    return replace(seen, update_step=replace(seen.update_step, **changes))


def after_failure(seen: WorkflowEvidence) -> WorkflowEvidence:
    """The same run, where a step before the update failed."""
    assert seen.job
    assert seen.update_step
    before = replace(seen.update_step, name="Export", number=0, conclusion="failure")
    return job_of(seen, steps=(before, *seen.job.steps))


# Whether the update step ran ---------------------------------------------------------------------


NO_RUN = no_run()
UNFINISHED = step_of(NO_LOG, status="in_progress", conclusion=None)


@pytest.mark.parametrize(
    ("seen", "ran"),
    [
        (workflow(log(FAILED, FAILED), update="skipped"), True),
        (after_failure(workflow(log(FAILED, FAILED), update="skipped")), False),
        (after_failure(workflow(log(FAILED, FAILED), update="failure")), True),
        (workflow(None, update="failure"), True),
        (workflow(None, update="skipped"), False),
        (workflow(log(FAILED, FAILED, update_seen=False), update="skipped"), False),
        (NO_RUN, False),
        (UNFINISHED, False),
        (step_of(UNFINISHED, conclusion="failure"), None),
        (job_of(UNFINISHED, status="in_progress"), None),
        (job_of(UNFINISHED, steps=()), None),
        (job_of(UNFINISHED, steps=(), conclusion="skipped"), False),
        (replace(NO_LOG, update_step=None), False),
        (replace(NO_LOG, update_step=None, job=None), None),
    ],
    ids=[
        "the log shows it, whatever its conclusion",
        "it was skipped after a failure, whatever the log shows",
        "it ran after a failure",
        "it ended",
        "it was skipped",
        "it was skipped, and the log shows nothing of it",
        "there is no run",
        "the job ended before it did",
        "the job ended, and it has a conclusion without having ended",
        "the job is going",
        "the job is over and nothing of its steps is known",
        "the job was skipped",
        "the job has no such step",
        "nothing is known of the job",
    ],
)
def test_whether_the_update_step_ran(seen: WorkflowEvidence, ran: bool | None) -> None:
    assert update_ran(case(seen, the_object(head=None, tail=None))) is ran


def test_of_a_run_that_could_not_be_looked_at_nobody_knows_whether_its_update_ran() -> None:
    assert update_ran(without("workflow")) is None


# What was called ---------------------------------------------------------------------------------


NO_KEY = (Variable(name="BACKUP_API_KEY", shown=EnvShown.EMPTY),)
POST = Invocation(at=CREATED + MINUTE, method="POST", status=500)


def test_a_step_that_did_not_run_called_nothing() -> None:
    one = case(workflow(None, update="skipped"))

    assert function_call(one) == NOT_MADE
    assert fallback_call(one) == NOT_MADE


def test_without_a_log_nothing_is_said_of_a_step_that_ran() -> None:
    one = case(NO_LOG)

    assert function_call(one) == NOT_SAID
    assert fallback_call(one) == NOT_SAID


@pytest.mark.parametrize(
    "changes",
    [
        {"variables": NO_KEY},
        {"backup_id_not_found": "Could not find backup_id"},
        {"lookup_call": call(401)},
        {"lookup_call": UNREACHED},
    ],
    ids=[
        "it had no key",
        "its look-up found nothing",
        "its look-up was refused",
        "nobody was there",
    ],
)
def test_a_function_of_which_the_log_says_nothing_was_not_called(changes: dict[str, Any]) -> None:
    assert function_call(case(workflow(log(NOT_SAID, FAILED, **changes)))) == NOT_MADE


def test_what_the_log_says_of_a_call_outweighs_what_it_says_before_it() -> None:
    seen = workflow(log(FAILED, FAILED, variables=NO_KEY, lookup_call=call(401)))

    assert function_call(case(seen)) == FAILED
    assert fallback_call(case(seen)) == FAILED


def test_a_fallback_of_which_the_log_says_nothing_was_not_needed_or_not_reached() -> None:
    assert fallback_call(case(workflow(log(call(200), NOT_SAID)))) == NOT_MADE
    assert fallback_call(case(workflow(log(NOT_SAID, NOT_SAID, lookup_call=call(401))))) == NOT_MADE
    assert fallback_call(case(workflow(log(FAILED, NOT_SAID)))) == NOT_SAID


def test_a_refusal_without_a_status_has_that_of_the_platforms_record() -> None:
    refused = call(None, "Internal Server Error")
    recorded = function(invocations=(replace(POST, status=500),))

    assert function_call(case(workflow(log(refused, NOT_SAID)), recorded)).status == 500
    assert function_call(case(workflow(log(refused, NOT_SAID)))).status is None


def test_a_success_that_only_the_script_claims_is_none_where_the_platform_recorded_a_refusal() -> (
    None
):
    recorded = function(invocations=(replace(POST, status=500),))
    claimed = call(outcome=Outcome.OK)

    def seen(answer: Call) -> int | None:
        return function_call(case(workflow(log(answer, NOT_SAID)), recorded)).status

    assert seen(claimed) == 500
    assert seen(replace(claimed, body='{"success":true}')) is None
    assert seen(call(200)) == 200


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (199, Outcome.REFUSED),
        (200, Outcome.OK),
        (299, Outcome.OK),
        (300, Outcome.REFUSED),
        (500, Outcome.REFUSED),
    ],
)
def test_where_the_log_is_silent_the_platforms_own_record_of_the_call_speaks(
    status: int, outcome: Outcome
) -> None:
    recorded = function(invocations=(replace(POST, status=status),))

    said = function_call(case(workflow(log(NOT_SAID, NOT_SAID)), recorded))

    assert (said.outcome, said.status) == (outcome, status)


@pytest.mark.parametrize(
    "invocations",
    [
        (),
        (POST, POST),
        (replace(POST, method="OPTIONS"),),
        (replace(POST, at=CREATED - 4 * SECOND),),
        (replace(POST, at=ENDED + 4 * SECOND),),
        NOT_THERE,
    ],
    ids=["none", "two", "no POST", "too early", "too late", "not seen"],
)
def test_a_record_that_may_be_of_another_call_says_nothing(invocations: Any) -> None:
    one = case(workflow(log(NOT_SAID, NOT_SAID)), function(invocations=invocations))

    assert function_call(one) == NOT_SAID


NAMES_IT = FunctionLogLine(at=CREATED, level="log", message=f"updated backup {ROW_ID}")


@pytest.mark.parametrize(
    ("beside", "others", "logs", "told"),
    [
        ((), (), (), True),
        ((43,), (), (), False),
        ((43,), (), (NAMES_IT,), True),
        ((43,), (), (replace(NAMES_IT, message="updated backup of another"),), False),
        ((), (replace(POST, at=ENDED + 60 * SECOND),), (), False),
        ((), (replace(POST, at=ENDED + 60 * SECOND),), (NAMES_IT,), True),
        ((), (replace(POST, at=ENDED + 600 * SECOND),), (), True),
    ],
)
def test_where_other_runs_go_on_the_functions_own_log_must_name_the_backup(
    beside: tuple[int, ...], others: tuple[Any, ...], logs: tuple[Any, ...], *, told: bool
) -> None:
    seen = workflow(log(NOT_SAID, NOT_SAID), beside=beside)

    one = case(seen, function(invocations=(POST, *others), logs=logs))

    assert (function_call(one) != NOT_SAID) is told


@pytest.mark.parametrize("at", [CREATED - 3 * SECOND, ENDED + 3 * SECOND])
def test_the_record_and_github_may_differ_by_three_seconds(at: datetime) -> None:
    one = case(workflow(log(NOT_SAID, NOT_SAID)), function(invocations=(replace(POST, at=at),)))

    assert function_call(one).status == 500


@pytest.mark.parametrize("unknown", ["started_at", "completed_at"])
def test_a_step_without_its_times_cannot_be_held_against_the_record(unknown: str) -> None:
    seen = step_of(workflow(log(NOT_SAID, NOT_SAID)), **{unknown: None})

    assert function_call(case(seen, function(invocations=(POST,)))) == NOT_SAID


def test_without_the_function_or_its_step_there_is_no_record() -> None:
    silent = workflow(log(NOT_SAID, NOT_SAID))

    assert function_call(without("function", silent)) == NOT_SAID
    assert function_call(
        case(replace(silent, update_step=None), function(invocations=(POST,)))
    ) == (NOT_SAID)


@pytest.mark.parametrize(
    "made",
    [Call(outcome=Outcome.OK), call(401), call(body="Unauthorized"), UNREACHED],
    ids=["it was answered", "with a status", "with words", "nobody answered"],
)
def test_a_call_that_left_a_trace_was_made_even_without_a_key(made: Call) -> None:
    no_key = (Variable(name="BACKUP_API_KEY", shown=EnvShown.EMPTY),)

    assert function_call(case(workflow(log(made, FAILED, variables=no_key)))) == made


# What the function wrote into its own log --------------------------------------------------------


REFUSED_BELOW = "permission denied for table backup_history"


def wrote(*messages: str, at: datetime = CREATED, level: str = "error") -> Any:
    """A function whose own log has these lines."""
    lines = (FunctionLogLine(at=at, level=level, message=message) for message in messages)
    return function(logs=tuple(lines), invocations=(POST,))


@pytest.mark.parametrize(
    ("at", "read"),
    [
        (CREATED - 4 * SECOND, False),
        (CREATED - 3 * SECOND, True),
        (ENDED + 3 * SECOND, True),
        (ENDED + 4 * SECOND, False),
    ],
)
def test_only_what_it_wrote_while_the_step_ran_is_of_this_call(at: datetime, read: bool) -> None:
    one = case(workflow(log(FAILED, FAILED)), wrote(REFUSED_BELOW, at=at))

    assert (function_wrote(one) == REFUSED_BELOW) is read
    assert (function_wrote(one, "error") == REFUSED_BELOW) is read
    assert function_wrote(one, "info") == ""


def test_lines_that_may_be_of_another_call_are_not_read() -> None:
    two = replace(wrote(REFUSED_BELOW), invocations=(POST, POST))

    assert function_wrote(case(workflow(log(FAILED, FAILED)), two)) == ""


@pytest.mark.parametrize("body", ["Internal Server Error", '{"error": "could not update"}'])
def test_a_failure_of_its_own_words_is_what_its_log_says_of_the_database(body: str) -> None:
    said = function_said(case(workflow(log(call(500, body), FAILED)), wrote(REFUSED_BELOW)))

    assert said == Meaning(codes=("rls/no-grant",), own_words=True)


def test_the_platforms_refusal_is_no_failure_of_the_functions_whatever_its_log_says() -> None:
    gone = call(404, '{"code": "NOT_FOUND", "message": "Requested function was not found"}')

    said = function_said(case(workflow(log(gone, FAILED)), wrote(REFUSED_BELOW)))

    assert said == Meaning(codes=("function/not-deployed",), own_words=False)


@pytest.mark.parametrize(
    ("now", "codes"),
    [
        (HttpAnswer(status=503, error_code="BOOT_ERROR"), ("function/boot-error",)),
        (HttpAnswer(status=546, error_code="BOOT_ERROR"), ()),
        (HttpAnswer(status=503, error_code="BOOT_ERROR", from_function=True), ()),
    ],
    ids=["the same status", "another status", "the function's own"],
)
def test_a_bare_failure_is_the_platforms_where_that_answers_with_the_same_status_now(
    now: HttpAnswer, codes: tuple[str, ...]
) -> None:
    said = function_said(case(workflow(log(call(503), FAILED)), function(empty_post=now)))

    assert (said.own_words is False) is bool(codes)
    assert not codes or said.codes == codes


@pytest.mark.parametrize(
    ("function_said", "fallback_said", "look_up", "stopped"),
    [
        (NOT_SAID, NOT_SAID, call(401), True),
        (NOT_SAID, NOT_SAID, NOT_SAID, False),
        (FAILED, NOT_SAID, call(401), False),
        (NOT_SAID, FAILED, call(401), False),
        (NOT_SAID, NOT_SAID, call(200, "[]"), False),
    ],
)
def test_an_update_stops_at_its_look_up_where_neither_way_was_tried(
    function_said: Call, fallback_said: Call, look_up: Call, stopped: bool
) -> None:
    one = case(workflow(log(function_said, fallback_said, lookup_call=look_up)))

    assert stopped_at_look_up(one) is stopped


def test_without_a_log_no_update_is_known_to_have_stopped() -> None:
    assert not stopped_at_look_up(case(NO_LOG))


@pytest.mark.parametrize(
    ("shown", "called", "unusable"),
    [
        (EnvShown.EMPTY, FAILED, True),
        (EnvShown.MASKED_THEN_NEWLINE, UNREACHED, True),
        (EnvShown.MASKED_THEN_NEWLINE, FAILED, False),
        (EnvShown.MASKED, UNREACHED, False),
    ],
)
def test_an_address_that_is_empty_or_led_nowhere_was_unusable(
    shown: EnvShown, called: Call, unusable: bool
) -> None:
    url = (Variable(name="VITE_SUPABASE_URL", shown=shown),)

    assert url_was_unusable(case(workflow(log(called, FAILED, variables=url)))) is unusable


def test_an_address_that_the_log_does_not_show_is_not_known_to_be_unusable() -> None:
    assert not url_was_unusable(case(workflow(log(UNREACHED, FAILED, variables=()))))
    assert not url_was_unusable(case(NO_LOG))


# What holds of the two ways beyond the log -------------------------------------------------------


def answering(status: int, body: str = "", **changes: Any) -> Any:
    return function(empty_post=HttpAnswer(status=status, body=body), **changes)


@pytest.mark.parametrize(
    ("seen", "blocked"),
    [
        (function(), False),
        (function(record=None), True),
        (function(record=FunctionRecord(slug="x", status="THROTTLED")), True),
        (function(record=FunctionRecord(slug="x", status="")), False),
        (function(record=NOT_THERE), False),
        (function(empty_post=NOT_THERE), False),
        (answering(401), True),
        (answering(401, key_sent=False), False),
        (answering(402), True),
        (answering(429), True),
        (answering(546), True),
        (answering(500), False),
        (answering(403, key_sent=False), False),
        (answering(503, '{"code":"BOOT_ERROR"}'), True),
        (answering(404, '{"code":"NOT_FOUND"}', key_sent=False), True),
    ],
)
def test_a_function_is_blocked_where_it_cannot_come_as_far_as_the_database(
    seen: Any, blocked: bool
) -> None:
    assert function_blocked_now(case(seen)) is blocked


def test_a_function_that_was_not_looked_at_is_not_known_to_be_blocked() -> None:
    assert not function_blocked_now(without("function"))


NO_GRANT = call(403, '{"code":"42501","message":"permission denied for table x"}')
CONSTRAINT = call(400, '{"code":"23514","message":"violates check constraint"}')
REVOKED = call(401, '{"message":"Invalid API key"}')


@pytest.mark.parametrize(
    ("fallback", "look_up", "worked"),
    [
        (call(200), NOT_SAID, True),
        (NOT_SAID, call(200, "[]"), True),
        (NO_GRANT, NOT_SAID, True),
        (CONSTRAINT, NOT_SAID, True),
        (REVOKED, NOT_SAID, False),
        (call(500), NOT_SAID, False),
        (NOT_SAID, call(401), False),
    ],
)
def test_what_the_database_itself_refuses_proves_that_the_pipelines_key_was_accepted(
    fallback: Call, look_up: Call, worked: bool
) -> None:
    one = case(workflow(log(NOT_SAID, fallback, lookup_call=look_up)))

    assert pipeline_key_worked(one) is worked


def test_without_a_log_no_key_is_known_to_have_worked() -> None:
    assert not pipeline_key_worked(case(NO_LOG))
    assert not function_key_worked(case(NO_LOG))


@pytest.mark.parametrize(
    ("answer", "worked"),
    [
        (call(200), True),
        (call(500, "TypeError: x is not a function"), True),
        (call(401, '{"error":"Unauthorized"}'), False),
        (call(400, '{"error":"no"}'), False),
        (call(404, '{"code":"NOT_FOUND"}'), False),
        (call(500), False),
        (UNREACHED, False),
    ],
)
def test_words_of_the_functions_own_prove_that_it_accepted_the_key(
    answer: Call, worked: bool
) -> None:
    assert function_key_worked(case(workflow(log(answer, NOT_SAID)))) is worked


# The row -----------------------------------------------------------------------------------------


NO_ANSWER = Unseen(why=Why.DENIED, what="PostgREST refused the key.", status=401)


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        (row(), RowState.IN_PROGRESS),
        (row(finished_row()), RowState.RIGHT),
        (row(finished_row(s3_key=None)), RowState.INCOMPLETE),
        (row(finished_row(s3_key="")), RowState.INCOMPLETE),
        (row(finished_row(size_bytes=None)), RowState.INCOMPLETE),
        (row(finished_row(finished_at=None)), RowState.INCOMPLETE),
        (row(finished_row(size_bytes=0)), RowState.RIGHT),
        (row(a_row(status="failed")), RowState.FAILED),
        (row(a_row(status="odd")), RowState.OTHER),
        (row(a_row(status=None)), RowState.OTHER),
        (row(rows=()), RowState.ABSENT),
        (row(rows=NO_ANSWER), RowState.UNSEEN),
        (row(rows=NO_ANSWER, table=None), RowState.ABSENT),
        (row(table=None), RowState.IN_PROGRESS),
    ],
)
def test_the_state_of_the_row_in_the_pipelines_terms(seen: Any, state: RowState) -> None:
    assert row_state(case(seen)) is state


def test_without_the_check_of_the_row_nothing_is_known_of_it() -> None:
    one = without("row")

    assert row_state(one) is RowState.UNSEEN
    assert missing_columns(one) == ()
    assert row_age(one) is None
    assert not another_row_succeeded(one)


def test_a_row_that_does_not_say_when_it_was_made_has_no_age() -> None:
    assert row_age(case(row(a_row(created_at=None)))) is None
    assert row_age(case(now=CREATED + HOUR)) == HOUR


def test_another_row_of_the_dispatch_may_have_got_the_update() -> None:
    other = finished_row(id="00000000-0000-4000-8000-000000000001")

    assert another_row_succeeded(case(row(a_row(), other)))
    assert not another_row_succeeded(case(row(a_row(), a_row())))
    assert not another_row_succeeded(case(row(finished_row(), a_row())))
    assert not another_row_succeeded(case(row(rows=NO_ANSWER)))


# How far the backup came -------------------------------------------------------------------------


def going(*, now: timedelta, job: dict[str, Any] | None = None, **changes: Any) -> Case:
    """A job that has been going since the row was made, seen so long after that."""
    base = {"status": "in_progress", "conclusion": None, "completed_at": None}
    return case(job_of(replace(NO_LOG, **changes), **{**base, **(job or {})}), now=CREATED + now)


LIMITED = WorkflowFile(path="backup.yml", job="backup", job_timeout_minutes=10)
QUEUED = {"status": "queued", "started_at": None}


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (case(NO_LOG), RunProgress.OVER),
        (going(now=2 * HOUR), RunProgress.GOING),
        (going(now=2 * HOUR + SECOND), RunProgress.OVERDUE),
        (going(now=10 * MINUTE, file=LIMITED), RunProgress.GOING),
        (going(now=10 * MINUTE + SECOND, file=LIMITED), RunProgress.OVERDUE),
        (going(now=15 * MINUTE, job=QUEUED), RunProgress.GOING),
        (going(now=15 * MINUTE + SECOND, job=QUEUED), RunProgress.NOT_STARTED),
        (going(now=HOUR, job={"status": "waiting"}), RunProgress.NOT_STARTED),
        (going(now=HOUR, job={"started_at": None}), RunProgress.NOT_STARTED),
        (going(now=HOUR, job={**QUEUED, "created_at": None}), RunProgress.GOING),
    ],
)
def test_how_far_the_job_is(one: Case, expected: RunProgress) -> None:
    assert progress(one) is expected


WAITING = Run(id=1, status="queued", created_at=CREATED)


@pytest.mark.parametrize(
    ("run", "now", "expected"),
    [
        (WAITING, 15 * MINUTE, RunProgress.GOING),
        (WAITING, 16 * MINUTE, RunProgress.NOT_STARTED),
        (replace(WAITING, created_at=None), HOUR, RunProgress.GOING),
        (replace(WAITING, status="completed"), MINUTE, RunProgress.OVER),
    ],
)
def test_a_run_without_jobs_counts_as_the_job(
    run: Run, now: timedelta, expected: RunProgress
) -> None:
    seen = workflow(None, run=run, jobs=(), job=None, update_step=None)

    assert progress(case(seen, now=CREATED + now)) is expected


def test_a_run_that_is_not_there_yet_may_come_within_a_quarter_of_an_hour() -> None:
    assert progress(case(NO_RUN, now=CREATED + 15 * MINUTE)) is RunProgress.GOING
    assert progress(case(NO_RUN, now=CREATED + 15 * MINUTE + SECOND)) is RunProgress.OVER


@pytest.mark.parametrize("absence", [None, UNSEEN])
def test_no_run_ends_nothing_where_nothing_shows_that_one_would_have_been_seen(
    absence: Unseen | None,
) -> None:
    seen = no_run(absence=absence)

    assert progress(case(seen, now=CREATED + HOUR)) is RunProgress.UNSEEN
    assert not is_over(case(seen, now=CREATED + HOUR))


def test_no_run_ends_nothing_where_the_row_does_not_say_how_old_it_is() -> None:
    assert progress(case(NO_RUN, row(a_row(created_at=None)))) is RunProgress.UNSEEN


@pytest.mark.parametrize("seen", [no_run(absence=UNSEEN), workflow(None, run=UNSEEN)])
def test_a_backup_of_which_nothing_can_be_seen_is_over_after_the_longest_run(
    seen: WorkflowEvidence,
) -> None:
    limit = CREATED + timedelta(days=35)

    assert progress(case(seen, now=limit)) is RunProgress.UNSEEN
    assert progress(case(seen, now=limit + SECOND)) is RunProgress.OVER
    assert progress(without("workflow", now=limit + SECOND)) is RunProgress.OVER


def test_a_run_that_is_over_is_no_candidate_that_may_still_end_well() -> None:
    ended = replace(NO_RUN, candidates=(Run(id=1, status="completed"),))
    open_one = replace(NO_RUN, candidates=(Run(id=1, status="completed"), WAITING))

    assert progress(case(ended)) is RunProgress.OVER
    assert progress(case(open_one)) is RunProgress.UNSEEN
    assert progress(case(workflow(None, candidates=(WAITING,)))) is RunProgress.OVER


def test_a_run_that_could_not_be_seen_leaves_its_progress_open() -> None:
    assert progress(case(workflow(None, run=UNSEEN))) is RunProgress.UNSEEN
    assert progress(without("workflow")) is RunProgress.UNSEEN


def test_the_usual_time_is_the_jobs_limit_else_three_times_the_usual_else_stuck_after() -> None:
    usual = (100.0, 400.0, 200.0)
    unlimited = replace(LIMITED, job_timeout_minutes=None)

    assert usual_s(case(workflow(None, file=LIMITED, usual_s=usual))) == 600
    assert usual_s(case(workflow(None, file=unlimited, usual_s=usual))) == 600
    assert usual_s(case(workflow(None, usual_s=(100.0,)))) == 300
    assert usual_s(case(workflow(None, file=NOT_THERE))) == 7200
    assert usual_s(without("workflow", names=Names(stuck_after_s=60))) == 60


def test_where_github_cannot_be_asked_a_row_older_than_stuck_after_is_over() -> None:
    assert not is_over(without("workflow", now=CREATED + 2 * HOUR))
    assert is_over(without("workflow", now=CREATED + 2 * HOUR + SECOND))
    assert is_over(without("workflow", row(a_row(created_at=None))))


def test_the_time_of_the_failure_is_as_close_as_github_tells() -> None:
    times = {
        "step": ENDED,
        "job": ENDED + MINUTE,
        "run": ENDED + HOUR,
    }
    seen = job_of(step_of(NO_LOG, completed_at=times["step"]), completed_at=times["job"])
    assert isinstance(seen.run, Run)
    by_run = replace(
        seen, update_step=None, job=None, run=replace(seen.run, updated_at=times["run"])
    )
    assert isinstance(by_run.run, Run)
    unfinished = replace(by_run, run=replace(by_run.run, status="in_progress"))

    assert failed_at(case(seen)) == times["step"]
    assert failed_at(case(replace(seen, update_step=None))) == times["job"]
    assert failed_at(case(by_run)) == times["run"]
    assert failed_at(case(unfinished)) is None
    assert failed_at(without("workflow")) is None


def test_what_began_after_the_failure_came_too_late_to_explain_it() -> None:
    one = case(NO_LOG)

    assert began_after_failure(one, ENDED + SECOND)
    assert not began_after_failure(one, ENDED)
    assert not began_after_failure(one, ENDED + SECOND / 2)
    assert not began_after_failure(one, None)
    assert not began_after_failure(without("workflow"), ENDED + HOUR)


def test_the_run_got_its_secrets_when_it_was_started_else_made() -> None:
    started = Run(id=1, created_at=CREATED, started_at=CREATED + MINUTE)

    assert run_read_secrets_at(case(workflow(None, run=started))) == CREATED + MINUTE
    assert (
        run_read_secrets_at(case(workflow(None, run=replace(started, started_at=None)))) == CREATED
    )
    assert run_read_secrets_at(case(workflow(None, run=UNSEEN))) is None
    assert run_read_secrets_at(without("workflow")) is None


# What the log says of a condition at each way ----------------------------------------------------


EMPTY_URL = {"variables": (Variable(name="SUPABASE_URL", shown=EnvShown.EMPTY),)}
DENIED_TO_ALL = '{"code":"42501","message":"permission denied for table x"}'


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (NOT_SAID, None),
        (call(200), False),
        (NOT_MADE, False),
        (call(404, '{"code":"NOT_FOUND"}'), True),
        (call(404, '{"error":"Backup not found"}'), False),
        (call(404), None),
        (call(403), False),
        (call(401), False),
        (Call(outcome=Outcome.REFUSED), None),
    ],
)
def test_what_the_functions_answer_says_of_a_function_that_is_not_deployed(
    answer: Call, said: bool | None
) -> None:
    one = case(workflow(log(answer, FAILED)))

    assert function_then(one, "function/not-deployed") == {FUNCTION: said}


def test_without_an_address_no_call_came_as_far_as_the_function() -> None:
    one = case(workflow(log(call(404, '{"code":"NOT_FOUND"}'), FAILED, **EMPTY_URL)))

    assert function_then(one, "function/not-deployed") == {FUNCTION: False}


@pytest.mark.parametrize(
    ("answer", "silent", "said"),
    [
        (NOT_MADE, True, False),
        (call(200), False, False),
        (call(200), True, None),
        (NOT_SAID, False, None),
        (Call(outcome=Outcome.REFUSED), False, None),
        (call(500, DENIED_TO_ALL), False, True),
        (call(500, '{"code":"23514"}'), False, False),
        (call(500), False, None),
        (call(500, "Internal Server Error"), False, None),
        (call(500, "TypeError: x is not a function"), False, False),
        (
            call(500, '{"error":"AccessDenied: not authorized to perform: s3:HeadObject"}'),
            False,
            False,
        ),
        (call(500, '{"error":"Backup saved, but Slack answered 404"}'), False, False),
        (call(409, '{"error":"Backup is already being updated"}'), False, False),
        (call(500, '{"error":"Database unreachable: TypeError: fetch failed"}'), False, False),
        (call(400, '{"error":"Missing fields: backup_id"}'), False, False),
        (call(400, '{"error":"update failed"}'), False, None),
        (call(403, '{"error":"update failed"}'), False, None),
        (call(404, '{"code":"NOT_FOUND"}'), False, False),
        (call(401, '{"error":"no"}'), False, False),
        (Call(outcome=Outcome.TIMED_OUT), False, False),
    ],
)
def test_what_the_functions_answer_says_of_a_missing_grant_below_it(
    answer: Call, silent: bool, said: bool | None
) -> None:
    one = case(workflow(log(answer, FAILED)))

    assert database_then(one, "rls/no-grant", silent=silent)[FUNCTION] is said


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (404, "row/constraint-rejects", False),
        (403, "row/locked", False),
        (404, "row/missing", None),
        (404, "row/trigger-interferes", None),
        (403, "secrets/revoked", None),
        (500, "row/constraint-rejects", None),
        (400, "row/constraint-rejects", None),
        (409, "row/constraint-rejects", None),
        (409, "row/trigger-interferes", False),
    ],
)
def test_a_refusal_of_a_row_that_is_not_found_speaks_of_what_hides_a_row(
    status: int, code: str, said: bool | None
) -> None:
    one = case(workflow(log(call(status, '{"error":"no such backup"}'), FAILED)))

    assert database_then(one, code)[FUNCTION] is said


def test_a_write_that_succeeded_rules_out_what_is_not_said_to_be_silent() -> None:
    one = case(workflow(log(call(200), call(204))))

    assert database_then(one, "rls/no-grant") == {FUNCTION: False, FALLBACK: False}
    assert service_key_then(one, "secrets/revoked") == {FUNCTION: False, FALLBACK: False}


def test_a_function_that_cannot_run_did_not_fail_of_what_lies_below_it() -> None:
    gone = function(record=None)
    silent = workflow(log(NOT_SAID, FAILED))

    assert database_then(case(silent, gone), "rls/no-grant")[FUNCTION] is False
    assert service_key_then(case(silent, gone), "secrets/revoked")[FUNCTION] is False
    assert service_key_then(case(silent), "secrets/revoked")[FUNCTION] is None


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (call(401, '{"message":"Invalid API key"}'), True),
        (call(500, "no"), False),
        (call(200), False),
        (UNREACHED, False),
    ],
)
def test_what_the_function_answers_speaks_of_githubs_key_only_where_it_says_so(
    answer: Call, said: bool
) -> None:
    one = case(workflow(log(answer, FAILED)))

    assert service_key_then(one, "secrets/revoked")[FUNCTION] is said


@pytest.mark.parametrize(
    ("answer", "silent", "said"),
    [
        (NOT_MADE, True, False),
        (call(204), False, False),
        (call(204), True, None),
        (call(200, "[]", rows=0), True, None),
        (call(200, "[{}]", rows=1), True, False),
        (NO_GRANT, False, True),
        (CONSTRAINT, False, False),
        (call(403), False, None),
        (call(418), False, None),
        (NOT_SAID, False, None),
    ],
)
def test_what_the_direct_updates_answer_says_of_a_missing_grant(
    answer: Call, silent: bool, said: bool | None
) -> None:
    one = case(workflow(log(FAILED, answer)))

    assert database_then(one, "rls/no-grant", silent=silent)[FALLBACK] is said
    assert service_key_then(one, "rls/no-grant", silent=silent)[FALLBACK] is said


@pytest.mark.parametrize(
    ("look_up", "code", "said"),
    [
        (call(401, '{"message":"Invalid API key"}'), "secrets/revoked", True),
        (call(401, '{"message":"Invalid API key"}'), "rls/no-grant", False),
        (call(401), "secrets/revoked", None),
        (call(401), "rls/no-grant", False),
        (call(418), "rls/no-grant", None),
        (call(418), "row/locked", False),
    ],
)
def test_refused_at_the_look_up_is_refused_everywhere(
    look_up: Call, code: str, said: bool | None
) -> None:
    one = case(workflow(log(NOT_SAID, NOT_SAID, lookup_call=look_up)))
    everywhere = {FUNCTION: said, FALLBACK: said}

    assert database_then(one, code) == everywhere
    assert service_key_then(one, code) == everywhere
    assert platform_then(one, code) == everywhere


@pytest.mark.parametrize(
    ("fallback", "said"),
    [
        (UNREACHED, None),
        (Call(outcome=Outcome.TIMED_OUT), None),
        (call(540), True),
        (call(503), None),
        (NO_GRANT, False),
        (call(200), False),
    ],
)
def test_what_the_direct_update_says_of_a_paused_project(fallback: Call, said: bool | None) -> None:
    one = case(workflow(log(call(540), fallback)))

    assert platform_then(one, "function/project-paused") == {FUNCTION: True, FALLBACK: said}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (UNREACHED, None),
        (call(405), None),
        (call(200), False),
        (NOT_MADE, False),
        (call(404, '{"code":"NOT_FOUND"}'), False),
        (call(403, DENIED_TO_ALL), False),
        (call(404, "<html>"), True),
        (call(404, "no such page"), None),
    ],
)
def test_any_answer_may_come_from_a_wrong_address_but_what_only_supabase_gives(
    answer: Call, said: bool | None
) -> None:
    assert address_then(case(workflow(log(answer, UNREACHED))))[FUNCTION] is said


def test_an_address_that_the_look_up_did_not_reach_was_of_no_use_to_either_way() -> None:
    one = case(workflow(log(NOT_SAID, NOT_SAID, lookup_call=UNREACHED)))

    assert address_then(one) == {FUNCTION: None, FALLBACK: None}


# What a condition weighs -------------------------------------------------------------------------


def weighed(
    function: bool | None, fallback: bool | None, *, now: bool | None, since: datetime | None = None
) -> tuple[tuple[Link, ...], bool, bool] | None:
    """What it breaks, whether it is over with a proof at hand, and whether the log proves it."""
    then = {FUNCTION: function, FALLBACK: fallback}
    weight = weigh(then, now=now, since=since, case=case(NO_LOG))
    if weight is None or not weight.is_cause:
        return None
    assert weight.severity is Severity.FAIL
    return weight.breaks, weight.is_over(PROOF), weight.by_log


@pytest.mark.parametrize(
    ("function", "fallback", "now", "expected"),
    [
        (True, None, True, ((FUNCTION, FALLBACK), False, True)),
        (True, None, False, ((FUNCTION,), True, True)),
        (True, False, None, ((FUNCTION,), True, True)),
        (None, None, True, ((FUNCTION, FALLBACK), False, False)),
        (None, False, True, ((FUNCTION,), False, False)),
        (None, None, None, None),
        (None, None, False, None),
        (False, False, True, None),
    ],
)
def test_the_log_proves_and_rules_out_and_the_present_decides_the_rest(
    function: bool | None, fallback: bool | None, now: bool | None, expected: Any
) -> None:
    assert weighed(function, fallback, now=now) == expected


def test_what_began_after_the_failure_decides_nothing() -> None:
    assert weighed(None, None, now=True, since=ENDED + SECOND) is None
    assert weighed(None, None, now=True, since=ENDED) is not None


def test_what_holds_now_and_explains_nothing_is_a_warning_and_what_does_not_hold_is_nothing() -> (
    None
):
    nowhere = {FUNCTION: False, FALLBACK: False}

    holding = weigh(nowhere, now=True, case=case())

    assert holding
    assert (holding.role, holding.severity, holding.breaks) == (Role.CONTEXT, Severity.WARN, ())
    assert weigh(nowhere, now=False, case=case()) is None
    assert weigh(nowhere, now=None, case=case()) is None


def test_only_of_a_backup_that_is_not_right_it_is_said_that_a_condition_does_not_explain_it() -> (
    None
):
    preflight = case(asked=Asked())

    assert "does not explain" in aside(case()).remark
    assert aside(case(row(finished_row()))).remark == ""
    assert aside(preflight).remark == ""
    assert not aside(preflight).by_log


def said_of(one: Case, *, now: bool | None, resolved: Resolved | None) -> str:
    """The summary of a failure that the log proves."""
    weight = weigh({FUNCTION: True}, now=now, case=one)
    assert weight
    return weight.found("It failed.", resolved=resolved).summary


def test_that_it_works_now_is_said_with_its_proof() -> None:
    said = said_of(case(), now=None, resolved=PROOF)

    assert said == "It failed. It failed then and works now: it was tried."


@pytest.mark.parametrize("now", [None, False])
def test_without_a_proof_nobody_says_that_it_works_now(now: bool | None) -> None:
    assert said_of(case(), now=now, resolved=None) == "It failed. This was not checked since."


def test_what_is_seen_to_hold_still_does_not_work_whatever_else_does() -> None:
    assert said_of(case(), now=True, resolved=PROOF) == "It failed."


def test_what_works_now_has_no_fix_and_what_the_log_proves_is_not_weak() -> None:
    fix = manual("Mend it", "By hand.")
    over = weigh({FUNCTION: True}, now=None, case=case())
    current = weigh({FUNCTION: None}, now=True, case=case())

    assert over
    assert current
    assert over.found("x", (), (fix,), resolved=PROOF, weak=True).fixes == ()
    assert over.found("x", (), (fix,)).fixes == (fix,)
    assert not over.found("x", weak=True).weak
    assert current.found("x", (), (fix,), weak=True).fixes == (fix,)
    assert current.found("x", weak=True).weak
