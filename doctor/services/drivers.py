"""How clients of PostgreSQL, others than psql, print what the database refused: no HTTP, and no status.

By each driver's own mark; a message alone counts only with the table's name in it.
"""

from __future__ import annotations

import re

from backup_doctor.services.meaning import denied_object, named_relation

_RELATIONS = frozenset({"table", "relation", "view"})
_MARKS = re.compile(
    r"\bpsycopg2?\.errors\.\w+"
    r"|\basyncpg\.exceptions\.\w+"
    # pgx, and lib/pq.
    r"|\(SQLSTATE [0-9A-Z]{5}\)|(?:^|[\s:])pq: \S"
    r"|\bPSQLException: (?:ERROR|FATAL): "
    r"|\bPG::[A-Z]\w+"
    # PHP's PDO, Npgsql.
    r"|\bSQLSTATE\[[0-9A-Z]{5}\]|\bPostgresException \(0x[0-9A-Fa-f]+\): [0-9A-Z]{5}: "
    # postgres.js, TypeORM, knex.
    r"|\bPostgresError: \S|\bQueryFailedError: \S|^error: (?:insert|update|select) .{1,400}? - \S"
    # tokio-postgres, sqlx.
    r"|\bdb error: (?:ERROR|FATAL): |\berror returned from database: "
)
# A connection that was not had is told by a known error of the tool, which says more.
_CONNECTING = re.compile(
    r"\bconnect(?:ion|ing)? to|could not connect|password authentication|08\d{3}\b"
)
# PostgreSQL's tools for whole databases say it of what they read.
_TOOLS = re.compile(r"\bpg_(?:dump|dumpall|restore|basebackup)\b")


def tells_refusal(line: str, table: str) -> str | None:
    """What tells that PostgreSQL refused a statement: the driver's mark, else the table in its message.

    None where the line tells no such thing. An answer with braces is somebody's who speaks HTTP.
    """
    if "{" in line or _TOOLS.search(line) or _CONNECTING.search(line):
        return None
    mark = _MARKS.search(line)
    if mark:
        return mark[0] if _is_of_table(line, table) else None
    own = re.search(
        rf'\b(?:permission denied for (?:table|relation|view) "?{re.escape(table)}\b'
        rf'|(?:relation|table) "(?:\w+\.)?{re.escape(table)}"'
        r" (?:violates|does not exist)"
        rf'|of relation "{re.escape(table)}" (?:violates|does not exist)'
        rf'|row-level security policy for table "{re.escape(table)}")',
        line,
    )
    return own[0] if own else None


def _is_of_table(line: str, table: str) -> bool:
    """Whether the refusal names the table, or none: what it says of another may be of the dump."""
    denied = denied_object(line)
    other = denied[1] if denied and denied[0] in _RELATIONS else named_relation(line)
    return other is None or other.replace('"', "").rpartition(".")[2] == table


def is_mark(told: str) -> bool:
    """Whether it is a driver's own mark, which no function's answer has."""
    return _MARKS.search(told) is not None
