"""A fixed sample of the closed loops: one fault in nineteen. `make matrix` closes all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.matrix.catalogue import loops
from tests.matrix.loop import close_loop
from tests.matrix.reasons import reason

if TYPE_CHECKING:
    from doctor.demo.world import Servers
    from tests.matrix.scenes import Scene


SAMPLE = [scene for scene in loops()[::19] if reason(scene.name) is None]


@pytest.mark.parametrize("scene", SAMPLE, ids=lambda scene: scene.name)
def test_a_backup_is_right_once_its_report_was_followed_and_the_next_one_too(
    servers: Servers, scene: Scene
) -> None:
    assert close_loop(servers, scene) == []
