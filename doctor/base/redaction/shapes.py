"""What a secret looks like, or where it stands, when nobody named it.

Sources of the shapes: https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html,
https://supabase.com/docs/guides/api/api-keys, RFC 7519 (JWT), RFC 7468 (PEM).
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.base.redaction.canonical import lower

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Every repetition that must be followed by something is bounded: text from outside may be made so
# that an unbounded one takes time without end.
_START, _END = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"
# What stands behind a prefix, also where a cut left little of it; a plain word is none.
_REST = r"(?:(?=[A-Za-z_-]*[0-9])[\w-]{6,}|[\w-]{16,})"
# Looks like a key rather than a word: 8 characters with a digit, or 20 of any kind.
_KEY = r"(?:(?=[A-Za-z._~+/=-]*[0-9])[A-Za-z0-9._~+/=-]{8,}|[A-Za-z0-9._~+/=-]{20,})"
_LABEL = "api[-_]?key|secret[-_]?access[-_]?key|role[-_]?key|secret|token|passw(?:or)?d|signature"
_ASSIGNED = r"(?:passw(?:or)?d|pwd)(?:=|[\"']\s*[:=]\s*)"
_PARAMETER = "x-amz-(?:signature|credential|security-token)|sig|signature|token|access_token|apikey"
_QUERY_START = r"(?:(?<=[?&])|(?<=%3F)|(?<=%26)|(?<=\\u0026))"


class Sign(Immutable, frozen=True):
    """What a secret looks like, or where it stands: a pattern, and the words that it begins with.

    Only where one of the words is the pattern is tried; without words, everywhere. They are in lower
    case if `in_any_case`. A group's name is that of the secret in it; without groups, all is secret.
    """

    pattern: re.Pattern[str]
    words: tuple[str, ...] = ()
    in_any_case: bool = False

    def matches(self, text: str, in_lower_case: str) -> Iterator[re.Match[str]]:
        """Every match, in no order; some may overlap."""
        if not self.words:
            yield from self.pattern.finditer(text)
        for word in self.words:
            yield from self._at(word, text, in_lower_case if self.in_any_case else text)

    def _at(self, word: str, text: str, looked_at: str) -> Iterator[re.Match[str]]:
        at = looked_at.find(word)
        while at >= 0:
            found = self.pattern.match(text, at)
            if found:
                yield found
            at = looked_at.find(word, found.end() if found else at + 1)


def _shape(pattern: str, *words: str) -> Sign:
    return Sign(re.compile(_START + pattern), words)


def _place(pattern: str, *words: str) -> Sign:
    return Sign(re.compile(pattern, re.IGNORECASE), words, in_any_case=True)


_SHAPES = (
    _shape(r"eyJ[\w-]{6,256}\.[\w-]{4,}(?:\.[\w-]*)?", "eyJ"),
    _shape(rf"sb_secret_{_REST}", "sb_secret_"),
    _shape(rf"sbp_{_REST}", "sbp_"),
    _shape(rf"gh[pousr]_{_REST}(?:\.[\w-]+)*", "ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
    _shape(rf"github_pat_{_REST}", "github_pat_"),
    _shape(rf"(?:AKIA|ASIA)[A-Z0-9]{{12,16}}{_END}", "AKIA", "ASIA"),
    _shape(r"(?:IQoJ|FwoG|FQoG)[A-Za-z0-9+/=_%-]{16,}", "IQoJ", "FwoG", "FQoG"),
    Sign(
        re.compile(
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
        ),
        ("-----BEGIN ",),
    ),
    Sign(re.compile(r"(?P<aws>(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=]))")),
)
_PLACES = (
    # Bounded, so that a text of many beginnings of URLs is not read over and over again.
    _place(r"://[^\s:/@\"'<>]{0,256}:(?P<password>[^\s\"'<>?#]{1,1024})(?=@)", "://"),
    _place(
        r"authorization[\"']?\s*[:=]\s*[\"']?(?:bearer|basic|token)\s+(?P<header>[\w.~+/=-]{4,})",
        "authorization",
    ),
    _place(rf"\b(?:bearer|basic)\s+(?P<bearer>{_KEY})", "bearer", "basic"),
    _place(
        rf"{_ASSIGNED}(?:\"(?P<double>[^\"\n]{{4,}})\"|'(?P<single>[^'\n]{{4,}})'"
        r"|(?P<plain>[^\s\"'&,;]{4,}))",
        *("passw", "pwd"),
    ),
    _place(
        rf"(?:{_LABEL})[\"']?\s*[:=]\s*[\"']?(?P<named>{_KEY})",
        *("apikey", "api-key", "api_key", "role-key", "role_key", "rolekey"),
        *("secret", "token", "passw", "signature"),
    ),
    _place(
        rf"{_QUERY_START}(?:{_PARAMETER})(?:=|%3D)(?P<query>[^&\s\"'<>#\\]+)",
        *("x-amz-", "sig", "token", "access_token", "apikey"),
    ),
)
SIGNS = (*_SHAPES, *_PLACES)
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


def looking_like(signs: Iterable[Sign], text: str) -> Iterator[tuple[int, int]]:
    """Where the text has what the signs speak of, whoever's it is."""
    in_lower_case = lower(text)
    for sign in signs:
        for match in sign.matches(text, in_lower_case):
            name = match.lastgroup or 0
            is_none = name == "aws" and not _looks_random(match[name])
            if not is_none and not PLACEHOLDER.fullmatch(match[name]):
                yield match.span(name)


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
