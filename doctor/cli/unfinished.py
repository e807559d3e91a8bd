"""The report of last resort: nothing could be judged, and it says so."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from doctor import __version__
from doctor.fingerprint import fingerprint
from doctor.model import SCHEMA_VERSION, Report, Subject, Tool, Verdict

if TYPE_CHECKING:
    from doctor.case import Asked


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
        summary="Cannot tell: an error in the tool itself kept it from looking.",
        fix_sql=None,
        results=(),
        errors=(error,),
        fingerprint=fingerprint(Verdict.UNKNOWN, None, (), None),
        generated_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    )
