"""Cases to judge: a healthy backup by default, and small changes to it by name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from backup_doctor.evidence.base import Evidence, Shown, Unseen, Why
from backup_doctor.evidence.case import Asked, Case, Names
from backup_doctor.evidence.function import FunctionEvidence, FunctionRecord, HttpAnswer, Project
from backup_doctor.evidence.log import Call, LogReading, Outcome, Variable
from backup_doctor.evidence.log import EnvShown as Stands
from backup_doctor.evidence.object import FileEnd, KeySource, ObjectEvidence, StoredObject
from backup_doctor.evidence.rls import Proof, Reach, RlsEvidence
from backup_doctor.evidence.row import (
    ApiAnswer,
    BackupRow,
    Column,
    RoleGrants,
    Route,
    RowEvidence,
    Server,
    Table,
)
from backup_doctor.evidence.secrets import (
    FunctionKey,
    FunctionSecret,
    KeyKind,
    KeyMatch,
    Level,
    ProjectKeys,
    SecretLevel,
    SecretsEvidence,
    ServiceKey,
    StoredSecret,
    SupabaseUrl,
)
from backup_doctor.evidence.workflow import FoundBy, Job, Run, Step, WorkflowEvidence

DISPATCH = "5f0c1d2e-1111-4222-8333-444455556666"
ROW_ID = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"
KEY = f"backups/2026/11/20/backup-{DISPATCH}-020304.zip"
CREATED = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
ENDED = CREATED + timedelta(minutes=10)
NOW = CREATED + timedelta(hours=5)
SIZE = 1_024_000
NOT_THERE = Unseen(why=Why.NOT_CONFIGURED, what="It is not configured.", remedy="Set it.")
SEES_ALL = Shown(by="Nothing hides a row from the doctor.")
# Why a run that nobody saw would have been seen.
SHOWN = Shown(by="the same token lists 12 other runs of acme/app")
NO_BACKUP = Unseen(why=Why.NOT_ASKED, what="No backup was asked about.")

COLUMNS = (
    Column(name="id", type="uuid", not_null=True, default="gen_random_uuid()"),
    Column(name="dispatch_id", type="text", not_null=True),
    Column(name="s3_key", type="text"),
    Column(name="status", type="text", not_null=True, default="'in_progress'::text"),
    Column(name="size_bytes", type="bigint"),
    Column(name="finished_at", type="timestamp with time zone"),
    Column(name="error_text", type="text"),
    Column(name="workflow_run_id", type="text"),
    Column(name="created_at", type="timestamp with time zone", not_null=True, default="now()"),
)


def stored(**changes: Any) -> StoredObject:
    """The backup's object, whole and of the row's size."""
    return StoredObject(
        **{"key": KEY, "size": SIZE, "modified_at": CREATED + timedelta(minutes=5), **changes}
    )


def a_row(**changes: Any) -> BackupRow:
    """A stuck row; with changes, another."""
    fields = {
        "id": ROW_ID,
        "dispatch_id": DISPATCH,
        "status": "in_progress",
        "created_at": CREATED,
        **changes,
    }
    values = {column.name: _json(fields.get(column.name)) for column in COLUMNS}
    return BackupRow(values=values, **fields)


def _json(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def finished_row(**changes: Any) -> BackupRow:
    """A row that says success and names the object."""
    done = {"status": "success", "s3_key": KEY, "size_bytes": SIZE, "finished_at": ENDED}
    return a_row(**{**done, **changes})


def table(**changes: Any) -> Table:
    """The reference table as its migration makes it."""
    base: dict[str, Any] = {
        "schema": "public",
        "name": "backup_history",
        "kind": "table",
        "columns": COLUMNS,
        "rls_enabled": True,
        "owner": "postgres",
        "grants": (
            RoleGrants(
                role="service_role",
                exists=True,
                bypasses_rls=True,
                schema_usage=True,
                select=True,
                insert=True,
                update=True,
            ),
        ),
    }
    return Table(**{**base, **changes})


def row(*rows: BackupRow, **changes: Any) -> RowEvidence:
    """The database with these rows; without any, with the stuck one."""
    base: dict[str, Any] = {
        "route": Route.DIRECT,
        "rows": rows or (a_row(),),
        "table": table(),
        "server": Server(version="18.4", now=NOW, user="backup_reader"),
        "api": ApiAnswer(status=200, rows=1),
    }
    if changes.get("rows") == ():
        base |= {"api": ApiAnswer(status=200, rows=0), "absent": SEES_ALL}
    return RowEvidence(**{**base, **changes})


def call(status: int | None = None, body: str = "", **changes: Any) -> Call:
    """A call of the update step: OK for 2xx, refused for another status."""
    if "outcome" not in changes:
        ok = status is not None and 200 <= status < 300
        changes["outcome"] = Outcome.OK if ok else Outcome.REFUSED
    return Call(status=status, body=body, lines=(f"HTTP {status} {body}",), **changes)


def log(function: Call, fallback: Call, **changes: Any) -> LogReading:
    """The log of an update step that made these two calls."""
    base: dict[str, Any] = {
        "source": "job log",
        "update_seen": True,
        "variables": (
            Variable(name="SUPABASE_URL", shown=Stands.MASKED),
            Variable(name="SUPABASE_SERVICE_ROLE_KEY", shown=Stands.MASKED),
            Variable(name="BACKUP_API_KEY", shown=Stands.MASKED),
        ),
        "assignments": {"S3_KEY": KEY, "BACKUP_SIZE": str(SIZE)},
        "uploaded": (KEY,),
        "dispatch_seen": True,
    }
    return LogReading(**{**base, **changes}, function_call=function, fallback_call=fallback)


def steps(upload: str = "success", update: str = "failure") -> tuple[Step, ...]:
    """The steps of the reference workflow's job."""
    names = {
        "Set up job": "success",
        "Create backup archive": "success",
        "Upload backup to S3": upload,
        "Update backup_history via Edge Function": update,
    }
    return tuple(
        Step(
            name=name,
            number=number,
            status="completed",
            conclusion=conclusion,
            started_at=CREATED,
            completed_at=ENDED,
        )
        for number, (name, conclusion) in enumerate(names.items(), start=1)
    )


def workflow(
    reading: LogReading | Unseen | None,
    *,
    upload: str = "success",
    update: str = "failure",
    **changes: Any,
) -> WorkflowEvidence:
    """A run that is over, with this log."""
    made = steps(upload, update)
    conclusion = "failure" if "failure" in (upload, update) else "success"
    job = Job(
        id=7,
        name="backup",
        status="completed",
        conclusion=conclusion,
        created_at=CREATED,
        started_at=CREATED,
        completed_at=ENDED,
        runner_name="GitHub Actions 1",
        steps=made,
    )
    run = Run(
        id=42,
        title=f"Backup {DISPATCH}",
        status="completed",
        conclusion=conclusion,
        created_at=CREATED,
        updated_at=ENDED,
        path=".github/workflows/backup.yml",
    )
    base: dict[str, Any] = {
        "run": run,
        "found_by": FoundBy.TITLE,
        "jobs": (job,),
        "job": job,
        "update_step": made[-1],
        "log": reading,
    }
    return WorkflowEvidence(**{**base, **changes})


def no_run(**changes: Any) -> WorkflowEvidence:
    """No run of this dispatch, though one would have been seen."""
    return WorkflowEvidence(**{"run": None, "absence": SHOWN, **changes})


def function(**changes: Any) -> FunctionEvidence:
    """A deployed function that accepts the key and misses the fields of an empty body."""
    base: dict[str, Any] = {
        "name": "update-backup",
        "record": FunctionRecord(
            slug="update-backup",
            status="ACTIVE",
            version=3,
            verify_jwt=False,
            created_at=CREATED - timedelta(days=90),
            updated_at=CREATED - timedelta(days=30),
        ),
        "project": Project(ref="abcdefghijklmnopqrst", status="ACTIVE_HEALTHY"),
        "options": HttpAnswer(status=204, from_function=True),
        "empty_post": HttpAnswer(
            status=400,
            from_function=True,
            body='{"success":false,"error":"Missing fields: backup_id"}',
        ),
        "key_sent": True,
    }
    return FunctionEvidence(**{**base, **changes})


def secrets(**changes: Any) -> SecretsEvidence:
    """All secrets are set on both sides and fit."""
    names = ("VITE_SUPABASE_URL", "VITE_SUPABASE_SERVICE_ROLE_KEY", "BACKUP_API_KEY")
    long_ago = CREATED - timedelta(days=100)
    listed = tuple(
        StoredSecret(name=name, level=Level.REPOSITORY, updated_at=long_ago) for name in names
    )
    base: dict[str, Any] = {
        "levels": (SecretLevel(level=Level.REPOSITORY, secrets=listed),),
        "function_secrets": (
            FunctionSecret(name="BACKUP_API_KEY", updated_at=long_ago, empty=False),
        ),
        "service_key": ServiceKey(
            setting="SUPABASE_SERVICE_ROLE_KEY",
            kind=KeyKind.LEGACY_JWT,
            role="service_role",
            ref="abcdefghijklmnopqrst",
            expires_at=CREATED + timedelta(days=3000),
        ),
        "function_key": FunctionKey(setting="BACKUP_API_KEY", match=KeyMatch.EQUAL),
        "url": SupabaseUrl(
            setting="SUPABASE_URL",
            value="https://abcdefghijklmnopqrst.supabase.co",
            ref="abcdefghijklmnopqrst",
        ),
        "project_keys": ProjectKeys(legacy_enabled=True, service_key_listed=True),
        "project_ref": "abcdefghijklmnopqrst",
    }
    return SecretsEvidence(**{**base, **changes})


def the_object(**changes: Any) -> ObjectEvidence:
    """The object is there and whole, and no other row's; other backups' files are in the bucket."""
    base: dict[str, Any] = {
        "bucket": "team-backups",
        "expected_key": KEY,
        "key_source": KeySource.LOG,
        "head": stored(),
        "tail": FileEnd(whole=True, entries=3),
        "owners": (),
        "control": Shown(by="another backup's file is in the bucket"),
    }
    return ObjectEvidence(**{**base, **changes})


def rls(reach: Reach = Reach.NO_OBSTACLE, **changes: Any) -> RlsEvidence:
    """What PostgreSQL says of service_role's update."""
    base: dict[str, Any] = {
        "role": "service_role",
        "reach": reach,
        "strong": True,
        "row_visible": True,
    }
    beside = {name: changes.pop(name) for name in ("constraints", "key_proof") if name in changes}
    return RlsEvidence(proof=Proof(**{**base, **changes}), **beside)


def case(*evidence: Evidence, asked: Asked | None = None, **changes: Any) -> Case:
    """A case with this evidence; what is not given is as in a healthy world with a stuck row."""
    defaults: dict[str, Evidence | Unseen] = {
        "secrets": secrets(),
        "function": function(),
        "row": row(),
        "workflow": workflow(NOT_THERE),
        "object": the_object(),
        "rls": rls(),
    }
    by_kind = {type(item): name for name, item in defaults.items()}
    for item in evidence:
        defaults[by_kind[type(item)]] = item
    base: dict[str, Any] = {
        "names": Names(repository="acme/app", bucket="team-backups"),
        "now": NOW,
    }
    return Case(
        asked=asked or Asked(dispatch_id=DISPATCH), evidence=defaults, **{**base, **changes}
    )


def ahead(*evidence: Evidence, **changes: Any) -> Case:
    """No backup in hand: what the next one would meet, in a healthy world but for this evidence."""
    nothing = (row(rows=NO_BACKUP), WorkflowEvidence(run=NO_BACKUP))
    return case(*nothing, *evidence, asked=Asked(), **changes)
