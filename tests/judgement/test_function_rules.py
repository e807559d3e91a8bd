"""The function: whose refusal it is, whether it is there at all, and whether it really did it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from backup_doctor.checks.function import check
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Asked, Names
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import FixKind, Role, Severity
from backup_doctor.evidence.function import FunctionLogLine, FunctionRecord, HttpAnswer, Project
from backup_doctor.evidence.log import NOT_SAID, Attempt, Call, Outcome
from backup_doctor.evidence.rls import Reach
from backup_doctor.evidence.row import ApiAnswer
from backup_doctor.evidence.secrets import FunctionKey, FunctionSecret, KeyMatch
from backup_doctor.judge.history.probing import NO_KEY
from tests.judgement.asking import causes, codes, finding
from tests.judgement.cases import (
    CREATED,
    ENDED,
    NOT_THERE,
    NOW,
    a_row,
    ahead,
    call,
    case,
    finished_row,
    function,
    log,
    rls,
    row,
    secrets,
    workflow,
)

FUNCTION = Link.FUNCTION_UPDATES
BOTH = (Link.FUNCTION_UPDATES, Link.FALLBACK_UPDATES)
NOT_DEPLOYED = "function/not-deployed"
NO_GRANT = call(403, '{"code":"42501","message":"permission denied for table x"}')
OWN_401 = call(401, '{"error":"Unauthorized"}')
OWN_500 = call(500, "TypeError: x is not a function")
GATEWAY_404 = call(404, '{"code":"NOT_FOUND","message":"Requested function was not found"}')
UNREACHED = Call(outcome=Outcome.UNREACHABLE)
TIMED_OUT = Call(outcome=Outcome.TIMED_OUT)
RECORD = FunctionRecord(slug="update-backup", status="ACTIVE", verify_jwt=False, created_at=CREATED)
SECOND = timedelta(seconds=1)
LATE = Unseen(why=Why.TIMED_OUT, what="No answer in time.")
NOT_ASKED = Unseen(why=Why.NOT_ASKED, what="The function was not called.")
NOBODY = Unseen(why=Why.UNREACHABLE, what="Nobody answered.")
ANSWERED = HttpAnswer(status=200)


def after(answer: Call, *evidence: Any, fallback: Call = NO_GRANT, **changes: Any) -> Any:
    """A run whose function answered so."""
    return case(workflow(log(answer, fallback)), *evidence, **changes)


def now(status: int, body: str = "", **changes: Any) -> HttpAnswer:
    return HttpAnswer(status=status, body=body, **changes)


def role(one: Any, code: str) -> Role | None:
    """The role of the finding of this code, None where there is none."""
    return finding(one, code).role if code in codes(one) else None


# What a pass needs -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "asked", "gaps"),
    [
        (function(), None, ()),
        (function(empty_post=LATE), None, (LATE,)),
        (function(empty_post=LATE, record=NOT_THERE), None, (NOT_THERE, LATE)),
        (function(key_sent=False), None, ()),
        (function(key_sent=False, empty_post=NO_KEY), Asked(), (NO_KEY,)),
        (function(), Asked(), ()),
        (function(key_sent=False, empty_post=LATE), Asked(), (LATE,)),
    ],
)
def test_a_pass_needs_an_answer_of_the_function_itself(seen: Any, asked: Any, gaps: Any) -> None:
    assert check.gaps(seen, case(seen, asked=asked)) == gaps


# Its own refusals --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "key_sent", "refused"),
    [
        (now(401, from_function=True), True, True),
        (now(401), True, True),
        (now(401, from_function=False), True, False),
        (now(401, '{"code":"UNAUTHORIZED_INVALID_JWT_FORMAT"}'), True, False),
        (now(401), False, False),
        (now(403), True, False),
        (NOT_THERE, True, False),
    ],
)
def test_a_key_is_refused_now_only_where_the_function_itself_says_401(
    answer: Any, key_sent: bool, refused: bool
) -> None:
    one = after(NOT_SAID, function(empty_post=answer, key_sent=key_sent))

    assert ("function/key-rejected" in codes(one)) is refused


def test_a_key_refused_now_that_the_log_shows_to_have_worked_is_the_doctors_own() -> None:
    refusing = function(empty_post=now(401, from_function=True))

    found = finding(after(OWN_500, refusing), "function/key-rejected")

    assert (found.role, found.severity, found.breaks) == (Role.CONTEXT, Severity.WARN, ())
    assert role(after(OWN_401, refusing), "function/key-rejected") is Role.CAUSE
    assert role(after(OWN_500), "function/key-rejected") is None


def test_the_guides_own_test_call_speaks_before_the_empty_body() -> None:
    seen = function(test_call=now(401), empty_post=now(200))

    assert "function/key-rejected" in codes(after(NOT_SAID, seen))


@pytest.mark.parametrize(
    ("answer", "record", "rejected"),
    [
        (call(400, '{"error":"Missing fields"}'), RECORD, True),
        (call(404, '{"error":"Backup not found"}'), None, True),
        (call(404), RECORD, True),
        (call(404), replace(RECORD, created_at=None), False),
        (call(404), replace(RECORD, status="THROTTLED"), False),
        (call(404), replace(RECORD, created_at=ENDED + SECOND), False),
        (call(404), NOT_THERE, False),
        (call(401), RECORD, False),
        (GATEWAY_404, RECORD, False),
        (call(200), RECORD, False),
        (NOT_SAID, RECORD, False),
    ],
)
def test_a_call_is_rejected_in_the_functions_words_or_by_a_bare_404_of_one_that_was_there(
    answer: Call, record: Any, rejected: bool
) -> None:
    assert ("function/rejected" in codes(after(answer, function(record=record)))) is rejected


def test_a_bare_404_of_a_function_that_is_gone_now_is_no_rejection() -> None:
    gone = now(404, '{"code":"NOT_FOUND"}', from_function=False)

    assert "function/rejected" not in codes(
        after(call(404), function(record=RECORD, empty_post=gone))
    )
    assert "function/rejected" in codes(after(call(404), function(record=RECORD, empty_post=LATE)))


@pytest.mark.parametrize(
    ("answer", "in_log"),
    [
        (call(500), True),
        (OWN_500, True),
        (call(503, "Sorry"), True),
        (call(500, '{"code":"23514"}'), True),
        (call(500, '{"code":"WORKER_ERROR"}'), True),
        (call(400, '{"code":"23514"}'), False),
        (call(499, "no"), False),
        (call(502, '{"code":"BOOT_ERROR"}'), False),
        (Call(outcome=Outcome.REFUSED, body='{"code":"23514"}'), False),
        (call(200), False),
    ],
)
def test_a_5xx_in_the_log_is_the_functions_failure_unless_the_gateway_says_more(
    answer: Call, in_log: bool
) -> None:
    assert ("function/server-error" in codes(after(answer))) is in_log


CRASHES = now(500, from_function=True)


@pytest.mark.parametrize(
    ("answer", "evidence", "expected"),
    [
        (NOT_SAID, (function(empty_post=CRASHES),), Role.CONTEXT),
        (NOT_SAID, (function(test_call=CRASHES),), Role.CAUSE),
        (NOT_SAID, (function(empty_post=now(500)),), None),
        (NOT_SAID, (function(empty_post=now(500, '{"code":"WORKER_ERROR"}')),), Role.CONTEXT),
        (NOT_SAID, (function(empty_post=now(499, from_function=True)),), None),
        (NOT_SAID, (function(empty_post=LATE),), None),
        (NOT_SAID, (function(empty_post=CRASHES), row(finished_row())), None),
        (call(401), (function(empty_post=CRASHES),), None),
        (call(200), (function(test_call=CRASHES),), None),
    ],
)
def test_a_crash_now_is_weak_evidence_and_only_where_the_log_is_silent(
    answer: Call, evidence: Any, expected: Role | None
) -> None:
    one = after(answer, *evidence)

    assert role(one, "function/server-error") is expected
    if expected:
        found = finding(one, "function/server-error")
        assert found.found.weak
        assert (found.severity is Severity.FAIL) is (expected is Role.CAUSE)
        assert found.breaks == ((FUNCTION,) if expected is Role.CAUSE else ())
        assert ("empty body" in found.found.summary) is (expected is Role.CONTEXT)


def test_before_the_next_backup_a_function_that_crashes_is_told_without_a_row() -> None:
    assert role(ahead(function(test_call=CRASHES)), "function/server-error") is Role.CAUSE


def line(level: str, message: str, at: datetime = CREATED) -> FunctionLogLine:
    return FunctionLogLine(at=at, level=level, message=message)


def test_what_another_call_made_the_function_write_is_not_quoted_as_its_log_of_this_one() -> None:
    of_the_doctor = line("error", "405: Method not allowed", ENDED + SECOND * 60)
    lines = (line("error", "500: it broke"), of_the_doctor)
    both = finding(after(call(500), function(logs=lines)), "function/server-error").found
    alone = finding(after(call(500), function(logs=lines[1:])), "function/server-error").found

    assert both.summary.endswith("Its log says: 500: it broke")
    assert "405" not in "".join(one.value for one in both.evidence)
    assert "Its log says" not in alone.summary


def test_the_functions_own_log_is_quoted_by_its_last_error_and_shown_by_its_last_ten_lines() -> (
    None
):
    lines = (
        line("error", "first"),
        line("fatal", "last"),
        *[line("log", f"n{n}") for n in range(9)],
    )
    seen = finding(after(call(500), function(logs=lines)), "function/server-error").found
    silent = finding(after(call(500), function(logs=NOT_THERE)), "function/server-error").found
    quiet = finding(after(call(500), function(logs=lines[2:])), "function/server-error").found
    (shown,) = (one for one in seen.evidence if one.label == "the function's log")

    assert "Its log says: last" in seen.summary
    assert shown.value.splitlines()[0] == "fatal: last"
    assert "Its log says" not in silent.summary
    assert "Its log says" not in quiet.summary
    assert not any(one.label == "the function's log" for one in silent.evidence)


@pytest.mark.parametrize("answer", [call(500, "x" * 300), call(400, "y" * 300)])
def test_a_long_answer_is_cut_in_the_summary(answer: Call) -> None:
    code = "function/server-error" if answer.status == 500 else "function/rejected"

    summary = finding(after(answer), code).found.summary
    silent = finding(after(call(500)), "function/server-error").found.summary

    assert summary.endswith((f": {'x' * 200}….", f": {'y' * 200}…."))
    assert silent.endswith("HTTP 500.")


def test_success_that_changed_nothing_is_false_but_of_a_row_that_waits_no_longer() -> None:
    other = finished_row(id="00000000-0000-4000-8000-000000000001")
    young = case(workflow(log(call(200), NOT_SAID), run=NOBODY), now=CREATED + timedelta(minutes=1))
    code = "function/false-success"

    assert code in codes(after(call(200)))
    assert code not in codes(after(NOT_SAID))
    assert code not in codes(after(call(200), row(finished_row())))
    assert code not in codes(after(call(200), row(a_row(), other)))
    assert code not in codes(young)


def test_what_another_call_made_it_write_is_not_why_it_did_not_start() -> None:
    here, later = (
        FunctionLogLine(at=at, level="error", message=message)
        for at, message in ((ENDED, "no such module"), (ENDED + SECOND * 60, "disk full"))
    )

    def said(*lines: FunctionLogLine, **changes: Any) -> str:
        one = after(call(503, '{"code":"BOOT_ERROR"}'), function(logs=lines, **changes))
        return finding(one, "function/boot-error").found.summary

    still = {"empty_post": now(503, '{"code":"BOOT_ERROR"}', from_function=False)}

    assert "no such module" in said(here, later)
    assert "disk full" not in said(here, later)
    assert "Its log says" not in said(later)
    assert "disk full" in said(later, **still)


def test_a_key_that_was_changed_after_the_failure_explains_nothing() -> None:
    refuses = function(empty_post=now(401, '{"error":"Unauthorized"}', from_function=True))

    def found(since: datetime) -> Role | None:
        own = FunctionSecret(name="BACKUP_API_KEY", updated_at=since, empty=False)
        one = case(workflow(NOT_THERE), refuses, secrets(function_secrets=(own,)))
        return role(one, "function/key-rejected")

    assert found(CREATED) is Role.CAUSE
    assert found(ENDED + SECOND) is Role.CONTEXT


def test_a_function_that_was_deployed_after_the_failure_was_active_then() -> None:
    def found(**changes: Any) -> Role | None:
        record = replace(SINCE, status="THROTTLED", **changes)
        return role(case(workflow(NOT_THERE), function(record=record)), "function/inactive")

    assert found(updated_at=CREATED) is Role.CAUSE
    assert found() is Role.CONTEXT


# Whether it is deployed --------------------------------------------------------------------------


GONE_NOW = now(404, '{"code":"NOT_FOUND"}', from_function=False)


def test_where_the_script_calls_another_name_it_is_to_call_the_one_that_is_deployed() -> None:
    misnamed = function(name="finish-backup", record=None, instead_of="update-backup")
    one = after(GATEWAY_404, misnamed)

    found = finding(replace(one, names=replace(one.names, function="finish-backup")), NOT_DEPLOYED)

    (rename,) = found.found.fixes
    assert found.found.summary == "The edge function finish-backup is not deployed."
    assert rename.title == "Let the update step call update-backup"


@pytest.mark.parametrize(
    ("answer", "seen", "expected"),
    [
        (NOT_SAID, function(record=None), Role.CAUSE),
        (NOT_SAID, function(record=NOT_THERE, empty_post=GONE_NOW), Role.CAUSE),
        (NOT_SAID, function(), None),
        (NOT_SAID, function(record=NOT_THERE, empty_post=NOT_THERE), None),
        (GATEWAY_404, function(record=NOT_THERE, empty_post=NOT_THERE), Role.CAUSE),
        (call(404), function(record=replace(RECORD, created_at=ENDED + SECOND)), Role.CAUSE),
        (call(404), function(record=replace(RECORD, created_at=ENDED)), None),
        (call(403), function(record=replace(RECORD, created_at=ENDED + SECOND)), None),
        (OWN_500, function(record=None), Role.CONTEXT),
    ],
)
def test_a_function_is_not_deployed_by_the_record_by_the_gateway_or_by_a_later_birth(
    answer: Call, seen: Any, expected: Role | None
) -> None:
    assert role(after(answer, seen), "function/not-deployed") is expected


SINCE = replace(RECORD, updated_at=ENDED + SECOND)


@pytest.mark.parametrize(
    ("seen", "works"),
    [
        (function(record=SINCE), True),
        (function(record=replace(SINCE, updated_at=None, created_at=ENDED + SECOND)), True),
        (function(record=replace(SINCE, status="REMOVED")), False),
        # It has been listed all along: the step may have called another name, or another project.
        (function(), False),
        (function(record=NOT_THERE), False),
        (function(record=None), False),
        (function(record=SINCE, empty_post=GONE_NOW), False),
    ],
)
def test_a_function_works_now_where_it_is_listed_as_deployed_after_the_failure(
    seen: Any, works: bool
) -> None:
    found = finding(after(GATEWAY_404, seen), "function/not-deployed").found

    assert (found.resolved is not None) is works
    assert ("works now" in found.summary) is works


def test_a_function_that_was_deployed_since_is_said_to_have_been_missing_then() -> None:
    def summary(seen: Any) -> str:
        return finding(after(GATEWAY_404, seen), "function/not-deployed").found.summary

    assert "was not deployed when the run called it" in summary(function(record=SINCE))
    assert summary(function(record=None)).endswith("is not deployed.")
    assert summary(function(record=replace(SINCE, status="REMOVED"))).startswith(
        "The edge function update-backup is not deployed."
    )


def test_a_function_that_the_project_lists_all_along_is_not_said_to_be_missing() -> None:
    assert finding(after(GATEWAY_404, function()), NOT_DEPLOYED).found.summary == (
        "Supabase found no edge function update-backup when the run called it, though the project "
        "lists it. This was not checked since."
    )


def test_one_that_was_listed_all_along_may_be_called_by_another_name_which_is_looked_at_first() -> (
    None
):
    untried = function(options=NOT_ASKED, empty_post=NOT_ASKED)
    compare, deploy = finding(after(GATEWAY_404, untried), "function/not-deployed").found.fixes

    assert (compare.kind, deploy.alternative) == (FixKind.MANUAL, True)
    assert "another project" in compare.text


def test_one_that_is_listed_is_deployed_again_where_it_is_not_found_and_compared_where_it_answers() -> (
    None
):
    def titles(seen: Any) -> list[str]:
        fixes = finding(after(GATEWAY_404, seen), "function/not-deployed").found.fixes
        return [fix.title.split()[0] for fix in fixes]

    assert titles(function(empty_post=GONE_NOW)) == ["Deploy"]
    assert titles(function(empty_post=now(401, "{}", from_function=True))) == ["Compare"]


@pytest.mark.parametrize(
    ("names", "reading", "expected"),
    [
        ({"calls_function": False}, None, None),
        ({}, None, None),
        ({"given": ("function",)}, None, Role.CAUSE),
        ({}, log(NOT_SAID, NO_GRANT, variables=()), None),
        ({}, log(NOT_SAID, NO_GRANT), Role.CAUSE),
        (
            {},
            log(NOT_SAID, NO_GRANT, variables=(), update_script=('curl "$URL/functions/v1/x"',)),
            Role.CAUSE,
        ),
        ({}, log(GATEWAY_404, NO_GRANT, variables=()), Role.CAUSE),
    ],
)
def test_a_function_is_missing_only_where_the_pipeline_is_shown_to_call_it(
    names: dict[str, Any], reading: Any, expected: Role | None
) -> None:
    nothing = secrets(function_key=NOT_THERE)
    one = case(
        nothing,
        workflow(reading),
        function(record=None, empty_post=NOT_THERE),
        names=Names(**names),
    )

    assert role(one, "function/not-deployed") is expected


def test_whether_an_absent_function_is_called_at_all_is_said_to_be_unknown() -> None:
    one = case(
        secrets(function_key=NOT_THERE),
        workflow(None),
        function(record=None, empty_post=NOT_ASKED),
    )
    (gap,) = check.gaps(one.function, one)  # type: ignore[arg-type]

    assert "Whether the pipeline calls the function update-backup was not seen." in gap.what
    assert "`function`" in (gap.remedy or "")


def test_a_404_of_an_unknown_time_does_not_show_that_the_function_came_later() -> None:
    later = function(record=replace(RECORD, created_at=ENDED + SECOND))
    seen = workflow(log(call(404), NO_GRANT))
    jobless = replace(seen, job=None)

    assert role(case(jobless, later), "function/not-deployed") is None


GATE = '{"code":"UNAUTHORIZED_INVALID_JWT_FORMAT","message":"Invalid JWT"}'
GATE_NOW = now(401, GATE, error_code="UNAUTHORIZED_INVALID_JWT_FORMAT", from_function=False)
CHECKS = replace(RECORD, verify_jwt=True, updated_at=CREATED)


@pytest.mark.parametrize(
    ("answer", "seen", "expected"),
    [
        (NOT_SAID, function(empty_post=GATE_NOW), Role.CAUSE),
        (NOT_SAID, function(empty_post=GATE_NOW, record=NOT_THERE), Role.CAUSE),
        (NOT_SAID, function(empty_post=GATE_NOW, key_sent=False, record=NOT_THERE), None),
        (NOT_SAID, function(empty_post=LATE, record=CHECKS), Role.CAUSE),
        (NOT_SAID, function(empty_post=LATE, record=RECORD), None),
        (NOT_SAID, function(empty_post=LATE, record=replace(RECORD, verify_jwt=None)), None),
        (NOT_SAID, function(empty_post=LATE, record=NOT_THERE), None),
        (call(401), function(record=CHECKS, empty_post=LATE), Role.CAUSE),
        (
            call(401),
            function(record=replace(CHECKS, updated_at=NOW), empty_post=GATE_NOW),
            Role.CONTEXT,
        ),
        (call(401), function(record=CHECKS), None),
        (OWN_500, function(empty_post=GATE_NOW), Role.CONTEXT),
        (call(401, GATE), function(), Role.CAUSE),
    ],
)
def test_the_jwt_gate_refuses_by_its_own_word_or_by_the_platforms_record(
    answer: Call, seen: Any, expected: Role | None
) -> None:
    assert role(after(answer, seen), "function/jwt-gate") is expected


@pytest.mark.parametrize(
    ("seen", "works"),
    [
        (function(record=SINCE), True),
        (function(record=replace(SINCE, updated_at=None)), False),
        (function(empty_post=GATE_NOW, key_sent=False, record=SINCE), True),
        # The platform has listed it so since before the failure: another function was called.
        (function(record=RECORD), False),
        (function(empty_post=GATE_NOW, record=SINCE), False),
        (function(record=replace(CHECKS, updated_at=NOW)), False),
        (function(record=NOT_THERE), False),
    ],
)
def test_a_gate_is_open_now_where_the_platform_lists_it_so_since_the_failure(
    seen: Any, works: bool
) -> None:
    found = finding(after(call(401, GATE), seen), "function/jwt-gate").found

    assert (found.resolved is not None) is works


def test_a_gate_that_was_shown_no_key_refused_none() -> None:
    none = '{"code":"UNAUTHORIZED_NO_AUTH_HEADER","message":"Missing authorization header"}'

    def said(body: str) -> str:
        return finding(after(call(401, body), function()), "function/jwt-gate").found.summary

    assert "refused the call, which shows no JWT, before" in said(none)
    assert "shows no JWT" not in said(GATE)


def test_a_gate_that_is_listed_as_open_is_not_said_to_be_shut() -> None:
    def said(seen: Any) -> str:
        return finding(after(call(401, GATE), seen), "function/jwt-gate").found.summary

    assert "(verify_jwt is off now)" in said(function())
    assert "(verify_jwt is on)" in said(function(record=CHECKS))
    assert "(verify_jwt is on)" in said(function(record=NOT_THERE))


def test_a_key_that_may_be_a_jwt_is_not_presumed_to_be_refused_by_the_gate() -> None:
    def given(*, is_jwt: bool) -> Any:
        key = FunctionKey(setting="BACKUP_API_KEY", match=KeyMatch.EQUAL, is_jwt=is_jwt)
        return case(
            secrets(function_key=key),
            workflow(log(call(401), NO_GRANT)),
            function(record=CHECKS, empty_post=NOT_ASKED),
        )

    assert role(given(is_jwt=False), "function/jwt-gate") is Role.CAUSE
    assert role(given(is_jwt=True), "function/jwt-gate") is None


def test_a_function_that_is_listed_and_not_active_is_named() -> None:
    throttled = function(record=replace(RECORD, status="THROTTLED"))

    assert role(after(call(429), throttled), "function/inactive") is Role.CAUSE
    assert role(after(OWN_401, throttled), "function/inactive") is Role.CONTEXT
    assert role(after(call(429)), "function/inactive") is None
    assert role(after(call(429), function(record=NOT_THERE)), "function/inactive") is None


# What the platform says --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "status", "body"),
    [
        ("function/boot-error", 503, '{"code":"BOOT_ERROR"}'),
        ("function/resource-limit", 546, '{"code":"WORKER_RESOURCE_LIMIT"}'),
    ],
)
def test_a_fault_that_the_gateway_names_counts_in_the_log_and_now(
    code: str, status: int, body: str
) -> None:
    failing_now = function(empty_post=now(status, body, from_function=False))
    its_own_words = function(empty_post=now(status, body, from_function=True))

    assert role(after(call(status, body)), code) is Role.CAUSE
    assert role(after(NOT_SAID, failing_now), code) is Role.CAUSE
    assert role(after(NOT_SAID, its_own_words), code) is None
    assert role(after(OWN_500, failing_now), code) is Role.CONTEXT


def test_a_function_that_answers_options_starts_again_and_may_still_run_out_of_memory() -> None:
    crashed = call(503, '{"code":"BOOT_ERROR"}')
    exhausted = call(546, '{"code":"WORKER_RESOURCE_LIMIT"}')
    silent = function(options=NOT_THERE, empty_post=NOT_ASKED)

    assert finding(after(crashed), "function/boot-error").found.resolved
    assert not finding(after(crashed, silent), "function/boot-error").found.resolved
    assert not finding(after(exhausted), "function/resource-limit").found.resolved


def test_a_function_that_does_not_start_for_options_does_not_for_anybody() -> None:
    crashing = function(
        options=now(503, '{"code":"BOOT_ERROR"}', from_function=False), empty_post=NOT_ASKED
    )

    assert role(after(NOT_SAID, crashing), "function/boot-error") is Role.CAUSE


def test_too_many_calls_are_told_by_the_log_alone() -> None:
    assert role(after(call(429)), "function/rate-limited") is Role.CAUSE
    assert role(after(NOT_SAID, function(empty_post=now(429))), "function/rate-limited") is None


@pytest.mark.parametrize(
    ("answer", "seen", "expected"),
    [
        (TIMED_OUT, function(), Role.CAUSE),
        (call(504), function(), Role.CAUSE),
        (NOT_SAID, function(empty_post=LATE), Role.CAUSE),
        (NOT_SAID, function(empty_post=now(504, '{"code":"IDLE_TIMEOUT"}')), Role.CAUSE),
        (NOT_SAID, function(empty_post=NOBODY), None),
        (NOT_SAID, function(), None),
        (OWN_500, function(empty_post=LATE), Role.CONTEXT),
        (OWN_500, function(), None),
    ],
)
def test_no_answer_in_time_then_or_now(answer: Call, seen: Any, expected: Role | None) -> None:
    assert role(after(answer, seen), "function/timeout") is expected


def test_that_the_function_is_slow_now_proves_little_of_then() -> None:
    now_only = after(NOT_SAID, function(empty_post=LATE))

    assert finding(now_only, "function/timeout").found.weak
    no_time = replace(now_only, evidence={**now_only.evidence, "row": row(api=LATE)})
    assert "function/timeout" not in codes(no_time)
    assert not finding(after(TIMED_OUT), "function/timeout").found.weak


# How it is shown ---------------------------------------------------------------------------------


def test_a_refusal_in_the_gateways_header_counts_without_a_body() -> None:
    coded = now(503, error_code="BOOT_ERROR", from_function=False)

    assert role(after(NOT_SAID, function(empty_post=coded)), "function/boot-error") is Role.CAUSE


def test_the_platforms_record_and_the_answer_are_shown_and_when_the_doctor_asked() -> None:
    def shown(**changes: Any) -> dict[str, Any]:
        found = finding(after(OWN_401, function(**changes)), "function/key-rejected").found
        return {one.label: one.value for one in found.evidence}

    coded = shown(empty_post=now(503, "x", error_code="BOOT_ERROR"), record=None, posted_at=NOW)
    unread = shown(empty_post=LATE, record=NOT_THERE)
    listed = shown(empty_post=NOT_ASKED, record=RECORD)

    at = "answer to an empty body (posted 2026-11-20 07:00:00 UTC)"
    assert coded[at] == "HTTP 503 BOOT_ERROR x"
    assert coded["deployed"] == "no such function"
    assert listed["deployed"].startswith("ACTIVE, version")
    assert set(unread) == {"answer in the log", "BACKUP_API_KEY on GitHub"}


# The project behind it ---------------------------------------------------------------------------


PAUSED = Project(ref="x", status="INACTIVE")


@pytest.mark.parametrize(
    ("answer", "seen", "expected"),
    [
        (NOT_SAID, function(project=PAUSED), Role.CAUSE),
        (NOT_SAID, function(project=NOT_THERE), None),
        (NOT_SAID, function(project=NOT_THERE, empty_post=now(540)), Role.CAUSE),
        (NOT_SAID, function(project=NOT_THERE, empty_post=now(530)), Role.CAUSE),
        (NOT_SAID, function(empty_post=now(530)), Role.CAUSE),
        (NOT_SAID, function(project=NOT_THERE, empty_post=now(200, "error 1016")), Role.CAUSE),
        (NOT_SAID, function(project=NOT_THERE, empty_post=now(500)), None),
        (NOT_SAID, function(), None),
        (call(540), function(), Role.CAUSE),
        (UNREACHED, function(project=PAUSED), Role.CAUSE),
        (OWN_500, function(project=PAUSED), Role.CONTEXT),
        (UNREACHED, function(), None),
    ],
)
def test_a_project_is_paused_by_the_platforms_word_then_or_now(
    answer: Call, seen: Any, expected: Role | None
) -> None:
    assert role(after(answer, seen), "function/project-paused") is expected


def test_a_paused_project_is_told_by_the_direct_update_and_by_the_look_up_as_well() -> None:
    by_fallback = after(NOT_SAID, fallback=call(540))
    look_up = log(NOT_SAID, NOT_SAID, lookup_call=call(540))

    assert role(by_fallback, "function/project-paused") is Role.CAUSE
    assert role(case(workflow(look_up)), "function/project-paused") is Role.CAUSE


def test_the_state_of_a_project_is_named_only_while_it_is_the_cause() -> None:
    restored = finding(after(call(540)), "function/project-paused").found
    paused = finding(after(call(540), function(project=PAUSED)), "function/project-paused").found

    assert restored.resolved
    assert " was paused." in restored.summary
    assert "Supabase lists the project as ACTIVE_HEALTHY" in restored.summary
    assert " is paused (INACTIVE)" in paused.summary


def test_a_function_that_the_script_calls_and_that_answers_now_is_deployed_since() -> None:
    def said(target: str, seen: Any) -> str:
        way = Attempt(
            kind="function", name=target, target=target, place="x:1", updates=True, call=GATEWAY_404
        )
        one = case(workflow(log(GATEWAY_404, NO_GRANT, attempts=(way,))), seen)
        return finding(one, "function/not-deployed").found.summary

    unlisted = function(record=NOT_THERE)

    assert "was not deployed when the run called it. It failed then and works now" in said(
        "update-backup", unlisted
    )
    assert said("update_backup", unlisted).endswith("is not deployed. This was not checked since.")
    assert said("update-backup", function()).endswith(
        "though the project lists it. This was not checked since."
    )


def test_what_stands_before_a_function_answered_where_there_is_a_status() -> None:
    def said(answer: Call) -> str:
        return finding(after(answer, fallback=UNREACHED), "function/unreachable").found.summary

    assert said(call(521)).startswith("update-backup was not reached: whoever stands before it")
    assert said(UNREACHED).startswith("Nothing answered at the address of update-backup.")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (UNREACHED, "Nothing answered at the address of the Data API."),
        (call(521), "The Data API was not reached: whoever stands before it answered HTTP 521."),
    ],
)
def test_a_pipeline_without_a_function_may_not_reach_the_data_api(answer: Call, said: str) -> None:
    silent = workflow(log(NOT_SAID, answer))
    one = case(silent, names=Names(repository="acme/app", calls_function=False))

    found = finding(one, "function/unreachable")

    assert found.breaks == (Link.FALLBACK_UPDATES,)
    assert found.found.summary.startswith(said)


@pytest.mark.parametrize(("kind", "asked"), [("table-update", True), ("sql", False)])
def test_a_whole_script_that_calls_no_function_may_not_reach_the_data_api(
    kind: str, asked: bool
) -> None:
    direct = Attempt(kind=kind, name="direct", place="x", updates=True, call=call(521))
    script = log(NOT_SAID, direct.call, attempts=(direct,), whole_script=True)

    one = case(workflow(script))

    assert ("function/unreachable" in codes(one)) is asked
    if asked:
        assert finding(one, "function/unreachable").breaks == (Link.FALLBACK_UPDATES,)


def test_an_answer_that_left_the_row_unchanged_is_told_by_its_status() -> None:
    one = case(workflow(log(call(200), NOT_SAID), update="success"))

    assert finding(one, "function/false-success").found.summary == (
        "update-backup answered HTTP 200, but the row is unchanged."
    )


@pytest.mark.parametrize("said", ["Backup already completed", "Invalid backup status"])
def test_what_a_function_says_of_the_row_that_it_has_read_no_missing_grant_explains(
    said: str,
) -> None:
    refused = rls(Reach.REFUSED, sqlstate="42501", message="permission denied for table x")
    one = after(call(409, f'{{"error":"{said}"}}'), refused)

    assert causes(one) == ["function/rejected", "rls/no-grant"]


def test_the_same_error_of_the_database_twice_is_one_cause_even_where_nobody_knows_it() -> None:
    unknown = '{"code":"0A000","message":"cannot perform UPDATE RETURNING"}'
    other = '{"code":"XX000","message":"internal"}'

    assert causes(after(call(500, unknown), fallback=call(400, unknown))) == [
        "function/server-error"
    ]
    assert causes(after(call(500, unknown), fallback=call(400, other))) == [
        "function/server-error",
        "workflow/fallback-failed",
    ]


def test_a_project_of_which_the_platform_says_nothing_is_paused_no_more_where_its_data_api_answers() -> (
    None
):
    unlisted = function(project=NOT_THERE)
    silent = row(api=ApiAnswer(status=540, gateway=True))
    answering = finding(after(call(540), unlisted), "function/project-paused").found
    refusing = finding(after(call(540), unlisted, silent), "function/project-paused").found

    assert answering.summary.startswith("The Supabase project was paused. It failed then and works")
    assert refusing.summary == "The Supabase project is paused."
    assert not refusing.resolved


@pytest.mark.parametrize(
    ("answer", "seen", "expected"),
    [
        (call(402), function(), Role.CAUSE),
        (NOT_SAID, function(empty_post=now(402)), Role.CAUSE),
        (NOT_SAID, function(), None),
        (NOT_SAID, function(empty_post=LATE), None),
    ],
)
def test_a_project_is_restricted_by_402_then_or_now(
    answer: Call, seen: Any, expected: Role | None
) -> None:
    assert role(after(answer, seen, fallback=NOT_SAID), "function/project-restricted") is expected


def test_a_restriction_is_lifted_where_the_data_api_answers_again() -> None:
    code = "function/project-restricted"

    assert finding(after(call(402)), code).found.resolved
    refused = row(api=ApiAnswer(status=402, gateway=True))
    assert not finding(case(refused, workflow(log(call(402), NO_GRANT))), code).found.resolved


@pytest.mark.parametrize(
    ("answer", "fallback", "breaks"),
    [
        (UNREACHED, UNREACHED, BOTH),
        (UNREACHED, call(521), BOTH),
        (UNREACHED, NO_GRANT, (FUNCTION,)),
        (call(521), NO_GRANT, (FUNCTION,)),
        (OWN_500, UNREACHED, None),
    ],
)
def test_nothing_answered_where_the_log_says_so(answer: Call, fallback: Call, breaks: Any) -> None:
    one = after(answer, fallback=fallback)

    if breaks is None:
        assert role(one, "function/unreachable") is None
    else:
        found = finding(one, "function/unreachable")
        assert (found.breaks, found.found.by_log) == (breaks, True)


def test_nobody_at_the_look_up_is_nobody_at_all() -> None:
    def looked_up(answer: Call) -> Any:
        return case(workflow(log(NOT_SAID, NOT_SAID, lookup_call=answer)))

    unreached = finding(looked_up(UNREACHED), "function/unreachable")
    assert unreached.breaks == BOTH
    assert unreached.found.summary.startswith("Nothing answered at the address of the Data API.")
    assert role(looked_up(TIMED_OUT), "function/unreachable") is None
    assert role(looked_up(call(401)), "function/unreachable") is None


@pytest.mark.parametrize(
    ("probe", "told"),
    [
        (NOBODY, True),
        (LATE, True),
        (NOT_THERE, False),
        (replace(NOT_THERE, why=Why.NOT_ASKED), False),
        (replace(NOT_THERE, why=Why.NOT_TRUSTED), False),
        (ANSWERED, False),
    ],
)
def test_that_the_doctor_cannot_reach_the_function_is_only_a_note(probe: Any, told: bool) -> None:
    one = after(OWN_500, function(empty_post=probe))

    assert role(one, "function/unreachable") is (Role.CONTEXT if told else None)
    if told:
        found = finding(one, "function/unreachable")
        assert (found.severity, found.breaks) == (Severity.INFO, ())


def test_a_throttled_function_fails_of_that_and_not_of_itself() -> None:
    throttled = function(record=FunctionRecord(slug="update-backup", status="THROTTLED"))
    failed = call(503, '{"message":"Service Unavailable"}')

    assert causes(after(failed, throttled)) == ["function/inactive", "rls/no-grant"]


def headed(status: int, header: str, body: str = "") -> Call:
    """An answer that a log shows with this header."""
    return replace(call(status, body), lines=(header,))


RAN = "x-deno-execution-id: 4b1c"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (headed(404, RAN, '{"code":"NOT_FOUND","message":"backup not found"}'), "rejected"),
        (headed(401, RAN, '{"code":401,"message":"Invalid JWT"}'), "key-rejected"),
        (headed(404, RAN), "rejected"),
        (headed(404, "sb-error-code: NOT_FOUND"), "not-deployed"),
        (call(401, "Invalid JWT"), "jwt-gate"),
    ],
)
def test_the_headers_of_an_answer_tell_the_functions_words_from_the_platforms(
    answer: Call, code: str
) -> None:
    assert causes(after(answer))[0] == f"function/{code}"


# Its own words -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "own"),
    [
        (call(400, '{"error":"size_bytes must be a string"}'), True),
        (call(403, '{"error": "IP not allowed"}'), True),
        (call(422, "s3_key has the wrong shape"), True),
        (call(400, '{"error":"Update failed"}'), False),
        (call(400, '{"error":"Something went wrong"}'), False),
        (call(400), False),
        (call(400, "{}"), False),
        (call(404, '{"error":"IP not allowed"}'), False),
        (call(500, '{"error":"size_bytes must be a string"}'), False),
    ],
)
def test_a_refusal_that_speaks_of_no_database_is_the_functions_own(answer: Call, own: bool) -> None:
    refused = rls(Reach.REFUSED, sqlstate="42501", message="permission denied for table x")

    found = causes(after(answer, refused))

    assert (found == ["function/rejected", "rls/no-grant"]) is own


def test_a_failure_that_it_reports_with_success_is_its_own() -> None:
    failed = call(200, '{"success":false,"error":"mail server down"}', outcome=Outcome.REFUSED)

    assert causes(after(failed)) == ["function/server-error", "rls/no-grant"]
