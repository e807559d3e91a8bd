"""What GitHub's refusals mean, and the one line that helps.

Sources: GitHub's REST manual, "Troubleshooting", "Rate limits" and "Permissions required for
fine-grained tokens"; public issue threads for the wordings.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING

from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.services.answers import Service, by_status, table

if TYPE_CHECKING:
    from backup_doctor.collect.clients.answer import Answer

NAME = "GitHub"
OK = 200
# 410, as for what is too old to be kept: https://docs.github.com/en/rest/about-the-rest-api/api-versions
RETIRED = "no longer supported"


class Permission(Enum):
    """What a call needs: its name in a fine-grained token, and how a token gets it."""

    ACTIONS = ("Actions: read", "in a workflow: `permissions: actions: read`")
    CONTENTS = ("Contents: read", "in a workflow: `permissions: contents: read`")
    CHECKS = ("Checks: read", "in a workflow: `permissions: checks: read`")
    SECRETS = ("Secrets: read", "a workflow's own GITHUB_TOKEN cannot have it")
    ENVIRONMENTS = ("Environments: read", "a workflow's own GITHUB_TOKEN cannot have it")

    def remedy(self) -> str:
        """How to get it."""
        needed, how = self.value
        return f"Set GITHUB_TOKEN to a token with `{needed}` on this repository ({how})."


def refusal(answer: Answer, permission: Permission, *, what: str, with_token: bool) -> Unseen:
    """An answer that is not 200, as a sentence. `what` is what was asked for: `the run's jobs`."""
    message = _message(answer)
    if _is_rate_limit(answer, message):
        return _rate_limited(answer, what, with_token=with_token)
    if RETIRED in (message or ""):
        asked = f"no longer supports the version of its API in which it was asked for {what}"
        return _unseen(answer, Why.REFUSED, asked, "Update backup-doctor.")
    known = by_status(table(Service.GITHUB), answer.status)
    if known.why is None:
        why = Why.GARBLED if message is None else Why.REFUSED
        return _unseen(answer, why, f"answered HTTP {answer.status} when asked for {what}", None)
    # Gone, whoever says so.
    if message is None and known.why is not Why.GONE:
        return _unseen(
            answer,
            Why.GARBLED,
            f"answered HTTP {answer.status} when asked for {what}, in words that are not GitHub's",
            "Check GITHUB_API_URL, and whether a proxy answers in its place.",
        )
    remedy = _remedy(answer, permission, with_token=with_token)
    return _unseen(answer, known.why, known.what.format(what=what), remedy)


def wrong_shape(answer: Answer, what: str) -> Unseen:
    """A 200 that is not what GitHub sends."""
    return _unseen(
        answer,
        Why.GARBLED,
        f"answered HTTP {answer.status} when asked for {what}, with something that it never sends",
        "Check GITHUB_API_URL, and whether a proxy answers in its place.",
    )


def _remedy(answer: Answer, permission: Permission, *, with_token: bool) -> str | None:
    if answer.status == 401:  # noqa: PLR2004 -- HTTP
        return (
            "Set GITHUB_TOKEN to a token that has not expired."
            if with_token
            else permission.remedy()
        )
    if answer.status in (403, 404):
        return permission.remedy()
    return None


def _is_rate_limit(answer: Answer, message: str | None) -> bool:
    if by_status(table(Service.GITHUB), answer.status).why is Why.RATE_LIMITED:
        return True
    if answer.status != 403:  # noqa: PLR2004 -- HTTP
        return False
    return (
        answer.headers.get("x-ratelimit-remaining") == "0"
        or "retry-after" in answer.headers
        or "rate limit" in (message or "").lower()
    )


def _rate_limited(answer: Answer, what: str, *, with_token: bool) -> Unseen:
    until = _reset(answer)
    again = f" until {until:%H:%M} UTC" if until else " for the moment"
    remedy = (f"Try again after {until:%H:%M} UTC." if until else "Try again in a few minutes.") + (
        "" if with_token else " With GITHUB_TOKEN set the limit is far higher."
    )
    return _unseen(
        answer,
        Why.RATE_LIMITED,
        f"answers no more questions{again} (rate limit), so {what} could not be read",
        remedy,
    )


def _reset(answer: Answer) -> datetime | None:
    if answer.headers.get("x-ratelimit-remaining") != "0":
        return None
    text = answer.headers.get("x-ratelimit-reset", "")
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _message(answer: Answer) -> str | None:
    body = answer.json()
    message = body.get("message") if isinstance(body, dict) else None
    return message if isinstance(message, str) else None


def _unseen(answer: Answer, why: Why, said: str, remedy: str | None) -> Unseen:
    return Unseen(
        why=why,
        what=f"GitHub {said}.",
        remedy=remedy,
        dependency=NAME,
        status=answer.status,
    )
