"""PostgREST's refusal to answer with the one row that was asked for: there is none, or there are several.

Source: https://docs.postgrest.org/en/stable/references/errors.html (PGRST116), and supabase-js, which
says it of `.maybeSingle()` in its own words.
"""

from __future__ import annotations

import re

_NOT_ONE = re.compile(
    r"\bPGRST116\b(?s:.{0,300}?)\bresults? contains? (\d{1,9}) rows?\b", re.IGNORECASE
)


def rows_for_one(body: str) -> int | None:
    """How many rows there are in the place of the one; None where nothing was refused for that."""
    found = _NOT_ONE.search(body)
    return int(found[1]) if found else None


def says_several(body: str) -> bool:
    """Whether there are several."""
    return (rows_for_one(body) or 0) > 1
