"""The judgement of an archive by its last bytes, on archives that zipfile makes."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backup_doctor.collect.object.zip_tail import LONGEST_COMMENT, TAIL_BYTES, read_tail

if TYPE_CHECKING:
    from backup_doctor.evidence.object import FileEnd

FILES = {"db/dump.sql": b"CREATE TABLE backups ();\n" * 40, "manifest.json": b'{"tables": 12}'}


def archive(
    files: dict[str, bytes] | None = None,
    *,
    comment: bytes = b"",
    compression: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as made:
        for name, content in (FILES if files is None else files).items():
            made.writestr(name, content)
        made.comment = comment
    return stream.getvalue()


def judge(content: bytes) -> FileEnd:
    return read_tail(content[-TAIL_BYTES:], len(content))


def opens(content: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as opened:
            return opened.testzip() is None
    except zipfile.BadZipFile:
        return False


def test_a_whole_archive_is_whole_and_says_how_many_files_it_has() -> None:
    tail = judge(archive())

    assert (tail.whole, tail.entries, tail.problem) == (True, 2, None)


def test_an_archive_without_files_is_no_backup() -> None:
    tail = judge(archive({}))

    assert (tail.whole, tail.entries, tail.problem) == (False, 0, "it holds no file")


def test_an_archive_cut_anywhere_is_not_whole() -> None:
    whole = archive()

    for cut in range(len(whole)):
        assert not judge(whole[:cut]).whole, cut


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_a_comment_changes_nothing_and_its_loss_is_seen(content: bytes, comment: bytes) -> None:
    made = archive({"file": content}, comment=comment)

    assert judge(made).whole
    for cut in range(1, len(comment)):
        assert not judge(made[:-cut]).whole


def test_the_longest_comment_is_within_the_part_that_is_read() -> None:
    made = archive(comment=b"c" * LONGEST_COMMENT)

    assert judge(made).entries == 2
    assert not judge(made[:-1]).whole


def test_a_comment_that_holds_an_end_record_does_not_mislead() -> None:
    inner = archive({})

    tail = judge(archive(comment=inner))

    assert (tail.whole, tail.entries) == (True, 2)


def test_an_archive_of_which_only_the_end_is_read_is_whole() -> None:
    made = archive({"noise": bytes(range(256)) * 1_000}, compression=zipfile.ZIP_STORED)

    assert len(made) > TAIL_BYTES
    assert judge(made).whole


def test_many_entries_are_counted_by_the_zip64_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 2)
    made = archive({str(number): b"" for number in range(7)})

    assert b"PK\x06\x06" in made
    assert judge(made).entries == 7
    for cut in range(1, 98):
        assert not judge(made[:-cut]).whole


def test_really_many_entries_are_counted() -> None:
    made = archive({str(number): b"" for number in range(65_600)})

    assert judge(made).entries == 65_600


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """An archive whose end record refers to ZIP64 for all that it can, as one over 4 GiB does."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100)
    made = bytearray(archive(comment=b"nightly"))
    end = made.rindex(b"PK\x05\x06")
    made[end + 8 : end + 20] = b"\xff" * 12
    return bytes(made)


def test_a_large_archive_is_read_by_its_zip64_record(large: bytes) -> None:
    assert judge(large).entries == 2


def test_a_zip64_record_that_nothing_needs_is_read_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100)
    made = archive()

    assert b"PK\x06\x06" in made
    assert judge(made).entries == 2
    assert judge(b"#!/bin/sh\n" + made).entries == 2


def test_a_zip64_archive_behind_other_bytes_is_whole(large: bytes) -> None:
    assert judge(b"#!/bin/sh\n" + large).entries == 2


def test_a_large_archive_cut_anywhere_is_not_whole(large: bytes) -> None:
    for cut in range(len(large)):
        assert not judge(large[:cut]).whole, cut


@pytest.mark.parametrize("record", [b"PK\x06\x06", b"PK\x06\x07"])
def test_an_end_record_that_lost_its_zip64_record_is_not_whole(large: bytes, record: bytes) -> None:
    tail = judge(large.replace(record, b"\0\0\0\0"))

    assert not tail.whole
    assert "ZIP64" in (tail.problem or "")


@given(st.binary(min_size=1, max_size=5_000))
def test_bytes_in_front_leave_an_archive_whole(before: bytes) -> None:
    assert judge(before + archive()).whole


@given(st.binary(min_size=1, max_size=5_000))
def test_bytes_behind_leave_an_archive_whole(after: bytes) -> None:
    assert judge(archive() + after).whole


def test_an_archive_whose_beginning_is_lost_is_not_whole() -> None:
    made = archive({"noise": bytes(range(256)) * 20}, compression=zipfile.ZIP_STORED)

    tail = judge(made[100:])

    assert not tail.whole
    assert "does not fit" in (tail.problem or "")


def test_a_cut_archive_of_archives_is_not_taken_for_the_one_inside() -> None:
    """A zip is stored in a zip as it is: its own end record then lies in the middle."""
    inner = archive()
    outer = archive({"a.zip": inner, "b.zip": inner}, compression=zipfile.ZIP_STORED)

    assert judge(outer).whole
    for cut in range(len(outer) - 1, len(inner) + 100, -7):
        if not outer[:cut].endswith(inner):
            assert not judge(outer[:cut]).whole, cut


def test_a_part_of_an_archive_in_several_files_is_not_whole() -> None:
    made = bytearray(archive())
    end = made.rindex(b"PK\x05\x06")
    made[end + 4 : end + 8] = b"\x01\x00\x01\x00"

    assert "several files" in (judge(bytes(made)).problem or "")


def test_a_directory_that_is_not_where_it_should_be_is_a_problem() -> None:
    made = archive().replace(b"PK\x01\x02", b"\0\0\0\0")

    assert "not where its end record says" in (judge(made).problem or "")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (b"PK\x03\x04", "smallest zip"),
        (b"<html><body>Service unavailable</body></html>", "not a zip"),
        (b"PK\x03\x04" + b"\0" * 200, "cut off"),
        (b"\0" * (TAIL_BYTES + 1), "missing"),
    ],
)
def test_what_is_no_archive_is_named(content: bytes, problem: str) -> None:
    tail = judge(content)

    assert (tail.whole, tail.entries) == (False, None)
    assert problem in (tail.problem or "")


@given(st.binary(max_size=400))
def test_no_garbage_makes_it_raise(content: bytes) -> None:
    assert not judge(content).whole


@given(st.data())
def test_an_end_record_of_garbage_never_makes_it_raise(data: st.DataObject) -> None:
    fields = data.draw(st.binary(min_size=18, max_size=18))
    around = data.draw(st.binary(max_size=120))

    judge(around + b"PK\x06\x07" + fields[:16] + b"PK\x05\x06" + fields)


@given(st.dictionaries(st.text("abc/", min_size=1), st.binary(max_size=2_000), max_size=5))
def test_it_agrees_with_zipfile_about_whole_archives(files: dict[str, bytes]) -> None:
    made = archive(files)

    assert opens(made)
    assert judge(made).entries == len(files)
