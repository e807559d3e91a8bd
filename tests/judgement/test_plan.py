"""The plan: what to do, in the order of doing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from backup_doctor.evidence.collected import Collected
from backup_doctor.evidence.findings import FixKind, Verdict
from backup_doctor.evidence.function import Project
from backup_doctor.evidence.log import NOT_SAID
from backup_doctor.evidence.object import Search, UnfinishedUpload
from backup_doctor.evidence.rls import Reach
from backup_doctor.evidence.row import Server
from backup_doctor.judge.commands import command
from backup_doctor.judge.diagnosis import Diagnosis
from backup_doctor.judge.fix_sql import Repair
from backup_doctor.judge.framework import Found
from backup_doctor.judge.judgement import Judged
from backup_doctor.judge.registry import load_checks
from backup_doctor.judge.show import either, manual, shell
from backup_doctor.report.compose import write
from backup_doctor.report.compose.plan import plan
from tests.judgement import cases
from tests.judgement.cases import (
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
    from backup_doctor.evidence.findings import Report

NOT_FOUND = '{"code":"NOT_FOUND","message":"Requested function was not found"}'
DENIED = '{"code":"42501","message":"permission denied for table backup_history"}'


def report_on(one: Case) -> Report:
    return write(Collected(case=one), load_checks())


def stuck() -> Case:
    return case(
        cases.function(record=None),
        cases.rls(Reach.REFUSED, sqlstate="42501", message="permission denied"),
        workflow(log(call(404, NOT_FOUND), call(403, DENIED))),
    )


def test_each_cause_is_a_step_in_the_order_of_the_chain_and_then_the_row() -> None:
    plan = report_on(stuck()).plan

    assert [step.why for step in plan] == ["function/not-deployed", "rls/no-grant", "row/stuck"]


def test_the_rows_sql_is_one_of_the_steps_and_ends_the_rows_symptom_and_no_cause() -> None:
    report = report_on(stuck())

    (step,) = [one for one in report.plan if one.one_of[0].text == report.fix_sql]
    assert step.one_of[0].kind is FixKind.SQL
    assert step.why == "row/stuck"
    assert step.why not in report.causes


def test_a_verdict_that_is_unknown_ends_in_what_would_settle_it() -> None:
    one = case(
        row(rows=NOT_THERE),
        cases.function(record=None),
        workflow(log(call(404, NOT_FOUND), call(403, DENIED))),
    )

    report = report_on(one)

    assert report.verdict is Verdict.UNKNOWN
    assert report.plan[0].why == "function/not-deployed"
    assert report.plan[-1].title == "Let the doctor see more"
    assert NOT_THERE.what in report.plan[-1].one_of[0].text


def test_all_that_the_doctor_lacks_is_one_step() -> None:
    blind = cases.ahead()
    lacking = replace(blind, evidence=dict.fromkeys(blind.evidence, NOT_THERE))
    no_bucket = replace(NOT_THERE, what="No bucket is configured.")

    (step,) = report_on(replace(lacking, evidence=lacking.evidence | {"object": no_bucket})).plan

    assert step.title == "Let the doctor see more"
    assert step.one_of[0].text.splitlines() == [
        "- It is not configured. Set it.",
        "- No bucket is configured. Set it.",
    ]


def test_what_began_since_and_refuses_the_rows_sql_is_a_step_before_it() -> None:
    server = Server(version="18", now=cases.NOW, default_read_only=True)
    denied = case(row(server=server), workflow(log(call(500, DENIED), call(403, DENIED))))

    plan = report_on(denied).plan

    assert [step.why for step in plan] == ["row/database-read-only", "row/stuck"]
    assert "fixed (step 1)" in plan[1].one_of[0].text


def test_an_index_that_the_row_still_breaks_comes_after_the_rows_sql() -> None:
    twice = case(
        row(a_row(id="second"), finished_row()),
        workflow(log(call(200), NOT_SAID), update="success"),
    )

    titles = [step.title for step in report_on(twice).plan]

    assert titles.index("Fix the row") < titles.index("Forbid the next duplicate")


def test_a_row_that_is_not_the_one_of_the_head_is_named_in_its_step() -> None:
    green = workflow(log(call(200), NOT_SAID), update="success")
    newest_is_done = report_on(case(row(finished_row(), a_row(id="second")), green))
    newest_is_stuck = report_on(case(row(a_row(), finished_row(id="second")), green))

    (step,) = (one for one in newest_is_done.plan if one.title.startswith("Fix the row"))
    assert step.title == "Fix the row second, the other one of this dispatch"
    assert newest_is_done.subject.backup_id != "second"
    assert "Fix the row" in [one.title for one in newest_is_stuck.plan]


def test_what_is_said_of_a_failed_row_and_the_plan_advise_the_same() -> None:
    early = workflow(log(NOT_SAID, NOT_SAID, uploaded=()), upload="failure", update="skipped")
    report = report_on(case(row(a_row(status="failed")), early, cases.the_object(head=None)))

    assert "make the backup again" in " ".join(report.fix_notes)
    assert "new backup" not in " ".join(report.fix_notes)


def test_a_new_backup_is_only_started_once_all_that_would_break_it_is_fixed() -> None:
    started = UnfinishedUpload(
        key=cases.KEY, upload_id="u1", initiated_at=cases.CREATED + timedelta(minutes=3)
    )
    search = Search(prefixes=("backups/",), listed=3, complete=True)
    nowhere = cases.the_object(head=None, tail=None, uploads=(started,), search=search)
    broken = case(
        nowhere,
        cases.function(record=None),
        workflow(log(call(404, NOT_FOUND), call(403, DENIED), uploaded=())),
    )

    steps = [(step.why, step.title) for step in report_on(broken).plan]

    assert [why for why, _ in steps] == [
        "object/unfinished-upload",
        "function/not-deployed",
        "row/stuck",
        "object/unfinished-upload",
    ]
    assert steps[-1][1] == "Make the backup again"


def test_of_a_backup_that_is_right_or_going_there_is_nothing_to_do() -> None:
    right = case(row(finished_row()), workflow(log(call(200), NOT_SAID), update="success"))

    assert report_on(right).verdict is Verdict.HEALTHY
    assert report_on(right).plan == ()


def test_where_nothing_could_be_told_the_plan_says_what_to_give() -> None:
    blind = case(row(rows=NOT_THERE), workflow(NOT_THERE, run=NOT_THERE, job=None, jobs=()))

    (step,) = report_on(blind).plan

    assert step.why is None
    assert "Set it." in step.one_of[0].text


def test_what_two_causes_advise_is_done_once() -> None:
    plan = report_on(stuck()).plan

    assert len({step.one_of for step in plan}) == len(plan)


def test_one_command_is_one_step_without_the_choices_that_end_only_one_of_two_causes() -> None:
    set_key = shell("Set the key", command("gh", "secret", "set", "KEY"))
    again = shell("Set the key: the current one", command("gh", "secret", "set", "KEY"))
    legacy = manual("Enable the legacy keys", "In the dashboard.")
    other = manual("Do another thing", "By hand.")
    advised = {
        "secrets/revoked": either(set_key, legacy),
        "row/locked": (other,),
        "secrets/expired": (again,),
    }
    rules = load_checks().rules
    causes = tuple(
        Judged(
            check=next(one.check for one in load_checks().checks if rules[code] in one.check.rules),
            rule=rules[code],
            found=Found(summary=code, fixes=fixes),
        )
        for code, fixes in advised.items()
    )

    steps = plan(Diagnosis(verdict=Verdict.FAILING, causes=causes, placed=()), Repair(), ())

    assert [(step.why, len(step.one_of)) for step in steps] == [
        ("secrets/revoked", 1),
        ("row/locked", 1),
    ]
    assert steps[0].one_of == (again,)


def test_what_hides_the_row_now_is_ended_before_all_else() -> None:
    paused = cases.function(
        record=None, project=Project(ref="abcdefghijklmnopqrst", status="INACTIVE")
    )
    run = workflow(log(call(404, NOT_FOUND), call(403, DENIED)))
    hidden = case(paused, row(rows=NOT_THERE, table=NOT_THERE), run)
    seen = case(paused, row(finished_row()), cases.the_object(head=NOT_THERE, tail=None), run)

    report = report_on(hidden)

    assert report.verdict is Verdict.UNKNOWN
    assert [step.why for step in report.plan][:2] == [
        "function/project-paused",
        "function/not-deployed",
    ]
    assert "function/project-paused" not in [step.why for step in report_on(seen).plan]
