"""How far a backup came, and what each check saw, as the report tells it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from backup_doctor.evidence.base import Evidence, Unseen, Why
from backup_doctor.evidence.case import Asked, Names
from backup_doctor.evidence.collected import Collected
from backup_doctor.evidence.findings import FailingStep, Report, Role, Severity, StageState, Verdict
from backup_doctor.evidence.log import NOT_SAID, Attempt
from backup_doctor.evidence.object import FileEnd
from backup_doctor.evidence.rls import Reach
from backup_doctor.evidence.secrets import FunctionKey, KeyMatch
from backup_doctor.judge.registry import load_checks
from backup_doctor.report.compose import write
from backup_doctor.report.fingerprint import fingerprint
from tests.judgement import cases
from tests.judgement.cases import (
    KEY,
    NOT_THERE,
    a_row,
    call,
    case,
    finished_row,
    log,
    row,
    workflow,
)

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.log import Call

OK, FAILED, UNKNOWN = StageState.OK, StageState.FAILED, StageState.UNKNOWN
NOT_NEEDED, NOT_REACHED = StageState.NOT_NEEDED, StageState.NOT_REACHED
REPAIRED_LATER = StageState.REPAIRED_LATER
NOT_FOUND = '{"code":"NOT_FOUND","message":"Requested function was not found"}'
DENIED = '{"code":"42501","message":"permission denied for table backup_history"}'


def report_on(one: Case) -> Report:
    return write(Collected(case=one), load_checks())


def chain(one: Case) -> list[StageState]:
    return [stage.state for stage in report_on(one).chain]


def test_of_a_healthy_backup_every_link_held_and_the_fallback_was_not_needed() -> None:
    healthy = case(row(finished_row()), workflow(log(call(200), NOT_SAID), update="success"))

    assert chain(healthy) == [OK, OK, OK, OK, OK, NOT_NEEDED, OK]


def test_where_both_updates_failed_each_names_its_cause_and_the_result_was_not_reached() -> None:
    stuck = case(
        cases.function(record=None),
        cases.rls(Reach.REFUSED, sqlstate="42501", message="permission denied"),
        workflow(log(call(404, NOT_FOUND), call(403, DENIED))),
    )

    report = report_on(stuck)

    assert chain(stuck) == [OK, OK, OK, OK, FAILED, FAILED, NOT_REACHED]
    assert [code for stage in report.chain for code in stage.codes] == list(report.causes)


def test_a_file_that_was_uploaded_and_is_gone_broke_the_last_link_and_none_before() -> None:
    gone = cases.the_object(head=None, tail=None)
    done = workflow(log(call(200), NOT_SAID), update="success")
    lost = case(row(finished_row()), gone, done)
    unknown = case(row(finished_row()), gone, workflow(NOT_THERE))

    assert chain(lost) == [OK, OK, OK, OK, OK, NOT_NEEDED, FAILED]
    assert chain(unknown)[3:] == [FAILED, UNKNOWN, UNKNOWN, FAILED]


def test_a_success_without_a_count_is_no_update_of_a_row_that_is_as_it_was() -> None:
    def marks(direct: Call, *seen: Evidence) -> list[StageState]:
        run = workflow(log(call(404, NOT_FOUND), direct))
        return chain(case(cases.function(record=None), run, *seen))

    begun = row(a_row(s3_key=KEY))

    assert marks(call(204))[4:6] == [FAILED, FAILED]
    assert marks(call(204), begun)[4:6] == [FAILED, UNKNOWN]
    assert marks(call(200, rows=1))[4:6] == [FAILED, OK]


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_success_without_a_count_is_no_update_of_a_row_that_says_otherwise(status: str) -> None:
    done = workflow(log(call(200), NOT_SAID), update="success")

    assert chain(case(row(a_row(status=status)), done))[4] is UNKNOWN
    assert chain(case(row(finished_row()), done))[4] is OK


def test_where_no_log_can_be_read_nobody_knows_whether_other_updates_were_needed() -> None:
    assert chain(case(workflow(NOT_THERE), row(finished_row())))[4:6] == [UNKNOWN, UNKNOWN]


def test_a_run_that_left_its_file_was_there_and_may_have_tried_its_updates() -> None:
    deleted, never = cases.no_run(), cases.the_object(head=None, tail=None, expected_key=None)

    assert chain(case(deleted))[4:6] == [UNKNOWN, UNKNOWN]
    assert chain(case(deleted, never))[4:6] == [NOT_REACHED, NOT_REACHED]


def test_an_update_that_changed_no_row_is_none_that_worked() -> None:
    missed = call(404, '{"error":"Backup not found"}')
    stuck = case(
        cases.rls(Reach.NO_ROW), workflow(log(missed, call(200, "[]", rows=0), dispatch_seen=True))
    )

    assert chain(stuck)[4:] == [FAILED, FAILED, NOT_REACHED]


def test_where_the_fallback_saved_it_only_the_function_broke() -> None:
    saved = case(
        row(finished_row()),
        cases.function(record=None),
        workflow(log(call(404, NOT_FOUND), call(200, rows=1)), update="success"),
    )

    assert chain(saved) == [OK, OK, OK, OK, FAILED, OK, OK]


def test_what_a_more_specific_finding_explains_is_a_symptom_also_where_the_backup_is_right() -> (
    None
):
    saved = case(
        row(finished_row()),
        cases.function(record=None),
        workflow(log(call(404, NOT_FOUND), call(200, rows=1)), update="success"),
    )

    found = {one.code: one for result in report_on(saved).results for one in result.findings}

    assert found["function/not-deployed"].role is Role.CONTEXT
    assert found["workflow/edge-call-failed"].role is Role.SYMPTOM
    assert found["workflow/edge-call-failed"].severity is Severity.WARN


def test_after_a_failed_upload_nothing_later_was_reached() -> None:
    failed = case(
        cases.the_object(head=None, tail=None, key_source=None, expected_key=None),
        workflow(
            log(NOT_SAID, NOT_SAID, update_seen=False, uploaded=(), assignments={}),
            upload="failure",
            update="skipped",
        ),
    )

    assert chain(failed)[3:] == [FAILED, NOT_REACHED, NOT_REACHED, NOT_REACHED]
    assert chain(failed)[:3] == [OK, OK, UNKNOWN]


@pytest.mark.parametrize(
    ("error", "made"),
    [
        (
            "upload failed: ./b.zip to s3://t/b.zip An error occurred (AccessDenied) when calling the",
            OK,
        ),
        ("An error occurred (ExpiredToken) when calling the UploadPart operation: expired", OK),
        ("upload failed: Unable to locate credentials", UNKNOWN),
        ("The user-provided path backup.zip does not exist.", UNKNOWN),
    ],
)
def test_an_upload_that_was_refused_with_its_file_shows_that_the_backup_was_made(
    error: str, made: StageState
) -> None:
    told = log(NOT_SAID, NOT_SAID, update_seen=False, uploaded=(), upload_errors=(error,))
    told = replace(told, assignments={})
    failed = case(
        cases.the_object(head=None, tail=None, key_source=None, expected_key=None),
        workflow(told, upload="failure", update="skipped"),
    )

    assert chain(failed)[2:4] == [made, FAILED]


@pytest.mark.parametrize(("calls", "expected"), [(True, NOT_REACHED), (False, NOT_NEEDED)])
def test_an_update_that_was_not_reached_and_is_not_known_is_not_called_unneeded(
    *, calls: bool, expected: StageState
) -> None:
    stopped = log(NOT_SAID, NOT_SAID, update_seen=False, uploaded=(), variables=())
    one = case(
        workflow(stopped, upload="failure", update="skipped"),
        cases.function(record=NOT_THERE, options=NOT_THERE, empty_post=NOT_THERE),
        cases.secrets(levels=NOT_THERE, function_key=NOT_THERE, function_secrets=NOT_THERE),
        names=Names(calls_function=calls),
    )

    assert chain(one)[4:6] == [NOT_REACHED, expected]


def test_an_update_behind_a_look_up_that_failed_was_not_reached_whatever_the_script_calls_it() -> (
    None
):
    attempt = Attempt(kind="function", name="f", place="line 3", updates=True, call=NOT_SAID)
    crashed = replace(call(400), status=None, body="", lines=("TypeError: Unexpected token",))
    stopped = log(NOT_SAID, NOT_SAID, lookup_call=crashed, attempts=(attempt,))

    assert chain(case(workflow(stopped)))[4:6] == [NOT_REACHED, NOT_REACHED]


def test_what_nobody_could_see_is_not_called_held() -> None:
    blind = case(
        row(rows=Unseen(why=Why.DENIED, what="It may not be read.")),
        workflow(NOT_THERE, run=NOT_THERE, job=None, jobs=(), update_step=None),
        cases.the_object(head=NOT_THERE, tail=None),
    )

    assert set(chain(blind)) == {UNKNOWN}


@pytest.mark.parametrize("conclusion", ["failure", "cancelled"])
def test_a_last_job_that_never_began_did_not_keep_the_run_from_starting(conclusion: str) -> None:
    seen = workflow(log(NOT_SAID, NOT_SAID), update="success")
    assert seen.job
    before = replace(seen.job, id=6, name="archive", conclusion="success")
    changes = {"name": "report", "steps": (), "runner_name": None, "conclusion": conclusion}
    last = replace(seen.job, **changes)
    unbegun = replace(seen, job=last, jobs=(before, last), update_step=None)

    with_file = case(unbegun, row(a_row()))
    alone = case(replace(unbegun, jobs=(last,)), row(a_row()))

    assert chain(with_file)[1:5] == [OK, OK, OK, FAILED]
    assert chain(alone)[1] == FAILED


def test_of_a_backup_that_is_still_to_be_made_no_link_was_reached() -> None:
    assert set(chain(case(asked=Asked()))) == {NOT_REACHED}


def test_a_row_that_is_right_though_both_updates_failed_was_repaired_later() -> None:
    repaired = case(
        row(finished_row()),
        workflow(log(call(404, NOT_FOUND), call(403, DENIED)), update="failure"),
    )

    assert chain(repaired)[4:] == [FAILED, FAILED, REPAIRED_LATER]


def test_a_right_row_does_not_show_which_update_wrote_it() -> None:
    silent = case(row(finished_row()), workflow(NOT_THERE, update="success"))

    assert chain(silent)[4:] == [UNKNOWN, UNKNOWN, OK]


def test_a_job_that_timed_out_does_not_show_that_it_made_a_file() -> None:
    timed_out = case(
        cases.the_object(head=None, tail=None, key_source=None, expected_key=None),
        workflow(
            log(NOT_SAID, NOT_SAID, update_seen=False, uploaded=(), assignments={}),
            upload="skipped",
            update="skipped",
        ),
    )

    assert OK not in chain(timed_out)[2:]


def test_a_file_that_is_older_than_the_run_does_not_show_that_it_uploaded_one() -> None:
    older = cases.stored(modified_at=cases.CREATED - timedelta(hours=1))
    stale = case(
        row(finished_row()),
        cases.the_object(head=older),
        workflow(log(NOT_SAID, NOT_SAID, uploaded=(), assignments={})),
    )

    assert chain(stale)[2:4] == [UNKNOWN, UNKNOWN]


def test_a_pipeline_without_a_function_has_one_update_and_needs_no_other() -> None:
    direct = case(
        row(finished_row()),
        workflow(log(NOT_SAID, call(200, rows=1)), update="success"),
        names=Names(calls_function=False),
    )

    assert chain(direct)[4:] == [OK, NOT_NEEDED, OK]
    assert report_on(direct).chain[4].title == "the row is updated"


@pytest.mark.parametrize(
    ("evidence", "saw"),
    [
        (
            cases.secrets(),
            "3 secrets on GitHub; service key: legacy JWT; the doctor's copy of the function key matches",
        ),
        (
            cases.secrets(
                levels=NOT_THERE,
                function_key=FunctionKey(setting="BACKUP_API_KEY", match=KeyMatch.DIFFERENT),
            ),
            "service key: legacy JWT",
        ),
        (cases.function(), "deployed version 3, ACTIVE; answers an empty body with HTTP 400"),
        (cases.function(record=None, empty_post=NOT_THERE), "not deployed"),
        (
            row(finished_row()),
            "success, 1,024,000 bytes, finished 2026-11-20 02:10:00 UTC (by psycopg)",
        ),
        (row(), "in_progress, no size, no s3_key, not finished (by psycopg)"),
        (row(rows=()), "no row (by psycopg)"),
        (row(rows=NOT_THERE), "9 columns (by psycopg)"),
        (row(rows=NOT_THERE, table=None), ""),
        (workflow(NOT_THERE), "run 42, job backup: failure"),
        (workflow(NOT_THERE, run=None, job=None), "no run found"),
        (workflow(NOT_THERE, run=NOT_THERE, job=None), ""),
        (cases.the_object(), "1,024,000 bytes, complete zip, 3 files"),
        (
            cases.the_object(tail=FileEnd(whole=False, problem="no end")),
            "1,024,000 bytes, not a complete zip",
        ),
        (cases.the_object(head=None), "bucket team-backups"),
        (cases.the_object(head=None, bucket=NOT_THERE), ""),
        (cases.rls(), "update as service_role: no obstacle seen (EXPLAIN as that role)"),
        (
            cases.rls(strong=False),
            "update as service_role: no obstacle seen (by the catalogue only)",
        ),
    ],
)
def test_a_check_says_on_one_line_what_it_saw(evidence: Evidence, saw: str) -> None:
    assert evidence.saw() == saw


def test_every_result_carries_what_was_seen_but_one_that_could_not_look() -> None:
    blind = Unseen(why=Why.CRASHED, what="It crashed.")
    one = case(row(finished_row()))

    results = report_on(
        type(one)(
            asked=one.asked, names=one.names, now=one.now, evidence={**one.evidence, "rls": blind}
        )
    ).results

    assert {result.check for result in results if not result.saw} == {"rls"}


def test_the_fingerprint_tells_causes_apart_and_nothing_else() -> None:
    step = FailingStep(check="function", step=5, title="Edge function")
    renamed = FailingStep(check="function", step=5, title="Another title")

    one = fingerprint(Verdict.FAILING, "function/not-deployed", ("function/not-deployed",), step)

    assert one == fingerprint(
        Verdict.FAILING, "function/not-deployed", ("function/not-deployed",), renamed
    )
    assert one.startswith("bd-")
    assert one != fingerprint(
        Verdict.FAILING,
        "function/not-deployed",
        ("function/not-deployed", "rls/no-grant"),
        step,
    )
    assert one != fingerprint(Verdict.UNKNOWN, None, (), None)


def attempt(kind: str, name: str, answer: Call, **changes: Any) -> Attempt:
    return Attempt(
        kind=kind, name=name, place="ops/fin.mjs:7", updates=True, call=answer, **changes
    )


def of_ways(*ways: Attempt, **changes: Any) -> Case:
    """A pipeline without a function, whose whole script was read."""
    read = log(NOT_SAID, ways[-1].call, attempts=ways, whole_script=True, variables=())
    return case(workflow(read), **changes)


def test_each_way_to_update_the_row_has_its_own_name() -> None:
    several = of_ways(
        attempt("rpc", "RPC update_backup_history", call(404)),
        attempt("table-update", "direct update of backup_history", call(403, DENIED)),
    )

    first, others = report_on(several).chain[4:6]

    assert first.title == "the row is updated (RPC update_backup_history)"
    assert others.title == "the fallback updates the row (direct update of backup_history)"
    assert (first.state, others.state) == (FAILED, FAILED)


def test_of_several_ways_the_first_that_works_is_enough() -> None:
    several = of_ways(
        attempt("rpc", "RPC update_backup_history", call(200, rows=1)),
        attempt("table-update", "direct update of backup_history", NOT_SAID),
    )

    assert chain(several)[4:6] == [OK, NOT_NEEDED]


def test_a_pipeline_whose_script_calls_no_function_has_none() -> None:
    only = of_ways(attempt("table-update", "direct update of backup_history", call(403, DENIED)))

    first, others = report_on(only).chain[4:6]

    assert first.title == "the row is updated (direct update of backup_history)"
    assert others.state is NOT_NEEDED


def function_alone(answer: Call) -> Any:
    """The run of a pipeline whose script calls the function and knows no other way to the row."""
    only = attempt("function", "the edge function", answer)
    return workflow(log(answer, NOT_SAID, attempts=(only,), whole_script=True))


def test_a_pipeline_with_a_function_alone_has_no_other_update_that_could_fail() -> None:
    refused_now = cases.rls(Reach.REFUSED, sqlstate="42501", message="permission denied")
    stuck = case(cases.function(record=None), refused_now, function_alone(call(404, NOT_FOUND)))

    assert chain(stuck) == [OK, OK, OK, OK, FAILED, NOT_NEEDED, NOT_REACHED]
    assert report_on(stuck).causes == ("function/not-deployed",)


def test_what_lies_below_a_function_alone_broke_one_link() -> None:
    refused_now = cases.rls(Reach.REFUSED, sqlstate="42501", message="permission denied")
    stuck = case(refused_now, function_alone(call(500, DENIED)))

    assert chain(stuck) == [OK, OK, OK, OK, FAILED, NOT_NEEDED, NOT_REACHED]
    assert report_on(stuck).causes == ("rls/no-grant",)


def test_a_row_that_is_right_though_its_only_update_failed_was_repaired_later() -> None:
    right = case(row(finished_row()), function_alone(call(404, NOT_FOUND)))

    assert chain(right) == [OK, OK, OK, OK, FAILED, NOT_NEEDED, REPAIRED_LATER]


def test_a_function_has_the_name_by_which_the_script_calls_it() -> None:
    ways = (attempt("function", "function finish-backup", call(404), target="finish-backup"),)
    named = case(workflow(log(call(404), NOT_SAID, attempts=ways, whole_script=True)))

    assert report_on(named).chain[4].title == "finish-backup updates the row"


def test_the_report_says_how_it_is_known_whose_answer_it_is() -> None:
    where = "ops/fin.sh:7 prints this after the call of the function update-backup"
    known = case(
        cases.function(record=None), workflow(log(call(404, NOT_FOUND, known=where), NOT_SAID))
    )

    shown = [
        one.value
        for result in report_on(known).results
        for finding in result.findings
        for one in finding.evidence
    ]

    assert where in shown


def test_the_report_says_that_words_decided_where_the_script_could_not_be_parsed() -> None:
    read = log(call(404, NOT_FOUND), NOT_SAID, unread_script=NOT_THERE)

    assert NOT_THERE in workflow(read).notes()
