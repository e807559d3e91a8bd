"""What the body of a 2xx answer of the function gives away: a failure, or another function."""

from __future__ import annotations

import re

from backup_doctor.services import log_wording as wording

SUCCESS = range(200, 300)
_REFUSES_CALLER = re.compile(
    r"\bunauthori[sz]ed\b|\bforbidden\b|\b(?:invalid|wrong|missing|bad) (?:api[ _-]?key|token|secret)\b",
    re.IGNORECASE,
)
_NOT_FOUND = re.compile(
    r"\b(?:not found|no (?:such|matching) \w+|no \w+ (?:was |were )?found|does(?: not|n't) exist)\b",
    re.IGNORECASE,
)
# https://supabase.com/docs/guides/functions/quickstart: what `supabase functions new` writes.
_OF_TEMPLATE = re.compile(r"\A\s*\{\s*\"message\"\s*:\s*\"Hello [^\"]{0,60}!\"")


def says_failure(body: str) -> bool:
    """Whether an answer says of itself that it is a failure, whatever its status."""
    return bool(wording.SAYS_FAILURE.search(body) and not wording.SAYS_OK.search(body))


def refuses_caller(body: str) -> bool:
    """Whether the failure is that the caller's key is not accepted."""
    return says_failure(body) and _REFUSES_CALLER.search(body) is not None


def says_not_found(body: str) -> bool:
    """Whether the failure is that there is no such backup."""
    return says_failure(body) and _NOT_FOUND.search(body) is not None


def is_of_template(body: str) -> bool:
    """Whether the function that answered is the one with which a new function begins."""
    return _OF_TEMPLATE.match(body) is not None
