"""The page of numbers says how much is right, and names what is not."""

from __future__ import annotations

from collections import Counter

import pytest

from backup_doctor.demo.faults import Expectation
from backup_doctor.evidence.findings import Verdict
from tests.matrix.catalogue import every_pair, loops, pairs, singles
from tests.matrix.page import page
from tests.matrix.playing import LoopOutcome
from tests.matrix.reasons import OPEN, REASONS
from tests.matrix.scenes import Outcome

STUCK = Expectation(Verdict.FAILING, ("function/not-deployed", "rls/no-grant"))
HALF = Expectation(Verdict.FAILING, ("function/not-deployed",))
OTHER = Expectation(Verdict.FAILING, ("rls/no-grant",))


def known(_: str) -> None:
    """Nothing is known of why."""


def outcome(name: str, got: Expectation, *errors: str) -> Outcome:
    return Outcome(name, STUCK, got, got.failing_check, errors, 1.0)


def test_a_root_cause_can_be_right_where_the_causes_that_follow_are_not() -> None:
    played = [outcome("a", STUCK), outcome("b", HALF), outcome("c", OTHER)]

    text = page({"two faults": played}, [], known, known)

    assert "| two faults | 3 | 2 (66.7 %) | 1 (33.3 %) |" in text
    assert "- a:" not in text
    assert (
        "- c: should be failing (function/not-deployed, rls/no-grant), is failing (rls/no-grant)"
        in text
    )


def test_a_scene_in_which_a_check_raised_is_not_right() -> None:
    assert not outcome("a", STUCK, "Traceback").root_is_right


def test_a_loop_that_stays_open_is_named_with_its_reason() -> None:
    loop = LoopOutcome("a (reference)", ("the next backup\nfails",))

    text = page({"one fault": []}, [loop], known, {"a (reference)": "Nobody knows."}.get)

    assert "- a (reference), followed: the next backup fails. Nobody knows." in text
    assert "| 1 | 0 | 0 | 1 |" in text


def test_the_page_says_what_ran_and_who_closed_the_loops() -> None:
    ran = Counter({"gh secret set": 2, "psql": 4})
    followed = [
        LoopOutcome("a", (), fixes=ran, evidence=Counter({"psql": 1})),
        LoopOutcome("b", (), fixes=ran, acts=1),
    ]

    text = page({"one fault": []}, followed, known, known)

    assert "| 2 | 1 | 1 | 0 |" in text
    assert "| `gh secret set` | 4 | 0 |\n| `psql` | 8 | 1 |" in text
    assert "| a person's act after prose | 1 | - |" in text


def test_where_everything_is_right_it_says_so() -> None:
    assert page({"one fault": [outcome("a", STUCK)]}, [], known, known).endswith("Nothing.\n")


@pytest.mark.parametrize("part", [*REASONS, *OPEN])
def test_a_reason_belongs_to_a_scene_that_there_is(part: str) -> None:
    assert any(part in scene.name for scene in (*singles(), *loops(), *pairs(), *every_pair()))
