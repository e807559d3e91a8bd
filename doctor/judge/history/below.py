"""Conditions of the database, which lies below both ways to update the row."""

from __future__ import annotations

from backup_doctor.evidence.chain import Link


class Below(dict[Link, bool | None]):
    """What the log tells, by link, of such a condition: proved, ruled out or left open.

    A function that claims success rules it out for the log alone: it may not have looked at what the
    database answered.
    """
