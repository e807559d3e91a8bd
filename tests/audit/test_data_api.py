"""The table through the Data API: what SQL shows of it, however small a page is."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from psycopg.conninfo import conninfo_to_dict

from backup_doctor.collect.clients import data_api
from backup_doctor.collect.clients.data_api import DataApi
from backup_doctor.collect.clients.management import Management
from backup_doctor.collect.deadline import Deadline
from backup_doctor.evidence.case import Names
from backup_doctor.run.audit.table import BrokeOffError
from backup_doctor.run.audit.table_data_api import DataApiTable
from backup_doctor.run.audit.table_direct import DirectTable
from backup_doctor.run.audit.table_pages import PagedTable
from tests.audit.scene import FOLDER, Scene

if TYPE_CHECKING:
    from backup_doctor.run.audit.model import Row

ONLY_KEY = {"SUPABASE_DB_URL": "", "SUPABASE_ACCESS_TOKEN": ""}


def by_data_api(scene: Scene, names: Names, **more: str) -> DataApiTable:
    settings = scene.settings(**ONLY_KEY, **more)
    return DataApiTable(DataApi(settings, Deadline(60)), names, Deadline(60))


def all_of(table: Any) -> list[Row]:
    return [row for batch in table.rows() for row in batch]


@pytest.mark.parametrize("page", [1, 2, 1000])
def test_it_tells_what_sql_tells_in_the_byte_order_of_the_keys(
    scene: Scene, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_api, "PAGE_ROWS", page)
    for at, name in enumerate(("b", "A", "a", "é", "Z", "_")):
        scene.row(f"{FOLDER}/{name}.zip", size=at, age=f"{at} days")
    scene.row("/" + f"{FOLDER}/b.zip", "failed")
    scene.row(f"s3://elsewhere/{FOLDER}/b.zip", size=None)
    scene.row(None, "in_progress", None)
    scene.row(None, "in_progress", None, age="1 minute")
    names = Names(bucket=scene.world.bucket.name)
    direct, paged = (
        DirectTable(scene.world.reader_uri, names, Deadline(60)),
        by_data_api(scene, names),
    )
    assert [way.about().may_hide for way in (direct, paged)] == [False, False]
    expected, days = all_of(direct), direct.by_day()
    direct.close()

    rows = all_of(paged)

    assert [row[0] for row in rows if row[0] > "\x02"] == sorted(
        (row[0] for row in expected if row[0] > "\x02"), key=str.encode
    )
    assert sorted(_meant(row) for row in rows) == sorted(_meant(row) for row in expected)
    assert paged.by_day() == days
    paged.close()


def _meant(row: Row) -> tuple[str, ...]:
    """PostgreSQL writes JSON with other blanks, and times in another form."""
    key, *others, made = row
    at = datetime.fromisoformat(made or "")
    return (key.replace('", ', '",').replace("null, ", "null,"), *map(str, (*others, at)))


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
@pytest.mark.parametrize("now", ["now()", "(now() AT TIME ZONE 'UTC')"])
def test_by_both_ways_a_time_without_a_zone_makes_no_row_older_than_it_is(
    scene: Scene, zone: str, now: str
) -> None:
    names, world = Names(bucket=scene.world.bucket.name), scene.world
    database = conninfo_to_dict(world.owner_uri)["dbname"]
    times = "ALTER TABLE public.backup_history ALTER {0} TYPE {2}, ALTER {1} TYPE {2}"
    columns = ("created_at", "finished_at")
    world.sql(times.format(*columns, "timestamp"))
    world.sql_as_superuser(f"ALTER DATABASE {database} SET timezone = '{zone}'")
    try:
        for name, age in (("young", "10 min"), ("old", "20 h")):
            world.sql(
                "INSERT INTO public.backup_history (dispatch_id, s3_key, created_at) VALUES"
                f" ('{name}', '{FOLDER}/{name}.zip', {now} - interval '{age}')"
            )
        world.sql(
            "INSERT INTO public.backup_history (dispatch_id, s3_key, status, created_at, finished_at)"
            f" VALUES ('done', '{FOLDER}/done.zip', 'success', {now}, {now} - interval '1 min')"
        )
        pages = PagedTable(Management(scene.settings(), Deadline(60)), names, Deadline(60), 10)
        for table in (
            DirectTable(world.reader_uri, names, Deadline(60)),
            pages,
            by_data_api(scene, names),
        ):
            table.about()
            states = {row[0].rpartition("/")[2]: row[2] for row in all_of(table)}
            table.close()

            assert (type(table), states) == (
                type(table),
                {"young.zip": "running", "old.zip": "stuck", "done.zip": "success"},
            )
    finally:
        world.sql_as_superuser(f"ALTER DATABASE {database} RESET timezone")
        world.sql("TRUNCATE public.backup_history")
        world.sql(times.format(*columns, "timestamptz"))


def test_a_key_that_the_gateway_refuses_breaks_it_off(scene: Scene) -> None:
    table = by_data_api(scene, Names(), SUPABASE_SERVICE_ROLE_KEY="sb_secret_" + "x" * 22)

    with pytest.raises(BrokeOffError):
        table.about()


def test_a_table_without_a_visible_row_is_not_compared(scene: Scene) -> None:
    scene.put(f"{FOLDER}/a.zip")

    items, audit = scene.audit(**ONLY_KEY)

    assert items == []
    (gap,) = audit.totals.gaps
    assert "shows no row of the table" in gap.what


def test_without_any_way_it_says_what_to_set(scene: Scene) -> None:
    items, audit = scene.audit(**ONLY_KEY, SUPABASE_SERVICE_ROLE_KEY="")

    assert items == []
    assert "SUPABASE_SERVICE_ROLE_KEY" in (audit.totals.gaps[0].remedy or "")


class Page:
    """A Data API whose table is one page."""

    role = "service_role"

    def __init__(self, *rows: dict[str, Any]) -> None:
        self.rows = list(rows)

    def newest_with(self, _column: str | None, count: int) -> list[dict[str, Any]]:
        return self.rows[:count]

    def page_by_id(self, _columns: tuple[str, ...], after: str | None) -> list[dict[str, Any]]:
        return [] if after else self.rows


@pytest.mark.parametrize("size", [10**26, "9" * 5000, 2**63, -5, 10.5, "NaN"])
def test_a_size_that_no_file_can_have_is_kept_as_it_is_told_and_added_to_nothing(
    size: object,
) -> None:
    made = "2026-11-24T04:00:00+00:00"
    row = {"id": "1", "status": "success", "s3_key": "backups/a.zip", "created_at": made}
    api: Any = Page(row | {"size_bytes": size}, row | {"id": "2", "size_bytes": 7})
    table = DataApiTable(api, Names(), Deadline(60))
    table.about()

    assert [told for *_, told, _ in all_of(table)] == [str(size), "7"]
    assert [day.bytes for day in table.by_day()] == [7]
    table.close()
