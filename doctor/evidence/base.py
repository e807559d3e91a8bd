"""What all evidence is made of: facts, and the honest record of what could not be seen."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

import msgspec

T = TypeVar("T")


class Fact(msgspec.Struct, frozen=True, kw_only=True, tag=True, tag_field="is_a"):
    """Something seen in the world. The tag keeps it apart from `Unseen` in a saved bundle."""


class Why(StrEnum):
    """Why something could not be seen."""

    NOT_CONFIGURED = "not-configured"
    NOT_TRUSTED = "not-trusted"
    DENIED = "denied"
    BAD_CREDENTIALS = "bad-credentials"
    NOT_FOUND = "not-found"
    GONE = "gone"
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed-out"
    RATE_LIMITED = "rate-limited"
    GARBLED = "garbled"
    REFUSED = "refused"
    NOT_ASKED = "not-asked"
    CRASHED = "crashed"


# The code of an address whose host does not resolve.
NO_SUCH_HOST = "ENOTFOUND"


class Unseen(Fact, frozen=True, kw_only=True):
    """Something that could not be seen: why, in one sentence, and the one line that would enable it.

    `dependency` names the service ("GitHub", "S3", ...); `status` is its HTTP status and `code` its
    own error code, where it answered at all.
    """

    why: Why
    what: str
    remedy: str | None = None
    dependency: str | None = None
    status: int | None = None
    code: str | None = None


class Shown(Fact, frozen=True, kw_only=True):
    """Proof of a claim: why whoever looked would have seen the thing if it were there.

    `by` completes "That it is not there is shown: …" for the report. Made by a collector's control
    look-up, or by a proof (`doctor.proof`) from what the run itself says; never by a rule.
    """

    by: str


class Evidence(Fact, frozen=True, kw_only=True):
    """What one check saw. The base of the models that collectors return."""

    def saw(self) -> str:
        """What it saw, on one line for the table of checks: a `pass` shows what it was earned by."""
        return ""

    def gaps(self) -> tuple[Unseen, ...]:
        """What this check had to see for a `pass` and could not. Empty: it looked at all of it."""
        return ()

    def notes(self) -> tuple[Unseen, ...]:
        """What else could not be seen; it does not cost the `pass`, but the reader should know."""
        return ()


def seen(value: T | Unseen) -> T | None:
    """The value if it could be seen, else None."""
    return None if isinstance(value, Unseen) else value


def unseen(*values: object) -> tuple[Unseen, ...]:
    """Those of the values that could not be seen."""
    return tuple(value for value in values if isinstance(value, Unseen))
