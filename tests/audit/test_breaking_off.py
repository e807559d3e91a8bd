"""A side that breaks off: what is known is told, and nothing is claimed of what was not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.run.audit.listing import listing
from tests.audit.sides import BROKEN, Backup, MemoryBucket, MemoryTable, audited, told

if TYPE_CHECKING:
    import pytest

KEYS = [f"backups/{letter}.zip" for letter in "abcdefghij"]


def test_behind_the_end_of_the_listing_nothing_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    backups = [Backup(key, key) for key in KEYS]
    there = dict.fromkeys(KEYS[3:], "10")

    items, audit = audited(monkeypatch, MemoryTable(backups), MemoryBucket(there, KEYS[6]))

    assert [key for _, key, _ in told(items)] == KEYS[:3]
    assert audit.totals.gaps[0] == BROKEN
    assert "4 successful rows" in audit.totals.gaps[1].what
    assert audit.totals.notes == [f"The bucket was read up to {KEYS[5]}"]


def test_behind_the_end_of_the_table_nothing_is_an_orphan(monkeypatch: pytest.MonkeyPatch) -> None:
    backups = [Backup(key, key) for key in KEYS]
    there = dict.fromkeys([*KEYS, "backups/aa.zip", "backups/jj.zip"], "10")

    items, audit = audited(monkeypatch, MemoryTable(backups, breaks_after=4), MemoryBucket(there))

    assert told(items) == [("orphan-object", None, "backups/aa.zip")]
    assert audit.totals.gaps == [BROKEN]


def test_a_table_that_breaks_off_at_once_leaves_nothing_to_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = MemoryTable([Backup("1", KEYS[0])], breaks_after=0)

    items, audit = audited(monkeypatch, table, MemoryBucket(dict.fromkeys(KEYS, "10")))

    assert items == []
    assert audit.totals.gaps == [BROKEN]


def test_an_object_younger_than_the_table_is_no_orphan(monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = MemoryBucket({"backups/new.zip": "10"}, modified="2026-01-15T12:00:01.000Z")

    items, audit = audited(monkeypatch, MemoryTable([]), bucket)

    assert items == []
    assert audit.totals.complete
    assert "1 object, younger" in audit.totals.notes[0]


def test_a_folder_of_many_small_folders_is_not_divided() -> None:
    bucket = MemoryBucket({f"backups/{at:03}/x.zip": "1" for at in range(60)}, page_keys=10)

    found = [key for page in listing(bucket, "backups/") for key, _, _ in page]

    assert found == sorted(bucket.objects)
    assert not any(by_folder for _, by_folder in bucket.asked)


def test_large_folders_are_asked_for_at_once_and_come_in_order() -> None:
    keys = [f"backups/2026/{month:02}/{at:03}.zip" for month in range(1, 13) for at in range(40)]
    bucket = MemoryBucket(dict.fromkeys([*keys, "backups/readme.txt"], "1"), page_keys=10)

    found = [key for page in listing(bucket, "backups/") for key, _, _ in page]

    assert found == sorted(bucket.objects)
    assert {prefix for prefix, _ in bucket.asked} >= {
        f"backups/2026/{month:02}/" for month in (2, 7)
    }
