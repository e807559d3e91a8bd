"""Which findings are causes, in which order, and what becomes of the others."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Role, Severity, Verdict
from backup_doctor.evidence.log import NOT_SAID
from backup_doctor.evidence.object import DeleteMarker
from backup_doctor.evidence.rls import Reach
from backup_doctor.judge.diagnosis import able_to_explain, diagnose, placed
from backup_doctor.judge.framework import Found
from backup_doctor.judge.judgement import Judged
from backup_doctor.judge.registry import load_checks
from tests.judgement.asking import causes, diagnosed
from tests.judgement.cases import (
    KEY,
    NOT_THERE,
    a_row,
    call,
    case,
    finished_row,
    function,
    log,
    rls,
    row,
    the_object,
    workflow,
)

MADE, UPLOADED = Link.BACKUP_MADE, Link.FILE_UPLOADED
FUNCTION, FALLBACK, STAYS = Link.FUNCTION_UPDATES, Link.FALLBACK_UPDATES, Link.STAYS_SO
DENIED = '{"code":"42501","message":"permission denied for table backup_history"}'
NO_GRANT = call(403, DENIED)
NO_GRANT_NOW = rls(Reach.REFUSED, sqlstate="42501")
GONE = function(record=None)
NO_FILE = the_object(head=None, tail=None)
HIDDEN_ROW = row(rows=Unseen(why=Why.DENIED, what="The key may not read."))
UPLOAD_FAILED = workflow(
    log(NOT_SAID, NOT_SAID, update_seen=False, uploaded=(), upload_errors=("AccessDenied",)),
    upload="failure",
    update="skipped",
)


def suspect(code: str, *breaks: Link, **changes: Any) -> Judged:
    """What the rule of this code might find."""
    for loaded in load_checks().checks:
        for rule in loaded.check.rules:
            if rule.code == code:
                found = Found(summary=code, breaks=breaks or None, **changes)
                return Judged(check=loaded.check, rule=rule, found=found)
    raise KeyError(code)


def explained_by(*suspects: Judged) -> list[str]:
    """The codes of the causes among these suspects."""
    return [one.code for one in placed(suspects, Verdict.FAILING, suspects).causes]


# Which of the suspects are causes ----------------------------------------------------------------


def test_causes_come_in_the_order_of_the_chain_and_each_once() -> None:
    both_ways = suspect("rls/no-grant", FUNCTION, FALLBACK)
    before = suspect("workflow/failed-before-update", MADE)

    assert explained_by(both_ways, before) == ["workflow/failed-before-update", "rls/no-grant"]


def test_what_is_not_proved_is_a_cause_only_where_nothing_proved_breaks_the_same_link() -> None:
    weak = suspect("function/timeout", weak=True)
    proved = suspect("function/resource-limit")

    assert explained_by(weak) == ["function/timeout"]
    assert explained_by(weak, proved) == ["function/resource-limit"]
    assert explained_by(weak, suspect("object/missing")) == ["object/missing", "function/timeout"]


def test_at_one_link_what_the_log_proves_comes_first() -> None:
    now = suspect("function/rate-limited")
    then = suspect("function/resource-limit", by_log=True)

    assert explained_by(now, then) == ["function/resource-limit", "function/rate-limited"]
    assert explained_by(then, now) == ["function/resource-limit", "function/rate-limited"]


@pytest.mark.parametrize(
    ("general", "special", "left"),
    [
        (
            suspect("object/missing", UPLOADED),
            suspect("secrets/missing", MADE),
            ["secrets/missing"],
        ),
        (
            suspect("object/missing", UPLOADED),
            suspect("secrets/missing", UPLOADED),
            ["secrets/missing"],
        ),
        (
            suspect("object/missing", UPLOADED),
            suspect("secrets/missing", STAYS),
            ["object/missing", "secrets/missing"],
        ),
        (suspect("object/missing", UPLOADED), suspect("object/deleted", STAYS), ["object/deleted"]),
        (
            suspect("function/key-rejected", FUNCTION),
            suspect("secrets/missing", FUNCTION),
            ["secrets/missing"],
        ),
        (
            suspect("function/key-rejected", FUNCTION),
            suspect("secrets/missing", FALLBACK),
            ["function/key-rejected", "secrets/missing"],
        ),
        (
            suspect("workflow/green-but-failed", STAYS),
            suspect("rls/no-grant", FALLBACK),
            ["rls/no-grant"],
        ),
    ],
    ids=[
        "what broke earlier explains what is missing later",
        "at the same link",
        "what broke later does not, in another check",
        "within one check the special explains wherever it broke",
        "at a write, what broke the same write",
        "at a write, not what broke the other one",
        "at the end, anything",
    ],
)
def test_the_special_explains_the_general(
    general: Judged, special: Judged, left: list[str]
) -> None:
    assert explained_by(general, special) == left


def test_only_a_failing_cause_that_breaks_a_link_can_explain_anything() -> None:
    able = suspect("rls/no-grant")
    unable = (
        suspect("rls/no-grant", role=Role.CONTEXT),
        suspect("rls/no-grant", severity=Severity.WARN),
        suspect("rls/forced", FUNCTION, severity=Severity.FAIL),
        Judged(check=able.check, rule=able.rule, found=Found(summary="", breaks=())),
    )

    assert able_to_explain((able, *unable)) == (able,)


# What becomes of the others ----------------------------------------------------------------------


def place(one: Judged, verdict: Verdict, *suspects: Judged) -> tuple[Role, Severity]:
    """The role and severity of a finding beside these suspects."""
    (found,) = placed((one,), verdict, suspects).placed
    return found.role, found.severity


def test_a_suspect_that_another_explains_is_a_symptom() -> None:
    general, special = suspect("object/missing"), suspect("object/deleted")

    assert place(general, Verdict.FAILING, general, special) == (Role.SYMPTOM, Severity.FAIL)
    assert place(special, Verdict.FAILING, general, special) == (Role.CAUSE, Severity.FAIL)


def test_what_could_be_a_cause_and_is_no_suspect_is_a_warning() -> None:
    note = suspect("rls/no-grant", severity=Severity.INFO)

    assert place(suspect("rls/no-grant"), Verdict.FAILING) == (Role.CONTEXT, Severity.WARN)
    assert place(note, Verdict.FAILING) == (Role.CONTEXT, Severity.INFO)


def test_a_symptom_stays_one_while_the_backup_fails_and_is_a_warning_where_it_is_right() -> None:
    stuck = suspect("row/stuck")

    assert place(stuck, Verdict.FAILING) == (Role.SYMPTOM, Severity.FAIL)
    assert place(stuck, Verdict.UNKNOWN) == (Role.SYMPTOM, Severity.FAIL)
    assert place(stuck, Verdict.HEALTHY) == (Role.CONTEXT, Severity.WARN)
    assert place(stuck, Verdict.RUNNING) == (Role.CONTEXT, Severity.WARN)


def test_the_failing_check_is_the_roots_else_that_of_the_strongest_symptom() -> None:
    stuck, step = suspect("row/stuck"), suspect("workflow/fallback-failed", role=Role.SYMPTOM)
    cause = suspect("rls/no-grant")

    assert placed((stuck, step, cause), Verdict.FAILING, (cause,)).failing_check == "rls"
    assert placed((stuck, step), Verdict.FAILING, ()).failing_check == "workflow"
    assert placed((stuck,), Verdict.FAILING, ()).failing_check == "row"
    assert placed((), Verdict.FAILING, ()).failing_check == "row"
    assert placed((stuck, step), Verdict.UNKNOWN, ()).failing_check is None
    assert placed((cause,), Verdict.UNKNOWN, (cause,)).failing_check == "rls"
    assert placed((stuck,), Verdict.HEALTHY, (cause,)).failing_check is None
    assert placed((stuck,), Verdict.RUNNING, ()).failing_check is None


# Which findings are suspects ---------------------------------------------------------------------


def test_of_a_right_row_only_what_makes_its_file_wrong_is_a_cause() -> None:
    assert causes(case(row(finished_row()), NO_FILE, GONE, NO_GRANT_NOW)) == ["object/missing"]


def test_an_incomplete_row_is_its_own_cause() -> None:
    assert causes(case(row(finished_row(size_bytes=None)), GONE)) == ["row/incomplete"]


def test_a_right_row_is_explained_by_the_upload_that_failed() -> None:
    one = case(row(finished_row()), NO_FILE, UPLOAD_FAILED)

    assert causes(one) == ["workflow/failed-before-update"]


def test_a_recorded_failure_is_explained_by_what_came_before_the_update() -> None:
    failed = row(a_row(status="failed"))

    assert causes(case(failed, UPLOAD_FAILED, NO_GRANT_NOW)) == ["workflow/failed-before-update"]


def test_a_recorded_failure_that_nothing_before_explains_is_explained_by_the_log_alone() -> None:
    failed = row(a_row(status="failed"))
    seen = workflow(log(call(200), NO_GRANT))

    assert causes(case(failed, seen, GONE)) == ["rls/no-grant"]
    assert causes(case(failed, workflow(None), GONE)) == []


def test_a_recorded_failure_is_explained_by_the_error_that_ended_the_update_step() -> None:
    failed = row(a_row(status="failed"))
    told = "ops/update.sh: line 6: BACKUP_LABEL: unbound variable"
    died = log(
        NOT_SAID,
        NOT_SAID,
        failed_step="Update backup_history via Edge Function",
        errors=(told,),
        told=(told,),
    )
    unknown = call(500, "it is broken")

    assert causes(case(failed, workflow(died))) == ["workflow/fallback-failed"]
    assert causes(case(failed, workflow(log(NOT_SAID, unknown)))) == ["workflow/fallback-failed"]
    assert causes(case(failed, workflow(log(call(500, "TypeError"), NOT_SAID)))) == [
        "function/server-error"
    ]
    assert causes(case(failed, workflow(log(call(400, "No key"), NOT_SAID)))) == [
        "function/rejected"
    ]


@pytest.mark.parametrize("status", ["failed", "cancelled"])
@pytest.mark.parametrize(
    ("told", "code"),
    [
        ("The job has exceeded the maximum execution time of 5m0s", "workflow/timed-out"),
        ("The run was canceled by @octocat.", "workflow/cancelled"),
    ],
)
def test_what_ended_the_run_in_its_update_explains_what_was_recorded(
    status: str, told: str, code: str
) -> None:
    seen = workflow(log(NOT_SAID, NOT_SAID), update="cancelled")
    assert seen.job
    job = replace(seen.job, conclusion="cancelled", annotations=(told,))
    stopped = replace(seen, job=job, jobs=(job,))

    assert causes(case(row(a_row(status=status)), stopped, GONE)) == [code]


def test_a_recorded_failure_is_explained_by_a_column_that_the_answer_names_and_the_table_lacks() -> (
    None
):
    failed = row(a_row(status="failed"))
    answer = '{"code":"PGRST204","message":"Could not find the \'done_at\' column"}'

    assert causes(case(failed, workflow(log(NOT_SAID, call(400, answer))))) == [
        "row/column-missing"
    ]


def test_without_the_row_the_run_tells_and_the_file_that_it_named_and_only_if_no_update_got_through() -> (
    None
):
    proved = case(HIDDEN_ROW, workflow(log(call(404, '{"code":"NOT_FOUND"}'), NO_GRANT)), NO_FILE)
    got_through = case(HIDDEN_ROW, workflow(log(call(404, '{"code":"NOT_FOUND"}'), call(200))))
    by_its_steps = case(HIDDEN_ROW, UPLOAD_FAILED, GONE, NO_GRANT_NOW)

    assert causes(proved) == ["function/not-deployed", "rls/no-grant", "object/missing"]
    assert diagnosed(proved).verdict is Verdict.UNKNOWN
    assert causes(got_through) == []
    assert causes(by_its_steps) == ["workflow/failed-before-update"]


def test_what_stopped_the_job_stops_the_chain_where_the_update_was_not_reached() -> None:
    marker = the_object(head=None, tail=None, deleted=DeleteMarker(key=KEY, version_id="1"))

    assert causes(case(UPLOAD_FAILED, marker)) == ["workflow/failed-before-update"]


def test_what_stopped_the_job_after_its_update_leaves_the_update_to_explain() -> None:
    seen = workflow(log(call(404, '{"code":"NOT_FOUND"}'), NO_GRANT))
    assert seen.job
    job = replace(seen.job, conclusion="cancelled", annotations=("The run was cancelled.",))
    stopped = replace(seen, job=job, jobs=(job,))

    assert "rls/no-grant" in causes(case(stopped, GONE, NO_GRANT_NOW))


# The verdict -------------------------------------------------------------------------------------


def verdict(*evidence: Any) -> Verdict:
    """The verdict on a right row with this evidence."""
    return diagnosed(case(row(finished_row()), *evidence)).verdict


def test_a_right_row_is_healthy_where_its_file_was_seen_whole_or_lies_in_an_archive() -> None:
    in_archive = Unseen(why=Why.DENIED, what="It is archived.", code="InvalidObjectState")
    unread = Unseen(why=Why.TIMED_OUT, what="S3 did not answer in time.")

    assert verdict(the_object()) is Verdict.HEALTHY
    assert verdict(the_object(tail=in_archive)) is Verdict.HEALTHY
    assert verdict(the_object(tail=unread)) is Verdict.UNKNOWN
    assert verdict(the_object(tail=None)) is Verdict.UNKNOWN


def test_a_right_row_whose_bucket_was_not_looked_at_is_unknown() -> None:
    one = case(row(finished_row()))
    blind = replace(one, evidence={**one.evidence, "object": NOT_THERE})

    assert diagnose(blind, ()).verdict is Verdict.UNKNOWN
