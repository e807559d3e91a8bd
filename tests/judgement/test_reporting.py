"""The report as a whole: every check once, times in order."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from doctor.evidence.log import NOT_SAID
from doctor.model import Report, Status, Verdict
from doctor.registry import load_checks
from doctor.reporting import write
from doctor.runner import Collected
from tests.judgement.cases import CREATED, a_row, call, case, log, row, stored, the_object, workflow
from tests.judgement.cases import finished_row as done

HEALTHY = case(row(done()), workflow(log(call(200), NOT_SAID), update="success"))


def report_on(collected: Collected) -> Report:
    return write(collected, load_checks())


def test_a_check_that_was_left_out_appears_once_as_skipped() -> None:
    evidence = {name: one for name, one in HEALTHY.evidence.items() if name != "object"}
    case = replace(HEALTHY, evidence=evidence, skipped=("object",))

    report = report_on(Collected(case=case))

    assert [one.check for one in report.results].count("object") == 1
    assert next(one for one in report.results if one.check == "object").status is Status.SKIP
    assert report.verdict is Verdict.HEALTHY


def test_what_happened_within_one_second_is_told_in_the_order_of_the_chain() -> None:
    within = a_row(created_at=CREATED + timedelta(milliseconds=700))
    uploaded = the_object(head=stored(modified_at=CREATED))
    case_of_one_second = case(row(within), uploaded, workflow(log(call(500), call(500))))

    told = [moment.what for moment in report_on(Collected(case=case_of_one_second)).timeline]

    assert told[:4] == ["row created", "run created", "job started", "file uploaded"]
