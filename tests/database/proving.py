"""The proof of an update, held against what the update really does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from backup_doctor.collect.rls.collector import look
from backup_doctor.collect.row.collector import look as look_at_row
from backup_doctor.evidence.rls import Proof, RlsEvidence
from tests.database.lab import ROW_ID, Lab

if TYPE_CHECKING:
    from backup_doctor.evidence.base import Evidence

T = "public.backup_history"
KEY = "backups/2026/01/15/backup-nightly-42.zip"


def state(lab: Lab) -> list[dict[str, Any]]:
    """The rows (beneath a view, its table's) with place and writer, which any write changes."""
    beneath = lab.sql("SELECT to_regclass('public.real') IS NOT NULL AS there")[0]["there"]
    return lab.sql(
        f"SELECT t.xmin::text, t.ctid::text, t.* FROM {'public.real' if beneath else T} AS t"
    )


def seen(lab: Lab, role: str = "service_role", *earlier: Evidence, **settings: Any) -> RlsEvidence:
    """What the collector sees, having changed nothing."""
    configured = lab.settings(writer_role=role, **settings)
    row = look_at_row(lab.ask(configured), lab.case())
    before = state(lab)
    evidence = look(lab.ask(configured, row, *earlier), lab.case())
    assert state(lab) == before
    return evidence


def proof(lab: Lab, role: str = "service_role", **settings: Any) -> Proof:
    found = seen(lab, role, **settings).proof
    assert isinstance(found, Proof)
    return found


def update(lab: Lab, role: str) -> tuple[int, str | None]:
    """What the pipeline's UPDATE really does: rows and SQLSTATE; rolled back."""
    with psycopg.connect(lab.uri("supabase_admin")) as connection:
        connection.execute(f"SET LOCAL ROLE {role}".encode())
        try:
            done = connection.execute(
                "UPDATE public.backup_history SET status = 'success', s3_key = %s, size_bytes = 1, "
                "finished_at = now(), error_text = NULL, workflow_run_id = '1' WHERE id = %s",
                (KEY, ROW_ID),
            ).rowcount
        except psycopg.Error as error:
            done, code = 0, error.sqlstate
        else:
            code = None
        connection.rollback()
        return done, code
