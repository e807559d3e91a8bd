"""A bundle from its file, which anybody may have written: bounded in memory, time and depth."""

from __future__ import annotations

import errno
import json
import zlib
from typing import TYPE_CHECKING, Any, Never

import msgspec

from backup_doctor import __version__
from backup_doctor.base import files
from backup_doctor.base.models import as_model
from backup_doctor.base.untyped import sequence
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.collected import Collected
from backup_doctor.run.bundle.model import (
    LONGEST,
    VERSION,
    VERSION_KEY,
    Bundle,
    BundleWriter,
    UnusableBundleError,
)

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.judge.registry import Registry

GZIP = b"\x1f\x8b"
# A bundle has a few thousand values. Each takes many times its length in memory.
MOST_VALUES = 500_000
DEEPEST = 100
MESSAGE_LENGTH = 200


class _Header(msgspec.Struct, rename={"version": VERSION_KEY}):
    version: int
    written_by: BundleWriter = BundleWriter()


def read(file: Path, registry: Registry) -> Bundle:
    """The bundle.

    Raises:
        UnusableBundleError: there is no such file, it is no bundle, it is damaged, hostile, or of a
            newer version of the format.
    """
    data = _content(file)
    try:
        return _decoded(data, registry)
    except UnusableBundleError as error:
        raise UnusableBundleError(f"{file}: {error}") from None
    except msgspec.ValidationError as error:
        reason = str(error)[:MESSAGE_LENGTH]
        raise UnusableBundleError(f"{file} holds what no bundle can: {reason}.") from None
    except (ValueError, OverflowError) as error:
        reason = str(error)[:MESSAGE_LENGTH]
        raise UnusableBundleError(
            f"{file} is not an evidence bundle, or damaged: {reason}."
        ) from None
    except RecursionError:
        raise UnusableBundleError(f"{file} is nested deeper than any bundle.") from None


def _content(file: Path) -> bytes:
    """The bytes of the file, unpacked, never more than a bundle can have."""
    try:
        data = files.read(file, LONGEST, patience_s=files.PATIENCE_S)
        return _unpacked(data) if data.startswith(GZIP) else data
    except OSError as error:
        raise UnusableBundleError(f"{file} cannot be read: {error.strerror or error}.") from None
    except zlib.error:
        raise UnusableBundleError(f"{file} is damaged: it cannot be unpacked.") from None


def _unpacked(packed: bytes) -> bytes:
    """What a gzip stream holds, within the bound; the first member is all of it."""
    unpack = zlib.decompressobj(wbits=31)
    data = unpack.decompress(packed, LONGEST + 1)
    if len(data) > LONGEST:
        raise OSError(errno.EFBIG, f"it is larger than {LONGEST:,} bytes")
    if not unpack.eof:
        raise zlib.error("it ends too early")
    return data


def _decoded(data: bytes, registry: Registry) -> Bundle:
    if sum(map(data.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise UnusableBundleError("it has more parts than any bundle.")
    document = json.loads(data, parse_constant=_no_number)
    header = _header(document)
    if _is_deeper(document, DEEPEST):
        raise RecursionError
    collected = as_model(document.get("collected"), dict[str, Any])
    case = as_model(collected.get("case"), dict[str, Any])
    evidence = as_model(case.pop("evidence", {}), dict[str, dict[str, Any]])
    models = {one.check.name: one.check.evidence for one in registry.checks}
    known = {
        name: as_model(item, models[name] | Unseen)
        for name, item in evidence.items()
        if name in models
    }
    bare = as_model({**collected, "case": case}, Collected)
    if bare.case.now.tzinfo is None:
        raise UnusableBundleError("its time has no zone.")
    return Bundle(
        written_by=header.written_by,
        collected=msgspec.structs.replace(
            bare, case=msgspec.structs.replace(bare.case, evidence=known)
        ),
        unknown={name: item for name, item in evidence.items() if name not in models},
    )


def _header(document: object) -> _Header:
    try:
        header = as_model(document, _Header)
    except msgspec.ValidationError:
        raise UnusableBundleError("it is JSON, but no evidence bundle.") from None
    if header.version > VERSION:
        raise UnusableBundleError(
            f"it has version {header.version} of the format, and this backup-doctor ({__version__})"
            f" reads up to {VERSION}. Use the one that wrote it, or a newer one."
        )
    return header


def _no_number(word: str) -> Never:
    raise ValueError(f"{word} is not JSON")


def _is_deeper(document: object, depth: int) -> bool:
    level = [document]
    for _ in range(depth):
        level = [child for value in level for child in _children(value)]
    return bool(level)


def _children(value: object) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return sequence(value)
