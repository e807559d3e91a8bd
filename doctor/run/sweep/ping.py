"""A dead man's switch: it is told when a sweep begins and how it ended, and cries out if it is not.

Addresses as healthchecks.io has them: `URL/start`, `URL` for success, `URL/fail`.
Source: https://healthchecks.io/docs/http_api/.
"""

from __future__ import annotations

from enum import StrEnum
from urllib.parse import urlsplit, urlunsplit

from backup_doctor.base.threads import result_of, spawn

LIMIT_S = 5.0
# For all of it: one limit alone is that of each read, of which there may be any number.
WHOLE_LIMIT_S = 10.0
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
    try:
        return result_of(spawn(lambda: _told(url, signal, message)), WHOLE_LIMIT_S)
    except TimeoutError:
        return f"The address of --ping did not answer within {WHOLE_LIMIT_S:g} s."


def _told(url: str, signal: Signal, message: str) -> str | None:
    try:
        import httpx

        to, text = address(url, signal), message[:LONGEST].encode()
        # The status says all; a body, which may be endless, is not read.
        with httpx.stream("POST", to, content=text, timeout=LIMIT_S) as answer:
            status, heard = answer.status_code, answer.is_success
    except Exception as error:  # noqa: BLE001 -- an address can be wrong in any way
        return f"The address of --ping could not be notified ({type(error).__name__})."
    return None if heard else f"The address of --ping answered HTTP {status}."
