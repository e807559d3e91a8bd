"""Which runs and rows of an id that is used again belong together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from backup_doctor.evidence.case import Asked
from backup_doctor.evidence.reuse import are_apart, asked_of, period_of, row_of_run
from backup_doctor.evidence.row import BackupRow, Period

NOW = datetime(2026, 11, 30, 2, 0, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
UUID = "00000000-0000-4000-8000-000000000001"


def rows(dispatch_id: str, *at: timedelta) -> tuple[BackupRow, ...]:
    return tuple(
        BackupRow(id=str(n), dispatch_id=dispatch_id, created_at=NOW + one)
        for n, one in enumerate(at)
    )


NIGHTLY = rows("nightly", DAY, 0 * DAY, -DAY)


def test_a_rows_runs_are_those_between_the_backups_beside_it() -> None:
    newest, middle, oldest = (period_of(one, NIGHTLY) for one in NIGHTLY)

    assert newest == Period(since=NOW + DAY - 5 * MINUTE)
    assert middle == Period(since=NOW - 5 * MINUTE, until=NOW + DAY - 5 * MINUTE)
    assert oldest == Period(until=NOW - 5 * MINUTE)
    assert middle.has(NOW)
    assert middle.has(None)
    assert not middle.has(NOW + DAY)
    assert not middle.has(NOW - DAY)


def test_rows_that_were_inserted_one_after_the_other_are_one_backups() -> None:
    twice = rows("nightly", MINUTE, 0 * DAY)

    assert are_apart(NIGHTLY)
    assert not are_apart(twice)
    assert period_of(twice[0], twice) is None
    assert period_of(BackupRow(dispatch_id="nightly"), NIGHTLY) is None


def test_a_uuid_that_is_inserted_again_may_be_of_the_earlier_run() -> None:
    again = rows(UUID, DAY, 0 * DAY)

    assert not are_apart(again)
    assert period_of(again[0], again) is None
    assert period_of(again[1], again) == Period(until=NOW + DAY - 5 * MINUTE)


def test_a_row_goes_by_its_own_id_where_its_dispatch_id_is_a_later_backups_too() -> None:
    newest, middle, _ = NIGHTLY
    nameless = BackupRow(id="7", created_at=NOW)

    assert asked_of(newest, NIGHTLY) == Asked(dispatch_id="nightly")
    assert asked_of(middle, NIGHTLY) == Asked(backup_id="1")
    assert asked_of(nameless, (nameless,)) == Asked(backup_id="7")
    assert asked_of(replace(middle, id=None), NIGHTLY) == Asked(dispatch_id="nightly")


def test_a_run_is_of_the_row_that_was_made_before_it() -> None:
    assert row_of_run(NIGHTLY, NOW + MINUTE) is NIGHTLY[1]
    assert row_of_run(NIGHTLY, NOW - 9 * DAY) is NIGHTLY[2]
    assert row_of_run(NIGHTLY, None) is None
    assert row_of_run(NIGHTLY[:1], NOW) is None
