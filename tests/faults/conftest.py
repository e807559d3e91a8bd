"""One healthy and one stuck pipeline for all tests of a process: the doctor changes neither."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backup_doctor.demo.world import Servers, World
from tests.faults.scene import Scene, play

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    with Servers.start() as started:
        yield started


@pytest.fixture(scope="session")
def scenes(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Scene]]:
    directory = tmp_path_factory.mktemp("truth")
    with World(servers) as healthy, World(servers) as stuck:
        yield {
            "healthy": play(healthy, "healthy", directory),
            "stuck": play(stuck, "stuck", directory),
        }
