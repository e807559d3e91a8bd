"""The page of mutants counts them, and names those that no test notices."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scripts.mutants.page import page
from scripts.mutants.reasons import REASONS
from scripts.mutants.trying import Mutant, Outcome, forked

if TYPE_CHECKING:
    from collections.abc import Callable

DIAGNOSIS = "doctor/judge/diagnosis.py"
ASKED = "if state is RowState.UNSEEN:"


def mutant(was: str, became: str) -> Mutant:
    lines = Path(DIAGNOSIS).read_text().splitlines()
    number = next(number for number, line in enumerate(lines, start=1) if line.strip() == was)
    text = "\n".join([*lines[: number - 1], became, *lines[number:]])
    return Mutant(path=DIAGNOSIS, line=number, operator="AddNot", text=text)


def test_the_page_counts_the_mutants_of_each_package_and_lists_the_survivors_by_reason() -> None:
    turned = mutant(ASKED, "    if state is not RowState.UNSEEN:")
    outcomes = [(turned, Outcome.SURVIVED), (turned, Outcome.KILLED), (turned, Outcome.TIMED_OUT)]

    text = page(outcomes, lambda _: "It means the same.", every=4)

    assert f"| `{DIAGNOSIS}` | 3 | 1 | 1 | 1 | 66.7 % |" in text
    assert "Of every 4 mutants, one was tried." in text
    assert (
        "It means the same:\n\n"
        f"- `{DIAGNOSIS}`: `{ASKED}` became `if state is not RowState.UNSEEN:`\n" in text
    )


def test_where_every_mutant_was_noticed_the_page_says_so() -> None:
    text = page([(mutant(ASKED, ""), Outcome.KILLED)], lambda _: None)

    assert text.endswith("Nothing.\n")


def test_a_mutant_knows_whether_a_test_can_come_to_it_or_an_import_alone() -> None:
    assert mutant(ASKED, "").function
    assert mutant("@property", "").function is None


def test_a_mutant_is_tried_on_what_reaches_its_statement_without_the_body() -> None:
    line = mutant(ASKED, "").line

    assert mutant(ASKED, "").statement == range(line, line + 1)


@pytest.mark.parametrize(
    ("fails", "outcome"),
    [(lambda _: True, Outcome.KILLED), (lambda _: False, Outcome.SURVIVED)],
    ids=("a test fails", "no test fails"),
)
def test_what_the_tests_say_of_a_mutant_is_its_outcome(
    fails: Callable[[Mutant], bool], outcome: Outcome
) -> None:
    tried = mutant(ASKED, "")

    assert list(forked([tried] * 3, fails, at_once=2)) == [(tried, outcome)] * 3


def test_a_mutant_that_never_ends_is_ended() -> None:
    def spins(_: Mutant) -> bool:
        while True:
            time.process_time()

    tried = mutant(ASKED, "")

    assert list(forked([tried], spins, at_once=1, cpu_limit_s=1)) == [(tried, Outcome.TIMED_OUT)]


def test_a_mutant_that_could_not_be_tried_is_not_counted_as_noticed() -> None:
    def breaks(_: Mutant) -> bool:
        raise KeyError

    with pytest.raises(RuntimeError, match=r"doctor/judge/diagnosis.py:\d+ .* could not be tried"):
        list(forked([mutant(ASKED, "")], breaks, at_once=1))


def of_a_check() -> Mutant:
    path = "checks/rls/view.py"
    was, lines = "if proof.reach is Reach.REFUSED:", Path(path).read_text().splitlines()
    number = next(number for number, line in enumerate(lines, start=1) if was in line)
    text = Path(path).read_text().replace(was, "if proof.reach is not Reach.REFUSED:")
    return Mutant(path=path, line=number, operator="AddNot", text=text)


def test_the_command_notices_what_changes_and_not_what_does_not() -> None:
    changed = [mutant(ASKED, "    if state is not RowState.UNSEEN:"), of_a_check()]
    same = [
        mutant(ASKED, f"    {ASKED}  # the same"),
        mutant("@property", "    @property  # the same"),
    ]
    lines = "\n".join(json.dumps(asdict(one)) for one in (*same, *changed))

    command = (sys.executable, "-m", "scripts.mutants", DIAGNOSIS, "checks")
    ended = subprocess.run(command, input=lines, text=True, capture_output=True, check=False)

    assert ended.stdout.splitlines()[-1:] == ["2 of 4 noticed"], ended.stderr
    assert ended.returncode


@pytest.mark.parametrize(("path", "part"), REASONS)
def test_a_reason_belongs_to_a_line_that_there_is(path: str, part: str) -> None:
    assert part in Path(path).read_text()
