"""What a sweep of a large table, and of several projects, may cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.sweep_large import (
    MOST_MB,
    MOST_MB_OF_ALL,
    MOST_TIMES,
    OF_EACH,
    ROWS,
    STUCK,
    large_table,
    several_projects,
)
from benchmarks.sweep_page import MB

if TYPE_CHECKING:
    from backup_doctor.demo.world import World

pytestmark = pytest.mark.slow


def test_a_sweep_of_a_million_rows_needs_no_more_memory_than_for_those_that_are_stuck(
    world: World,
) -> None:
    assert large_table(world, ROWS, STUCK).peak_bytes <= MOST_MB * MB


def test_five_projects_cost_little_more_than_each_of_them_alone(world: World) -> None:
    """In processor time, since others use this machine too."""
    together, alone = several_projects(world, OF_EACH)

    assert together.cpu_s <= MOST_TIMES * sum(one.cpu_s for one in alone)
    assert together.peak_bytes <= MOST_MB_OF_ALL * MB
