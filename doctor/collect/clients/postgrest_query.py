"""How PostgREST wants columns and values written in a query string."""

from __future__ import annotations


def quoted(column: str) -> str:
    """A column's name; in quotes where a reserved character stands in it."""
    return f'"{column}"' if set(column) & set('.,:()" ') else column


def one_of(values: tuple[str, ...]) -> str:
    """The filter for one of several values; a single one stands as it is."""
    if len(values) == 1:
        return f"eq.{values[0]}"
    escaped = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    in_quotes = ",".join(f'"{value}"' for value in escaped)
    return f"in.({in_quotes})"
