"""A real PostgreSQL with one stuck row, and whole pipelines that really ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.database.conftest import lab, postgres
from tests.e2e.conftest import servers, world

if TYPE_CHECKING:
    from tests.database.lab import Lab

__all__ = ["lab", "postgres", "servers", "world"]


@pytest.fixture
def stuck(lab: Lab) -> Lab:
    """The reference pipeline's table, with one row that is stuck."""
    return lab.migrate()
