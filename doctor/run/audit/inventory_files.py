"""The files of an inventory: found beside a manifest, or fetched from S3."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from backup_doctor.base.immutable import Immutable
from backup_doctor.base.models import from_json
from backup_doctor.base.threads import spawn
from backup_doctor.collect.clients.bucket import Bucket
from backup_doctor.collect.clients.bucket_errors import FAILURES, explain
from backup_doctor.collect.clients.bucket_session import connect
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.run.audit.table import BrokeOffError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client

    from backup_doctor.collect.deadline import Deadline
    from backup_doctor.settings.model import Settings

MANIFEST = "manifest.json"
LARGEST_MANIFEST = 64_000_000
FORMATS = {"csv": False, "parquet": True}


class InventoryFiles(Immutable, frozen=True, kw_only=True):
    """Data files on this machine. What only a manifest tells is None without one."""

    paths: tuple[Path, ...]
    is_parquet: bool
    taken_at: datetime
    columns: tuple[str, ...] | None = None
    bucket: str | None = None


class Manifest(msgspec.Struct, rename="camel", kw_only=True):
    """What is wanted of a manifest.json. `creation_timestamp` is in milliseconds."""

    source_bucket: str
    file_format: str
    file_schema: str
    creation_timestamp: int | str
    files: list[dict[str, Any]]

    @property
    def keys(self) -> list[str]:
        """The data files' keys in the bucket that the manifest lies in."""
        return [str(file["key"]) for file in self.files]


def files_at(place: str, directory: str, settings: Settings, deadline: Deadline) -> InventoryFiles:
    """The files at a path, or at an s3:// address, from which they are fetched into a directory.

    Raises:
        BrokeOffError: they are not there, or of a format that is not read.
    """
    if place.lower().startswith("s3://"):
        bucket, _, key = place[len("s3://") :].partition("/")
        return _on_s3(_Fetcher(settings, deadline, bucket, Path(directory)), key)
    path = Path(place)
    try:
        if path.name == MANIFEST:
            return _of_manifest(path, lambda key: _beside(path, key))
        if not path.is_file():
            raise BrokeOffError(_absent(place))
        return _single(path, datetime.fromtimestamp(path.stat().st_mtime, UTC))
    except OSError as error:
        raise BrokeOffError(_absent(f"{place} ({error.strerror})")) from None


def _on_s3(fetcher: _Fetcher, key: str) -> InventoryFiles:
    path = fetcher.fetch(key)
    if path.name == MANIFEST:
        return _of_manifest(path, fetcher.fetch)
    return _single(path, fetcher.modified_at)


def _of_manifest(path: Path, get: Callable[[str], Path]) -> InventoryFiles:
    if path.stat().st_size > LARGEST_MANIFEST:
        raise BrokeOffError(_no_manifest("it is too large"))
    try:
        manifest = from_json(path.read_bytes(), Manifest)
        taken_at = datetime.fromtimestamp(int(manifest.creation_timestamp) / 1000, UTC)
        keys = manifest.keys
    except (msgspec.MsgspecError, ValueError, KeyError, OverflowError, OSError):
        raise BrokeOffError(_no_manifest("it is none of S3 Inventory's")) from None
    is_parquet = FORMATS.get(manifest.file_format.lower())
    if is_parquet is None:
        raise BrokeOffError(_no_manifest(f"files of format {manifest.file_format} are not read"))
    return InventoryFiles(
        paths=tuple(get(key) for key in keys),
        is_parquet=is_parquet,
        taken_at=taken_at,
        columns=None
        if is_parquet
        else tuple(column.strip() for column in manifest.file_schema.split(",")),
        bucket=manifest.source_bucket,
    )


def _single(path: Path, taken_at: datetime) -> InventoryFiles:
    return InventoryFiles(
        paths=(path,), is_parquet=path.suffix.lower() == ".parquet", taken_at=taken_at
    )


def _beside(manifest: Path, key: str) -> Path:
    """A data file of a manifest that was copied here: as in the bucket, or all in one folder."""
    name = Path(key).name
    tried = (
        manifest.parent / name,
        manifest.parent / "data" / name,
        manifest.parent.parent / "data" / name,
    )
    found = next((path for path in tried if path.is_file()), None)
    if found is None:
        raise BrokeOffError(_absent(str(tried[0])))
    return found


class _Fetcher:
    """Copies objects of one bucket into a directory."""

    def __init__(self, settings: Settings, deadline: Deadline, bucket: str, target: Path) -> None:
        self._connection = spawn(lambda: connect(settings, deadline))
        self._bucket = Bucket(settings, deadline, bucket, self._connection)
        self._target = target
        self.modified_at = datetime.now(UTC)

    def fetch(self, key: str) -> Path:
        path = self._target / Path(key).name
        try:
            client: S3Client = self._connection.result().client
            answer = client.get_object(Bucket=self._bucket.name, Key=key)
            with answer["Body"] as body, path.open("wb") as file:
                shutil.copyfileobj(body, file)
        except FAILURES as error:
            raise BrokeOffError(explain(error, self._bucket.place("s3:GetObject"))) from None
        self.modified_at = _time(answer.get("LastModified")) or self.modified_at
        return path


def _time(text: object) -> datetime | None:
    from backup_doctor.collect.clients.bucket_objects import moment

    return moment(text)


def _absent(place: str) -> Unseen:
    return Unseen(
        why=Why.NOT_FOUND,
        what=f"There is no inventory at {place}.",
        remedy="Give a manifest.json, a .csv, .csv.gz or .parquet file, or its s3:// address.",
        dependency="inventory",
    )


def _no_manifest(why: str) -> Unseen:
    return Unseen(
        why=Why.GARBLED,
        what=f"The manifest of the inventory cannot be used: {why}.",
        remedy="Give the manifest.json of an S3 Inventory report in CSV or Parquet.",
        dependency="inventory",
    )
