"""What a right diagnosis is follows from the chain alone."""

from __future__ import annotations

import pytest

from backup_doctor.demo.faults import SINGLE, Expectation, Fault, Side, compose, expected
from backup_doctor.evidence.findings import Verdict


def causes(*names: str, looks_up: bool = True) -> tuple[str, ...]:
    return expected([SINGLE[name] for name in names], looks_up=looks_up).causes


def test_nothing_broken_is_healthy() -> None:
    assert expected([]) == Expectation(Verdict.HEALTHY)


@pytest.mark.parametrize("name", ["not-deployed", "other-caller-key", "no-caller-key"])
def test_the_fallback_saves_a_backup_whose_function_alone_is_broken(name: str) -> None:
    assert expected([SINGLE[name]]) == Expectation(Verdict.HEALTHY)


def test_a_row_is_stuck_if_both_ways_failed_and_the_functions_cause_is_the_root() -> None:
    assert causes("not-deployed", "no-update-grant") == ("function/not-deployed", "rls/no-grant")


def test_what_both_ways_need_is_named_once() -> None:
    assert causes("row-locked") == ("row/locked",)


def test_a_missing_key_that_is_optional_is_no_cause() -> None:
    assert causes("no-caller-key", "no-update-grant") == ("rls/no-grant",)


def test_a_caller_who_is_told_that_all_is_well_does_not_fall_back() -> None:
    assert causes("false-success") == ("function/false-success",)
    assert causes("false-success", "no-update-grant") == ("function/false-success",)


def test_a_key_that_the_look_up_needs_keeps_the_function_from_being_called() -> None:
    assert causes("not-deployed", "expired-key") == ("secrets/expired",)


def test_without_a_look_up_the_same_key_breaks_the_fallback_alone() -> None:
    both = causes("not-deployed", "expired-key", looks_up=False)

    assert causes("expired-key", looks_up=False) == ()
    assert both == ("function/not-deployed", "secrets/expired")


def test_no_call_gets_through_a_wrong_address_to_the_functions_own_faults() -> None:
    assert causes("not-deployed", "api-url", looks_up=False) == ("secrets/bad-url",)


def test_what_ends_the_run_early_is_all_that_this_backup_met() -> None:
    early = causes("upload-denied", "not-deployed", "no-update-grant")

    assert early == ("workflow/failed-before-update",)


def test_a_run_without_a_row_goes_on_until_the_update_misses_it() -> None:
    missed = causes("row-missing", "upload-denied", "not-deployed")

    assert missed == ("row/missing", "workflow/failed-before-update")
    assert causes("row-missing", "not-deployed", "no-update-grant") == ("row/missing",)


def test_what_goes_wrong_silently_before_the_update_comes_first() -> None:
    silent = causes("upload-unfinished", "not-deployed", "no-update-grant")

    assert silent == ("object/unfinished-upload", "function/not-deployed", "rls/no-grant")


def test_a_row_that_nobody_can_see_leaves_the_verdict_unknown() -> None:
    paused = expected([SINGLE["project-paused"]])

    assert paused == Expectation(Verdict.UNKNOWN, ("function/project-paused",))


def test_a_composed_fault_is_expected_as_its_parts_are() -> None:
    parts = SINGLE["not-deployed"], SINGLE["no-update-grant"]

    composed = compose(*parts)

    assert expected([composed]) == expected(parts)
    assert composed.code == composed.root_cause == "function/not-deployed"


@pytest.mark.parametrize("fault", SINGLE.values(), ids=SINGLE)
def test_a_cause_stands_on_the_side_that_its_code_speaks_of(fault: Fault) -> None:
    codes = {
        Side.FUNCTION: ("function/", "secrets/"),
        Side.FALLBACK: ("secrets/", "rls/", "row/"),
        Side.BOTH: ("secrets/", "rls/", "row/", "function/"),
    }
    assert fault.code is None or fault.code.startswith(codes.get(fault.side, ""))
