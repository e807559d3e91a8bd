"""Checks of another package that are wrong, each in a way of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

CHECK = '''
import sys, time
from backup_doctor import api

class Seen(api.Evidence, frozen=True, kw_only=True):
    """What it saw."""

    {evidence}

check = api.Check(name="odd", step=None, title="Odd", evidence=Seen)

@check.collector
def look(ask, case):
    {collector}

@check.cause("odd/bad", breaks=api.Link.BACKUP_MADE)
def bad(seen, case):
    """It is bad."""
    {rule}
'''


def source(
    *, evidence: str = "", collector: str = "return Seen()", rule: str = "return None"
) -> str:
    """The module of a check, sound but for what is given."""
    module: str = CHECK.format(evidence=evidence, collector=collector, rule=rule)
    return module


def install(folder: Path, module: str) -> Path:
    """Lay the package down as pip does; the folder that is to be on the path."""
    metadata = folder / "backup_doctor_odd-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: backup-doctor-odd\nVersion: 1.0\n"
    )
    (metadata / "entry_points.txt").write_text("[backup_doctor.checks]\nodd = odd_check:check\n")
    (folder / "odd_check.py").write_text(module)
    return folder
