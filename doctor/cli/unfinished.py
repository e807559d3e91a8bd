"""The report of last resort: nothing could be judged, and it says so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from backup_doctor import __version__
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import (
    SCHEMA_VERSION,
    Report,
    StageResult,
    StageState,
    Subject,
    Tool,
    Verdict,
)
from backup_doctor.report.fingerprint import fingerprint

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Asked


def unfinished(asked: Asked, error: str) -> Report:
    """A report with the verdict unknown, for an error of the tool's own."""
    return Report(
        schema_version=SCHEMA_VERSION,
        tool=Tool(name="backup-doctor", version=__version__),
        subject=Subject(
            dispatch_id=asked.dispatch_id, backup_id=asked.backup_id, run_id=asked.run_id
        ),
        verdict=Verdict.UNKNOWN,
        failing_step=None,
        root_cause=None,
        causes=(),
        summary="Could not determine anything: an error in the tool itself stopped it.",
        plan=(),
        fix_sql=None,
        results=(),
        chain=tuple(
            StageResult(link=link.code, title=link.title, state=StageState.UNKNOWN) for link in Link
        ),
        errors=(error,),
        fingerprint=fingerprint(Verdict.UNKNOWN, None, (), None),
        generated_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    )
