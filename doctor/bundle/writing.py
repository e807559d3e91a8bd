"""A bundle to its file: whole or not at all, and readable by its owner alone."""

from __future__ import annotations

import gzip
import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import structs

from doctor.bundle.model import LONGEST, VERSION, VERSION_KEY, Bundle, UnusableBundleError

ENDINGS = (".json", ".json.gz")


def is_bundle_name(file: Path) -> bool:
    """Whether the ending says how to write it."""
    return file.name.lower().endswith(ENDINGS)


def save(bundle: Bundle, file: Path) -> None:
    """Write it; a name that ends in `.gz` is compressed. The same bundle makes the same bytes.

    Raises:
        UnusableBundleError: evidence of a third-party check is no data, or there is too much of it.
        OSError: the file cannot be written.
    """
    data = encoded(bundle)
    if file.name.lower().endswith(".gz"):
        data = gzip.compress(data, mtime=0)
    write_privately(file, data)


def encoded(bundle: Bundle) -> bytes:
    """The bundle as JSON.

    Raises:
        UnusableBundleError: evidence of a third-party check is no data, or there is too much of it.
    """
    case = bundle.collected.case
    everything = structs.replace(case, evidence={**case.evidence, **bundle.unknown})
    document = {
        VERSION_KEY: VERSION,
        "written_by": bundle.written_by,
        "collected": structs.replace(bundle.collected, case=everything),
    }
    try:
        plain = msgspec.to_builtins(document, str_keys=True)
        data = json.dumps(plain, indent=1, allow_nan=False).encode() + b"\n"
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise UnusableBundleError(f"The evidence cannot be written as JSON: {error}.") from error
    if len(data) > LONGEST:
        raise UnusableBundleError(
            f"The evidence takes {len(data):,} bytes; a bundle holds at most {LONGEST:,}."
        )
    return data


def write_privately(file: Path, data: bytes) -> None:
    """Write a file of mode 0600, in one step: nobody ever sees half of it.

    Raises:
        OSError: it cannot be written; nothing is left behind.
    """
    handle, name = tempfile.mkstemp(prefix=f".{file.name[:40]}.", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as new:
            new.write(data)
            new.flush()
            os.fsync(new.fileno())
        Path(name).replace(file)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
