"""A repair that may be printed for a person is not always one that a program may carry out."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from backup_doctor.base.redaction import Redactor
from backup_doctor.evidence.collected import Collected, FixCheck
from backup_doctor.evidence.findings import Verdict
from backup_doctor.evidence.log import Outcome
from backup_doctor.evidence.object import Search
from backup_doctor.evidence.trigger import Trigger
from backup_doctor.evidence.workflow import FoundBy, Run
from backup_doctor.judge.opinion import opinion_on
from backup_doctor.judge.registry import load_checks
from backup_doctor.report.compose import planned_repair, write
from backup_doctor.run.fix.look import Looked, judged
from backup_doctor.run.fix.plan import Difference
from tests.judgement import cases
from tests.judgement.cases import a_row, call, case, finished_row, log, row, the_object, workflow

if TYPE_CHECKING:
    from backup_doctor.evidence.base import Evidence
    from backup_doctor.evidence.case import Case

BOTH_FAILED = log(
    call(500, '{"success":false,"error":"TypeError: x is not a function"}'),
    call(403, '{"code":"42501","message":"permission denied for table backup_history"}'),
)
GONE = the_object(
    head=None, tail=None, search=Search(prefixes=("backups/",), listed=12, complete=True)
)
JUST_UPLOADED = the_object(head=cases.stored(modified_at=cases.NOW - timedelta(minutes=9)))


def looked(one: Case, *secrets: str, **collected: Any) -> Looked:
    registry = load_checks()
    all_of_it = Collected(case=one, **collected)
    report = write(all_of_it, registry)
    repair = planned_repair(opinion_on(one, registry), all_of_it.fix_check)
    return judged(all_of_it, report, repair, Redactor(secrets))


def stuck(*evidence: Evidence) -> Case:
    return case(workflow(BOTH_FAILED), *evidence)


def test_a_sure_repair_is_planned_column_by_column() -> None:
    found = looked(stuck(), fix_check=FixCheck(rows=1))

    assert (found.refused, found.idle) == (None, None)
    assert found.plan is not None
    assert found.plan.key == ("id", cases.ROW_ID)
    assert found.plan.route is cases.row().route
    assert found.plan.takes == cases.KEY
    assert Difference(column="status", old="in_progress", new="success") in found.plan.differences
    assert Difference(column="s3_key", old=None, new=cases.KEY) in found.plan.differences


def test_a_right_row_needs_nothing() -> None:
    found = looked(stuck(row(finished_row())))

    assert found.report.verdict is Verdict.HEALTHY
    assert (found.plan, found.refused) == (None, None)
    assert found.idle == found.report.summary


def test_a_failed_row_is_left_as_it_is_also_where_its_file_is_nowhere() -> None:
    found = looked(stuck(row(a_row(status="failed")), GONE))

    assert (found.idle, found.plan) == (None, None)
    assert "a failed row is left as it is" in (found.refused or "")


def test_a_failed_row_whose_whole_file_is_there_is_for_a_person() -> None:
    found = looked(stuck(row(a_row(status="failed"))))

    assert found.idle is None
    assert "a failed row is left as it is" in (found.refused or "")


def test_a_failed_row_whose_file_was_not_looked_for_is_for_a_person() -> None:
    one = stuck(row(a_row(status="failed")))
    unlooked = {name: seen for name, seen in one.evidence.items() if name != "object"}

    found = looked(msgspec.structs.replace(one, evidence=unlooked))

    assert (found.idle, found.plan) == (None, None)
    assert found.refused is not None


def test_what_the_database_would_refuse_is_not_carried_out() -> None:
    problem = looked(stuck(), fix_check=FixCheck(problem="column is of type uuid"))
    many = looked(stuck(), fix_check=FixCheck(rows=2))
    moved_on = looked(stuck(), fix_check=FixCheck(rows=0))

    assert "column is of type uuid" in (problem.refused or "")
    assert "2 rows" in (many.refused or "")
    assert "0 rows" in (moved_on.refused or "")


def test_what_the_cause_would_refuse_is_not_carried_out() -> None:
    trigger = Trigger(
        name="keep",
        definition="CREATE TRIGGER keep",
        function="keep",
        before=True,
        source="NEW.status := OLD.status; RETURN NEW;",
    )
    ran = log(call(200, '{"success":true}'), call(outcome=Outcome.NOT_MADE))
    guarded = row(table=cases.table(triggers=(trigger,)))

    found = looked(stuck(guarded, workflow(ran, update="success")))

    assert "row/trigger-interferes" in found.report.causes
    assert found.plan is None
    assert "would fail until row/trigger-interferes is fixed" in (found.refused or "")


@pytest.mark.parametrize(
    "unsure",
    [
        workflow(BOTH_FAILED, found_by=FoundBy.ONLY_CANDIDATE),
        workflow(None, run=None, candidates=(Run(id=41), Run(id=42)), jobs=(), job=None),
    ],
    ids=["a guess", "several candidates"],
)
def test_a_run_that_is_only_guessed_carries_nothing_until_the_file_has_settled(
    unsure: Any,
) -> None:
    fresh = looked(stuck(unsure, JUST_UPLOADED))
    gone = looked(stuck(unsure, GONE))
    settled = looked(stuck(unsure))

    assert fresh.refused is not None
    assert gone.refused is not None
    assert settled.refused is None


def test_a_rule_that_failed_makes_the_diagnosis_unsure() -> None:
    one = looked(stuck())
    report = msgspec.structs.replace(one.report, errors=("row/stuck: KeyError: 'x'",))
    repair = planned_repair(opinion_on(one.case, load_checks()))

    found = judged(Collected(case=one.case), report, repair, Redactor())

    assert "the doctor itself failed" in (found.refused or "")


def test_an_interrupted_diagnosis_carries_nothing() -> None:
    assert "interrupted" in (looked(stuck(), interrupted=True).refused or "")


def test_a_repair_that_holds_a_secret_is_neither_shown_nor_made() -> None:
    found = looked(stuck(), cases.KEY.rpartition("/")[2])

    assert found.plan is None
    assert "secret" in (found.refused or "")
