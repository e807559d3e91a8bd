"""How much of a bucket is listed to find the files of stuck backups, and what a gap in it means."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from backup_doctor.collect.deadline import Deadline
from backup_doctor.collect.sources import Sources
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Names
from backup_doctor.evidence.row import BackupRow
from backup_doctor.run.sweep.backup import StuckBackup
from backup_doctor.run.sweep.shelf import Shelf, list_bucket
from backup_doctor.settings.model import Secret, Settings, Storage
from tests.clients.s3_faults import Answer, Request, error, faulty_s3, listing

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.slow

NAMES = Names(bucket="acme")
AT = datetime(2026, 1, 15, 2, 3, tzinfo=UTC)
IN_ITS_FOLDER, ELSEWHERE, OUTSIDE = "nightly-0000001", "nightly-0000002", "nightly-0000003"
KEYS = (
    f"backups/2026/01/15/backup-{IN_ITS_FOLDER}.zip",
    f"backups/old/backup-{ELSEWHERE}.zip",
    f"archive/backup-{OUTSIDE}.zip",
)


def backup(dispatch_id: str, **fields: Any) -> StuckBackup:
    row = BackupRow(id="1", dispatch_id=dispatch_id, created_at=AT, **fields)
    return StuckBackup(row=row, rows=(row,))


def listed(
    *backups: StuckBackup,
    handle: Callable[[str], Answer] | None = None,
    names: Names = NAMES,
    budget_s: float = 30.0,
) -> tuple[Shelf | Unseen, list[str]]:
    """What was come upon, and the prefixes that were asked for."""
    answer = handle or (lambda prefix: listing(*(key for key in KEYS if key.startswith(prefix))))
    with faulty_s3(lambda asked: answer(prefix_of(asked))) as server:
        storage = Storage(
            endpoint=server.url,
            region="eu-central-1",
            access_key_id=Secret("AKIACANARYCANARYCANA"),
            secret_access_key=Secret("canary/secret+key"),
        )
        ask = Sources(Settings(names=names, storage=storage), Deadline(budget_s))
        found = list_bucket(ask, names, backups)
    return found, [prefix_of(one) for one in server.requests]


def prefix_of(asked: Request) -> str:
    return parse_qs(urlsplit(asked.path).query).get("prefix", [""])[0]


def shelf_of(*backups: StuckBackup) -> Shelf:
    found, _ = listed(*backups)
    assert isinstance(found, Shelf)
    return found


def test_a_file_in_the_folder_of_its_day_that_its_row_names_is_found_without_listing_more() -> None:
    one = backup(IN_ITS_FOLDER, s3_key=KEYS[0])

    found, asked = listed(one)

    assert isinstance(found, Shelf)
    assert found.at_key(one) is not None
    assert all(prefix.startswith("backups/2026/01/1") for prefix in asked)


def test_a_second_file_of_a_backup_whose_row_names_none_is_seen_wherever_it_is() -> None:
    second = f"tenants/a/{IN_ITS_FOLDER}.zip"
    keys = (*KEYS, second)

    found, _ = listed(
        backup(IN_ITS_FOLDER),
        handle=lambda prefix: listing(*(key for key in keys if key.startswith(prefix))),
    )

    assert isinstance(found, Shelf)
    assert {one.key for one in found.search(backup(IN_ITS_FOLDER)).hits} == {KEYS[0], second}


def test_that_only_the_folder_of_the_day_may_be_listed_is_no_gap() -> None:
    def handle(prefix: str) -> Answer:
        in_folder = listing(*(key for key in KEYS if key.startswith(prefix)))
        return in_folder if "/2026/" in prefix else error(403, "AccessDenied")

    found, _ = listed(backup(IN_ITS_FOLDER), handle=handle)

    assert isinstance(found, Shelf)
    assert found.gap is None
    assert found.has(backup(IN_ITS_FOLDER))


@pytest.mark.parametrize(("dispatch_id", "key"), [(ELSEWHERE, KEYS[1]), (OUTSIDE, KEYS[2])])
def test_a_file_that_is_not_there_is_looked_for_in_wider_and_wider_circles(
    dispatch_id: str, key: str
) -> None:
    found, asked = listed(backup(dispatch_id))

    assert isinstance(found, Shelf)
    assert [one.key for one in found.search(backup(dispatch_id)).hits] == [key]
    assert "backups/" in asked


def test_a_bucket_that_was_listed_to_its_end_is_known_to_lack_a_file() -> None:
    found = shelf_of(backup("nightly-9999999"))

    assert found.complete
    assert not found.has(backup("nightly-9999999"))
    assert found.covers("anything/at/all.zip")


def test_the_key_that_the_row_names_is_found_whatever_its_name() -> None:
    one = backup("nightly-9999999", s3_key=KEYS[1])

    found = shelf_of(one).at_key(one)

    assert found is not None
    assert found.key == KEYS[1]


def test_a_bucket_that_may_not_be_listed_is_no_empty_one() -> None:
    found, _ = listed(backup(IN_ITS_FOLDER), handle=lambda _: error(403, "AccessDenied"))

    assert isinstance(found, Unseen)
    assert found.why is Why.DENIED


def test_a_listing_that_breaks_off_has_a_gap_and_rules_nothing_out() -> None:
    def handle(prefix: str) -> Answer:
        return listing(KEYS[0]) if prefix.endswith("15/") else error(403, "AccessDenied")

    found, _ = listed(backup(IN_ITS_FOLDER), backup(OUTSIDE), handle=handle)

    assert isinstance(found, Shelf)
    assert found.gap is not None
    assert found.has(backup(IN_ITS_FOLDER))
    assert not found.complete


def test_without_a_bucket_or_without_time_nothing_is_listed() -> None:
    unnamed, asked = listed(backup(IN_ITS_FOLDER), names=Names())
    late, asked_late = listed(backup(IN_ITS_FOLDER), budget_s=0.0)

    assert isinstance(unnamed, Unseen)
    assert unnamed.why is Why.NOT_CONFIGURED
    assert isinstance(late, Unseen)
    assert late.why is Why.TIMED_OUT
    assert (asked, asked_late) == ([], [])
