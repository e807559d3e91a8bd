"""A real PostgreSQL for all tests here; a fresh database for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backup_doctor.demo.supabase.postgres import PostgresServer
from tests.database.lab import Lab, lab_on

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with PostgresServer.start() as server:
        yield server


@pytest.fixture
def lab(postgres: PostgresServer) -> Iterator[Lab]:
    with lab_on(postgres) as made:
        yield made
