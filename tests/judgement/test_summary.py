"""The one sentence says what a colleague would say."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from backup_doctor.evidence.case import Names
from backup_doctor.evidence.function import Project
from backup_doctor.evidence.log import NOT_SAID
from backup_doctor.evidence.object import Search
from backup_doctor.evidence.rls import Reach
from backup_doctor.judge.diagnosis import diagnose
from backup_doctor.judge.judgement import judge
from backup_doctor.judge.registry import load_checks
from backup_doctor.report.compose.summary import summary_of
from tests.judgement import cases
from tests.judgement.cases import CREATED, NOT_THERE, call, case, log, rls, row, workflow

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.judge.framework import Check

PERMISSION_DENIED = '{"code":"42501","message":"permission denied for table backup_history"}'


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(hours=5), "has been stuck in in_progress for 5 h."),
        (timedelta(minutes=1), "has been stuck in in_progress for 1 min."),
        (timedelta(seconds=59), "is stuck in in_progress."),
    ],
)
def test_it_says_how_long_a_backup_is_stuck_from_a_minute_on(age: timedelta, said: str) -> None:
    assert said in summary(case(now=CREATED + age))


def test_what_is_worth_a_warning_of_a_good_backup_ends_in_a_full_stop() -> None:
    passed_by = workflow(log(NOT_SAID, NOT_SAID), upload="failure", update="skipped")

    said = summary(case(cases.row(cases.finished_row()), passed_by))

    assert said.endswith(" But: The step 'Upload backup to S3' failed.")


def test_what_the_row_says_is_said_in_its_own_word() -> None:
    nowhere = cases.the_object(head=None, tail=None)
    done = cases.row(cases.finished_row(status="completed"))
    names = Names(repository="acme/app", bucket="team-backups", success="completed")

    said = summary(case(done, nowhere, names=names))

    assert said.startswith("The row says completed, but the backup is not right.")


@pytest.mark.parametrize("age", [timedelta(milliseconds=300), timedelta(minutes=-3)])
def test_of_a_row_that_was_made_just_now_no_age_is_said(age: timedelta) -> None:
    step = replace(cases.steps()[-1], status="in_progress", conclusion=None, completed_at=None)
    base = workflow(NOT_THERE)
    assert base.job is not None
    job = replace(base.job, status="in_progress", conclusion=None, completed_at=None, steps=(step,))
    going = replace(base, job=job, jobs=(job,), update_step=step)

    assert summary(case(going, now=CREATED + age)) == "The backup is still going."


def test_a_row_that_is_missing_is_said_once() -> None:
    nowhere = cases.row(rows=())

    assert summary(case(nowhere)).count("row") == 1


def test_what_the_pipeline_wrote_ends_in_one_full_stop() -> None:
    failed = cases.row(cases.a_row(status="failed", error_text="The disk is full."))
    found = judge(case(failed), checks()).findings

    said = {one.code: one.found.summary for one in found}
    assert said["row/failed"].endswith("failure: The disk is full.")


DENIED = call(403, '{"code":"42501","message":"permission denied for table backup_history"}')
NOT_DEPLOYED = call(404, '{"code":"NOT_FOUND","message":"Requested function was not found"}')
ONLY_THE_ROW = "Only the row is left to fix."


def test_only_the_row_is_left_where_all_that_broke_works_now_and_nothing_else_is_broken() -> None:
    denied_below = call(500, DENIED.body)
    granted_since = case(workflow(log(denied_below, DENIED)))
    never_deployed = case(cases.function(record=None), workflow(log(NOT_DEPLOYED, DENIED)))
    undeployed_since = case(cases.function(record=None), workflow(log(denied_below, DENIED)))
    for one in (granted_since, never_deployed, undeployed_since):
        assert "works now" in summary(one)

    assert summary(granted_since).endswith(ONLY_THE_ROW)
    assert ONLY_THE_ROW not in summary(never_deployed)
    assert ONLY_THE_ROW not in summary(undeployed_since)


@pytest.mark.parametrize(
    "evidence",
    [
        cases.row(cases.a_row(status="failed")),
        cases.row(cases.a_row(status="cancelled")),
        cases.the_object(head=None, tail=None),
        cases.the_object(
            expected_key=None,
            key_source=None,
            head=None,
            tail=None,
            search=Search(prefixes=("backups/",), listed=9, complete=True),
            named_by_id=True,
        ),
        cases.the_object(bucket=cases.NOT_THERE, head=cases.NOT_THERE, tail=None),
    ],
    ids=["failed", "cancelled", "file missing", "none found", "not looked at"],
)
def test_more_than_the_row_is_left_where_it_stays_as_it_is_or_no_whole_file_was_seen(
    evidence: Any,
) -> None:
    said = summary(case(workflow(log(call(500, DENIED.body), DENIED)), evidence))

    assert "works now" in said
    assert ONLY_THE_ROW not in said


def test_it_is_one_line_and_each_sentence_ends() -> None:
    crashed = log(call(500, "TypeError: boom {\n  code: 1\n}"), call(403, PERMISSION_DENIED))
    said = summary(case(workflow(crashed), rls(Reach.REFUSED, sqlstate="42501")))

    assert "\n" not in said
    assert "code: 1 }. Also: " in said
    assert said.endswith(".")


def checks() -> tuple[Check[Any], ...]:
    return tuple(one.check for one in load_checks().checks)


def summary(of: Case) -> str:
    return summary_of(of, diagnose(of, judge(of, checks()).findings))


def test_what_is_known_comes_before_what_is_not() -> None:
    paused = cases.function(
        record=None, project=Project(ref="abcdefghijklmnopqrst", status="INACTIVE")
    )
    hidden = case(paused, row(rows=NOT_THERE, table=NOT_THERE), workflow(log(call(540), call(540))))

    assert summary(hidden) == (
        "The Supabase project is paused (INACTIVE). "
        "Could not determine the rest: It is not configured."
    )
