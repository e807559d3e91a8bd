"""One world for the hostile rows: a database, a bucket, and nothing that ever ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backup_doctor.demo.world import Servers, World

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    with Servers.start() as started:
        yield started


@pytest.fixture
def world(servers: Servers) -> Iterator[World]:
    with World(servers) as opened:
        yield opened
