"""What a sweep of several projects may cost, and one of a table of a million rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.scene import ambient
from benchmarks.sweep_scene import add_good_rows, crowd, projects, swept

if TYPE_CHECKING:
    from backup_doctor.demo.world import World

PROJECTS, OF_EACH = 5, 10
MOST_TIMES, MOST_BYTES = 1.2, 200_000_000
ROWS, STUCK = 1_000_000, 10_000
MOST_BYTES_OF_A_MILLION = 150_000_000


@pytest.mark.slow
def test_five_projects_cost_little_more_than_each_of_them_alone(world: World) -> None:
    """In processor time, since others use this machine too."""
    crowd(world, OF_EACH)

    with projects(world, PROJECTS, ambient() | world.environment()) as several:
        together = several.together(OF_EACH)
        alone = [several.alone(at, OF_EACH) for at in range(PROJECTS)]

    assert together.cpu_s <= MOST_TIMES * sum(one.cpu_s for one in alone)
    assert together.peak_bytes <= MOST_BYTES


@pytest.mark.exhaustive
def test_a_sweep_of_a_million_rows_holds_no_more_than_a_page_of_them(world: World) -> None:
    crowd(world, STUCK)
    add_good_rows(world, ROWS - STUCK)

    cost = swept(ambient() | world.environment(), STUCK)

    assert cost.peak_bytes <= MOST_BYTES_OF_A_MILLION
