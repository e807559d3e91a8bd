"""How PostgREST wants columns and values written in a query string."""

from __future__ import annotations

# Behind a column that is selected: a time with its zone, which is the session's where the column has none.
WITH_ZONE = "::timestamptz"


def quoted(column: str) -> str:
    """A column's name; in quotes where a reserved character stands in it."""
    name = column.removesuffix(WITH_ZONE)
    cast = column[len(name) :]
    return f'"{name}"{cast}' if set(name) & set('.,:()" ') else column


def one_of(values: tuple[str, ...]) -> str:
    """The filter for one of several values; a single one stands as it is."""
    if len(values) == 1:
        return f"eq.{values[0]}"
    escaped = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    in_quotes = ",".join(f'"{value}"' for value in escaped)
    return f"in.({in_quotes})"
