"""An S3 Inventory in the place of a listing: CSV or Parquet, with its manifest or without."""

from __future__ import annotations

import gzip
import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb
import pytest

from backup_doctor.collect.deadline import Deadline
from backup_doctor.evidence.case import Names
from backup_doctor.run.audit.inventory import opened
from backup_doctor.run.audit.table import BrokeOffError
from backup_doctor.settings.model import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.run.audit.model import Stored

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


def read(path: Path, bucket: str = "acme", prefix: str = "backups/") -> list[Stored]:
    settings = Settings(names=Names(bucket=bucket))
    with opened(str(path), settings, Deadline(60)) as inventory:
        return [stored for page in inventory.pages(prefix) for stored in page]


def manifest(folder: Path, name: str, form: str, **changes: object) -> Path:
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
                **changes,
            }
        )
    )
    return path


def parquet(path: Path) -> Path:
    duckdb.execute(f"""
        COPY (SELECT 'acme' AS bucket, key, size, TIMESTAMP '2026-01-13 02:03:04' AS last_modified_date
              FROM (VALUES ('backups/2026/b +é.zip', 20), ('backups/2026/a.zip', 10), ('c', 1)) t(key, size))
        TO '{path}' (FORMAT parquet)""")
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
    path = parquet(tmp_path / "one.parquet")

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


def test_the_prefix_is_looked_for_in_keys_as_they_are_not_as_csv_writes_them(
    tmp_path: Path,
) -> None:
    (tmp_path / "one.csv").write_text(
        '"acme","env%3Dprod/nightly+%C3%A9/a.zip","10","2026-01-13T02:03:04.000Z"\n'
    )

    (found,) = read(tmp_path / "one.csv", prefix="env=prod/nightly é/")

    assert found[:2] == ("env=prod/nightly é/a.zip", "10")


def test_a_manifest_with_parquet_whose_files_lie_as_in_the_bucket(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    dated = tmp_path / "2026-01-15T01-00Z"
    dated.mkdir()
    parquet(tmp_path / "data" / "one.parquet")

    assert [stored[:2] for stored in read(manifest(dated, "one.parquet", "Parquet"))] == EXPECTED


def test_a_manifest_of_another_bucket_is_refused(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text(CSV)
    path = manifest(tmp_path, "one.csv", "CSV", sourceBucket="shop")

    with pytest.raises(BrokeOffError, match="is of bucket shop, not of acme"):
        read(path)


def test_a_manifest_of_a_format_that_is_not_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokeOffError, match="files of format ORC are not read"):
        read(manifest(tmp_path, "one.orc", "ORC"))


def test_a_data_file_that_was_not_copied_is_named(tmp_path: Path) -> None:
    with pytest.raises(BrokeOffError, match=r"There is no inventory at .*/one\.csv"):
        read(manifest(tmp_path, "one.csv", "CSV"))


def test_a_file_that_may_not_be_read_is_said_so_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").symlink_to("manifest.json")

    with pytest.raises(BrokeOffError, match=r"manifest.json \(Too many levels of symbolic links\)"):
        read(tmp_path / "manifest.json")


@pytest.mark.parametrize("line", ['"acme"\n', '"acme","backups/a.zip"\n'])
def test_a_file_without_keys_and_sizes_is_no_inventory(tmp_path: Path, line: str) -> None:
    (tmp_path / "one.csv").write_text(line)

    with pytest.raises(BrokeOffError, match="no columns Key and Size"):
        read(tmp_path / "one.csv")


@pytest.mark.parametrize("size", ["STANDARD", "", "-5"])
def test_a_file_whose_third_column_holds_no_sizes_is_no_inventory(
    tmp_path: Path, size: str
) -> None:
    (tmp_path / "one.csv").write_text(f'"acme","backups/a.zip","{size}"\n')

    with pytest.raises(BrokeOffError, match="cannot be read as CSV or Parquet"):
        read(tmp_path / "one.csv")


def test_without_duckdb_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)

    with pytest.raises(BrokeOffError) as told:
        read(tmp_path / "one.csv")

    assert told.value.gap.remedy == 'pip install ".[inventory]" in your copy of backup-doctor'


def test_a_file_that_is_no_table_at_all_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "one.parquet").write_bytes(b"PK\x03\x04")

    with pytest.raises(BrokeOffError, match="cannot be read as CSV or Parquet"):
        read(tmp_path / "one.parquet")
