"""An S3 Inventory in the place of a listing: CSV or Parquet, with its manifest or without."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb
import pytest

from doctor.audit.inventory import opened
from doctor.audit.table import BrokeOffError
from doctor.case import Names
from doctor.deadline import Deadline
from doctor.settings.model import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from doctor.audit.model import Stored

TAKEN_AT = datetime(2026, 1, 15, tzinfo=UTC)
CSV = """\
"acme","backups/2026/b+%2B%C3%A9.zip","v2","true","false","20","2026-01-14T02:03:04.000Z"
"acme","backups/2026/a.zip","v1","true","false","10","2026-01-13T02:03:04.000Z"
"acme","backups/2026/a.zip","v0","false","false","9","2026-01-12T02:03:04.000Z"
"acme","backups/2026/deleted.zip","v1","true","true","","2026-01-12T02:03:04.000Z"
"acme","other/c.zip","v1","true","false","30","2026-01-12T02:03:04.000Z"
"""
SCHEMA = "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate"
EXPECTED = [("backups/2026/a.zip", "10"), ("backups/2026/b +é.zip", "20")]


def read(path: Path, bucket: str = "acme") -> list[Stored]:
    settings = Settings(names=Names(bucket=bucket))
    with opened(str(path), settings, Deadline(60)) as inventory:
        return [stored for page in inventory.pages("backups/") for stored in page]


def manifest(folder: Path, name: str, form: str) -> Path:
    path = folder / "manifest.json"
    path.write_text(
        json.dumps(
            {
                "sourceBucket": "acme",
                "destinationBucket": "arn:aws:s3:::inventories",
                "version": "2016-11-30",
                "creationTimestamp": str(int(TAKEN_AT.timestamp() * 1000)),
                "fileFormat": form,
                "fileSchema": SCHEMA,
                "files": [{"key": f"acme/daily/data/{name}", "size": 1, "MD5checksum": "x"}],
            }
        )
    )
    return path


def test_a_manifest_with_compressed_csv(tmp_path: Path) -> None:
    (tmp_path / "one.csv.gz").write_bytes(gzip.compress(CSV.encode()))
    path = manifest(tmp_path, "one.csv.gz", "CSV")

    with opened(str(path), Settings(names=Names(bucket="acme")), Deadline(60)) as inventory:
        assert inventory.listed_until == "2026-01-14"
        assert inventory.told.startswith("S3 Inventory of 2026-01-15 00:00 UTC")
    assert [stored[:2] for stored in read(path)] == EXPECTED


def test_csv_alone(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text(CSV)

    assert [stored[:2] for stored in read(tmp_path / "one.csv")] == EXPECTED


def test_parquet_alone(tmp_path: Path) -> None:
    path = tmp_path / "one.parquet"
    duckdb.execute(f"""
        COPY (SELECT 'acme' AS bucket, key, size, TIMESTAMP '2026-01-13 02:03:04' AS last_modified_date
              FROM (VALUES ('backups/2026/b +é.zip', 20), ('backups/2026/a.zip', 10), ('c', 1)) t(key, size))
        TO '{path}' (FORMAT parquet)""")

    assert [stored[:2] for stored in read(path)] == EXPECTED


def test_the_inventory_of_another_bucket_is_refused(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text(CSV)

    with pytest.raises(BrokeOffError, match="is of bucket acme, not of shop"):
        read(tmp_path / "one.csv", bucket="shop")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"sourceBucket": 1}'])
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)

    with pytest.raises(BrokeOffError, match="cannot be used"):
        read(tmp_path / "manifest.json")


def test_no_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(BrokeOffError, match="There is no inventory"):
        read(tmp_path / "nothing.csv")
