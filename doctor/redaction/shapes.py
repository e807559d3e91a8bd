"""What a secret looks like, or where it stands, when nobody named it.

Sources of the shapes: https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html,
https://supabase.com/docs/guides/api/api-keys, RFC 7519 (JWT), RFC 7468 (PEM).
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# Every repetition that must be followed by something is bounded: text from outside may be made so
# that an unbounded one takes time without end.
_START, _END = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"
# What stands behind a prefix, also where a cut left little of it; a plain word is none.
_REST = r"(?:(?=[A-Za-z_-]*[0-9])[\w-]{6,}|[\w-]{16,})"
# Looks like a key rather than a word: 8 characters with a digit, or 20 of any kind.
_KEY = r"(?:(?=[A-Za-z._~+/=-]*[0-9])[A-Za-z0-9._~+/=-]{8,}|[A-Za-z0-9._~+/=-]{20,})"
_LABEL = "api[-_]?key|secret[-_]?access[-_]?key|role[-_]?key|secret|token|passw(?:or)?d|signature"
_ASSIGNED = r"(?i:passw(?:or)?d|pwd)(?:=|[\"']\s*[:=]\s*)"
_PARAMETER = "x-amz-(?:signature|credential|security-token)|sig|signature|token|access_token|apikey"
_QUERY_START = r"(?:[?&]|%3F|%26|\\u0026)"

SHAPES = re.compile(
    "|".join(
        (
            rf"{_START}eyJ[\w-]{{6,256}}\.[\w-]{{4,}}(?:\.[\w-]*)?",
            rf"{_START}sb_secret_{_REST}",
            rf"{_START}sbp_{_REST}",
            rf"{_START}gh[pousr]_{_REST}(?:\.[\w-]+)*",
            rf"{_START}github_pat_{_REST}",
            rf"{_START}(?:AKIA|ASIA)[A-Z0-9]{{12,16}}{_END}",
            rf"{_START}(?:IQoJ|FwoG|FQoG)[A-Za-z0-9+/=_%-]{{16,}}",
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
            r"(?P<aws>(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=]))",
        )
    )
)
_PLACES = (
    # Bounded, so that a text of many beginnings of URLs is not read over and over again.
    r"(?<=://)[^\s:/@\"'<>]{0,256}:(?P<password>[^\s\"'<>?#]{1,1024})(?=@)",
    r"(?i:authorization[\"']?\s*[:=]\s*[\"']?(?:bearer|basic|token)\s+)(?P<header>[\w.~+/=-]{4,})",
    rf"(?i:\b(?:bearer|basic)\s+)(?P<bearer>{_KEY})",
    rf"{_ASSIGNED}\"(?P<double>[^\"\n]{{4,}})\"",
    rf"{_ASSIGNED}'(?P<single>[^'\n]{{4,}})'",
    rf"{_ASSIGNED}(?P<plain>[^\s\"'&,;]{{4,}})",
    rf"(?i:{_LABEL})[\"']?\s*[:=]\s*[\"']?(?P<named>{_KEY})",
    rf"(?i:{_QUERY_START}(?:{_PARAMETER})(?:=|%3D))(?P<query>[^&\s\"'<>#\\]+)",
)
PLACES = re.compile("|".join(_PLACES))
# The name of a variable, setting or JSON key whose value is a secret.
NAME = re.compile(
    r"(?i)(?:api[-_]?key|access[-_]?key|role[-_]?key|secret|token|passw(?:or)?d|authorization)$"
)
# `$KEY`, `${{ secrets.KEY }}`, `YOUR_KEY`, `<key>`, `[YOUR-PASSWORD]`, `***`, `KEY_NAME`: none.
PLACEHOLDER = re.compile(
    r"\$[\w({].*|\*+|<[^>]*>?|\[[^\]]*\]?|\{\{?.*|YOUR.*|[xX.…]+|[A-Z][A-Z_]*"
    r"|(?:process|Deno|os)\.\w.*",
    re.DOTALL,
)
# Sixteen changes between upper case, lower case, digit and sign: random text, no path of words.
_CHANGES = 16


def removed(pattern: re.Pattern[str], text: str, token: Callable[[str], str]) -> str:
    """The text with every match (or what is named in it) exchanged for its token."""

    def exchange(found: re.Match[str]) -> str:
        if found.lastgroup is None:
            return token(found[0])
        value = found[found.lastgroup]
        if PLACEHOLDER.fullmatch(value) or (found.lastgroup == "aws" and not _looks_random(value)):
            return found[0]
        start, end = (at - found.start() for at in found.span(found.lastgroup))
        return found[0][:start] + token(value) + found[0][end:]

    return pattern.sub(exchange, text)


def _looks_random(text: str) -> bool:
    """Whether 40 characters can be an AWS secret key; a path of words or a digest is none."""
    kinds = [_kind(char) for char in text]
    changes = sum(one != other for one, other in pairwise(kinds))
    return {"sign", "upper", "lower", "digit"} == set(kinds) and changes >= _CHANGES


def _kind(char: str) -> str:
    if char.isdigit():
        return "digit"
    if char.isalpha():
        return "upper" if char.isupper() else "lower"
    return "sign"
