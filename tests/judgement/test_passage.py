"""How far a backup came, and what each check saw, as the report tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from doctor.case import Asked
from doctor.evidence.base import Evidence, Unseen, Why
from doctor.evidence.log import NOT_SAID
from doctor.evidence.object import ZipTail
from doctor.evidence.rls import Reach
from doctor.evidence.secrets import FunctionKey, KeyMatch
from doctor.fingerprint import fingerprint
from doctor.model import FailingStep, Passage, Report, Role, Severity, Verdict
from doctor.registry import load_checks
from doctor.reporting import write
from doctor.runner import Collected
from tests.judgement import cases
from tests.judgement.cases import NOT_THERE, call, case, finished_row, log, row, workflow

if TYPE_CHECKING:
    from doctor.case import Case

HELD, BROKEN, UNSEEN = Passage.HELD, Passage.BROKEN, Passage.UNSEEN
NOT_NEEDED, NOT_REACHED = Passage.NOT_NEEDED, Passage.NOT_REACHED
NOT_FOUND = '{"code":"NOT_FOUND","message":"Requested function was not found"}'
DENIED = '{"code":"42501","message":"permission denied for table backup_history"}'


def report_on(one: Case) -> Report:
    return write(Collected(case=one), load_checks())


def chain(one: Case) -> list[Passage]:
    return [stage.passage for stage in report_on(one).chain]


def test_of_a_healthy_backup_every_link_held_and_the_fallback_was_not_needed() -> None:
    healthy = case(row(finished_row()), workflow(log(call(200), NOT_SAID), update="success"))

    assert chain(healthy) == [HELD, HELD, HELD, HELD, HELD, NOT_NEEDED, HELD]


def test_where_both_updates_failed_each_names_its_cause_and_the_result_was_not_reached() -> None:
    stuck = case(
        cases.function(record=None),
        cases.rls(Reach.REFUSED, sqlstate="42501", message="permission denied"),
        workflow(log(call(404, NOT_FOUND), call(403, DENIED))),
    )

    report = report_on(stuck)

    assert chain(stuck) == [HELD, HELD, HELD, HELD, BROKEN, BROKEN, NOT_REACHED]
    assert [stage.code for stage in report.chain if stage.code] == list(report.causes)


def test_where_the_fallback_saved_it_only_the_function_broke() -> None:
    saved = case(
        row(finished_row()),
        cases.function(record=None),
        workflow(log(call(404, NOT_FOUND), call(200, rows=1)), update="success"),
    )

    assert chain(saved) == [HELD, HELD, HELD, HELD, BROKEN, HELD, HELD]


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

    assert chain(failed)[3:] == [BROKEN, NOT_REACHED, NOT_REACHED, NOT_REACHED]
    assert chain(failed)[:3] == [HELD, HELD, HELD]


def test_what_nobody_could_see_is_not_called_held() -> None:
    blind = case(
        row(rows=Unseen(why=Why.DENIED, what="It may not be read.")),
        workflow(NOT_THERE, run=NOT_THERE, job=None, jobs=(), update_step=None),
        cases.the_object(head=NOT_THERE, tail=None),
    )

    assert set(chain(blind)) == {UNSEEN}


def test_preflight_has_no_chain_for_its_backup_is_still_to_be_made() -> None:
    assert chain(case(asked=Asked())) == []


@pytest.mark.parametrize(
    ("evidence", "saw"),
    [
        (
            cases.secrets(),
            "3 secrets on GitHub; service key: legacy JWT; function key: equal on both sides",
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
        (cases.the_object(), "1,024,000 bytes, a whole zip of 3 files"),
        (
            cases.the_object(tail=ZipTail(whole=False, problem="no end")),
            "1,024,000 bytes, not a whole zip",
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
