"""Whether a file is what its name says, by its two ends: real files of each kind, whole and cut off."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile

import pytest

from backup_doctor.collect.object.file_ends import HEAD_BYTES, read_ends
from backup_doctor.collect.object.zip_tail import TAIL_BYTES
from backup_doctor.evidence.object import FileEnd

WORDS = b"".join(b"%d a line of a backup\n" % number for number in range(9_000))
# What `pg_dump` of PostgreSQL 18 and `mysqldump` write first and last.
PG_DUMP = b"--\n-- PostgreSQL database dump\n--\n\n\\restrict a1B2\n\n" + WORDS
PG_DUMP += b"--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict a1B2\n\n"
MYSQL = (
    b"-- MySQL dump 10.13  Distrib 8.0.36\n" + WORDS + b"-- Dump completed on 2026-01-15  2:03:11\n"
)
# A 7z archive without files, as 7-Zip writes it.
SEVEN_ZIP = bytes.fromhex("377abcaf271c00048d9bd50f" + "00" * 20)
ARMOUR = b"-----BEGIN PGP MESSAGE-----\n\n" + WORDS + b"-----END PGP MESSAGE-----\n"


def tar() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        member = tarfile.TarInfo("dump.sql")
        member.size = len(WORDS)
        archive.addfile(member, io.BytesIO(WORDS))
    return file.getvalue()


WHOLE = {
    "a.sql.gz": gzip.compress(WORDS),
    "a.TGZ": gzip.compress(tar()),
    "a.bz2": bz2.compress(WORDS),
    "a.tar.xz": lzma.compress(WORDS),
    "a.tar": tar(),
    "a.7z": SEVEN_ZIP,
    "a.sql": PG_DUMP,
    "mysql.sql": MYSQL,
    "hand-written.sql": b"INSERT INTO things VALUES (1);\n",
    "a.zip.gpg": b"\x85\x02\x0c\x03" + WORDS,
    "a.asc": ARMOUR,
    "a.dump.age": b"age-encryption.org/v1\n-> X25519 abc\n" + WORDS,
    "a.zst": b"\x28\xb5\x2f\xfd\x24\x05" + WORDS,
}


def ends(key: str, content: bytes) -> FileEnd:
    """What is said of a file with this name and content."""
    return read_ends(key, content[:HEAD_BYTES], content[-TAIL_BYTES:], len(content))


@pytest.mark.parametrize("key", WHOLE)
def test_a_whole_file_of_each_kind_shows_no_problem(key: str) -> None:
    found = ends(key, WHOLE[key])

    assert (found.whole, found.applies, found.problem) == (True, True, None)


@pytest.mark.parametrize("key", ["a.tar.xz", "a.tar", "a.sql", "mysql.sql", "a.asc"])
def test_a_file_that_was_cut_off_is_known_where_its_end_tells(key: str) -> None:
    content = WHOLE[key]

    found = ends(key, content[: len(content) * 2 // 3])

    assert not found.whole
    assert found.problem is not None
    assert "missing" in found.problem


def test_a_dump_to_which_something_was_added_is_no_dump_that_was_cut_off() -> None:
    added = PG_DUMP.partition(b"-- PostgreSQL database dump complete")[0] + WORDS * 4

    assert ends("a.sql", added).whole


@pytest.mark.parametrize("key", ["a.sql.gz", "a.tar", "a.7z", "a.gpg"])
def test_a_file_that_may_be_encrypted_is_not_judged_by_its_name(key: str) -> None:
    assert ends(key, b"Salted__" + bytes(range(100))) == FileEnd(whole=True, applies=False)


def test_a_7z_that_is_shorter_than_its_header_says_is_cut_off() -> None:
    header = bytearray(SEVEN_ZIP)
    header[12:20] = (5_000).to_bytes(8, "little")

    found = ends("a.7z", bytes(header) + b"x" * 100)

    assert found.problem == "its header speaks of 5,032 bytes, it has 132"


@pytest.mark.parametrize("key", ["a.sql.gz", "a.bz2", "a.zst", "a.dump.age"])
def test_what_cannot_be_known_of_an_end_is_no_fault_and_not_called_whole(key: str) -> None:
    content = WHOLE[key]

    found = ends(key, content[: len(content) // 2])

    assert (found.whole, found.end_known) == (True, False)


@pytest.mark.parametrize(
    "key", ["a.sql.gz", "a.tar.xz", "a.7z", "a.bz2", "a.zst", "a.age", "a.gpg"]
)
def test_a_page_of_an_error_under_such_a_name_is_no_such_file(key: str) -> None:
    found = ends(key, b"<html><body>502 Bad Gateway</body></html>" * 20)

    assert (found.whole, found.problem) == (False, "it is text, and does not begin like one")


@pytest.mark.parametrize("key", ["a.bin", "a", "a.dump", "a.json", "folder.tar/x"])
def test_a_name_that_says_nothing_is_not_judged(key: str) -> None:
    assert ends(key, b"whatever") == FileEnd(whole=True, applies=False)


def test_an_empty_file_is_none_of_its_kind() -> None:
    assert ends("a.tar.gz", b"").problem == "the file is empty"


# Another kind of file under the name of a zip -----------------------------------------------------


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (gzip.compress(tar()), "gzip file"),
        (SEVEN_ZIP, "7z archive"),
        (PG_DUMP, "SQL file"),
        (ARMOUR, "OpenPGP file"),
        (b"\x8c\x0d\x04\x09\x03\x02" + WORDS, "OpenPGP file"),
        (b"Salted__" + WORDS, "file that OpenSSL encrypted"),
    ],
)
def test_a_good_file_of_another_kind_is_no_broken_zip(content: bytes, kind: str) -> None:
    end = ends("backup.zip", content)

    assert (end.whole, end.kind, end.named) == (True, kind, "zip")


def test_a_file_of_another_kind_that_is_cut_off_is_not_whole_under_the_name_of_a_zip() -> None:
    end = ends("backup.zip", lzma.compress(WORDS)[:-20])

    assert (end.whole, end.kind) == (False, "xz file")


@pytest.mark.parametrize(
    "content", [b"<html>502</html>" + WORDS, b"\x93\x01\xfe" * 99, b"PK\x03\x04" + WORDS]
)
def test_what_begins_as_nothing_that_is_known_is_no_whole_zip(content: bytes) -> None:
    end = ends("backup.zip", content)

    assert (end.whole, end.kind, end.named) == (False, "zip", None)
