"""What the database is asked of a repair, and by which way."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from msgspec.structs import replace

from backup_doctor.collect.clients.database import Way
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.collected import FixCheck
from backup_doctor.evidence.row import Route
from backup_doctor.judge.fix_sql import Repair
from backup_doctor.run.trying import tried
from tests.judgement.cases import case, row

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.collect.sources import Sources

UNSEEN = Unseen(why=Why.NOT_ASKED, what="Not asked in this test.")


def sources(**counted: int) -> Sources:
    """Ways to the database of which each counts so many rows."""

    def way(route: Route, rows: int) -> Way:
        return Way(route, lambda _: [{"rows": rows}])

    def now(call: Callable[[], object]) -> Any:
        made = call()
        return SimpleNamespace(result=lambda: made)

    database = SimpleNamespace(
        ways=tuple(way(Route[name], rows) for name, rows in counted.items()),
        direct=UNSEEN,
        query=lambda _: [{"rows": 0}],
    )
    deadline = SimpleNamespace(left=lambda: 1.0)
    return cast("Sources", SimpleNamespace(deadline=deadline, database=database, meanwhile=now))


@pytest.mark.parametrize(
    ("route", "rows"), [(Route.DIRECT, 0), (Route.MANAGEMENT, 1), (Route.REST, None)]
)
def test_the_rows_are_counted_by_the_way_that_showed_the_row(
    route: Route, rows: int | None
) -> None:
    seen = replace(row(), route=route)
    offered = Repair(statement="UPDATE t", counting="SELECT count(*)")

    check = tried(sources(DIRECT=0, MANAGEMENT=1), case(seen), offered)

    assert isinstance(check, FixCheck)
    assert check.rows == rows
