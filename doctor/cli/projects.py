"""The projects that `--all-projects` names, and what each may take of the time."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from backup_doctor.cli.request import SHORTEST_BUDGET_S
from backup_doctor.settings.load import Flags, all_projects

if TYPE_CHECKING:
    from collections.abc import Iterator


def project_names(*, config: tuple[Path, ...], trust_config: bool) -> tuple[str, ...]:
    """Every project of the files.

    Raises:
        SettingsError: a file cannot be read, or none has any project.
    """
    flags = Flags(config=config, trust_config=trust_config)
    return all_projects(flags, environ=os.environ, cwd=Path.cwd())


def shares(names: tuple[str, ...], budget_s: float) -> Iterator[tuple[str, float]]:
    """Each project with an equal share of the time that is left when its turn comes."""
    until = time.monotonic() + budget_s
    for place, name in enumerate(names):
        share = (until - time.monotonic()) / (len(names) - place)
        yield name, max(share, SHORTEST_BUDGET_S)
