"""Tables, columns and allowed words, as the SQL files of a repository leave them. Pure.

No database is asked: statements that are made when they run are not seen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backup_doctor.collect.repository.checkout import Checkout

FILES = 400
COLUMNS = 300
_MIGRATIONS = re.compile(r"(?:^|/)(?:migrations?|migrate|schemas?|drizzle)/")
_NAME = r'(?:"[^"\n]{1,63}"|[A-Za-z_]\w{0,62})'
_TABLE = rf"({_NAME}(?:\s*\.\s*{_NAME})?)"
_IF = r"(?:if\s+(?:not\s+)?exists\s+)?"
_STATEMENT = re.compile(
    rf"\b(?:create\s+(?:unlogged\s+)?table\s+{_IF}{_TABLE}\s*(?P<columns>\()"
    rf"|alter\s+table\s+{_IF}(?:only\s+)?{_TABLE}\s+(?P<change>[^;]*)"
    rf"|drop\s+table\s+{_IF}{_TABLE}"
    rf"|create\s+type\s+{_TABLE}\s+as\s+enum\s*\((?P<words>[^)]{{0,4096}})\))",
    re.IGNORECASE,
)
_COLUMN = re.compile(rf"\s*({_NAME})\s+([^\s,]+)", re.IGNORECASE)
_ADD = re.compile(rf"\s*add\s+(?:column\s+)?{_IF}(.*)", re.IGNORECASE | re.DOTALL)
_RENAME = re.compile(rf"\s*rename\s+(?:column\s+)?({_NAME})\s+to\s+({_NAME})", re.IGNORECASE)
_RENAME_TABLE = re.compile(rf"\s*rename\s+to\s+({_NAME})", re.IGNORECASE)
_DROP = re.compile(rf"\s*drop\s+(?:column\s+)?{_IF}({_NAME})", re.IGNORECASE)
_ALLOWED = re.compile(
    rf"\(?\s*({_NAME})\s*\)?(?:\s*::\s*\w+)?\s*(?:in\s*\(|=\s*any\s*\(\s*\(?\s*array\s*\[)([^)\]]*)",
    re.IGNORECASE,
)
_DEFAULT = re.compile(r"\bdefault\s+'([^'\n]*)'", re.IGNORECASE)
_WORD = re.compile(r"'([^'\n]*)'")
_NO_COLUMN = frozenset(
    {"constraint", "primary", "unique", "foreign", "check", "exclude", "like", "index"}
)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?(?:\*/|\Z)|'(?:[^']|'')*'|\"[^\"\n]*\"", re.DOTALL)


@dataclass
class DeclaredColumn:
    """A column: where it stands, its type, and the words that it takes (none: any)."""

    name: str
    type: str
    path: str
    line: int
    words: tuple[str, ...] = ()
    default: str | None = None
    primary: bool = False


@dataclass
class DeclaredTable:
    """A table, `schema.name`, and its columns by name."""

    name: str
    path: str
    line: int
    columns: dict[str, DeclaredColumn] = field(default_factory=dict)

    @property
    def bare(self) -> str:
        """The name without its schema."""
        return self.name.rpartition(".")[2]


def tables_in(checkout: Checkout) -> dict[str, DeclaredTable]:
    """The tables of the migrations; without a folder of such a name, of every SQL file."""
    paths = checkout.under("", ".sql")
    ours = [one for one in paths if _MIGRATIONS.search(one)] or paths
    return tables_of((path, checkout.text(path) or "") for path in ours[:FILES])


def tables_of(files: Iterable[tuple[str, str]]) -> dict[str, DeclaredTable]:
    """The tables by name, after all files (path and text) in their order."""
    tables: dict[str, DeclaredTable] = {}
    enums: dict[str, tuple[str, ...]] = {}
    for path, raw in files:
        text = _COMMENT.sub(_blanked, raw)
        until = 0
        for found in _STATEMENT.finditer(text):
            # What stands inside of a table's bracket is none of its own.
            if found.start() >= until:
                until = _end(text, found.end("columns")) if found["columns"] else found.end()
                _take(found, text, path, tables, enums)
    return tables


def _blanked(found: re.Match[str]) -> str:
    """A comment as blanks, so that lines keep their numbers; quoted text as it is."""
    told = found[0]
    return re.sub(r"[^\n]", " ", told) if told.startswith(("--", "/*")) else told


def _take(
    found: re.Match[str],
    text: str,
    path: str,
    tables: dict[str, DeclaredTable],
    enums: dict[str, tuple[str, ...]],
) -> None:
    created, altered, dropped, enum = (found[at] for at in (1, 3, 5, 6))
    line = text.count("\n", 0, found.start()) + 1
    if enum:
        enums[_full(enum).rpartition(".")[2]] = tuple(_WORD.findall(found["words"]))
    elif dropped:
        tables.pop(_full(dropped), None)
    elif created and _full(created) not in tables:
        table = DeclaredTable(name=_full(created), path=path, line=line)
        parts = _parts(text, found.end("columns"))
        for _, (start, part) in zip(range(COLUMNS), parts, strict=False):
            _define(table, part, path, text.count("\n", 0, start) + 1, enums)
        tables[table.name] = table
    elif altered and _full(altered) in tables:
        table = tables[_full(altered)]
        for part in _split(found["change"]):
            _change(table, part, path, line, enums)
        renamed = _RENAME_TABLE.match(found["change"])
        if renamed:
            del tables[table.name]
            table.name = f"{table.name.rpartition('.')[0]}.{_bare(renamed[1])}"
            tables[table.name] = table


def _change(
    table: DeclaredTable, part: str, path: str, line: int, enums: dict[str, tuple[str, ...]]
) -> None:
    added, renamed, dropped = _ADD.match(part), _RENAME.match(part), _DROP.match(part)
    if added:
        _define(table, added[1], path, line, enums)
    elif renamed and _bare(renamed[1]) in table.columns:
        column = table.columns.pop(_bare(renamed[1]))
        column.name, column.path, column.line = _bare(renamed[2]), path, line
        table.columns[column.name] = column
    elif dropped:
        table.columns.pop(_bare(dropped[1]), None)


def _define(
    table: DeclaredTable, part: str, path: str, line: int, enums: dict[str, tuple[str, ...]]
) -> None:
    """A column, or a constraint of the table that says which words a column takes."""
    found = _COLUMN.match(part)
    if found and found[1].lower() not in _NO_COLUMN:
        name, kind = _bare(found[1]), found[2].lower()
        default = _DEFAULT.search(part)
        table.columns[name] = DeclaredColumn(
            name=name,
            type=kind,
            path=path,
            line=line,
            words=enums.get(_full(found[2]).rpartition(".")[2], ()),
            default=default[1] if default else None,
            primary=re.search(r"\bprimary\s+key\b", part, re.IGNORECASE) is not None,
        )
    for allowed in _ALLOWED.finditer(part):
        column = table.columns.get(_bare(allowed[1]))
        if column is not None:
            column.words = tuple(_WORD.findall(allowed[2]))


def _parts(text: str, start: int) -> Iterator[tuple[int, str]]:
    """What stands between the commas of a bracket that opens before `start`, with its place."""
    end = _end(text, start)
    at = start
    for part in _split(text[start:end]):
        yield at + len(part) - len(part.lstrip()), part.lstrip()
        at += len(part) + 1


def _split(text: str) -> list[str]:
    """The text at its commas, those in brackets and quotes aside."""
    parts, depth, begin, quoted = [], 0, 0, False
    for at, char in enumerate(text):
        if char == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
        elif char == "," and depth == 0:
            parts.append(text[begin:at])
            begin = at + 1
    return [*parts, text[begin:]]


def _end(text: str, start: int) -> int:
    depth, quoted = 1, False
    for at in range(start, len(text)):
        char = text[at]
        if char == "'":
            quoted = not quoted
        elif not quoted and char == "(":
            depth += 1
        elif not quoted and char == ")":
            depth -= 1
            if depth == 0:
                return at
    return len(text)


def _bare(name: str) -> str:
    return name[1:-1] if name.startswith('"') else name.lower()


def _full(name: str) -> str:
    """`schema.name`, where SQL without a schema means `public`."""
    parts = [_bare(part) for part in re.findall(_NAME, name)]
    return ".".join(parts[-2:]) if len(parts) > 1 else f"public.{''.join(parts)}"
