"""Whole ids: what a key, a title or a line names, and what only holds an id in a longer one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backup_doctor.evidence.case import Asked
from backup_doctor.evidence.ids import (
    Ids,
    Named,
    ids_of,
    is_same_id,
    is_uuid,
    mentions,
    named_in_key,
    names_another,
)
from backup_doctor.evidence.row import BackupRow

UUID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
OTHER = "11111111-2222-4333-8444-555555555555"
NIGHTLY = "nightly-2026-11-29"


# Keys --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    [
        f"backups/2026/01/15/backup-{UUID}.zip",
        f"backups/2026/01/15/backup-{UUID}-020304.zip",
        f"backups/{UUID.upper()}.zip",
        f"backups/nw-{UUID}_2.tar.gz",
        f"backups/{UUID}/db.dump",
        UUID,
    ],
)
def test_a_uuid_names_its_backup_wherever_it_stands_as_a_whole_word(key: str) -> None:
    assert named_in_key(key, UUID) is Named.WHOLE


@pytest.mark.parametrize("key", [f"backups/0{UUID}.zip", f"backups/{UUID}a.zip", "backups/x.zip"])
def test_a_uuid_inside_of_a_longer_word_names_nothing(key: str) -> None:
    assert named_in_key(key, UUID) is Named.NOT


@pytest.mark.parametrize(
    ("one", "key"),
    [
        (NIGHTLY, f"backups/{NIGHTLY}.zip"),
        (NIGHTLY, f"backups/backup-{NIGHTLY}.zip"),
        (NIGHTLY, f"backups/db_dump_{NIGHTLY}.sql.gz"),
        (NIGHTLY, NIGHTLY),
        ("19400000001", "backups/run-19400000001.zip"),
        ("20261129T020304Z", "backups/20261129T020304Z.7z"),
    ],
)
def test_any_other_id_is_named_where_only_a_files_usual_words_stand_beside_it(
    one: str, key: str
) -> None:
    assert named_in_key(key, one) is Named.WHOLE


@pytest.mark.parametrize(
    "key",
    [
        f"backups/{NIGHTLY}-2.zip",
        f"backups/{NIGHTLY}-b.zip",
        f"backups/{NIGHTLY}_old.zip",
        f"backups/{NIGHTLY}.2.zip",
        f"backups/{NIGHTLY}-020304.zip",
        f"backups/eu-{NIGHTLY}.zip",
        f"backups/{NIGHTLY.upper()}.zip",
        f"backups/{NIGHTLY}-2/db.zip",
    ],
)
@pytest.mark.parametrize("of_row", [True, False])
def test_a_longer_word_that_holds_it_is_perhaps_another_id(key: str, *, of_row: bool) -> None:
    assert named_in_key(key, NIGHTLY, of_row=of_row) is Named.PERHAPS


@pytest.mark.parametrize(
    ("one", "key"),
    [
        ("backups", "backups/2026/11/29/backup-1.zip"),
        ("2026-11-29", "exports/2026-11-29/archive.zip"),
        ("2026-11-29", "exports/2026-11-29.zip"),
        ("20261129", "exports/backup-20261129.zip"),
        ("2026/11/29", "exports/2026/11/29/archive.zip"),
        ("29.11.2026", "exports/29.11.2026.zip"),
        ("run-42", "exports/run-42.zip"),
        ("42", "exports/42.zip"),
        ("nightly-backups", "nightly-backups/db.zip"),
        ("production-2026112902", "production-2026112902/db.zip"),
    ],
)
def test_a_date_a_folder_and_a_short_id_name_nothing_unless_they_are_a_rows(
    one: str, key: str
) -> None:
    assert named_in_key(key, one) is not Named.WHOLE


@pytest.mark.parametrize(
    ("one", "key", "named"),
    [
        ("2026-11-29", "exports/2026-11-29.zip", Named.WHOLE),
        ("2026-11-29", "exports/backup-2026-11-29.zip", Named.WHOLE),
        ("2026-11-29", "exports/2026-11-29/archive.zip", Named.PERHAPS),
        ("2026-11-29", "exports/backup-2026-11-29-0203.zip", Named.PERHAPS),
        ("42", "exports/backup-42.zip", Named.WHOLE),
        ("42", "exports/2026/42/backup.zip", Named.PERHAPS),
        ("15", "backups/backup-2026-01-15.zip", Named.NOT),
        ("1", "backups/backup-11.zip", Named.NOT),
        ("backups", "backups/2026/11/29/backup-1.zip", Named.PERHAPS),
        ("production-2026112902", "production-2026112902/db.zip", Named.WHOLE),
    ],
)
def test_what_is_a_rows_whole_id_may_be_short_or_a_date(one: str, key: str, named: Named) -> None:
    assert named_in_key(key, one, of_row=True) is named


@given(st.text(min_size=1, max_size=1_024), st.text(max_size=80), st.booleans())
def test_an_id_of_any_text_is_taken_literally(one: str, around: str, of_row: bool) -> None:
    named_in_key(f"{around}{one}{around}", one, of_row=of_row)
    Ids([one]).rivals_in(f"{around}{one}{around}")
    mentions(f"{around}{one}{around}", one)


@pytest.mark.parametrize("text", ["", " ", None])
def test_no_id_names_nothing(text: str | None) -> None:
    assert not Ids([text])
    assert Ids([text]).named_in("backups/backup-.zip") is Named.NOT


@pytest.mark.parametrize(
    ("one", "key", "rival"),
    [
        (NIGHTLY, f"backups/{NIGHTLY}-2.zip", f"{NIGHTLY}-2"),
        (NIGHTLY, f"backups/eu-{NIGHTLY}.zip", f"eu-{NIGHTLY}"),
        (UUID, f"backups/{UUID}-2.zip", f"{UUID}-2"),
        (UUID, f"backups/{OTHER}/{UUID}.zip", OTHER),
        (NIGHTLY, f"backups/{OTHER}.zip", OTHER),
    ],
)
def test_what_in_a_key_may_be_another_backups_id_is_asked_of_the_table(
    one: str, key: str, rival: str
) -> None:
    assert rival in Ids([one]).rivals_in(key)
    assert one not in Ids([one]).rivals_in(key)


# The ids of a backup -----------------------------------------------------------------------------


def test_a_backup_is_known_by_its_rows_own_ids() -> None:
    row = BackupRow(id=OTHER, dispatch_id="run-42")

    ids = ids_of(Asked(dispatch_id="RUN-42"), row)

    assert ids.ids == tuple(sorted((OTHER, "run-42")))
    assert ids.whole_in("backups/run-42.zip")
    assert not ids.whole_in("backups/RUN-42.zip")


def test_a_rows_number_names_nothing() -> None:
    assert ids_of(Asked(dispatch_id="x"), BackupRow(id="12345678", dispatch_id=NIGHTLY)).ids == (
        NIGHTLY,
    )


def test_without_a_row_a_backup_is_known_as_it_was_asked_for() -> None:
    assert ids_of(Asked(dispatch_id=NIGHTLY), None).ids == (NIGHTLY,)
    assert ids_of(Asked(backup_id=OTHER), None).ids == (OTHER,)
    assert not ids_of(Asked(backup_id="7"), None)
    assert ids_of(Asked(dispatch_id=NIGHTLY), BackupRow(id="7")).ids == (NIGHTLY,)


def test_one_id_is_another_but_for_blanks_and_a_uuids_case() -> None:
    assert is_same_id(f" {UUID} ", UUID.upper())
    assert is_same_id(" a", "a")
    assert not is_same_id("a", "A")
    assert not is_same_id(None, None)
    assert is_uuid(f" {UUID.upper()} ")
    assert is_uuid(UUID.replace("-", ""))
    assert not is_uuid("42")
    assert not is_uuid(None)


# Lines and titles --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        f"Backup {NIGHTLY}",
        f"DISPATCH_ID={NIGHTLY}",
        f'{{"dispatch_id":"{NIGHTLY}","x":1}}',
        f"wrote backup-{NIGHTLY}.zip to s3://b/backups/backup-{NIGHTLY}.zip",
        f"GET /rest/v1/backup_history?dispatch_id=eq.{NIGHTLY}&select=id",
        f"Done with {NIGHTLY}.",
        f"({NIGHTLY})",
    ],
)
def test_a_line_names_the_id_that_stands_in_it_as_a_whole(text: str) -> None:
    assert mentions(text, NIGHTLY)
    assert mentions(text.encode(), NIGHTLY)


@pytest.mark.parametrize(
    "text",
    [
        f"Backup {NIGHTLY}-2",
        f"Backup {NIGHTLY}-b",
        f"Backup eu-{NIGHTLY}",
        f"Backup {NIGHTLY}.2",
        f"Backup {NIGHTLY.upper()}",
        f"backup-{NIGHTLY}-020304.zip",
        "Backup nightly",
    ],
)
def test_a_line_that_holds_a_longer_id_names_another(text: str) -> None:
    assert not mentions(text, NIGHTLY)


def test_a_uuid_is_named_in_either_case() -> None:
    assert mentions(f"Backup {UUID.upper()}", UUID)
    assert mentions(f"Backup {UUID}".encode(), UUID.upper())
    assert not names_another(f"Backup {UUID.upper()}", UUID)
    assert names_another(f"Backup {OTHER}", UUID)
    assert not names_another(f"Backup {OTHER}", NIGHTLY)


@pytest.mark.parametrize("one", ["42", "run-42", "2026-11-29"])
def test_a_short_id_or_a_date_counts_beside_the_word_dispatch_or_backup_alone(one: str) -> None:
    assert mentions(f"Backup {one}", one)
    assert mentions(f"dispatch_id: {one}", one)
    assert not mentions(f"took {one} s", one)


def test_an_empty_id_is_named_by_nothing() -> None:
    assert not mentions("Backup", " ")
