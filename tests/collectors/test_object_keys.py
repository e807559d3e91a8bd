"""Which key a text means, and which keys name a backup."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.collectors.object_keys import (
    Names,
    Place,
    date_folders,
    is_uuid,
    newest_first,
    places,
    same_file,
)
from doctor.evidence.object import StoredObject

DISPATCH = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
KEY = f"backups/2026/01/15/backup-{DISPATCH}.zip"


def stored(key: str, day: int = 15) -> StoredObject:
    return StoredObject(key=key, size=5, modified_at=datetime(2026, 1, day, tzinfo=UTC))


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        f"/{KEY}",
        f" {KEY}\n",
        f"s3://acme-backups/{KEY}",
        f"S3://acme-backups/{KEY}",
        f"s3://***/{KEY}",
        f"https://acme-backups.s3.eu-central-1.amazonaws.com/{KEY}",
        f"https://acme-backups.s3.amazonaws.com/{KEY}?X-Amz-Signature=abc",
        f"https://acme-backups.s3.dualstack.eu-west-1.amazonaws.com/{KEY}",
        f"https://s3.eu-central-1.amazonaws.com/acme-backups/{KEY}",
        f"https://s3-eu-west-1.amazonaws.com/acme-backups/{KEY}",
        f"https://ref.storage.supabase.co/storage/v1/s3/acme-backups/{KEY}",
        f"https://acme-backups.nyc3.digitaloceanspaces.com/{KEY}",
    ],
)
def test_every_common_way_to_write_a_key_means_it(text: str) -> None:
    assert places(text, "acme-backups")[0].key == KEY


@pytest.mark.parametrize(
    "text",
    [
        f"s3://acme-backups/{KEY}",
        f"https://acme-backups.s3.eu-central-1.amazonaws.com/{KEY}",
        f"https://s3.eu-central-1.amazonaws.com/acme-backups/{KEY}",
    ],
)
def test_the_bucket_is_read_from_what_names_one(text: str) -> None:
    assert places(text, None)[0] == Place("acme-backups", KEY)


def test_a_masked_bucket_is_none() -> None:
    assert places(f"s3://***/{KEY}", None) == (Place(None, KEY),)


@pytest.mark.parametrize(
    "text", ["", " \n", "/", "s3://acme-backups/", "backups/***.zip", "http://["]
)
def test_what_names_no_key_means_none(text: str) -> None:
    assert places(text, "acme-backups") == ()


def test_escapes_are_decoded_only_as_a_second_try() -> None:
    keys = [place.key for place in places("backups%2F2026%2Fa.zip", None)]

    assert keys == ["backups%2F2026%2Fa.zip", "backups/2026/a.zip"]


def test_a_plus_sign_stays_one() -> None:
    assert [place.key for place in places("backups/a+b%20c.zip", None)] == [
        "backups/a+b%20c.zip",
        "backups/a+b c.zip",
    ]


def test_a_leading_slash_may_be_part_of_the_key() -> None:
    assert [place.key for place in places(f"/{KEY}", None)] == [KEY, f"/{KEY}"]


def test_a_key_that_begins_with_the_bucket_may_be_meant_without_it() -> None:
    assert [place.key for place in places(f"acme/{KEY}", "acme")] == [f"acme/{KEY}", KEY]


@given(st.text(max_size=80), st.none() | st.just("acme"))
def test_no_text_makes_it_raise(text: str, bucket: str | None) -> None:
    for start in ("", "s3://", "https://", "https://s3.amazonaws.com/"):
        assert all(place.key for place in places(start + text, bucket))


def test_the_folders_are_those_of_the_days_around_the_row() -> None:
    moment = datetime(2025, 12, 31, 23, 59, tzinfo=UTC)

    assert date_folders("backups", moment) == (
        "backups/2025/12/30/",
        "backups/2025/12/31/",
        "backups/2026/01/01/",
        "backups/2026/01/02/",
    )
    assert date_folders("", moment)[0] == "2025/12/30/"


@pytest.mark.parametrize(
    "key",
    [
        KEY,
        KEY.upper(),
        f"backups/{DISPATCH}/backup.zip",
        f"backups/backup_{DISPATCH}_nightly.zip",
        f"{DISPATCH}",
    ],
)
def test_a_key_that_holds_the_id_names_it(key: str) -> None:
    assert Names([DISPATCH]).in_key(key)


@pytest.mark.parametrize(
    ("dispatch", "key"),
    [
        ("run-1234", "backups/run-12345.zip"),
        ("run-1234", "backups/rerun-1234.zip"),
        ("123456", "backups/20260115123456.zip"),
        ("nightly", "backups/nightlyx.zip"),
        (DISPATCH, f"backups/0{DISPATCH}.zip"),
        ("1", "backups/2026/1/backup-11.zip"),
        ("15", "backups/2026/01/15/backup-7.zip"),
        ("15", "backups/backup-2026-01-15.zip"),
        ("a.c", "backups/backup-abc.zip"),
    ],
)
def test_a_part_of_a_longer_id_or_a_date_does_not_name_it(dispatch: str, key: str) -> None:
    assert not Names([dispatch]).in_key(key)


def test_a_short_id_counts_as_a_whole_file_name() -> None:
    names = Names(["42"])

    assert names.in_key("backups/2026/01/15/backup-42.zip")
    assert names.in_key("42.zip")
    assert not names.surely_in("42.zip")


@pytest.mark.parametrize("text", ["", " ", None])
def test_no_id_names_nothing(text: str | None) -> None:
    assert not Names([text])
    assert not Names([text]).in_key("backups/backup-.zip")


@given(st.text(min_size=1, max_size=1_024))
def test_an_id_of_any_text_is_taken_literally(dispatch: str) -> None:
    Names([dispatch]).in_key(KEY)


def test_the_same_file_elsewhere_is_known_by_a_name_that_tells() -> None:
    assert same_file(f"archive/backup-{DISPATCH}.zip", KEY)
    assert same_file(KEY.upper(), KEY)
    assert not same_file(KEY, KEY)
    assert not same_file("backups/2026/01/14/backup.zip", "backups/2026/01/15/backup.zip")
    assert same_file("Backups/2026/01/15/backup.zip", "backups/2026/01/15/backup.zip")


def test_checksums_beside_a_file_are_not_files_of_their_own() -> None:
    found = newest_first([stored("a.zip", 14), stored("a.zip.sha256"), stored("b.zip")])

    assert [one.key for one in found] == ["b.zip", "a.zip"]


def test_notes_beside_an_archive_are_not_files_of_their_own() -> None:
    keys = ("a/b.zip", "a/b.json", "a/b.sha256", "a/b-2.zip", "a/c.json")

    assert {one.key for one in newest_first(map(stored, keys))} == {
        "a/b.zip",
        "a/b-2.zip",
        "a/c.json",
    }


def test_a_uuid_is_told_from_other_ids() -> None:
    assert is_uuid(f" {DISPATCH.upper()} ")
    assert not is_uuid("42")
    assert not is_uuid(None)
