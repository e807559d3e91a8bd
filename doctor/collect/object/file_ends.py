"""What the two ends of a file tell of it, by the kind that its name says it is.

What "whole" can mean without reading it all differs: a zip, 7z, xz or tar says where it ends, a plain
dump writes a last line, ASCII armour a last mark. Of gzip, bzip2, zstd, lz4, age and binary OpenPGP
only the beginning can be told: that they end too early is not known. A file that begins otherwise than
its name says is judged only if it is text, such as an error's page: else it may be encrypted. What is
named a zip and is none is not whole, unless it begins as a file of another kind does: it is judged as
that. What is not known is no fault.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from msgspec.structs import replace

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.object.zip_tail import read_tail
from backup_doctor.evidence.object import FileEnd

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD_BYTES = 512
# Two blocks of nothing end a tar (POSIX, pax, "ustar Interchange Format").
TAR_BLOCK = 512
# Where its name stands in the first header.
TAR_MAGIC = 257
FIRST_PRINTABLE = 0x20
# 7-Zip, 7zFormat.txt: signature, version, CRC, then where the last header lies and how long it is.
SEVEN_ZIP = struct.Struct("<6s2sLQQL")
OPENPGP_PACKET = 0x80


class FileFormat(Immutable, frozen=True, kw_only=True):
    """A kind of file. `begins`: whether the head may be one's; `problem`: what the ends of one show, if any.

    `has_end`: a file of this kind that was cut off is known by its last bytes. `surely`: whether the
    head is one's whatever the name says, where `begins` takes more.
    """

    name: str
    suffixes: tuple[str, ...]
    begins: Callable[[bytes], bool]
    problem: Callable[[bytes, bytes, int], str | None] | None = None
    has_end: bool = False
    surely: Callable[[bytes], bool] | None = None

    def is_beyond_doubt(self, head: bytes) -> bool:
        """Whether a file that begins so is of this kind, without a name that says so."""
        return (self.surely or self.begins)(head)


def _with(*signatures: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(signatures)


def _is_tar(head: bytes) -> bool:
    return head[TAR_MAGIC : TAR_MAGIC + 5] == b"ustar"


def _is_openpgp(head: bytes) -> bool:
    return head.startswith(b"-----BEGIN PGP") or bool(head[:1] and head[0] & OPENPGP_PACKET)


def _is_dump(head: bytes) -> bool:
    return any(begin in head for begin, _ in _DUMPS)


def _seven_zip(head: bytes, _tail: bytes, size: int) -> str | None:
    if len(head) < SEVEN_ZIP.size:
        return "its header is cut off"
    _, _, _, offset, length, _ = SEVEN_ZIP.unpack_from(head)
    wanted = SEVEN_ZIP.size + offset + length
    return None if size >= wanted else f"its header speaks of {wanted:,} bytes, it has {size:,}"


def _xz(_head: bytes, tail: bytes, _size: int) -> str | None:
    return None if tail.rstrip(b"\0").endswith(b"YZ") else "its last mark (YZ) is missing"


def _tar(_head: bytes, tail: bytes, size: int) -> str | None:
    ended = size % TAR_BLOCK == 0 and not tail[-2 * TAR_BLOCK :].strip(b"\0")
    return None if ended else "the two empty blocks that end a tar are missing"


def _dump(head: bytes, tail: bytes, _size: int) -> str | None:
    """A plain dump that ends within a line; other SQL says nothing of its end."""
    begun = _is_dump(head)
    ended = tail.endswith(b"\n") or any(end in tail for _, end in _DUMPS)
    return (
        "it ends within a line, and the dump's last line is missing"
        if begun and not ended
        else None
    )


_DUMPS = (
    (b"-- PostgreSQL database dump\n", b"-- PostgreSQL database dump complete"),
    (b"-- PostgreSQL database cluster dump\n", b"-- PostgreSQL database cluster dump complete"),
    (b"-- MySQL dump ", b"-- Dump completed"),
)


def _armour(head: bytes, tail: bytes, _size: int) -> str | None:
    armoured = head.startswith(b"-----BEGIN ")
    return (
        "the mark that ends its armour is missing"
        if armoured and b"-----END " not in tail
        else None
    )


KINDS = (
    FileFormat(name="gzip file", suffixes=(".gz", ".tgz"), begins=_with(b"\x1f\x8b")),
    FileFormat(name="bzip2 file", suffixes=(".bz2", ".tbz2", ".tbz"), begins=_with(b"BZh")),
    FileFormat(
        name="zstd file",
        suffixes=(".zst", ".zstd", ".tzst"),
        begins=_with(
            b"\x28\xb5\x2f\xfd",
            *(bytes((0x50 + one,)) + b"\x2a\x4d\x18" for one in range(16)),
        ),
    ),
    FileFormat(
        name="lz4 file", suffixes=(".lz4",), begins=_with(b"\x04\x22\x4d\x18", b"\x02\x21\x4c\x18")
    ),
    FileFormat(
        name="xz file",
        suffixes=(".xz", ".txz"),
        begins=_with(b"\xfd7zXZ\0"),
        problem=_xz,
        has_end=True,
    ),
    FileFormat(
        name="7z archive",
        suffixes=(".7z",),
        begins=_with(b"7z\xbc\xaf\x27\x1c"),
        problem=_seven_zip,
        has_end=True,
    ),
    FileFormat(name="tar archive", suffixes=(".tar",), begins=_is_tar, problem=_tar, has_end=True),
    FileFormat(
        name="SQL file", suffixes=(".sql",), begins=_with(b""), problem=_dump, surely=_is_dump
    ),
    FileFormat(
        name="age file",
        suffixes=(".age",),
        begins=_with(b"age-encryption.org/", b"-----BEGIN AGE ENCRYPTED FILE-----"),
        problem=_armour,
    ),
    FileFormat(
        name="OpenPGP file",
        suffixes=(".gpg", ".pgp", ".asc"),
        begins=_is_openpgp,
        problem=_armour,
        # RFC 9580: a session key of version 3 for a public key, or of version 4 for a passphrase.
        surely=_with(
            b"-----BEGIN PGP MESSAGE-----",
            *(b"\x85" + bytes((high,)) + b"\x0c\x03" for high in (1, 2, 4)),
            b"\x84\x5e\x03",
            b"\x8c\x0d\x04",
        ),
    ),
    FileFormat(name="file that OpenSSL encrypted", suffixes=(), begins=_with(b"Salted__")),
)
NOT_READ = FileEnd(whole=True, applies=False)


def kind_of(key: str) -> FileFormat | None:
    """The kind that the last part of a name says; None for a zip, and for one that says nothing."""
    name = key.lower()
    return next((kind for kind in KINDS if name.endswith(kind.suffixes)), None)


def is_zip(key: str) -> bool:
    """Whether the name says that it is a zip."""
    return key.lower().endswith(".zip")


def read_ends(key: str, head: bytes, tail: bytes, size: int) -> FileEnd:
    """Judge a file by its first `HEAD_BYTES` and its last `TAIL_BYTES`, which may overlap."""
    if is_zip(key):
        end = read_tail(tail, size)
        other = None if may_be_zip(end) else _by_beginning(head)
        return end if other is None else replace(_judged(other, head, tail, size), named="zip")
    kind = kind_of(key)
    if kind is None:
        return NOT_READ
    if size == 0:
        return FileEnd(whole=False, kind=kind.name, problem="the file is empty")
    if not kind.begins(head):
        return _otherwise(kind, head)
    return _judged(kind, head, tail, size)


def may_be_zip(end: FileEnd) -> bool:
    """Whether the end of a file is that of a zip, be it of one without a file."""
    return end.whole or end.entries is not None


def _by_beginning(head: bytes) -> FileFormat | None:
    return next((kind for kind in KINDS if kind.is_beyond_doubt(head)), None)


def _judged(kind: FileFormat, head: bytes, tail: bytes, size: int) -> FileEnd:
    problem = kind.problem(head, tail, size) if kind.problem else None
    return FileEnd(whole=problem is None, kind=kind.name, end_known=kind.has_end, problem=problem)


def _otherwise(kind: FileFormat, head: bytes) -> FileEnd:
    """A file that does not begin as its name says: text is no such file, anything else may be."""
    if not head.isascii() or any(one < FIRST_PRINTABLE and one not in b"\t\r\n" for one in head):
        return NOT_READ
    return FileEnd(whole=False, kind=kind.name, problem="it is text, and does not begin like one")
