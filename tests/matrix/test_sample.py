"""A fixed sample of the matrix: one pair in nineteen, and one fault in nineteen alone and mended.

`make matrix` plays all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.matrix.catalogue import loops, pairs
from tests.matrix.loop import close_loop
from tests.matrix.reasons import reason
from tests.matrix.scenes import Scene, play

if TYPE_CHECKING:
    from doctor.demo.world import Servers


def sample(scenes: list[Scene], step: int) -> list[Scene]:
    return [scene for scene in scenes[::step] if reason(scene.name) is None]


@pytest.mark.parametrize("scene", sample(pairs(), 19), ids=lambda scene: scene.name)
def test_the_causes_of_a_backup_that_broke_in_two_ways_are_found_in_order(
    servers: Servers, scene: Scene
) -> None:
    outcome = play(servers, scene)

    assert outcome.errors == ()
    assert outcome.got == outcome.expected
    assert outcome.failing_check == outcome.expected.failing_check


@pytest.mark.parametrize("scene", sample(loops(), 19), ids=lambda scene: scene.name)
def test_a_backup_is_right_once_its_report_was_followed_and_the_next_one_too(
    servers: Servers, scene: Scene
) -> None:
    assert close_loop(servers, scene) == []
