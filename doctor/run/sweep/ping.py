"""A dead man's switch: it is told when a sweep begins and how it ended, and cries out if it is not.

Addresses as healthchecks.io has them: `URL/start`, `URL` for success, `URL/fail`.
Source: https://healthchecks.io/docs/http_api/.
"""

from __future__ import annotations

from enum import StrEnum
from urllib.parse import urlsplit, urlunsplit

LIMIT_S = 5.0
LONGEST = 10_000


class Signal(StrEnum):
    """What the switch is told."""

    START = "start"
    SUCCESS = ""
    FAIL = "fail"


def address(url: str, signal: Signal) -> str:
    """The address of a signal; a query stays where it is."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    return urlunsplit(parts._replace(path=f"{path}/{signal}" if signal else path, fragment=""))


def ping(url: str, signal: Signal, message: str = "") -> str | None:
    """Tell the switch; why it did not hear, or None. Never raises, never takes long."""
    import httpx

    try:
        answer = httpx.post(
            address(url, signal), content=message[:LONGEST].encode(), timeout=LIMIT_S
        )
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, ImportError) as error:
        return f"The address of --ping could not be notified ({type(error).__name__})."
    if answer.is_success:
        return None
    return f"The address of --ping answered HTTP {answer.status_code}."
