"""What services answer, and what it means: one table a service (`*.toml`), read by all who ask.

The log's reader and the rules look an answer up by its text, a probe by its code, and both by the bare
status where there is nothing else. The first row that fits counts.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from backup_doctor.base.models import as_model
from backup_doctor.evidence.base import Why

if TYPE_CHECKING:
    from collections.abc import Iterable

# Where a code stands that says as a word too little: `"code": "53100"`, `ERROR:  53100:`, a header.
_AS_CODE = r"(?:\bcode[\"']?\s*[:=]\s*[\"']?|\bSQLSTATE\W{0,3}|\b(?:ERROR|FATAL|PANIC):\s+|sb-error-code: ?)"


class Service(StrEnum):
    """Who answers: the name of its table."""

    GATEWAY = "gateway"
    FUNCTION = "function"
    DATA_API = "data_api"
    POSTGRES = "postgres"
    S3 = "s3"
    GITHUB = "github"
    MANAGEMENT = "management"
    CONNECTING = "connecting"


class Sender(StrEnum):
    """Whose answer it must be: Supabase's platform, or any proxy on the way without its marks."""

    PLATFORM = "platform"
    PROXY = "proxy"


class KnownAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One answer. It is told by its `code` or its `words`, or by its `status` alone: all are patterns.

    A code with a status counts only with it; a `strict` one only where it stands as a code. `means` are
    the finding codes that it can stand for, the likeliest first: one is proof. `spoken` are those of a
    bare status that has the function's own words with it. `what` says more than the code does. `why` and
    `remedy` are those of the doctor's own question. `source` is a public page.
    """

    source: str = ""
    code: str = ""
    words: str = ""
    status: str = ""
    strict: bool = False
    whose: Sender | None = None
    means: tuple[str, ...] = ()
    spoken: tuple[str, ...] = ()
    what: str = ""
    why: Why | None = None
    remedy: str | None = None

    @property
    def is_bare(self) -> bool:
        """Whether the status is all that tells it."""
        return not (self.code or self.words)

    def fits_code(self, code: str) -> bool:
        """Whether it has this code."""
        return bool(self.code and re.fullmatch(self.code, code))

    def fits_status(self, status: int | None) -> bool:
        """Whether it can have this status."""
        return bool(self.status and re.fullmatch(self.status, str(status)))

    def fits_text(self, text: str, status: int | None) -> bool:
        """Whether its code or its words stand in the text."""
        if self.is_bare or (self.status and not self.fits_status(status)):
            return False
        return _in_text(self.code, self.words, strict=self.strict).search(text) is not None


UNKNOWN = KnownAnswer()


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rows, and the pages that they name; the first is that of all that name none."""

    answer: tuple[KnownAnswer, ...]
    sources: dict[str, str]


@cache
def table(*services: Service) -> tuple[KnownAnswer, ...]:
    """The rows of these services, in this order."""
    return tuple(row for service in services for row in _rows(service))


@cache
def _rows(service: Service) -> tuple[KnownAnswer, ...]:
    import tomllib
    from importlib.resources import files

    text = (files(__name__) / f"{service}.toml").read_text(encoding="utf-8")
    read = as_model(tomllib.loads(text), _Table)
    first = next(iter(read.sources))
    return tuple(
        msgspec.structs.replace(row, source=read.sources[row.source or first])
        for row in read.answer
    )


def by_text(rows: Iterable[KnownAnswer], text: str, status: int | None = None) -> KnownAnswer:
    """The row whose code or words stand in the text, else UNKNOWN."""
    return next((row for row in rows if row.fits_text(text, status)), UNKNOWN)


def by_code(rows: Iterable[KnownAnswer], code: str | None) -> KnownAnswer:
    """The row with this code, else UNKNOWN."""
    return next((row for row in rows if code and row.fits_code(code)), UNKNOWN)


def by_status(rows: Iterable[KnownAnswer], status: int | None) -> KnownAnswer:
    """The row that a bare status has, else UNKNOWN."""
    return next((row for row in rows if row.is_bare and row.fits_status(status)), UNKNOWN)


def first_known(*answers: KnownAnswer) -> KnownAnswer:
    """The first that is in a table."""
    return next((one for one in answers if one is not UNKNOWN), UNKNOWN)


def codes_of(rows: Iterable[KnownAnswer], whose: Sender) -> str:
    """A pattern of all codes that must be this sender's."""
    return "|".join(row.code for row in rows if row.code and row.whose is whose)


@cache
def _in_text(code: str, words: str, *, strict: bool) -> re.Pattern[str]:
    before = _AS_CODE if strict else r"\b"
    coded = rf"{before}(?:{code})\b" if code else ""
    return re.compile("|".join(filter(None, (coded, words))), re.IGNORECASE)
