"""The look-up of stuck rows in a real table, whatever its columns are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from psycopg.conninfo import conninfo_to_dict

from backup_doctor.collect.deadline import Deadline
from backup_doctor.collect.sources import Sources
from backup_doctor.demo.faults import FAULTS
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Asked, Names
from backup_doctor.run.runner import Silent
from backup_doctor.run.sweep import stuck
from backup_doctor.run.sweep.shared import collect_shared
from backup_doctor.run.sweep.stuck import StuckFound, StuckSearch, find_stuck
from tests.sweep.crowd import settings_of

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from backup_doctor.demo.world import World

INSERT = (
    "INSERT INTO public.backup_history (id, dispatch_id, status, created_at)"
    " VALUES ('00000000-0000-4000-8000-{at:012}', '{dispatch}', '{status}', {created})"
)


def put(
    world: World, at: int, dispatch: str, status: str = "in_progress", age: str = "9 h"
) -> None:
    created = f"now() - interval '{age}'" if age else "NULL"
    world.sql(INSERT.format(at=at, dispatch=dispatch, status=status, created=created))


def found_in(world: World, directory: Path, **search: Any) -> StuckFound:
    """What is found with what a sweep knows of the table."""
    settings = settings_of(world, directory)
    shared = collect_shared(settings, 60.0, Silent())
    table = None if isinstance(shared.row, Unseen) else shared.row.table
    found = StuckFound()
    find_stuck(
        shared.ask,
        StuckSearch(names=settings.names, older_than_s=7200, table=table, **search),
        found,
    )
    return found


def names_of(found: StuckFound) -> list[str | None]:
    return [one.row.dispatch_id for one in found.backups]


def test_each_dispatch_is_found_once_with_its_other_rows_newest_first(
    world: World, tmp_path: Path
) -> None:
    put(world, 1, "twice", age="9 h")
    put(world, 2, "twice", age="8 h 59 min")
    put(world, 3, "beside", age="9 h")
    put(world, 4, "beside", "success", age="8 h 59 min")
    put(world, 5, "young", age="1 h")

    found = found_in(world, tmp_path)

    assert names_of(found) == ["twice", "beside"]
    twice, beside = ([row.id[-1] for row in one.rows if row.id] for one in found.backups)
    assert twice == ["2", "1"]
    assert beside == ["4", "3"]
    assert found.gap is None


def test_who_holds_a_row_is_told_and_what_may_be_only_a_foreign_key_s_is_marked(
    world: World, tmp_path: Path
) -> None:
    for at, dispatch in enumerate(("free", "held", "referred"), start=1):
        put(world, at, dispatch)
    world.sql("CREATE TABLE public.files (backup uuid REFERENCES public.backup_history (id))")
    world.hold_transaction(
        "UPDATE public.backup_history SET error_text = 'x' WHERE dispatch_id = 'held'"
    )
    world.hold_transaction(
        "INSERT INTO public.files SELECT id FROM public.backup_history WHERE dispatch_id = 'referred'"
    )

    found = found_in(world, tmp_path)

    assert {
        one.row.dispatch_id: [holder.may_be_for_key for holder in one.holders]
        for one in found.backups
    } == {"free": [], "held": [False], "referred": [True]}


def test_the_backups_of_an_id_that_is_used_again_are_found_each_by_its_row(
    world: World, tmp_path: Path
) -> None:
    put(world, 1, "nightly", age="50 h")
    put(world, 2, "nightly", age="26 h")
    put(world, 3, "nightly", "success", age="3 h")

    found = found_in(world, tmp_path)

    ids = [one.row.id for one in found.backups]
    assert [one.asked for one in found.backups] == [Asked(backup_id=each) for each in ids]
    assert [each[-1] for each in ids if each] == ["1", "2"]


def test_pages_are_read_to_the_limit(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stuck, "PAGE_ROWS", 2)
    for at in range(1, 6):
        put(world, at, f"d-{at}")

    whole, cut = found_in(world, tmp_path), found_in(world, tmp_path, limit=3)

    assert (names_of(whole), whole.cut) == ([f"d-{at}" for at in range(1, 6)], False)
    assert (names_of(cut), cut.cut) == (["d-1", "d-2", "d-3"], True)


def test_a_row_of_no_known_age_counts_and_a_time_without_a_zone_is_utc(
    world: World, tmp_path: Path
) -> None:
    world.sql(
        "ALTER TABLE public.backup_history ALTER created_at DROP NOT NULL,"
        " ALTER created_at TYPE timestamp USING created_at AT TIME ZONE 'UTC'"
    )
    put(world, 1, "ageless", age="")
    put(world, 2, "young", age="1 h")
    put(world, 3, "old")

    assert names_of(found_in(world, tmp_path)) == ["ageless", "old"]


def test_a_status_of_an_enum_is_compared_as_text(world: World, tmp_path: Path) -> None:
    FAULTS["enum"].before(world)
    put(world, 1, "old")

    assert names_of(found_in(world, tmp_path)) == ["old"]


def test_without_time_nothing_is_said_to_be_all(world: World, tmp_path: Path) -> None:
    put(world, 1, "old")
    ask = Sources(settings_of(world, tmp_path), Deadline(0))
    found = StuckFound()

    find_stuck(ask, StuckSearch(names=Names(), older_than_s=7200), found)

    assert found.backups == []
    assert found.gap is not None
    assert found.gap.why is Why.TIMED_OUT


def test_rows_that_policies_hide_are_not_taken_for_none(world: World, tmp_path: Path) -> None:
    put(world, 1, "old")
    world.sql_as_superuser("ALTER ROLE backup_doctor NOBYPASSRLS")
    world.at_end(lambda: world.sql_as_superuser("ALTER ROLE backup_doctor BYPASSRLS"))

    found = found_in(world, tmp_path)

    assert found.backups == []
    assert found.gap is not None


def test_a_database_that_refuses_is_a_gap(world: World, tmp_path: Path) -> None:
    world.sql_as_superuser("REVOKE ALL ON public.backup_history FROM backup_doctor")
    settings = settings_of(world, tmp_path)
    found = StuckFound()

    find_stuck(
        Sources(settings, Deadline(60)), StuckSearch(names=settings.names, older_than_s=7200), found
    )

    assert found.backups == []
    assert found.gap is not None


def test_a_status_that_postgresql_fills_up_with_blanks_is_read_without_them(
    world: World, tmp_path: Path
) -> None:
    world.sql(
        "ALTER TABLE public.backup_history DROP CONSTRAINT backup_history_status_check,"
        " ALTER status TYPE char(20), ALTER dispatch_id TYPE char(20)"
    )
    put(world, 1, "padded")

    (backup,) = found_in(world, tmp_path).backups

    assert (backup.row.status, backup.row.dispatch_id) == ("in_progress", "padded")
    assert backup.row.values["status"] == "in_progress         "


def test_a_row_whose_time_is_to_come_may_be_stuck_too(world: World, tmp_path: Path) -> None:
    put(world, 1, "a wrong clock", age="-26 h")
    put(world, 2, "just made", age="-10 min")

    assert names_of(found_in(world, tmp_path)) == ["a wrong clock"]


def test_a_local_time_without_its_zone_is_not_taken_for_a_time_to_come(
    world: World, tmp_path: Path
) -> None:
    world.sql("ALTER TABLE public.backup_history ALTER created_at TYPE timestamp")
    put(world, 1, "local", age="-14 h")
    put(world, 2, "wrong", age="-26 h")

    assert names_of(found_in(world, tmp_path)) == ["wrong"]


def test_a_stuck_row_is_found_whose_time_is_local_and_without_a_zone(
    world: World, tmp_path: Path
) -> None:
    name = conninfo_to_dict(world.owner_uri)["dbname"]
    world.sql("ALTER TABLE public.backup_history ALTER created_at TYPE timestamp")
    world.sql_as_superuser(f"ALTER DATABASE {name} SET timezone = 'Asia/Tokyo'")
    put(world, 1, "stuck", age="3 h")
    put(world, 2, "young", age="1 h")

    found = found_in(world, tmp_path)

    assert names_of(found) == ["stuck"]
    (made,) = (one.created_at for one in found.backups)
    assert made is not None
    assert timedelta(hours=2) < datetime.now(UTC) - made < timedelta(hours=4)
