"""What the rules of this step share: the row and its table as evidence."""

from __future__ import annotations

from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.row import RowEvidence, Table

WRITTEN = ("s3_key", "status", "size_bytes", "finished_at")
SOMETIMES_WRITTEN = ("error_text", "workflow_run_id")


def where(seen: RowEvidence) -> str:
    """The route as the source of evidence."""
    return f"database, by {seen.route}" if seen.route else "database"


def table_of(seen: RowEvidence) -> Table | None:
    """The table, where the catalogue could be seen and has it."""
    return seen.table if isinstance(seen.table, Table) else None


def api_text(seen: RowEvidence) -> str:
    """What the Data API answers now, in one line."""
    if isinstance(seen.api, Unseen):
        return seen.api.what
    return f"HTTP {seen.api.status} {seen.api.code or ''} {seen.api.message}".strip()
