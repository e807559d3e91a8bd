"""Ask about the next backup of a world."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.evidence.case import Asked
from tests.e2e.doctoring import diagnose

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from backup_doctor.demo.world import World
    from backup_doctor.evidence.findings import Report

NO_BACKUP = Asked()


def foresee(
    world: World,
    directory: Path,
    environ: Mapping[str, str] | None = None,
    *,
    skip: tuple[str, ...] = (),
) -> Report:
    """The report of `preflight`, with everything configured if nothing else is said."""
    return diagnose(environ or world.environment(), NO_BACKUP, directory, skip=skip)
