"""What a check in another package is made of. Names here keep their meaning between versions.

See `examples/backup-doctor-freshness` for a whole one, and `doctor.testing` for its tests.
"""

from doctor.case import Case, Names
from doctor.chain import Link
from doctor.evidence.base import Evidence, Fact, Unseen, Why, seen, unseen
from doctor.framework import Check, Found, Rules
from doctor.model import Exhibit, Fix, FixKind, Risk, Role, Severity
from doctor.show import duration, exhibit, listed, manual, setting, shell, size, sql, table
from doctor.sources import Sources
from doctor.sql import identifier, literal

__all__ = [
    "Case",
    "Check",
    "Evidence",
    "Exhibit",
    "Fact",
    "Fix",
    "FixKind",
    "Found",
    "Link",
    "Names",
    "Risk",
    "Role",
    "Rules",
    "Severity",
    "Sources",
    "Unseen",
    "Why",
    "duration",
    "exhibit",
    "identifier",
    "listed",
    "literal",
    "manual",
    "seen",
    "setting",
    "shell",
    "size",
    "sql",
    "table",
    "unseen",
]
