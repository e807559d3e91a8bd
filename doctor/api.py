"""What a check in another package is made of. Names here keep their meaning between versions.

See `examples/backup-doctor-freshness` for a whole one, and `backup_doctor.testing` for its tests.
"""

from backup_doctor.collect.sources import Sources
from backup_doctor.evidence.base import Evidence, Fact, Shown, Unseen, Why, seen, unseen
from backup_doctor.evidence.case import Case, Names, Status
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Exhibit, Fix, FixKind, Risk, Role, Severity
from backup_doctor.evidence.sql import identifier, literal
from backup_doctor.judge.commands import Command, command
from backup_doctor.judge.framework import Check, Found, Resolved, Rules, needs
from backup_doctor.judge.show import (
    by_command,
    duration,
    either,
    exhibit,
    listed,
    manual,
    setting,
    shell,
    size,
    sql,
    table,
)
from backup_doctor.judge.traits import SqlRefusal, Trait

__all__ = [
    "Case",
    "Check",
    "Command",
    "Evidence",
    "Exhibit",
    "Fact",
    "Fix",
    "FixKind",
    "Found",
    "Link",
    "Names",
    "Resolved",
    "Risk",
    "Role",
    "Rules",
    "Severity",
    "Shown",
    "Sources",
    "SqlRefusal",
    "Status",
    "Trait",
    "Unseen",
    "Why",
    "by_command",
    "command",
    "duration",
    "either",
    "exhibit",
    "identifier",
    "listed",
    "literal",
    "manual",
    "needs",
    "seen",
    "setting",
    "shell",
    "size",
    "sql",
    "table",
    "unseen",
]
