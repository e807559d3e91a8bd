"""The report as workflow commands of GitHub Actions."""

from __future__ import annotations

import re

import msgspec
import pytest

from backup_doctor.report.render import Format
from tests.render.fixtures import HOSTILE, STUCK, report
from tests.render.rendering import rendered


def test_github_commands_stand_at_the_start_of_their_lines_and_nothing_else_does() -> None:
    lines = rendered(HOSTILE, Format.GITHUB).splitlines()

    assert lines
    assert all(re.match(r"::(error|warning|notice) title=[^:,]+::", line) for line in lines)
    assert not any("##[" in line for line in lines)


def test_github_gets_ten_commands_of_a_kind_at_most_the_verdict_first() -> None:
    many = tuple(
        msgspec.structs.replace(STUCK.results[1].findings[0], code=f"function/fault-{at}")
        for at in range(30)
    )
    result = msgspec.structs.replace(STUCK.results[1], findings=many)

    lines = rendered(report(verdict=STUCK.verdict, results=(result,)), Format.GITHUB).splitlines()

    assert len(lines) == 10
    assert lines[0].startswith("::error title=backup failing")


@pytest.mark.parametrize("text", ["%" * 9_000, "\n" * 9_000 + "x", "é" * 9_000, "a:" * 9_000])
def test_a_github_command_stays_below_what_the_runner_cuts(text: str) -> None:
    lines = rendered(report(summary=text), Format.GITHUB).splitlines()

    assert all(len(line) < 4_096 + 250 for line in lines)
    assert all(len(line.partition("::")[2].partition("::")[2]) < 4_096 for line in lines)
    assert not any(re.search(r"%(?!25|0A|0D|3A|2C)", line) for line in lines)


def test_the_annotation_says_which_backup_it_is_of() -> None:
    first = rendered(STUCK, Format.GITHUB).splitlines()[0]

    assert STUCK.subject.dispatch_id
    assert STUCK.subject.run_url
    assert f"%0Adispatch id: {STUCK.subject.dispatch_id}%0A" in first
    assert f"%0Arun: {STUCK.subject.run_url}%0A" in first.replace("%3A", ":")
