"""One world for all audits here; each test fills its own table and bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backup_doctor.demo.world import Servers, World
from tests.audit.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with Servers.start() as servers, World(servers) as made:
        yield made


@pytest.fixture
def scene(world: World, tmp_path: Path) -> Iterator[Scene]:
    made = Scene(world, tmp_path)
    yield made
    made.clear()
