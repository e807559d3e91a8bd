"""The look-up of the row: its SQL, and its decoding whatever the columns are called and made of."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from backup_doctor.collect.database.sharing import holders_of, marks_of, shared_marks
from backup_doctor.collect.database.visibility import may_hide
from backup_doctor.collect.database.zones import ZONE
from backup_doctor.evidence.case import Status, bare_id
from backup_doctor.evidence.row import BackupRow
from backup_doctor.evidence.sql import can_be_stored, identifier, literal, regclass

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Asked, Names
    from backup_doctor.evidence.row import Table

ROWS_SHOWN = 20
SIZES_SHOWN = 20
# What a row that says success must have.
JUDGED_COLUMNS = ("s3_key", "size_bytes", "finished_at")
_UUID = re.compile(r"(?:[0-9a-fA-F]{4}-?){7}[0-9a-fA-F]{4}")
_INTEGER = re.compile(r"-?\d{1,18}")
# As PostgreSQL reads it: in braces, after urn:uuid:, without dashes.
_UUID_ALIKE = re.compile(
    r"(?i:urn:uuid:)?\{?([0-9a-fA-F]{8})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{12})\}?"
)
_TEXTS = ("id", "dispatch_id", "s3_key", "status", "error_text", "workflow_run_id")
_PADDED = ("character(", "bpchar")
_TEXT_TYPES = ("text", "character varying", "pg_catalog.text", "name")
_PRESUMED = {"id": "uuid"}
_INTEGER_TYPES = ("bigint", "integer", "smallint", "numeric")

Keys = tuple[tuple[str, str], ...]
"""Guide's columns and the value that a row must have in one of them."""


def keys_of(asked: Asked) -> Keys:
    """How the asked backup can be recognized. A dispatch id may in truth be a row's id."""
    keys = []
    for value in spellings(asked.dispatch_id):
        keys += [("dispatch_id", value), ("id", value)]
    keys += [("id", value) for value in spellings(asked.backup_id)]
    if not keys and asked.run_id is not None:
        keys.append(("workflow_run_id", asked.run_id))
    return tuple(key for key in keys if can_be_stored(key[1]))


def spellings(given: str | None) -> tuple[str, ...]:
    """An id as given, then without blanks and quotes around it; a UUID in either case and any notation."""
    if given is None:
        return ()
    bare = bare_id(given)
    cased = (bare.lower(), bare.upper()) if is_uuid(bare) else ()
    found = _UUID_ALIKE.fullmatch(bare)
    dashed = ("-".join(found.groups()).lower(),) if found else ()
    composed = unicodedata.normalize("NFC", bare)
    return tuple(dict.fromkeys((given, bare, *cased, *dashed, composed)))


def in_one_call(keys: Keys) -> tuple[tuple[str, ...], ...]:
    """Each column with the values that may be asked for at once: a UUID's spellings fit any column."""
    together: dict[tuple[str, str], list[str]] = {}
    for column, value in keys:
        together.setdefault((column, value.lower() if is_uuid(value) else value), []).append(value)
    return tuple((column, *values) for (column, _), values in together.items())


def best_spelled(rows: tuple[BackupRow, ...], asked: Asked) -> tuple[BackupRow, ...]:
    """The rows with the id as given, where there are any; else those with the next spelling of it."""
    for value in (*spellings(asked.dispatch_id), *spellings(asked.backup_id)):
        exact = tuple(row for row in rows if value in (row.dispatch_id, row.id))
        if exact:
            return exact
    return rows


def is_uuid(value: str) -> bool:
    """Whether PostgreSQL takes the text for a uuid."""
    return _UUID.fullmatch(value) is not None


def rows_statement(names: Names, keys: Keys, table: Table | None = None) -> str:
    """Find the rows, who holds them, and what the good rows of the table have.

    Without `table` the guide's columns are presumed to be there, the id a uuid and all others text,
    so that the look-up need not wait for the catalogue.
    """
    conditions = dict.fromkeys(_condition(key, names, table) for key in keys)
    where = " OR ".join(filter(None, conditions)) or "false"
    created = _present(names.column("created_at"), table)
    newest_first = f"ORDER BY t.{identifier(created)} DESC NULLS LAST" if created else ""
    qualified = identifier(names.schema, names.table_name)
    table_oid = regclass(names.schema, names.table_name)
    return f"""WITH found AS MATERIALIZED (
  SELECT to_jsonb(t) AS row, {marks_of(table)}, row_number() OVER ({newest_first}) AS place
  FROM {qualified} AS t WHERE {where} {newest_first} LIMIT {ROWS_SHOWN}
)
SELECT jsonb_build_object(
  'rows', (SELECT coalesce(jsonb_agg(f.row ORDER BY f.place), '[]') FROM found AS f),
  'sizes', {_sizes(names, qualified, table)},
  'unwritten', {_unwritten(names, qualified, table)},
  'has_good', {_has_good(names, qualified, table)},
  'hidden', {may_hide(table_oid)},
  'zone', {ZONE},
  'stored_in', (SELECT f.relation::regclass::text FROM found AS f WHERE f.place = 1),
  'holders', {holders_of("found", table_oid)},
  'shared', {shared_marks(table_oid)}
)::text AS document"""


def _sizes(names: Names, qualified: str, table: Table | None) -> str:
    """The sizes of the last successful backups before the newest of the rows that were found."""
    size, status, created = (
        _present(names.column(name), table) for name in ("size_bytes", "status", "created_at")
    )
    when = table.column(created) if table and created else None
    if not (size and status and created) or (when and not when.type.startswith("timestamp")):
        return "'[]'::jsonb"
    return f"""(SELECT coalesce(jsonb_agg(s.size), '[]') FROM (
    SELECT t.{identifier(size)} AS size FROM {qualified} AS t
    WHERE {_is_good(names, status)}
      AND t.{identifier(size)} IS NOT NULL
      AND t.{identifier(created)} < (
        SELECT f.row ->> {literal(created)} FROM found AS f WHERE f.place = 1
      )::timestamptz
    ORDER BY t.{identifier(created)} DESC LIMIT {SIZES_SHOWN}) AS s)"""


def _is_good(names: Names, status: str) -> str:
    words = ", ".join(literal(word) for word in names.words(Status.SUCCESS))
    return f"t.{identifier(status)}::text IN ({words})"


def _unwritten(names: Names, qualified: str, table: Table | None) -> str:
    """The columns that no good row has."""
    status = _present(names.column("status"), table)
    if not status:
        return "'[]'::jsonb"
    good = f"SELECT FROM {qualified} AS t WHERE {_is_good(names, status)}"
    cases = [
        f"CASE WHEN NOT EXISTS ({good} AND t.{identifier(column)}::text <> '') THEN {literal(name)} END"
        for name in JUDGED_COLUMNS
        if (column := _present(names.column(name), table))
    ]
    return f"""to_jsonb(array_remove(ARRAY[{", ".join(cases)}]::text[], NULL))"""


def _has_good(names: Names, qualified: str, table: Table | None) -> str:
    """Whether there is a good row beside those that were found."""
    key, status = (_present(names.column(name), table) for name in ("id", "status"))
    if not key or not status:
        return "false"
    return f"""EXISTS (SELECT FROM {qualified} AS t WHERE {_is_good(names, status)}
    AND t.{identifier(key)}::text NOT IN (SELECT f.row ->> {literal(key)} FROM found AS f))"""


def _present(name: str, table: Table | None) -> str | None:
    return name if name and (table is None or table.column(name)) else None


def _condition(key: tuple[str, str], names: Names, table: Table | None) -> str | None:
    guide_name, value = key
    name = names.column(guide_name)
    column = table.column(name) if table else None
    if not name or (table is not None and column is None):
        return None
    compared = f"t.{identifier(name)}"
    kind = column.type if column else _PRESUMED.get(guide_name, "text")
    if kind == "uuid":
        return f"{compared} = {literal(value)}" if is_uuid(value) else None
    if kind.startswith(_INTEGER_TYPES):
        return f"{compared} = {literal(value)}" if _INTEGER.fullmatch(value) else None
    if kind.startswith(_TEXT_TYPES):
        return f"{compared} = {literal(value)}"
    return f"{compared}::text = {literal(value)}"


def presumes_too_much(names: Names, keys: Keys, table: Table) -> bool:
    """Whether the look-up without `table` left a column out in which a row could be found."""
    return any(
        _condition(key, names, None) is None and _condition(key, names, table) is not None
        for key in keys
    )


def read_row(values: dict[str, Any], names: Names) -> BackupRow:
    """A row as JSON by the guide's column names."""

    def value(guide_name: str) -> Any:  # noqa: ANN401 -- whatever the column holds
        return values.get(names.column(guide_name))

    return BackupRow(
        id=_text(value("id")),
        dispatch_id=_text(value("dispatch_id")),
        s3_key=_text(value("s3_key")),
        status=_text(value("status")),
        size_bytes=whole_number(value("size_bytes")),
        finished_at=_time(value("finished_at")),
        error_text=_text(value("error_text")),
        workflow_run_id=_text(value("workflow_run_id")),
        created_at=_time(value("created_at")),
        values=values,
    )


def read_rows(found: list[dict[str, Any]], names: Names) -> tuple[BackupRow, ...]:
    """Rows as JSON, newest first."""
    return tuple(read_row(values, names) for values in found)


def unpadded(
    rows: tuple[BackupRow, ...], table: Table | None, names: Names
) -> tuple[BackupRow, ...]:
    """The rows without the blanks that PostgreSQL fills columns of the type character(n) up with.

    `values` stay as they are: the row's guard compares them by the type's own rules.
    """
    padded = [name for name in _TEXTS if _is_padded(table, names.column(name))]
    return tuple(_without_padding(row, padded) for row in rows) if padded else rows


def _is_padded(table: Table | None, column: str) -> bool:
    found = table.column(column) if table else None
    return found is not None and found.type.startswith(_PADDED)


def _without_padding(row: BackupRow, names: list[str]) -> BackupRow:
    texts = {name: getattr(row, name) for name in names}
    return replace(row, **{name: text and text.rstrip(" ") for name, text in texts.items()})


def _text(value: object) -> str | None:
    if value is None or isinstance(value, (dict, list)):
        return None
    return value if isinstance(value, str) else str(value)


def whole_number(value: object) -> int | None:
    """A number of bytes, from a JSON number or from digits in a text column."""
    if isinstance(value, str) and re.fullmatch(r"\s*-?\d{1,30}\s*", value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if value == value // 1 else None


def _time(value: object) -> datetime | None:
    """A timestamp; one without a zone is taken for UTC, as Supabase's servers run in UTC."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
