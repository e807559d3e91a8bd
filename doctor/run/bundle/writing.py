"""A bundle to its file: whole or not at all, and readable by its owner alone."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import structs

from backup_doctor.base import files
from backup_doctor.evidence.columns import GUIDE_COLUMNS
from backup_doctor.evidence.row import BackupRow
from backup_doctor.run.bundle.model import (
    LONGEST,
    VERSION,
    VERSION_KEY,
    Bundle,
    UnusableBundleError,
)

if TYPE_CHECKING:
    from pathlib import Path

ENDINGS = (".json", ".json.gz")
TYPES = {
    str: "text",
    bool: "boolean",
    int: "number",
    float: "number",
    list: "list",
    tuple: "list",
    dict: "object",
    type(None): "null",
}


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
    files.write(file, data)


def _sparing(value: Any, kept: set[str]) -> Any:  # noqa: ANN401 -- any JSON value
    """The same JSON with only these columns of each row; of the others the types."""
    if isinstance(value, (list, tuple)):
        return [_sparing(item, kept) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("is_a") != BackupRow.__name__:
        return {name: _sparing(item, kept) for name, item in value.items()}
    columns = value.get("values") or {}
    types = {name: TYPES[type(item)] for name, item in columns.items() if name not in kept}
    spared = {name: item for name, item in columns.items() if name in kept}
    return {**value, "values": spared, "types": {**value.get("types", {}), **types}}


def encoded(bundle: Bundle) -> bytes:
    """The bundle as JSON.

    Raises:
        UnusableBundleError: evidence of a third-party check is no data, or there is too much of it.
    """
    case = bundle.collected.case
    everything = structs.replace(case, evidence={**case.evidence, **bundle.unknown})
    kept = {case.names.column(name) for name in GUIDE_COLUMNS}
    document = {
        VERSION_KEY: VERSION,
        "written_by": bundle.written_by,
        "collected": structs.replace(bundle.collected, case=everything),
    }
    try:
        plain = _sparing(msgspec.to_builtins(document, str_keys=True), kept)
        data = json.dumps(plain, indent=1, allow_nan=False).encode() + b"\n"
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise UnusableBundleError(f"The evidence cannot be written as JSON: {error}.") from error
    if len(data) > LONGEST:
        raise UnusableBundleError(
            f"The evidence takes {len(data):,} bytes; a bundle holds at most {LONGEST:,}."
        )
    return data
