"""What of the table itself refuses the update, or undoes it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from backup_doctor.demo.faults.changes import sql
from backup_doctor.demo.faults.defect import Side
from backup_doctor.demo.faults.fault import Fault
from backup_doctor.demo.supabase import rest_schema

if TYPE_CHECKING:
    from backup_doctor.demo.world import World

TABLE = "public.backup_history"
QUALIFIED = "public.backup_history"


def forget_column(world: World) -> None:
    """The Data API read the schema before the column was added."""
    cache = dict(rest_schema.snapshot(world.project))
    cache[QUALIFIED] -= {"workflow_run_id"}
    rest_schema.go_stale(world.project, cache)


def forget_table(world: World) -> None:
    """The Data API read the schema before the table was made."""
    cache = dict(rest_schema.snapshot(world.project))
    del cache[QUALIFIED]
    rest_schema.go_stale(world.project, cache)


def outgrow_column(world: World) -> None:
    """The column is a smallint, which ends at 32767, and the backup is larger.

    A column of type integer ends in the same way at 2 GB, which no test should have to upload.
    """
    world.sql(f"ALTER TABLE {TABLE} ALTER size_bytes TYPE smallint")
    noise = world.checkout / "supabase" / "noise.bin"
    noise.write_bytes(secrets.token_bytes(60_000))


def _trigger(body: str) -> str:
    return f"""
        CREATE FUNCTION public.guard() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN {body} END $$;
        CREATE TRIGGER guard BEFORE UPDATE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION public.guard();
    """


def _fault(
    name: str, description: str, code: str, statement: str, *, side: Side = Side.BOTH
) -> Fault:
    return Fault(name, description, side, f"row/{code}", before=sql(statement))


def _constraint(name: str, description: str, statement: str) -> Fault:
    return _fault(name, description, "constraint-rejects", statement)


FAULTS: Final = (
    _fault(
        "table-missing",
        "the table was renamed",
        "table-missing",
        f"ALTER TABLE {TABLE} RENAME TO backups",
        side=Side.ROW,  # where there is no table there is no row
    ),
    _fault(
        "table-in-other-schema",
        "the table was moved to a schema that is not exposed",
        "table-missing",
        f"CREATE SCHEMA private; ALTER TABLE {TABLE} SET SCHEMA private",
        side=Side.ROW,
    ),
    _fault(
        "column-missing",
        "the table has no column workflow_run_id",
        "column-missing",
        f"ALTER TABLE {TABLE} DROP workflow_run_id",
    ),
    _fault(
        "column-renamed",
        "the column finished_at has another name",
        "column-missing",
        f"ALTER TABLE {TABLE} RENAME finished_at TO completed_at",
    ),
    Fault(
        "stale-column",
        "the Data API does not know a new column yet",
        Side.BOTH,
        "row/schema-cache-stale",
        before=forget_column,
    ),
    Fault(
        "stale-table",
        "the Data API does not know the table yet",
        Side.BOTH,
        "row/schema-cache-stale",
        before=forget_table,
        in_lookup=True,
    ),
    Fault(
        "size-overflow",
        "the backup's size does not fit the column",
        Side.BOTH,
        "row/size-overflow",
        before=outgrow_column,
    ),
    _constraint(
        "check-constraint",
        "a CHECK refuses the key's form",
        f"ALTER TABLE {TABLE} ADD CONSTRAINT key_form CHECK (s3_key LIKE 'nightly/%')",
    ),
    _constraint(
        "not-null",
        "a column that the update empties is NOT NULL",
        f"UPDATE {TABLE} SET error_text = ''; ALTER TABLE {TABLE} ALTER error_text SET NOT NULL,"
        " ALTER error_text SET DEFAULT ''",
    ),
    _constraint(
        "unique",
        "a unique index lets only one backup have succeeded",
        f"CREATE UNIQUE INDEX one_success ON {TABLE} (status) WHERE status = 'success';"
        f"INSERT INTO {TABLE} (dispatch_id, status, s3_key, size_bytes, finished_at, created_at)"
        " VALUES ('earlier', 'success', 'backups/2026/01/01/earlier.zip', 1, now() - '1 day'::interval,"
        " now() - '1 day'::interval)",
    ),
    _constraint(
        "foreign-key",
        "the run's id has to be in a table that does not have it",
        f"CREATE TABLE public.runs (id text PRIMARY KEY); ALTER TABLE {TABLE}"
        " ADD CONSTRAINT known_run FOREIGN KEY (workflow_run_id) REFERENCES public.runs",
    ),
    _constraint(
        "varchar",
        "the key is longer than its column",
        f"ALTER TABLE {TABLE} ALTER s3_key TYPE varchar(32)",
    ),
    _constraint(
        "enum",
        "the status is an enum that has no success",
        f"""
        CREATE TYPE public.backup_status AS ENUM ('in_progress', 'completed', 'failed');
        ALTER TABLE {TABLE} ALTER status DROP DEFAULT, DROP CONSTRAINT backup_history_status_check;
        ALTER TABLE {TABLE} ALTER status TYPE public.backup_status
          USING status::public.backup_status;
        ALTER TABLE {TABLE} ALTER status SET DEFAULT 'in_progress';
        """,
    ),
    _fault(
        "trigger-resets",
        "a trigger sets the status back",
        "trigger-interferes",
        _trigger("NEW.status := OLD.status; RETURN NEW;"),
    ),
    _fault(
        "trigger-raises",
        "a trigger refuses the update",
        "trigger-interferes",
        _trigger("RAISE EXCEPTION 'backups are immutable';"),
    ),
    _fault(
        "trigger-skips",
        "a trigger makes the update a no-op",
        "trigger-interferes",
        _trigger("RETURN NULL;"),
    ),
)
