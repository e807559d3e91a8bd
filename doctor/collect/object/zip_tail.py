"""Whether a zip archive is whole, told from its last bytes alone.

A zip ends with its central directory and an end record that says where the directory lies, so what
was cut off while it was written has no end record. Source: PKWARE's APPNOTE.TXT, 4.3.14 to 4.3.16.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from backup_doctor.evidence.object import FileEnd

END = struct.Struct("<4s4H2LH")
END_SIGNATURE = b"PK\x05\x06"
LOCATOR = struct.Struct("<4sLQL")
LOCATOR_SIGNATURE = b"PK\x06\x07"
END64 = struct.Struct("<4sQ2H2L4Q")
END64_SIGNATURE = b"PK\x06\x06"
DIRECTORY_SIGNATURE = b"PK\x01\x02"
FILE_SIGNATURE = b"PK\x03\x04"
LONGEST_COMMENT = 65_535
SMALLEST_ZIP = END.size
# The end record with the longest comment, and both ZIP64 records before it.
TAIL_BYTES = END.size + LONGEST_COMMENT + LOCATOR.size + END64.size
# "Look into the ZIP64 record instead", in a field of 16 and of 32 bits.
ELSEWHERE_16 = 0xFFFF
ELSEWHERE_32 = 0xFFFFFFFF


class _End(NamedTuple):
    """An end record. `at`: where it begins in the file; `after`: how many bytes follow it.

    `before` counts the bytes in front of the archive: more than none for a self-extracting one, and
    for an archive that lies inside another; less than none means that the directory does not fit.
    """

    at: int
    after: int
    disks: int
    entries: int
    directory_offset: int
    directory_size: int

    @property
    def before(self) -> int:
        return self.at - self.directory_size - self.directory_offset


def read_tail(tail: bytes, size: int) -> FileEnd:
    """Judge an archive of `size` bytes by its last `TAIL_BYTES` (all of it, where it has fewer)."""
    if size == 0:
        return _broken("the file is empty")
    if size < SMALLEST_ZIP:
        return _broken(f"the file has {size} bytes, and the smallest zip has {SMALLEST_ZIP}")
    problem = None
    sound = []
    for at in _end_records(tail):
        end = _read_end(tail, at, size)
        wrong = end if isinstance(end, str) else _problem(end, tail, size)
        if wrong is None and isinstance(end, _End):
            sound.append(end)
        problem = problem or wrong
    if sound:
        best = min(sound, key=lambda end: (end.before > 0) + (end.after > 0))
        if not best.entries:
            return FileEnd(whole=False, entries=0, problem="it holds no file")
        return FileEnd(whole=True, entries=best.entries)
    return _broken(problem or _without_end(tail, size))


def _broken(problem: str) -> FileEnd:
    return FileEnd(whole=False, problem=problem)


def _without_end(tail: bytes, size: int) -> str:
    if len(tail) == size and not tail.startswith(FILE_SIGNATURE):
        return "the file is not a zip: it neither begins nor ends like one"
    return "the zip's end record is missing: the file is cut off, or it is not a zip"


def _end_records(tail: bytes) -> list[int]:
    """Where an end record may stand whose comment fits into what follows; the last one first."""
    found = []
    at = tail.rfind(END_SIGNATURE)
    while at != -1:
        if at + END.size <= len(tail):
            *_, comment = END.unpack_from(tail, at)
            if at + END.size + comment <= len(tail):
                found.append(at)
        at = tail.rfind(END_SIGNATURE, 0, at + len(END_SIGNATURE) - 1)
    return found


def _read_end(tail: bytes, at: int, size: int) -> _End | str:
    """The end record here, or the ZIP64 one that it points to; a text says what is wrong."""
    _, disk, directory_disk, here, entries, length, offset, comment = END.unpack_from(tail, at)
    after = len(tail) - at - END.size - comment
    start = size - len(tail)
    elsewhere = ELSEWHERE_16 in (disk, directory_disk, here, entries)
    missing = ELSEWHERE_32 in (length, offset)
    if _has_locator(tail, at):
        end = _read_end64(tail, at - LOCATOR.size, start, after)
        if elsewhere or missing or isinstance(end, _End):
            return end
    if missing:
        return "the zip's end record points to a ZIP64 record that is not there"
    disks = max(disk, directory_disk) + 1 if here == entries else ELSEWHERE_16
    return _End(start + at, after, disks, entries, offset, length)


def _has_locator(tail: bytes, end_at: int) -> bool:
    at = end_at - LOCATOR.size
    return at >= 0 and tail.startswith(LOCATOR_SIGNATURE, at)


def _read_end64(tail: bytes, locator_at: int, start: int, after: int) -> _End | str:
    """The ZIP64 end record: right before its locator, else where the locator says."""
    _, _, offset, disks = LOCATOR.unpack_from(tail, locator_at)
    for at in (locator_at - END64.size, offset - start):
        if 0 <= at <= locator_at - END64.size and tail.startswith(END64_SIGNATURE, at):
            _, _, _, _, disk, _, here, entries, length, directory = END64.unpack_from(tail, at)
            several = disk + 1 if here == entries else ELSEWHERE_16
            return _End(start + at, after, max(disks, several), entries, directory, length)
    return "the zip's ZIP64 end record is not where its locator says"


def _problem(end: _End, tail: bytes, size: int) -> str | None:
    if end.disks > 1:
        return "the file is one part of a zip that spans several files"
    if end.before < 0:
        return "the zip's directory does not fit into the file: bytes before it are missing"
    if end.before > 0 and end.after > 0:
        # An archive inside this one: every zip that holds zips has such records in its middle.
        return "the zip is cut off: its last end record belongs to a zip inside it"
    if end.entries and not _directory_begins(end, tail, size):
        return "the zip's directory is not where its end record says"
    return None


def _directory_begins(end: _End, tail: bytes, size: int) -> bool:
    """Whether the directory begins as one must; True where that is outside of what was read."""
    start = size - len(tail)
    places = (end.at - end.directory_size - start, end.directory_offset - start)
    return any(at < 0 or tail.startswith(DIRECTORY_SIGNATURE, at) for at in places)
