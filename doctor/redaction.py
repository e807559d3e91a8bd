"""Secrets removed from whatever leaves the program: the configured ones, and what looks like one.

A secret becomes a token (`redacted:3f2a` between single angle quotes), the same for the same secret
within one run (a hash keyed with a random key that is never shown), so that a reader can still see
that two values are equal.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets as random
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import quote, quote_plus, unquote, urlsplit

import msgspec

from doctor.quoting import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
OPEN, CLOSE = "\u2039", "\u203a"
# Shorter secrets would take ordinary words and numbers with them.
SHORTEST = 4
# This many characters of a secret in a row are as good as the secret to whoever searches for it.
FRAGMENT = 12
# The tool's own vocabulary: it comes from the source code, never from outside.
_VOCABULARY = frozenset({"code", "check", "root_cause", "causes"})

_ENDING = r"(?![A-Za-z0-9])"
# Looks like a key rather than a word: 8 characters with a digit, or 20 of any kind. Placeholders
# (`$KEY`, `YOUR_KEY`, `<key>`, `***`, an environment variable's name) are none.
_KEY = (
    r"(?!YOUR|[A-Z][A-Z_]*(?![\w.~+/=-]))"
    r"(?:(?=[A-Za-z._~+/=-]*[0-9])[A-Za-z0-9._~+/=-]{8,}|[A-Za-z0-9._~+/=-]{20,})"
)
_SHAPES = re.compile(
    "|".join(
        (
            r"(?<![A-Za-z0-9])eyJ[\w-]{6,}\.[\w-]{4,}(?:\.[\w-]*)?",
            r"sb_secret_[\w-]{8,}",
            r"sbp_[A-Za-z0-9_]{16,}" + _ENDING,
            r"gh[pousr]_[A-Za-z0-9_]{16,}(?:\.[\w-]+)*",
            r"github_pat_\w{20,}",
            r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}" + _ENDING,
        )
    )
)
# No longer than this, so that a text of many beginnings of URLs is not read over and over again.
_URL_USER = (
    r"(?<=://)[^\s:/@\"'<>]{0,256}:(?P<password>(?![\[$*<\u2039{])[^\s\"'<>?#]{1,1024})(?=@)"
)
_HEADER = (
    r"(?i:authorization[\"']?\s*[:=]\s*[\"']?(?:bearer|basic)\s+)(?P<header>(?!YOUR)[\w.~+/=-]{4,})"
)
_BEARER = rf"(?i:\bbearer\s+)(?P<bearer>{_KEY})"
_NAMED = (
    r"(?i:api[-_]?key|secret[-_]?access[-_]?key|role[-_]?key|secret|token|passw(?:or)?d)"
    rf"[\"']?\s*[:=]\s*[\"']?(?P<named>{_KEY})"
)
_QUERY = (
    r"(?i:[?&](?:x-amz-(?:signature|credential|security-token)|sig|signature|token|access_token"
    r"|apikey)=)(?P<query>(?![$*<\u2039{])[^&\s\"'<>#]+)"
)
_LABELLED = re.compile(f"{_URL_USER}|{_HEADER}|{_BEARER}|{_NAMED}|{_QUERY}")


class Redactor:
    """Takes secrets out of text and of trees of values. Redacting twice changes nothing more."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._key = random.token_bytes(16)
        values = {part for secret in secrets for part in _parts(secret) if len(part) >= SHORTEST}
        self._secret_of = {form: value for value in sorted(values) for form in _forms(value)}
        forms = sorted(self._secret_of, key=len, reverse=True)
        self._forms = re.compile("|".join(map(re.escape, forms))) if forms else None
        self._grams = {gram: value for value in sorted(values) for gram in _grams(value)}

    def text(self, text: str) -> str:
        """The text without secrets."""
        if self._forms:
            text = self._forms.sub(lambda found: self._token(self._secret_of[found[0]]), text)
        text = _SHAPES.sub(lambda found: self._token(found[0]), text)
        text = _LABELLED.sub(self._labelled, text)
        return self._without_fragments(text)

    def value(self, value: T) -> T:
        """The same value (a JSON tree, a msgspec struct) with every string in it redacted."""
        return cast("T", self._walk(value))

    def _walk(self, value: Any) -> Any:  # noqa: ANN401 -- any JSON tree
        if type(value) is str:  # an enum's member is the tool's own vocabulary
            return self.text(value)
        if isinstance(value, msgspec.Struct):
            names = (name for name in value.__struct_fields__ if name not in _VOCABULARY)
            return msgspec.structs.replace(
                value, **{name: self._walk(getattr(value, name)) for name in names}
            )
        if isinstance(value, dict):
            return {self._walk(key): self._walk(item) for key, item in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return type(value)(self._walk(item) for item in value)
        return value

    def _token(self, secret: str) -> str:
        digest = hashlib.blake2b(
            secret.encode(errors="surrogatepass"), key=self._key, digest_size=2
        )
        return f"{OPEN}redacted:{digest.hexdigest()}{CLOSE}"

    def _labelled(self, found: re.Match[str]) -> str:
        name = str(found.lastgroup)
        before = found[0][: found.start(name) - found.start()]
        return before + self._token(found[name])

    def _without_fragments(self, text: str) -> str:
        """The text without runs of `FRAGMENT` characters of a secret: what a cut left of it."""
        if not self._grams:
            return text
        kept: list[str] = []
        start = at = 0
        while at <= len(text) - FRAGMENT:
            secret = self._grams.get(text[at : at + FRAGMENT])
            if secret is None:
                at += 1
                continue
            kept += [text[start:at], self._token(secret)]
            at += FRAGMENT
            while text[at - FRAGMENT + 1 : at + 1] in self._grams and at < len(text):
                at += 1
            start = at
        return "".join([*kept, text[start:]])


def _parts(secret: str) -> Iterator[str]:
    """What of a configured secret is secret: a URL's password; else the whole and its lines."""
    if "://" in secret:
        try:
            password = urlsplit(secret.strip()).password
        except ValueError:
            password = None
        if password:
            yield password
            yield unquote(password)
        yield secret.strip()
        return
    yield secret
    yield from (line.strip() for line in secret.splitlines())


def _forms(secret: str) -> Iterator[str]:
    """The ways in which a secret is written: as it is, and as encoders write it."""
    yield secret
    for write in _ENCODERS:
        yield write(secret)
    raw = secret.encode(errors="surrogatepass")
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield from _base64_forms(raw, encode)


_ENCODERS: tuple[Callable[[str], str], ...] = (
    lambda secret: quote(secret, safe="", errors="surrogatepass"),
    lambda secret: quote(secret, errors="surrogatepass"),
    lambda secret: quote_plus(secret, errors="surrogatepass"),
    lambda secret: re.sub(
        "%..", lambda code: code[0].lower(), quote(secret, safe="", errors="surrogatepass")
    ),
    lambda secret: json.dumps(secret)[1:-1],
    lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1],
    lambda secret: secret.replace("'", "''"),
    visible,
)


def _base64_forms(raw: bytes, encode: Callable[[bytes], bytes]) -> Iterator[str]:
    """The part that is the same wherever the secret stands within what was encoded.

    Three bytes make four characters, so there are three alignments; a character that also holds
    bits of a neighbour is left out.
    """
    for shift in range(3):
        encoded = encode(b"\0" * shift + raw).decode()
        whole = (shift + len(raw)) * 8 // 6
        form = encoded[-(-shift * 8 // 6) : whole]
        if len(form) >= SHORTEST * 2:
            yield form


def _grams(secret: str) -> Iterator[str]:
    """Every run of `FRAGMENT` characters; none of a URL, whose host is no secret."""
    if "://" in secret or len(secret) < FRAGMENT + 4:
        return
    yield from (secret[at : at + FRAGMENT] for at in range(len(secret) - FRAGMENT + 1))
