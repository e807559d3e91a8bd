"""A sweep of which nothing is known: it could not begin, or was broken off before it did."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from backup_doctor.settings.table import BY_NAME
from backup_doctor.settings.values import duration_s

if TYPE_CHECKING:
    from backup_doctor.cli.sweep_request import SweepRequest
    from backup_doctor.run.sweep.result import Sweep
    from backup_doctor.settings.model import Settings


def unread(asked: SweepRequest, settings: Settings | None = None, why: str | None = None) -> Sweep:
    """The sweep that says so, and why; without settings nobody knows where the backups are."""
    from backup_doctor.judge.freshness import Freshness
    from backup_doctor.run.sweep.result import Sweep, place_of

    names = settings.names if settings else None
    stuck_after_s = (
        names.stuck_after_s if names else duration_s(BY_NAME["stuck_after"].default or "")
    )
    return Sweep(
        backups=(),
        found=0,
        complete=False,
        at=datetime.now(UTC),
        older_than_s=asked.older_than_s(stuck_after_s),
        gaps=(why,) if why else (),
        freshness=Freshness(max_age_s=names.max_age_s if names else None),
        place=place_of(names) if names else {},
        project=names.project if names else asked.project,
    )
