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
_BAD_CALL = re.compile(
    r"\b(?:missing|required|invalid|malformed)\b.{0,40}\b(?:fields?|param\w*|body|payload|input|request"
    r"|backup[_ ]?id|s3_?key|size\w*|uuid)\b"
    r"|\b(?:backup[_ ]?id|s3_?key|size_?bytes)\b.{0,20}\b(?:is|are) (?:required|missing|invalid)\b",
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


def refuses_call(body: str) -> bool:
    """Whether the failure is what the call asks for or carries, and none of the function's own."""
    return says_not_found(body) or (says_failure(body) and _BAD_CALL.search(body) is not None)


def is_of_template(body: str) -> bool:
    """Whether the function that answered is the one with which a new function begins."""
    return _OF_TEMPLATE.match(body) is not None
