"""Results of sweeps as the tests want them, made of a real report."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from backup_doctor.evidence.findings import Verdict
from backup_doctor.run.sweep.result import Sweep, Swept
from tests.render.fixtures import STUCK

AT = datetime(2026, 1, 15, 2, 3, tzinfo=UTC)
NOT_DEPLOYED, NO_GRANT = "function/not-deployed", "rls/no-grant"


def swept(cause: str | None = NOT_DEPLOYED, name: str = "d-1", **fields: Any) -> Swept:
    """A stuck backup of this cause."""
    report = msgspec.structs.replace(
        STUCK,
        subject=msgspec.structs.replace(STUCK.subject, dispatch_id=name, backup_id="b-1"),
        root_cause=cause,
        causes=(cause,) if cause else (),
        verdict=fields.pop("verdict", Verdict.FAILING if cause else Verdict.UNKNOWN),
    )
    given: dict[str, Any] = {"created_at": AT, "closely": True, "says": "It is so.", **fields}
    return Swept(report=report, **given)


def sweep(*backups: Swept, complete: bool = True, **fields: Any) -> Sweep:
    return Sweep(
        backups=backups,
        found=len(backups),
        complete=complete,
        at=AT + timedelta(hours=1),
        older_than_s=7200,
        **fields,
    )
