"""The doctor's job is put into a workflow's own text, which says all else that it said."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from backup_doctor.cli.init_workflow import UnfitError, with_job
from backup_doctor.collect.repository import JobPlan

if TYPE_CHECKING:
    from backup_doctor.cli.init_workflow import WorkflowChange

ACTION = f"acme/doctor@{'a' * 40}"
PATH = ".github/workflows/backup.yml"
HEAD = "# ours\nname: Backup # the name\non: push\n"
JOB = "backup:\n  runs-on: ubuntu-latest\n  steps:\n    - run: |\n        true # a comment\n"


def plan(**changes: Any) -> JobPlan:
    base: dict[str, Any] = {"workflow": PATH, "needs": ("backup",), "own_keys": False}
    return JobPlan(**{**base, **changes})


def changed(text: str, **changes: Any) -> WorkflowChange:
    return with_job(text, plan(**changes), {}, ACTION)


def under(text: str, spaces: int) -> str:
    return "".join(f"{' ' * spaces}{line}\n" for line in text.splitlines())


PLACES = {
    "at the end": f"{HEAD}jobs:\n{under(JOB, 2)}",
    "without an end of the last line": f"{HEAD}jobs:\n{under(JOB, 2)}".rstrip("\n"),
    "before another key": f"{HEAD}jobs:\n{under(JOB, 2)}\n# of env\nenv:\n  A: b\n",
    "with another indent": f"{HEAD}jobs:\n{under(JOB, 6)}",
    "with comments behind": f"{HEAD}jobs:\n{under(JOB, 2)}    # of the step\n\n# of the file\n",
    "with empty lines behind": f"{HEAD}jobs:\n{under(JOB, 2)}\n\n\n",
    "with the line ends of Windows": f"{HEAD}jobs:\n{under(JOB, 2)}".replace("\n", "\r\n"),
    "with a mark of the end": f"---\n{HEAD}jobs:\n{under(JOB, 2)}...\n",
    "with a byte order mark": f"\ufeff{HEAD}jobs:\n{under(JOB, 2)}",
    "with anchors": f"{HEAD}env: &env\n  A: b\njobs:\n{under(JOB, 2)}    env: *env\n",
}


@pytest.mark.parametrize("text", PLACES.values(), ids=PLACES)
def test_the_job_is_added_and_no_line_is_lost(text: str) -> None:
    change = changed(text)

    document, before = yaml.safe_load(change.after), yaml.safe_load(text + "\n")
    job = document["jobs"].pop("diagnose")
    assert document == before
    assert job["steps"][0]["uses"] == ACTION
    removed = [line for line in change.diff().splitlines() if line.startswith("-")]
    assert removed == [f"--- a/{PATH}"]
    assert ("\r\n" in change.after) is ("\r\n" in text)
    assert change.after.count("\n") == change.after.replace("\r\n", "\n").count("\n")


def test_a_comment_stays_with_what_it_speaks_of() -> None:
    after = changed(PLACES["before another key"]).after

    assert after.endswith("\n# of env\nenv:\n  A: b\n")


def test_the_doctors_own_job_is_replaced_in_its_place() -> None:
    old = "  diagnose:\n    runs-on: ubuntu-latest\n    steps: []\n\n  # the last one\n"
    text = f"{HEAD}jobs:\n{under(JOB, 2)}{old}{under(JOB, 2).replace('backup', 'tidy')}"

    change = changed(text, replaces="diagnose")

    assert list(yaml.safe_load(change.after)["jobs"]) == ["backup", "diagnose", "tidy"]
    assert "\n  # the last one\n  tidy:" in change.after
    assert "steps: []" not in change.after


def test_once_it_is_there_nothing_is_to_be_written() -> None:
    once = changed(PLACES["at the end"]).after

    assert not changed(once, replaces="diagnose").is_needed


def test_another_job_of_that_name_is_left_alone() -> None:
    text = PLACES["at the end"] + "  diagnose:\n    runs-on: x\n    steps: []\n"

    jobs = yaml.safe_load(changed(text).after)["jobs"]

    assert jobs["diagnose"] == {"runs-on": "x", "steps": []}
    assert jobs["backup-doctor"]["needs"] == "backup"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("on: push\njobs: {backup: {runs-on: x, steps: []}}\n", "on one line"),
        ("on: push\nx: &x\n  backup: {runs-on: x}\njobs: *x\n", "an alias"),
        ("on: push\n", "no jobs"),
        ("jobs: [", "not valid YAML"),
        ("jobs:\n  a: &a [" + "*a," * 9 + "]\n", "not understood"),
        (
            "jobs:\n  diagnose: {runs-on: x}\n  backup-doctor: {runs-on: x}\n",
            "do something else",
        ),
    ],
)
def test_a_file_that_cannot_be_changed_safely_is_refused_with_the_reason(
    text: str, why: str
) -> None:
    with pytest.raises(UnfitError, match=why):
        changed(text)


@settings(max_examples=60)
@given(st.lists(st.sampled_from(["#x\n", "  #x\n", "\n", "   \n", "    #x\n"]), max_size=4))
def test_comments_and_empty_lines_anywhere_are_kept(between: list[str]) -> None:
    other = "  tidy:\n    runs-on: x\n    steps: []\n"
    text = "".join([HEAD, "jobs:\n", under(JOB, 2), *between, other, *between, "env: {}\n"])

    after = changed(text).after

    kept = [line for line in after.splitlines() if line in text.splitlines()]
    assert [line for line in text.splitlines() if line not in kept] == []
    assert after.count("#x") == text.count("#x")


def test_the_demos_own_workflow_is_brought_up_to_date() -> None:
    file = Path(__file__).parents[2] / "demo" / "pipeline" / PATH

    change = changed(file.read_text(), replaces="diagnose")

    assert change.replaced == "diagnose"
    assert "# v5.0.0" in change.after
    assert "Install backup-doctor" not in change.after
