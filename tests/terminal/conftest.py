"""A world that has made a backup, and a terminal in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backup_doctor.demo.world import World
from tests.e2e.conftest import servers
from tests.matrix.pipelines import upload_quickly
from tests.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.demo.world import Servers

__all__ = ["servers"]


@pytest.fixture
def world(servers: Servers) -> Iterator[World]:
    with World(servers) as opened:
        upload_quickly(opened)
        opened.run_pipeline(opened.insert_row())
        yield opened


@pytest.fixture
def terminal(world: World) -> Iterator[Terminal]:
    with Terminal(world, {"VITE_SUPABASE_URL": "https://right.example"}) as opened:
        yield opened
