"""The page of the benchmark: medians decide, and a busy machine is named before any figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.breakdown import Diagnosis, break_down
from benchmarks.chain import longest_chain
from benchmarks.load import Load
from benchmarks.measure import Cost, Spread
from benchmarks.network import Turn
from benchmarks.page import LISTING, write_page
from benchmarks.targets import Target

if TYPE_CHECKING:
    from pathlib import Path

REST, BUSY = Load(0.01, 0.2), Load(0.6, 8.0)


def diagnosis() -> Diagnosis:
    """One that connects, asks once, and takes half a second."""
    turns = [
        Turn("GitHub API", 10.1, 10.2, 2, is_handshake=True),
        Turn("GitHub API", 10.2, 10.3, 1, question="/repos/acme/app/actions/runs"),
    ]
    cost = Cost(started=10.0, ended=10.5, cpu_s=0.3, peak_bytes=90_000_000, exit_code=1)
    chain = longest_chain(turns)
    return Diagnosis(cost, chain, break_down(cost, chain, turns))


@pytest.mark.parametrize(("after", "is_marked"), [(REST, False), (BUSY, True)])
def test_figures_of_a_busy_machine_are_marked(after: Load, is_marked: bool, tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    target = Target("Diagnosis", Spread.of([0.5]), Spread.of([0.2]), 1.3)

    write_page(page, [target], {LISTING: diagnosis()}, (REST, after), 0.05)

    text = page.read_text()
    assert ("The machine was busy" in text) is is_marked
    assert "Its chain: 3 round trips" in text
    assert "before the first byte: interpreter, imports, settings | 100 ms" in text


def test_the_median_is_held_against_the_limit_and_of_memory_the_worst() -> None:
    spread = Spread.of([1.0, 2.0, 9.0])

    assert Target("time", spread, Spread.of([1.0, 2.0, 3.0]), 1.0).met
    assert Target("trips", spread, None, 2, "round trips").met
    assert not Target("memory", spread, None, 8, "MB").met
    assert Target("start", spread, Spread.of([0.1]), 3, "ms", is_multiple=False).met
