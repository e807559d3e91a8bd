"""Bundles to read: a real one of version 1 of the format, and files with any content."""

from __future__ import annotations

import gzip
import json
import zlib
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from backup_doctor.judge.registry import load_checks
from backup_doctor.run.bundle.reading import read
from backup_doctor.run.bundle.writing import save

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backup_doctor.run.bundle.model import Bundle

# Saved by `--save-evidence` in the demo's world `stuck`: function not deployed, no grant.
STUCK = Path(__file__).parent / "data" / "stuck-version-1.json"


def stuck() -> Bundle:
    """The real one."""
    return read(STUCK, load_checks())


def document() -> Any:
    """The real one as JSON."""
    return json.loads(STUCK.read_bytes())


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for one example of a property."""
    with TemporaryDirectory() as name:
        yield Path(name)


def written(folder: Path, content: bytes, name: str = "bundle.json") -> Path:
    """A file with that content."""
    file = folder / name
    file.write_bytes(content)
    return file


def changed(folder: Path, change: Callable[[Any], object], name: str = "changed.json") -> Path:
    """The real one after a change to its JSON."""
    tree = document()
    change(tree)
    return written(folder, json.dumps(tree).encode(), name)


def saved(folder: Path, bundle: Bundle, name: str = "saved.json") -> Path:
    """A file with that bundle."""
    save(bundle, folder / name)
    return folder / name


def packed_zeros(gigabytes: int) -> bytes:
    """The start of a gzip stream that unpacks to that many gigabytes of zeros."""
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(bytes(1 << 24)) + packer.flush(zlib.Z_FULL_FLUSH)
    return gzip.compress(b"")[:10] + block * (64 * gigabytes)
