"""The listing is held against all wanted backups at once, and finds what a single search finds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backup_doctor.evidence.ids import Ids, Named
from backup_doctor.evidence.object_keys import FileKind, kind_of
from backup_doctor.evidence.row import BackupRow
from backup_doctor.run.sweep.backup import StuckBackup
from backup_doctor.run.sweep.shelf import Shelf, is_odd

DISPATCH = "3f2a8c1e-5b7d-4e9a-8c6f-0123456789ab"
AT = datetime(2026, 11, 20, 2, 9, tzinfo=UTC)


def backup(dispatch_id: str = DISPATCH, **fields: Any) -> StuckBackup:
    row = BackupRow(dispatch_id=dispatch_id, id=fields.pop("id", "row-1"), **fields)
    return StuckBackup(row=row, rows=(row,))


def entry(key: str) -> dict[str, Any]:
    return {"Key": key, "Size": 3, "LastModified": AT.isoformat(), "ETag": '"e"'}


def shelf_with(one: StuckBackup, *keys: str) -> Shelf:
    shelf = Shelf(bucket="team-backups")
    shelf.want(one)
    shelf.put([entry(key) for key in keys])
    return shelf


@pytest.mark.parametrize(
    "key",
    [
        f"backups/2026/11/20/backup-{DISPATCH}.zip",
        f"backups/{DISPATCH.upper()}.zip",
        f"{DISPATCH}",
        f"x/{DISPATCH}_full.zip",
    ],
)
def test_a_key_that_names_the_backup_is_kept(key: str) -> None:
    assert [one.key for one in shelf_with(backup(), key).search(backup()).hits] == [key]


@pytest.mark.parametrize("key", [f"backups/{DISPATCH}9.zip", f"backups/a{DISPATCH}.zip", "b/c.zip"])
def test_a_key_that_only_holds_the_id_is_not(key: str) -> None:
    assert shelf_with(backup(), key).search(backup()).hits == ()


def test_the_key_that_the_row_names_is_kept_in_any_notation() -> None:
    key = "elsewhere/of no date.zip"

    for text in (key, f"/{key}", f"s3://team-backups/{key}"):
        one = backup(s3_key=text)
        found = shelf_with(one, key).at_key(one)
        assert found is not None, text
        assert found.key == key


def test_checksums_beside_the_file_are_no_second_file() -> None:
    shelf = shelf_with(backup(), f"b/{DISPATCH}.zip", f"b/{DISPATCH}.zip.sha256")

    assert [one.key for one in shelf.search(backup()).hits] == [f"b/{DISPATCH}.zip"]


def test_of_all_else_nothing_is_kept() -> None:
    shelf = shelf_with(backup(), *(f"backups/other-{nth}.zip" for nth in range(1_000)))

    assert shelf.listed == 1_000
    assert (len(shelf._by_id), len(shelf._by_key)) == (0, 0)


def test_what_is_older_than_the_row_is_no_second_file() -> None:
    one = backup(created_at=AT)
    shelf = shelf_with(one, f"b/{DISPATCH}.zip")
    shelf.put([{**entry(f"old/{DISPATCH}.zip"), "LastModified": "2026-10-01T00:00:00+00:00"}])

    assert [found.key for found in shelf.search(one).hits] == [f"b/{DISPATCH}.zip"]


IDS = st.text("abAB01-_. ", min_size=6, max_size=12).filter(lambda one: not is_odd(backup(one)))
PIECES = st.text("abAB01-_./ ", max_size=8)


@given(IDS, PIECES, PIECES)
def test_an_id_is_found_where_a_single_search_finds_it(one: str, before: str, after: str) -> None:
    key = before + one + after

    found = shelf_with(backup(one), key).search(backup(one))

    named = Ids([], of_rows=[one]).named_in(key)
    assert bool(found.hits or found.possible) == (
        named is not Named.NOT and kind_of(key) is not FileKind.NOTE
    )
