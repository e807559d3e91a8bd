"""Whether an object's key names the backup that is diagnosed, by one of its ids as a whole word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.evidence.ids import ids_of

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case


def names_backup(key: str, case: Case) -> bool:
    """Whether the key surely names this backup."""
    return ids_of(case.asked, case.backup).whole_in(key)


def left_its_file(case: Case) -> bool:
    """Whether an object whose key surely names this dispatch is in the bucket: then something made it."""
    here = case.object.present if case.object else None
    return here is not None and names_backup(here.key, case)
