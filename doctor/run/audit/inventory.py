"""A listing that is already there, instead of asking the bucket: an S3 Inventory report.

A manifest.json with its data files, or a single data file: CSV (or .csv.gz) or Parquet, local or on
S3. DuckDB sorts it, on disk where it is large. Which columns there are is described at
https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory.html#storage-inventory-contents
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.sql import literal
from backup_doctor.run.audit.inventory_files import InventoryFiles, files_at
from backup_doctor.run.audit.table import BrokeOffError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from backup_doctor.collect.deadline import Deadline
    from backup_doctor.run.audit.model import Stored
    from backup_doctor.settings.model import Settings

PAGE_OBJECTS = 1000
MEMORY = "256MB"
# A backup of the day before may have been uploaded when its folder had been read.
MARGIN = timedelta(days=1)
# Without a manifest the columns are those of the smallest report, or of one with versions.
PLAIN = ("Bucket", "Key", "Size", "LastModifiedDate")
VERSIONED = (
    *("Bucket", "Key", "VersionId", "IsLatest", "IsDeleteMarker"),
    *("Size", "LastModifiedDate"),
)


class Inventory(Immutable, frozen=True, kw_only=True):
    """An inventory that can be read. `bucket` is the one that it must be of."""

    files: InventoryFiles
    bucket: str | None
    directory: str

    @property
    def told(self) -> str:
        """What it is, and how old."""
        hours = (datetime.now(UTC) - self.files.taken_at) / timedelta(hours=1)
        age = f"{hours / 24:.0f} days" if hours > 48 else f"{hours:.0f} hours"  # noqa: PLR2004 -- two days
        return f"S3 Inventory of {self.files.taken_at:%Y-%m-%d %H:%M} UTC, {age} old"

    @property
    def listed_until(self) -> str:
        """The first day whose backups need not be in it."""
        return (self.files.taken_at - MARGIN).date().isoformat()

    def pages(self, prefix: str) -> Iterator[list[Stored]]:
        """The objects under the prefix, in the order of their keys.

        Raises:
            BrokeOffError: a file is no inventory of this bucket, or cannot be read.
        """
        import duckdb

        try:
            with duckdb.connect(
                config={"memory_limit": MEMORY, "temp_directory": self.directory}
            ) as connection:
                rows = _rows(connection, self.files)
                columns = _columns(connection, rows)
                self._check_bucket(connection, rows, columns)
                found = connection.execute(_objects(rows, columns, prefix, self.files))
                while page := found.fetchmany(PAGE_OBJECTS):
                    yield page
        except duckdb.Error as error:
            raise BrokeOffError(_unreadable(type(error).__name__)) from None

    def _check_bucket(
        self, connection: DuckDBPyConnection, rows: str, columns: dict[str, str]
    ) -> None:
        named = self.files.bucket
        if named is None and "bucket" in columns:
            row = connection.execute(
                f"SELECT any_value({columns['bucket']}) FROM ({rows})"
            ).fetchone()
            named = row[0] if row else None
        if self.bucket and named and named != self.bucket:
            raise BrokeOffError(_of_another(named, self.bucket))


@contextmanager
def opened(place: str, settings: Settings, deadline: Deadline) -> Iterator[Inventory]:
    """The inventory at a path or an s3:// address; what is fetched is deleted afterwards.

    Raises:
        BrokeOffError: there is none, or DuckDB is not installed.
    """
    from importlib.util import find_spec

    if find_spec("duckdb") is None:
        raise BrokeOffError(NOT_INSTALLED)
    with tempfile.TemporaryDirectory(prefix="backup-doctor-inventory-") as directory:
        files = files_at(place, directory, settings, deadline)
        yield Inventory(files=files, bucket=settings.names.bucket, directory=directory)


def _rows(connection: DuckDBPyConnection, files: InventoryFiles) -> str:
    """A SELECT of all rows, with the columns that there are."""
    if files.is_parquet:
        return f"SELECT * FROM read_parquet({_list(files.paths)}, union_by_name = true)"
    names = files.columns or _guessed(connection, files.paths)
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    return (
        f"SELECT * FROM read_csv({_list(files.paths)}, header = false, delim = ',', quote = '\"', "
        f"escape = '\"', auto_detect = false, columns = {{{columns}}})"
    )


def _guessed(connection: DuckDBPyConnection, paths: Sequence[Path]) -> tuple[str, ...]:
    """The columns of a CSV file that came without its manifest."""
    sample = (
        f"SELECT * FROM read_csv({_list(paths[:1])}, header = false, all_varchar = true) LIMIT 1"
    )
    first: tuple[str, ...] = connection.execute(sample).fetchone() or ()
    has_versions = len(first) >= len(VERSIONED) and first[3] in ("true", "false")
    usual = VERSIONED if has_versions else PLAIN
    more = tuple(f"column{at}" for at in range(len(usual), len(first)))
    return (*usual[: len(first)], *more)


def _columns(connection: DuckDBPyConnection, rows: str) -> dict[str, str]:
    """The columns, quoted; `LastModifiedDate` and `last_modified_date` go by `lastmodifieddate`."""
    described = connection.execute(f"DESCRIBE {rows}").fetchall()
    found = {_folded(name): '"' + name.replace('"', '""') + '"' for name, *_ in described}
    if not {"key", "size"} <= found.keys():
        raise BrokeOffError(_unreadable("no columns Key and Size"))
    return found


def _folded(column: str) -> str:
    return column.strip().lower().replace("_", "")


def _objects(rows: str, columns: dict[str, str], prefix: str, files: InventoryFiles) -> str:
    """Key, size and time of the objects under the prefix that are there now, in byte order."""
    key = columns["key"] if files.is_parquet else f"url_decode(replace({columns['key']}, '+', ' '))"
    # What has no size is no object: the file has other columns than were guessed.
    size = f"CAST(coalesce(CAST({columns['size']} AS VARCHAR), '') AS UBIGINT)"
    modified = columns.get("lastmodifieddate", "''")
    # Not by its name here, which would be the column as it is written in the file.
    conditions = [f"starts_with({key}, {literal(prefix)})"]
    if "islatest" in columns:
        conditions.append(f"coalesce(CAST({columns['islatest']} AS VARCHAR), '') <> 'false'")
    if "isdeletemarker" in columns:
        conditions.append(f"coalesce(CAST({columns['isdeletemarker']} AS VARCHAR), '') <> 'true'")
    return (
        f"SELECT {key} AS key, CAST({size} AS VARCHAR) AS size, "
        f"coalesce(CAST({modified} AS VARCHAR), '') AS modified FROM ({rows}) "
        f"WHERE {' AND '.join(conditions)} ORDER BY key"
    )


def _list(paths: Sequence[Path]) -> str:
    return f"[{', '.join(literal(str(path)) for path in paths)}]"


def _unreadable(why: str) -> Unseen:
    return Unseen(
        why=Why.GARBLED,
        what=f"The inventory cannot be read as CSV or Parquet ({why}).",
        remedy="Give its manifest.json, or a data file of an S3 Inventory report.",
        dependency="inventory",
    )


def _of_another(named: str, bucket: str) -> Unseen:
    return Unseen(
        why=Why.REFUSED,
        what=f"The inventory is of bucket {named}, not of {bucket}.",
        remedy="Give the inventory of the bucket that BACKUP_BUCKET names.",
        dependency="inventory",
    )


NOT_INSTALLED = Unseen(
    why=Why.NOT_CONFIGURED,
    what="Reading an inventory needs an extra package.",
    remedy='pip install ".[inventory]" in your copy of backup-doctor',
    dependency="inventory",
)
