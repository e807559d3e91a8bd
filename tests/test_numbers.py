"""`make numbers`: what it runs is there, and a target that is missed, or was not measured, is said."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.numbers.__main__ import PARTS
from scripts.numbers.targets import PLEDGES, targets

ROOT = Path(__file__).parents[1]
TABLE = """\
# A page

| what | target | measured |      | more |
| ---- | ------ | -------- | ---- | ---- |
| a    | ≤ 2 ×  | 1.00 ×   | pass | x    |
| b    | ≤ 2 ×  | 3.00 ×   | FAIL | x    |
| c    | ≤ 2 ×  | 3.00 ×   | busy | x    |

| another | table |
| --- | --- |
| d | 1 |
"""


def test_every_part_is_a_command_and_every_page_is_there() -> None:
    commands = (ROOT / "Makefile").read_text()

    for part in PARTS:
        assert f"\n{part.name}: " in commands
        assert part.writes.startswith("nothing") or (ROOT / "docs" / part.writes).is_file()


def test_the_targets_of_a_page_are_those_of_its_table(tmp_path: Path) -> None:
    (tmp_path / "performance.md").write_text(TABLE)

    found = list(targets(tmp_path))

    assert [(one.what, one.verdict) for one in found] == [
        ("a", "pass"),
        ("b", "FAIL"),
        ("c", "busy"),
    ]
    assert found[1].target == "≤ 2 ×"
    assert found[1].measured == "3.00 ×"


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("| **all** | 2435 | 2385 | 0 | 50 | 97.9 % |", "pass"),
        ("| **all** | 2435 | 2185 | 0 | 250 | 89.7 % |", "FAIL"),
        ("| **all** | unknown |", "not measured"),
    ],
)
def test_a_page_without_a_table_of_targets_is_held_to_its_figure(
    tmp_path: Path, line: str, verdict: str
) -> None:
    (tmp_path / "mutants.md").write_text(f"# Mutants\n\n{line}\n")

    assert [one.verdict for one in targets(tmp_path)] == [verdict]


@pytest.mark.parametrize(("survived", "verdict"), [(598, "pass"), (597, "FAIL")])
def test_a_fault_that_was_not_survived_is_a_miss(
    tmp_path: Path, survived: int, verdict: str
) -> None:
    line = f"| HTTP service × fault | 598 | {survived} | `make faults` |\n"
    (tmp_path / "reliability.md").write_text(line)

    assert next(iter(targets(tmp_path))).verdict == verdict


def test_the_pages_have_the_figures_that_are_asked_of_them() -> None:
    pages = {one.page for one in targets(ROOT / "docs")}

    assert pages >= {one.page for one in PLEDGES}
    assert pages >= {part.writes for part in PARTS if part.writes.startswith("performance")}


def test_a_part_that_is_none_is_a_wrong_use() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.numbers", "benches"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "no such part: benches; there are bench, bench-audit" in done.stderr
