"""The query for Athena, run in DuckDB: the same comparison as the audit's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import sqlglot

from backup_doctor.evidence.case import Names
from backup_doctor.run.audit.athena import athena
from tests.audit.scene import FOLDER, Scene
from tests.e2e.doctoring import psql

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

OBJECTS = "CREATE TABLE backup_objects (bucket text, key text, size bigint)"


def test_it_has_the_names_of_the_pipeline_and_nothing_left_to_fill_in() -> None:
    names = Names(
        table="app.runs", columns={"s3_key": "object"}, success="done", bucket="ac'me", prefix="b/"
    )

    text = athena(names)

    assert "FROM app.runs" in text
    assert "object AS s3_key" in text
    assert "status = 'done'" in text
    assert "bucket = 'ac''me'" in text
    assert ":'" not in text
    assert ":stuck_after" not in text


def test_it_finds_what_the_audit_finds(scene: Scene) -> None:
    scene.row(scene.put(f"{FOLDER}/a.zip"))
    scene.row(f"s3://{scene.world.bucket.name}/" + scene.put(f"{FOLDER}/b c+é.zip"))
    scene.row(scene.put("archive/outside the prefix.zip"))
    scene.row("archive/gone.zip")
    scene.row(f"{FOLDER}/gone.zip")
    scene.row(f"{FOLDER}/failed.zip", "failed", None)
    scene.row(scene.put(f"{FOLDER}/other.zip", 6))
    scene.row(scene.put(f"{FOLDER}/stuck.zip"), "in_progress", None)
    scene.row(None, "in_progress", None, dispatch_id="nightly-42")
    scene.put(f"{FOLDER}/backup-nightly-42.zip")
    scene.row(None, "in_progress", None, dispatch_id="nightly-7", age="1 minute")
    scene.put(f"{FOLDER}/backup-nightly-7.zip")
    scene.put(f"{FOLDER}/orphan.zip")
    scene.put("archive/nobody's.zip")
    scene.row(scene.put(f"{FOLDER}/twice.zip"), age="2 days")
    scene.row(f"/{FOLDER}/twice.zip")

    items, _ = scene.audit()

    told = [(one.kind, one.backup_id, one.s3_key) for one in items]
    found = [row[:3] for row in asked(scene)]
    # Of two rows with one key, which is the second is a matter of their order.
    assert sorted(by_kind(told), key=str) == sorted(by_kind(found), key=str)
    assert {kind for kind, _, _ in told} >= {"missing-object", "duplicate-key", "orphan-object"}


def by_kind(rows: Sequence[tuple[str, str | None, str | None]]) -> list[tuple[str | None, ...]]:
    return [(kind, None if kind == "duplicate-key" else row, key) for kind, row, key in rows]


def asked(scene: Scene) -> list[tuple[str, str | None, str | None]]:
    """What the query finds in the table, copied out as the query's own comment says, and the bucket."""
    query = athena(scene.settings().names)
    rows = copied_out(scene, query)
    with duckdb.connect() as engine:
        engine.execute(OBJECTS)
        engine.execute(
            f"CREATE TABLE backup_rows AS FROM read_csv('{rows}', all_varchar = true, header = false)"
        )
        columns = ("id", "dispatch_id", "s3_key", "status", "size_bytes", "created_at")
        for number, column in enumerate(columns):
            engine.execute(f"ALTER TABLE backup_rows RENAME column{number} TO {column}")
        bucket = scene.world.bucket.name
        listed = scene.world.servers.storage.s3.list_objects_v2(Bucket=bucket)["Contents"]
        stored = [(bucket, one["Key"], one["Size"]) for one in listed]
        engine.executemany("INSERT INTO backup_objects VALUES (?, ?, ?)", stored)
        (translated,) = sqlglot.transpile(query, read="athena", write="duckdb")
        return engine.execute(translated).fetchall()


def copied_out(scene: Scene, query: str) -> Path:
    rows = scene.directory / "rows.csv"
    (command,) = (line for line in query.splitlines() if "\\copy" in line)
    psql(scene.world, command.lstrip("- ").replace("rows.csv", str(rows)))
    return rows
