"""The Management API's log endpoint: ClickHouse SQL over one table `logs`.

There is no ClickHouse here. SQLite understands the queries that clients send (the Supabase CLI's,
and plain SELECT … FROM logs WHERE … ORDER BY … LIMIT …) once the map of attributes and a few
functions are given to it; what it does not understand is refused, never guessed.
"""

import json
import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from backup_doctor.demo.supabase.state import LogRecord

TABLE = """CREATE TABLE logs (
    id TEXT, timestamp TEXT, source TEXT, severity_text TEXT, event_message TEXT,
    log_attributes TEXT)"""
ATTRIBUTE = re.compile(r"\blog_attributes\[('(?:[^']|'')*')\]")
REFUSED = re.compile(r"\bcount\s*\(\s*\*\s*\)|\bselect\s+\*", re.IGNORECASE)
INT32 = 2**31


class LogQueryError(Exception):
    """The query is refused, or beyond what this stand-in understands."""


def run(records: Iterable[LogRecord], query: str) -> list[dict[str, Any]]:
    """Return the rows of `query` over `records`.

    Raises:
        LogQueryError: it counts or selects everything, or is no query SQLite can run.
    """
    if REFUSED.search(query):
        raise LogQueryError("Wildcard (*) is not supported: name the columns")
    with closing(_database(records)) as database:
        try:
            cursor = database.execute(ATTRIBUTE.sub(r"attribute(log_attributes, \1)", query))
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise LogQueryError(f"Query could not be run: {error}") from error
        if cursor.description is None:
            raise LogQueryError("Only a SELECT statement is supported")
        names = [column[0] for column in cursor.description]
        return [_row(names, values) for values in cursor]


def _database(records: Iterable[LogRecord]) -> sqlite3.Connection:
    database = sqlite3.connect(":memory:")
    database.execute(TABLE)
    database.executemany("INSERT INTO logs VALUES (?, ?, ?, ?, ?, ?)", map(_values, records))
    database.execute("PRAGMA case_sensitive_like = on")
    database.create_function("attribute", 2, _attribute, deterministic=True)
    database.create_function("toInt32OrZero", 1, _int32_or_zero, deterministic=True)
    database.create_function("toUnixTimestamp64Milli", 1, _milliseconds, deterministic=True)
    database.create_function("multiIf", -1, _multi_if, deterministic=True)
    database.create_function("if", 3, _multi_if, deterministic=True)
    database.execute("PRAGMA query_only = on")
    return database


def _values(record: LogRecord) -> tuple[str, ...]:
    return (
        record.id,
        record.timestamp.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),
        record.source,
        record.severity,
        record.event_message,
        json.dumps(dict(record.attributes)),
    )


def _row(names: list[str], values: tuple[Any, ...]) -> dict[str, Any]:
    row = dict(zip(names, values, strict=True))
    if "log_attributes" in row:
        row["log_attributes"] = json.loads(row["log_attributes"])
    return row


def _attribute(attributes: str, key: str) -> str:
    value: str = json.loads(attributes).get(key, "")  # a ClickHouse map answers '' for no key
    return value


def _int32_or_zero(text: str) -> int:
    try:
        number = int(text)
    except (TypeError, ValueError):
        return 0
    return number if -INT32 <= number < INT32 else 0


def _milliseconds(timestamp: str) -> int:
    return int(datetime.fromisoformat(timestamp).replace(tzinfo=UTC).timestamp() * 1000)


def _multi_if(*arguments: Any) -> Any:  # noqa: ANN401 - SQLite hands over values of any type
    *branches, otherwise = arguments
    for condition, value in zip(branches[::2], branches[1::2], strict=True):
        if condition:
            return value
    return otherwise
