"""SQL text that can be pasted: literals and identifiers, quoted by the database driver."""

from __future__ import annotations

import re
from datetime import datetime

from backup_doctor.evidence.columns import GUIDE_COLUMNS

# The last code point that four hexadecimal digits can write.
LAST_OF_FOUR = 0xFFFF
# Names that are known to need no quotes; all others are quoted, whatever they look like.
_PLAIN = frozenset({*GUIDE_COLUMNS, "public", "backup_history"})
# What a reader cannot see or an editor may change on the way: controls, bidi and zero-width marks,
# fillers, selectors and tags; and what makes a command of a line for a CI runner (`##[error]`), anywhere in it.
_INVISIBLE = re.compile(
    r"(?<=##)\[|"
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)


def literal(value: str | float | bool | datetime | None) -> str:
    """A value as a literal; invisible characters become escapes, so that what is shown is pasted."""
    if value is None:
        return "NULL"
    if isinstance(value, datetime):
        return literal(value.isoformat())
    from psycopg import sql

    quoted = sql.Literal(value).as_string(None).strip()
    if not isinstance(value, str) or not _INVISIBLE.search(quoted):
        return quoted
    body = quoted.removeprefix("E")
    return "E" + _INVISIBLE.sub(_escape, body)


def can_be_stored(value: str) -> bool:
    """Whether any text of PostgreSQL can have this value: no NUL, no lone surrogate."""
    return "\0" not in value and not re.search("[\ud800-\udfff]", value)


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\u{code:04x}" if code <= LAST_OF_FOUR else f"\\U{code:08x}"


def identifier(*names: str) -> str:
    """A (qualified) name, each part in quotes unless it is known to need none."""
    return ".".join(name if name in _PLAIN else _quoted(name) for name in names)


def relation(*names: str) -> str:
    """A relation's (qualified) name as a text, which knows quotes and no escapes."""
    from psycopg import sql

    return literal(".".join(sql.Identifier(name).as_string(None) for name in names))


def regclass(*names: str) -> str:
    """A relation as a value."""
    return f"{relation(*names)}::regclass"


def _quoted(name: str) -> str:
    """A name in quotes; with escapes for what is not to be seen, so that no line ends in it."""
    from psycopg import sql

    quoted = sql.Identifier(name).as_string(None)
    if not _INVISIBLE.search(quoted):
        return quoted
    return "U&" + _INVISIBLE.sub(_escape_in_name, quoted.replace("\\", "\\\\"))


def _escape_in_name(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\{code:04x}" if code <= LAST_OF_FOUR else f"\\+{code:06x}"
