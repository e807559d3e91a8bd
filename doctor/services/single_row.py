"""PostgREST's refusal to answer with the one row that was asked for: there is none, or there are several.

Source: https://docs.postgrest.org/en/stable/references/errors.html (PGRST116), and supabase-js, which
says it of `.maybeSingle()` in its own words.
"""

from __future__ import annotations

import re

_NOT_ONE = re.compile(
    r"\bPGRST116\b(?s:.{0,300}?)\bresults? contains? (\d{1,9}) rows?\b", re.IGNORECASE
)


# The words without the code: what PostgREST says since version 12, and what it said before.
_SAYS_NOT_ONE = re.compile(
    r"\bPGRST116\b|\bcannot coerce the result to a single JSON object\b"
    r"|\bJSON object requested, multiple \(or no\) rows returned",
    re.IGNORECASE,
)


def found_instead(body: str) -> str:
    """What was found in the place of the one row, in words; empty where nothing was refused for that."""
    if not _SAYS_NOT_ONE.search(body):
        return ""
    rows = rows_for_one(body)
    if rows is None:
        return "none that it may see, or several"
    return f"{rows} of them" if rows else "none that it may see"


def rows_for_one(body: str) -> int | None:
    """How many rows there are in the place of the one; None where nothing was refused for that."""
    found = _NOT_ONE.search(body)
    return int(found[1]) if found else None


def says_several(body: str) -> bool:
    """Whether there are several."""
    return (rows_for_one(body) or 0) > 1
