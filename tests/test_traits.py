"""What is special about a finding code is said at its rule: a plugin's codes have all of it too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.collected import FixCheck
from backup_doctor.evidence.findings import Verdict
from backup_doctor.evidence.log import NOT_SAID
from backup_doctor.judge.fix_sql import repair
from backup_doctor.judge.framework import Found
from backup_doctor.judge.history import database_then
from backup_doctor.judge.judgement import Judged
from backup_doctor.judge.preflight import foresee, summary
from backup_doctor.judge.registry import codes_with, load_checks
from backup_doctor.judge.traits import Trait
from backup_doctor.report.compose.plan import warned
from backup_doctor.report.explain import explain
from backup_doctor.run.fix.causes import left
from tests import disk_plugin
from tests.disk_plugin import DiskEvidence
from tests.judgement.asking import causes, codes, diagnosed, judged
from tests.judgement.cases import (
    ahead,
    call,
    case,
    finished_row,
    log,
    row,
    the_object,
    workflow,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backup_doctor.evidence.case import Case

NO_FILE = the_object(head=None, tail=None)
GRANT = call(403, '{"code":"42501","message":"permission denied for table backup_history"}')
REFUSED = call(404, '{"error":"Backup not found"}')


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The plugin, as long as a test lasts."""
    with disk_plugin.installed(tmp_path, monkeypatch):
        yield


def disk(one: Case, *wrong: str) -> Case:
    """The case, with that wrong with the disk."""
    return replace(one, evidence={**one.evidence, "disk": DiskEvidence(wrong=wrong)})


@pytest.mark.parametrize("trait", Trait)
def test_each_trait_is_found_by_its_code(trait: Trait) -> None:
    assert [code for code in codes_with(trait) if code.startswith("disk/")]


def test_a_cause_that_ends_the_job_leaves_later_links_unreached() -> None:
    gave_up = case(workflow(log(NOT_SAID, NOT_SAID, update_seen=False), update="skipped"))

    assert causes(disk(gave_up, "full", "read-only")) == ["disk/full"]
    assert "disk/read-only" in causes(disk(gave_up, "slow", "read-only"))


def test_the_missing_file_is_a_symptom_of_what_broke_the_job_off() -> None:
    no_file = case(NO_FILE)

    assert "object/missing" in codes(disk(no_file, "full"))
    assert "object/missing" in causes(disk(no_file, "slow"))
    assert "object/missing" not in causes(disk(no_file, "full"))


def test_the_step_that_failed_is_a_symptom_of_what_its_error_names() -> None:
    failed = case(
        workflow(log(NOT_SAID, NOT_SAID, update_seen=False), upload="failure", update="skipped")
    )

    assert causes(disk(failed, "slow")) == ["disk/slow", "workflow/failed-before-update"]
    assert causes(disk(failed, "full")) == ["disk/full"]


def test_a_general_finding_is_explained_by_another_checks() -> None:
    refused = case(workflow(log(GRANT, GRANT)))

    assert "disk/odd" in causes(disk(case(workflow(log(NOT_SAID, NOT_SAID))), "odd"))
    assert causes(disk(refused, "odd")) == causes(refused) == ["rls/no-grant"]


def test_it_explains_what_is_general() -> None:
    unexplained = case(workflow(log(call(400), call(418))))

    assert "workflow/fallback-failed" in causes(unexplained)
    assert "workflow/fallback-failed" not in causes(disk(unexplained, "read-only"))


def test_the_sql_says_what_refuses_it() -> None:
    one = disk(case(workflow(log(NOT_SAID, NOT_SAID))), "read-only")

    made = warned(diagnosed(one), repair(one, diagnosed(one)))

    assert made.refused_by == ("disk/read-only",)
    assert (made.sql or "").startswith(
        "-- This statement will fail until disk/read-only is fixed\n"
    )


def test_what_postgresql_refuses_for_another_reason_is_no_statement() -> None:
    one = disk(case(workflow(log(NOT_SAID, NOT_SAID))), "read-only")
    check = FixCheck(problem="relation is missing", sqlstate="42P01")

    assert repair(one, diagnosed(one), check).sql is None


def test_it_makes_a_row_wrong_that_says_success() -> None:
    right = case(row(finished_row()))

    assert diagnosed(disk(right, "slow")).verdict is Verdict.HEALTHY
    assert diagnosed(disk(right, "twice")).verdict is Verdict.FAILING


def test_a_row_too_many_is_closed_and_later_links_were_reached() -> None:
    twice = disk(case(workflow(log(NOT_SAID, NOT_SAID))), "twice", "read-only")

    assert causes(twice) == ["disk/twice", "disk/read-only"]
    # The evidence has one row: none can be closed for another.
    assert repair(twice, diagnosed(twice)).notes == (
        "No fix SQL: more than one row is stuck or finished; a person must choose the right one.",
    )


def test_what_happened_to_one_run_may_happen_to_the_next() -> None:
    found = judged(disk(case(), "full", "slow"))

    assert list(left(("disk/full", "disk/slow"), found)) == [
        "The run failed, and the next one may too: disk/full. The disk is full.",
        "The cause is still there: disk/slow. The disk is slow.",
    ]


def test_a_workflow_that_is_disabled_is_not_of_one_run() -> None:
    checks = (one.check for one in load_checks().checks if one.check.name == "workflow")
    (disabled,) = (
        Judged(check=check, rule=rule, found=Found(summary="It is disabled."))
        for check in checks
        for rule in check.rules
        if rule.code == "workflow/disabled"
    )

    assert list(left(("workflow/disabled",), (disabled,))) == [
        "The cause is still there: workflow/disabled. It is disabled."
    ]


def test_what_says_nothing_of_the_next_backup_gives_way_to_what_does() -> None:
    late = disk(ahead(), "idle")
    both = disk(ahead(), "idle", "slow")

    assert summary(late, foresee(late, judged(late))) == "The disk is idle."
    assert summary(both, foresee(both, judged(both))) == (
        "The next backup would fail. The disk is slow."
    )


def test_a_row_that_the_function_does_not_find_may_be_hidden_by_it() -> None:
    not_found = case(workflow(log(REFUSED, NOT_SAID)))

    assert database_then(not_found, "disk/read-only")[Link.FUNCTION_UPDATES] is None
    assert database_then(not_found, "disk/slow")[Link.FUNCTION_UPDATES] is False


def test_a_look_up_that_finds_nothing_without_a_word_may_fail_of_it() -> None:
    nothing = case(
        workflow(log(NOT_SAID, NOT_SAID, backup_id_not_found="Could not find backup_id"))
    )

    assert database_then(nothing, "disk/read-only")[Link.FALLBACK_UPDATES] is None
    assert database_then(nothing, "disk/slow")[Link.FALLBACK_UPDATES] is False


def test_a_reason_is_one_of_its_codes() -> None:
    assert "a reason of disk/full, workflow/failed-before-update" in explain(
        "memory/killed", load_checks()
    )


def test_a_finding_page_names_the_plugins_codes_that_explain_it() -> None:
    assert "disk/full" in explain("object/missing", load_checks())
