"""Which key a text means, and which keys name a backup."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backup_doctor.evidence.object import StoredObject
from backup_doctor.evidence.object_keys import (
    FileKind,
    KeyPlace,
    backups_in,
    date_folders,
    kind_of,
    notations,
    places,
    same_file,
)

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
    assert places(text, None)[0] == KeyPlace("acme-backups", KEY)


def test_a_masked_bucket_is_none() -> None:
    assert places(f"s3://***/{KEY}", None) == (KeyPlace(None, KEY),)


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


def test_the_same_file_elsewhere_is_known_by_a_name_that_tells() -> None:
    assert same_file(f"archive/backup-{DISPATCH}.zip", KEY)
    assert same_file(KEY.upper(), KEY)
    assert not same_file(KEY, KEY)
    assert not same_file("backups/2026/01/14/backup.zip", "backups/2026/01/15/backup.zip")
    assert same_file("Backups/2026/01/15/backup.zip", "backups/2026/01/15/backup.zip")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.zip", FileKind.BACKUP),
        ("a.sql.gz", FileKind.BACKUP),
        ("a.dump", FileKind.BACKUP),
        ("a", FileKind.BACKUP),
        ("a.tar.zst", FileKind.BACKUP),
        ("a.zip.sha256", FileKind.NOTE),
        ("a.manifest.json", FileKind.NOTE),
        ("a-metadata.json", FileKind.NOTE),
        ("manifest.json", FileKind.NOTE),
        ("a.log", FileKind.NOTE),
        ("", FileKind.NOTE),
        ("a.json", FileKind.EITHER),
        ("metadata2.csv", FileKind.EITHER),
    ],
)
def test_a_file_is_known_by_its_name(name: str, kind: FileKind) -> None:
    assert kind_of(f"backups/{name}") is kind


def test_checksums_beside_a_file_are_not_files_of_their_own() -> None:
    found = backups_in([stored("a.zip", 14), stored("a.zip.sha256"), stored("b.zip")])

    assert [one.key for one in found] == ["b.zip", "a.zip"]


@pytest.mark.parametrize(
    ("keys", "backups"),
    [
        (("a/b.zip", "a/b.json", "a/b.sha256", "a/c.json"), {"a/b.zip"}),
        (("a/b.sql.gz", "a/b.manifest.json"), {"a/b.sql.gz"}),
        (("a/b.zip", "a/b-2.zip"), {"a/b.zip", "a/b-2.zip"}),
        (("a/b.zip", "a/b.zip.gpg"), {"a/b.zip", "a/b.zip.gpg"}),
        (("a/b.zip", "a/b.zip.part"), {"a/b.zip"}),
        (("a/b.json", "a/b.json.part"), {"a/b.json"}),
        (("a/b.manifest.json", "a/b.sha256", "a/"), set()),
    ],
)
def test_of_several_files_the_backups_are_told_from_what_is_beside_them(
    keys: tuple[str, ...], backups: set[str]
) -> None:
    assert {one.key for one in backups_in(map(stored, keys))} == backups


def test_every_notation_of_a_key_means_it() -> None:
    for text in notations(KEY, "acme-backups"):
        assert KEY in [place.key for place in places(text, "acme-backups")]

    assert notations(KEY, None) == (KEY, f"/{KEY}")
