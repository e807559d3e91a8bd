"""What a shell offers to complete: codes, checks, faults, and the ids of recent backups.

Nothing here may fail or print: the person is in the middle of a line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# A person waits for it between two keys.
BUDGET_S = 3.0
RECENT = 20
# A shell expands or splits what has anything else in it, and ids come from outside.
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]*")


def topics(incomplete: str) -> list[str]:
    """The codes and checks that `explain` knows."""
    from backup_doctor.judge.registry import load_checks

    loaded = [one.check for one in load_checks().checks]
    codes = (rule.code for check in loaded for rule in check.rules)
    return _beginning(incomplete, (*(check.name for check in loaded), *codes))


def checks(incomplete: str) -> list[str]:
    """The names of the checks."""
    from backup_doctor.judge.registry import load_checks

    return _beginning(incomplete, (one.check.name for one in load_checks().checks))


def faults(incomplete: str) -> list[str]:
    """The names of the demo's faults, where its packages are installed."""
    try:
        from backup_doctor.demo.faults import FAULTS
    except ModuleNotFoundError:
        return []
    return _beginning(incomplete, FAULTS)


def dispatch_ids(incomplete: str) -> list[str]:
    """The dispatch ids of the newest backups, where the settings lead to a table that answers."""
    return _beginning(incomplete, _recent())


def _recent() -> list[str]:
    import os
    from pathlib import Path

    from backup_doctor.run.backups.listing import list_backups
    from backup_doctor.settings.first_steps import anything_configured
    from backup_doctor.settings.load import Flags, load

    try:
        settings = load(Flags(), environ=os.environ, cwd=Path.cwd())
        if not anything_configured(settings):
            return []
        found = list_backups(settings, statuses=(), limit=RECENT, budget_s=BUDGET_S)
    except Exception:  # noqa: BLE001 -- then nothing is offered
        return []
    return [one.row.dispatch_id for one in found.backups if one.row.dispatch_id]


def _beginning(incomplete: str, words: Iterable[str]) -> list[str]:
    return [word for word in words if word.startswith(incomplete) and PLAIN.fullmatch(word)]
