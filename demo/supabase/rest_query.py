"""The query string of the Data API, read as PostgREST reads it and turned into SQL.

Source: PostgREST 14, src/library/PostgREST/ApiRequest/QueryParams.hs and Query/SqlFragment.hs.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from psycopg import sql

from backup_doctor.demo.supabase.rest_errors import ApiError, unsupported

RESERVED = frozenset({"select", "columns", "order", "limit", "offset", "apikey", "on_conflict"})
COMPARISONS = {"eq": "=", "neq": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
PATTERNS = {"like": "LIKE", "ilike": "ILIKE"}
OTHER_OPERATORS = frozenset(
    ["cs", "cd", "ov", "sl", "sr", "nxr", "nxl", "adj", "match", "imatch", "isdistinct", "fts"]
)
TRUTHS = {"null": "NULL", "not_null": "NOT NULL", "true": "TRUE", "false": "FALSE"}
DIRECTIONS = {"asc": "ASC", "desc": "DESC", "nullsfirst": "NULLS FIRST", "nullslast": "NULLS LAST"}

_NAME = r"[A-Za-z0-9_$ ]+"
_FIELD = re.compile(
    rf"(?:(?P<alias>{_NAME}):(?!:))?(?P<column>{_NAME})(?:::(?P<cast>[A-Za-z0-9_]+))?"
)
_ELEMENT = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,]*)')


@dataclass(frozen=True)
class Query:
    """What a request asks of one table: SQL of its parts, ready to be put together.

    columns: the names after `columns=`, None where it is not given.
    """

    select: sql.Composable
    where: sql.Composable | None
    order: sql.Composable | None
    limit: int | None
    offset: int
    columns: frozenset[str] | None


def parse(pairs: Iterable[tuple[str, str]], table: sql.Identifier) -> Query:
    """Read the decoded pairs of a query string for `table`.

    Raises:
        ApiError: PGRST100 for what PostgREST cannot read, 501 for what this stand-in cannot.
    """
    given = list(pairs)
    last = dict(given)
    filters = [_filter(table, name, value) for name, value in given if name not in RESERVED]
    columns = last.get("columns")
    return Query(
        select=_select(last.get("select", "*"), table),
        where=sql.SQL(" AND ").join(filters) if filters else None,
        order=_order(last["order"], table) if last.get("order") else None,
        limit=_number(last.get("limit")),
        offset=_number(last.get("offset")) or 0,
        columns=None if columns is None else frozenset(_unquote(c) for c in columns.split(",")),
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None


def _column(table: sql.Identifier, name: str) -> sql.Composable:
    return sql.SQL("{}.{}").format(table, sql.Identifier(name))


def _select(text: str, table: sql.Identifier) -> sql.Composable:
    if re.search(r"[(>]|\.\.\.", text):
        raise unsupported("embedding, aggregates and JSON paths in select")
    items = [_select_item(item.strip(), table) for item in text.split(",") if item.strip()]
    return sql.SQL(", ").join(items or [sql.SQL("{}.*").format(table)])


def _select_item(item: str, table: sql.Identifier) -> sql.Composable:
    if item == "*":
        return sql.SQL("{}.*").format(table)
    field = _FIELD.fullmatch(item.replace('"', ""))
    if field is None:
        raise _unreadable("select parameter", item, "field name (* or [a..z0..9_$])")
    column = _column(table, field["column"])
    if field["cast"]:
        column = sql.SQL("CAST({} AS {})").format(column, sql.Identifier(field["cast"]))
    return sql.SQL("{} AS {}").format(column, sql.Identifier(field["alias"] or field["column"]))


def _order(text: str, table: sql.Identifier) -> sql.Composable:
    return sql.SQL(", ").join(_order_term(term, table) for term in text.split(","))


def _order_term(term: str, table: sql.Identifier) -> sql.Composable:
    name, *words = term.strip().split(".")
    if not set(words) <= DIRECTIONS.keys():
        raise _unreadable("order", term, "nulls modifier or direction")
    direction = sql.SQL(" ".join(DIRECTIONS[word] for word in words))
    return sql.SQL("{} {}").format(_column(table, _unquote(name)), direction)


def _filter(table: sql.Identifier, name: str, text: str) -> sql.Composable:
    if name in {"or", "and", "not.or", "not.and"} or re.search(r"->|\.", _outside_quotes(name)):
        raise unsupported("logical operators, JSON paths and filters on embedded tables")
    negated = text.startswith("not.")
    operator, dot, value = text.removeprefix("not.").partition(".")
    if not dot:
        raise _unreadable("filter", text, '"not" or operator (eq, gt, ...)')
    test = _test(operator, value.replace("\0", ""), text)
    negation = sql.SQL("NOT " if negated else "")
    return sql.SQL("{}{} {}").format(negation, _column(table, _unquote(name)), test)


def _test(operator: str, value: str, text: str) -> sql.Composable:
    if operator in COMPARISONS:
        return sql.SQL(f"{COMPARISONS[operator]} {{}}").format(sql.Literal(value))
    if operator in PATTERNS:
        pattern = sql.Literal(value.replace("*", "%"))
        return sql.SQL(f"{PATTERNS[operator]} {{}}").format(pattern)
    if operator == "is":
        if value.lower() not in TRUTHS:
            raise _unreadable("filter", text, "isVal: (null, not_null, true, false, unknown)")
        return sql.SQL(f"IS {TRUTHS[value.lower()]}")
    if operator == "in":
        return sql.SQL("= ANY ({})").format(sql.Literal(_array(value, text)))
    if operator.partition("(")[0] in {*COMPARISONS, *OTHER_OPERATORS}:
        raise unsupported(f"the operator {operator}")
    raise _unreadable("filter", text, '"not" or operator (eq, gt, ...)')


def _array(value: str, text: str) -> str:
    """Return `(a,"b,c")` as the array literal `{"a","b,c"}`, whose type PostgreSQL infers."""
    if not (value.startswith("(") and value.endswith(")")):
        raise _unreadable("filter", text, '"("')
    inner = value[1:-1]
    if not inner:
        return "{}"
    elements, position = [], 0
    while position <= len(inner):
        match = _ELEMENT.match(inner, position)
        assert match is not None  # the second alternative matches the empty string
        quoted, plain = match.groups()
        elements.append(plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
        position = match.end() + 1
    escaped = (element.replace("\\", "\\\\").replace('"', '\\"') for element in elements)
    return "{" + ",".join(f'"{element}"' for element in escaped) + "}"


def _unquote(name: str) -> str:
    return name[1:-1] if name.startswith('"') and name.endswith('"') else name


def _outside_quotes(name: str) -> str:
    return re.sub(r'"[^"]*"', "", name)


def _unreadable(what: str, text: str, expecting: str) -> ApiError:
    found = f'"{text[0]}"' if text else "end of input"
    return ApiError(
        400,
        "PGRST100",
        f'"failed to parse {what} ({text})" (line 1, column 1)',
        f"unexpected {found} expecting {expecting}",
    )
