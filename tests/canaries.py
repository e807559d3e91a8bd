"""Secrets planted wherever one could show, and the search for any piece of them."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from doctor.redaction.vocabulary import own_words

if TYPE_CHECKING:
    from collections.abc import Iterable

# So many characters of a secret are as good as all of it.
PIECE = 8


def ways_of_writing(secret: str) -> list[str]:
    """The secret as logs, URLs, headers and exceptions would hold it."""
    raw = secret.encode()
    return [
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret),
        json.dumps(secret, ensure_ascii=False),
        json.dumps(json.dumps({"key": secret})),
        f"'{secret.replace(chr(39), chr(39) * 2)}'",
        *(base64.b64encode(b"user:"[:n] + raw + b":end").decode() for n in range(3, 6)),
        *(base64.urlsafe_b64encode(b"user:"[:n] + raw).decode() for n in range(3, 6)),
        *(quote(base64.b64encode(b"user:"[:n] + raw).decode(), safe="") for n in range(3, 6)),
    ]


def cuts(secret: str) -> list[str]:
    """What a line's end or a limit leaves of it."""
    return [f"{secret[:-5]}…", f"…{secret[5:]}", f"{secret[: len(secret) // 2]}\n"]


def leaks(text: str, secrets: Iterable[str]) -> set[str]:
    """Every piece of a secret, raw or in base64, that stands in the text; the tool's own words apart."""
    words = own_words()
    return {
        piece
        for secret in secrets
        for form in (secret, *_base64(secret))
        for piece in (form[at : at + PIECE] for at in range(len(form) - PIECE + 1))
        if piece in text and piece.casefold() not in words and _is_telling(piece)
    }


def _is_telling(piece: str) -> bool:
    """Neither punctuation nor a number, which stand in other texts as well."""
    return sum(map(str.isalnum, piece)) >= 4 and any(map(str.isalpha, piece))


def _base64(secret: str) -> list[str]:
    """What does not depend on where the secret stands in what was encoded."""
    shifted = (base64.b64encode(b"\0" * shift + secret.encode()).decode() for shift in range(3))
    return [form.rstrip("=")[4:-2] for form in shifted]
