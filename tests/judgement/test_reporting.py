"""The report as a whole: every check once, times in order."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Names
from backup_doctor.evidence.collected import Collected
from backup_doctor.evidence.findings import Report, ResultStatus, Verdict
from backup_doctor.evidence.log import NOT_SAID
from backup_doctor.evidence.rls import Reach
from backup_doctor.judge.registry import load_checks
from backup_doctor.report.compose import write
from tests.judgement.cases import (
    CREATED,
    NOT_THERE,
    a_row,
    call,
    case,
    function,
    log,
    rls,
    row,
    secrets,
    stored,
    the_object,
    workflow,
)
from tests.judgement.cases import finished_row as done

NO_GRANT = '{"code":"42501","message":"permission denied for table backup_history"}'
HEALTHY = case(row(done()), workflow(log(call(200), NOT_SAID), update="success"))


def report_on(collected: Collected) -> Report:
    return write(collected, load_checks())


def test_a_check_that_was_left_out_appears_once_as_skipped() -> None:
    evidence = {name: one for name, one in HEALTHY.evidence.items() if name != "object"}
    case = replace(HEALTHY, evidence=evidence, skipped=("object",))

    report = report_on(Collected(case=case))

    assert [one.check for one in report.results].count("object") == 1
    assert next(one for one in report.results if one.check == "object").status is ResultStatus.SKIP
    assert report.verdict is Verdict.HEALTHY


def test_what_happened_within_one_second_is_told_in_the_order_of_the_chain() -> None:
    within = a_row(created_at=CREATED + timedelta(milliseconds=700))
    uploaded = the_object(head=stored(modified_at=CREATED))
    case_of_one_second = case(row(within), uploaded, workflow(log(call(500), call(500))))

    told = [moment.what for moment in report_on(Collected(case=case_of_one_second)).timeline]

    assert told[:4] == ["row created", "run created", "job started", "file uploaded"]


def test_a_general_root_says_which_access_would_tell_the_special_one() -> None:
    unread = secrets(function_key=NOT_THERE)
    own_401 = call(401, '{"success":false,"error":"Unauthorized"}')
    refused = case(workflow(log(own_401, call(403, NO_GRANT))), unread)

    report = report_on(Collected(case=refused))

    assert report.root_cause == "function/key-rejected"
    assert any("It is not configured. Set it." in line for line in report.cannot_tell)


def test_a_cause_at_the_table_says_that_the_function_was_not_seen() -> None:
    blind = case(
        workflow(NOT_THERE),
        function(record=NOT_THERE, empty_post=NOT_THERE),
        rls(Reach.REFUSED, sqlstate="42501", message="permission denied"),
    )

    report = report_on(Collected(case=blind))

    assert report.root_cause == "rls/no-grant"
    assert report.cannot_tell


def test_the_subject_links_to_the_pages_of_a_hosted_function_and_of_amazons_file() -> None:
    ref = "abcdefghijklmnopqrst"
    hosted = Names(
        bucket="team-backups", project_ref=ref, supabase_url=f"https://{ref}.supabase.co"
    )
    here = the_object(head=stored(key="backups/a b.zip"))

    subject = report_on(Collected(case=case(here, names=hosted))).subject

    assert subject.function_url == (
        f"https://supabase.com/dashboard/project/{ref}/functions/update-backup"
    )
    assert subject.file_url == (
        "https://console.aws.amazon.com/s3/object/team-backups?prefix=backups%2Fa%20b.zip"
    )


def test_what_has_no_page_is_not_linked() -> None:
    ours = Names(bucket="team-backups", project_ref="ref", supabase_url="http://127.0.0.1:1")
    elsewhere = the_object(endpoint="https://s3.example")

    subject = report_on(Collected(case=case(elsewhere, names=ours))).subject

    assert (subject.function_url, subject.file_url) == (None, None)
    assert report_on(Collected(case=case(the_object(head=None)))).subject.file_url is None


def test_nobody_is_told_to_give_a_log_that_has_expired() -> None:
    expired = Unseen(why=Why.GONE, what="GitHub no longer has the log.", dependency="GitHub")
    unread = secrets(function_key=NOT_THERE)

    report = report_on(Collected(case=case(workflow(expired), unread)))

    assert expired.what in report.cannot_tell
    planned = [fix.text for step in report.plan for fix in step.one_of]
    assert expired.what not in planned
    assert any("It is not configured. Set it." in text for text in planned)
