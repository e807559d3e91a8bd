"""The table as other teams have it: other columns, types, names and neighbours."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

import psycopg

from backup_doctor.demo.faults.rewriting import UPDATE, UPLOAD
from backup_doctor.demo.runner.run import run_workflow
from backup_doctor.demo.shapes.shape import Shape
from backup_doctor.demo.world import FUNCTION, WORKFLOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.demo.github.state import Run
    from backup_doctor.demo.runner.dispatch import Dispatch
    from backup_doctor.demo.world import World

MIGRATION = "supabase/migrations/20260101000000_backup_history.sql"
REQUESTS = "scripts/backup-history.sh"
RECORD = "scripts/record-failure.sh"
SOURCE = f"supabase/functions/{FUNCTION}/index.ts"
UUID_ID = "id uuid primary key default gen_random_uuid()"

OTHER_ORDER = """
CREATE TABLE public.backup_history (
  created_at timestamptz NOT NULL DEFAULT now(),
  error_text text,
  workflow_run_id text,
  finished_at timestamptz,
  size_bytes bigint,
  status text NOT NULL DEFAULT 'in_progress',
  s3_key text,
  dispatch_id text NOT NULL UNIQUE,
  id uuid PRIMARY KEY DEFAULT gen_random_uuid()
);
GRANT ALL ON public.backup_history TO service_role;
ALTER TABLE public.backup_history ENABLE ROW LEVEL SECURITY;
"""
MORE_COLUMNS = """
ALTER TABLE public.backup_history
  ADD COLUMN label text NOT NULL DEFAULT 'nightly',
  ADD COLUMN tags text[] NOT NULL DEFAULT '{}',
  ADD COLUMN details jsonb,
  ADD COLUMN "Requested by" uuid,
  ADD COLUMN megabytes numeric GENERATED ALWAYS AS (size_bytes / 1048576.0) STORED,
  ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();
CREATE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN NEW.updated_at := now(); RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE UPDATE ON public.backup_history
  FOR EACH ROW EXECUTE FUNCTION public.touch();
"""
NEIGHBOURS = """
CREATE TABLE public.profiles (id uuid PRIMARY KEY, name text);
ALTER TABLE public.profiles ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.profiles FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON public.profiles USING (id = auth.uid());
CREATE TABLE public.backup_history_old (LIKE public.backup_history INCLUDING ALL);
ALTER TABLE public.backup_history_old ENABLE ROW LEVEL SECURITY;
CREATE POLICY nobody ON public.backup_history_old AS RESTRICTIVE FOR ALL USING (false);
CREATE SCHEMA archive;
CREATE TABLE archive.backup_history (LIKE public.backup_history INCLUDING ALL);
INSERT INTO archive.backup_history (dispatch_id) VALUES ('of another time');
CREATE POLICY members_read ON public.backup_history FOR SELECT TO authenticated USING (true);
"""
STRICT_CHECKS = """
ALTER TABLE public.backup_history
  ADD CHECK (status <> 'success' OR (s3_key IS NOT NULL AND size_bytes > 0)),
  ADD CHECK (finished_at IS NULL OR finished_at >= created_at - interval '1 minute'),
  ADD UNIQUE (s3_key);
"""


def redo(world: World, old: str, new: str) -> None:
    """Create the table anew, from a migration with another line."""
    world.edit(MIGRATION, old, new)
    world.sql("DROP TABLE public.backup_history")
    world.sql(world.read(MIGRATION))


def other_type(old: str, new: str) -> Callable[[World], None]:
    """A column of another type."""
    return lambda world: redo(world, old, new)


def other_order(world: World) -> None:
    """The columns stand in another order, and the status has no constraint."""
    world.sql(f"DROP TABLE public.backup_history; {OTHER_ORDER}")


def add(statements: str) -> Callable[[World], None]:
    """What a later migration did."""
    return lambda world: world.sql(statements)


def number_rows(world: World) -> None:
    """Rows have a number for an id."""
    redo(world, UUID_ID, "id bigint generated always as identity primary key")
    world.edit(REQUESTS, '"id": ?"([0-9a-f-]{36})"', '"id": ?([0-9]+)')
    world.edit(REQUESTS, '[[ $BODY == *"$1"* ]]', "[[ $BODY != '[]' ]]")
    world.edit(SOURCE, "/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i", "/^[0-9]+$/")


def enumerate_status(world: World) -> None:
    """The status is an enum."""
    world.sql("CREATE TYPE public.backup_status AS ENUM ('in_progress', 'success', 'failed')")
    redo(
        world,
        "status text not null default 'in_progress'\n"
        "    check (status in ('in_progress', 'success', 'failed'))",
        "status public.backup_status not null default 'in_progress'",
    )


def partition(world: World) -> None:
    """The table is partitioned by month."""
    redo(world, UUID_ID, "id uuid not null default gen_random_uuid()")
    world.sql("DROP TABLE public.backup_history")
    made = world.read(MIGRATION).replace("\n);", "\n) partition by range (created_at);", 1)
    world.sql(made)
    world.sql(
        "CREATE TABLE public.backup_history_rest PARTITION OF public.backup_history DEFAULT;"
        "ALTER TABLE public.backup_history_rest ENABLE ROW LEVEL SECURITY"
    )


def move_to_schema(world: World) -> None:
    """The table stands in a schema of its own, which the Data API exposes."""
    world.sql(
        "CREATE SCHEMA ops; ALTER TABLE public.backup_history SET SCHEMA ops;"
        "GRANT USAGE ON SCHEMA ops TO service_role, backup_doctor"
    )
    world.project.exposed_schemas.append("ops")
    world.edit(
        REQUESTS,
        "printf 'Content-Type: application/json\\n",
        "printf 'Accept-Profile: ops\\nContent-Profile: ops\\nContent-Type: application/json\\n",
    )
    world.edit(SOURCE, '"Prefer": "return', '"Content-Profile": "ops",\n        "Prefer": "return')
    world.insert = "INSERT INTO ops.backup_history (dispatch_id) VALUES (%s)"


NIGHTLY = ".github/workflows/exports.yml"
RENAMED = """
step = "Tell the app"
workflow = "exports.yml"
job = "export"
function = "finish-export"
table = "exports"
prefix = "exports/"

[columns]
id = "export_id"
dispatch_id = "ticket"
s3_key = "storage_key"
status = "state"
size_bytes = "bytes"
finished_at = "done_at"
error_text = "problem"
workflow_run_id = "run"
created_at = "asked_at"

[status]
in_progress = "running"
success = "done"
failed = "broken"
"""
IN_TABLE = (
    ("id uuid", "export_id uuid"),
    ("  dispatch_id text", "  ticket text"),
    ("s3_key text", "storage_key text"),
    ("status text not null default 'in_progress'", "state text not null default 'running'"),
    (
        "check (status in ('in_progress', 'success', 'failed'))",
        "check (state in ('running', 'done', 'broken'))",
    ),
    ("size_bytes bigint", "bytes bigint"),
    ("finished_at timestamptz", "done_at timestamptz"),
    ("error_text text", "problem text"),
    ("workflow_run_id text", "run text"),
    ("created_at timestamptz", "asked_at timestamptz"),
    ("backup_history (dispatch_id)", "backup_history (ticket)"),
    ("backup_history", "exports"),
)
IN_REQUESTS = (
    ("/rest/v1/backup_history", "/rest/v1/exports"),
    ('"id": ?"', '"export_id": ?"'),
    ("dispatch_id=eq.", "ticket=eq."),
    ("select=id&order=created_at.desc", "select=export_id&order=asked_at.desc"),
    ("?id=eq.", "?export_id=eq."),
)
IN_UPDATE = (
    ("functions/v1/update-backup", "functions/v1/finish-export"),
    ('\\"status\\": \\"success\\"', '\\"state\\": \\"done\\"'),
    (
        '    \\"s3_key\\": $(json_string "$S3_KEY"),\n    \\"size',
        '    \\"storage_key\\": $(json_string "$S3_KEY"),\n    \\"size',
    ),
    (
        '    \\"size_bytes\\": $BACKUP_SIZE,\n    \\"finished',
        '    \\"bytes\\": $BACKUP_SIZE,\n    \\"finished',
    ),
    ('\\"finished_at\\"', '\\"done_at\\"'),
    ('\\"error_text\\"', '\\"problem\\"'),
    (
        '    \\"workflow_run_id\\": \\"$GITHUB_RUN_ID\\"\n  }"; then',
        '    \\"run\\": \\"$GITHUB_RUN_ID\\"\n  }"; then',
    ),
)
IN_SOURCE = (
    ("/rest/v1/backup_history?id=eq.", "/rest/v1/exports?export_id=eq."),
    ('status: "success"', 'state: "done"'),
    ("s3_key: backup.s3_key", "storage_key: backup.s3_key"),
    ("size_bytes: backup.size_bytes", "bytes: backup.size_bytes"),
    ("workflow_run_id: backup.workflow_run_id", "run: backup.workflow_run_id"),
    ("finished_at: new", "done_at: new"),
    ("error_text: null", "problem: null"),
)
IN_WORKFLOW = (
    ("  backup:\n    name: backup\n", "  export:\n    name: export\n"),
    ("needs: backup", "needs: export"),
    ("Update backup_history via Edge Function", "Tell the app"),
    ("name: Backup\n", "name: Exports\n"),
)


def rename_everything(world: World) -> None:
    """Nothing bears the guide's name: table, columns, statuses, function, workflow, job, step."""
    for path, changes in {
        MIGRATION: IN_TABLE,
        REQUESTS: IN_REQUESTS,
        UPDATE: IN_UPDATE,
        SOURCE: IN_SOURCE,
        WORKFLOW: IN_WORKFLOW,
        UPLOAD: (("backups/$(date", "exports/$(date"),),
    }.items():
        for old, new in changes:
            world.edit(path, old, new)
    world.sql("DROP TABLE public.backup_history")
    world.sql(world.read(MIGRATION))
    world.project.functions["finish-export"] = world.project.functions.pop(FUNCTION)
    world.project.functions["finish-export"].slug = "finish-export"
    world.write(NIGHTLY, world.read(WORKFLOW))
    del world.repository.files[WORKFLOW]
    world.repository.workflows[0].path = NIGHTLY
    world.insert = "INSERT INTO public.exports (ticket) VALUES (%s)"
    world.actions = run_export


def run_export(dispatch: Dispatch) -> Run:
    """Run the renamed job of the renamed workflow."""
    dispatch["workflow"], dispatch["job"] = NIGHTLY, "export"
    return run_workflow(**dispatch)


def fill_with_rows(world: World) -> None:
    """The table has thousands of rows, among them stuck and failed ones of other dispatches."""
    with (
        psycopg.connect(world.owner_uri) as connection,
        connection.cursor() as cursor,
        cursor.copy(
            "COPY public.backup_history (dispatch_id, status, created_at) FROM STDIN"
        ) as copy,
    ):
        for number in range(3000):
            status = ("success", "failed", "in_progress")[number % 3]
            copy.write_row((str(uuid.uuid4()), status, "2026-01-01T00:00:00Z"))


SHAPES: Final = (
    Shape("column-order", "the columns stand in another order", other_order),
    Shape("more-columns", "the table has columns of the team's own", add(MORE_COLUMNS)),
    Shape("neighbours", "other tables have policies that let nobody in", add(NEIGHBOURS)),
    Shape("strict-checks", "constraints that every good update keeps", add(STRICT_CHECKS)),
    Shape("many-rows", "thousands of other rows, some of them stuck", fill_with_rows),
    Shape(
        "uuid-dispatch",
        "the dispatch id is a uuid",
        other_type("dispatch_id text", "dispatch_id uuid"),
    ),
    Shape("number-id", "the id is a number", number_rows),
    Shape(
        "local-times",
        "times are without time zone",
        other_type("timestamptz", "timestamp"),
    ),
    Shape("status-enum", "the status is an enum", enumerate_status),
    Shape("partitioned", "the table is partitioned", partition),
    Shape(
        "other-schema",
        "the table stands in another schema",
        move_to_schema,
        configuration='table = "ops.backup_history"\n',
    ),
    Shape(
        "renamed",
        "nothing has its usual name",
        rename_everything,
        configuration=RENAMED,
    ),
)
