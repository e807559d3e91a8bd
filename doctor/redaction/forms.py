"""The ways in which a secret is written down: as it is, and as encoders write it."""

from __future__ import annotations

import base64
import html
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from doctor.quoting import visible
from doctor.redaction.shapes import NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Fewer characters of base64 than these say too little to be told from a word.
SHORTEST_BASE64 = 8
_DATABASE = re.compile(r"\s*postgres(?:ql)?://")


def parts(secret: str) -> Iterator[str]:
    """What of a configured credential is secret: of a database's URL its password, else all of it.

    All of it is the text as given, without surrounding blanks, and each of its lines.
    """
    if _DATABASE.match(secret):
        for password in _passwords(secret.strip()):
            yield password
            yield unquote(password)
        return
    yield secret
    yield from (line.strip() for line in secret.splitlines())


def _passwords(url: str) -> Iterator[str]:
    try:
        split = urlsplit(url)
    except ValueError:
        return
    if split.password:
        yield split.password
    yield from (value for name, value in parse_qsl(split.query) if NAME.search(name))


def written(secret: str) -> Iterator[str]:
    """Every way of writing it."""
    yield secret
    for write in _ENCODERS:
        yield write(secret)
    raw = secret.encode(errors="surrogatepass")
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for form in _base64(raw, encode):
            yield form
            yield quote(form, safe="")


def _url(secret: str, safe: str = "") -> str:
    return quote(secret, safe=safe, errors="surrogatepass")


def _json(secret: str, *, ascii_only: bool = True) -> str:
    return json.dumps(secret, ensure_ascii=ascii_only)[1:-1]


_ENCODERS: tuple[Callable[[str], str], ...] = (
    _url,
    lambda secret: _url(secret, "/"),
    lambda secret: quote_plus(secret, errors="surrogatepass"),
    lambda secret: re.sub("%..", lambda code: code[0].lower(), _url(secret)),
    lambda secret: _url(_url(secret)),
    _json,
    lambda secret: _json(secret, ascii_only=False),
    lambda secret: _json(_json(secret)),
    lambda secret: secret.replace("'", "''"),
    lambda secret: secret.replace("'", r"'\''"),
    lambda secret: repr(secret)[1:-1],
    html.escape,
    visible,
)


def _base64(raw: bytes, encode: Callable[[bytes], bytes]) -> Iterator[str]:
    """The part that is the same wherever the secret stands within what was encoded.

    Three bytes make four characters, so there are three alignments; a character that also holds
    bits of a neighbour is left out.
    """
    for shift in range(3):
        encoded = encode(b"\0" * shift + raw).decode()
        whole = (shift + len(raw)) * 8 // 6
        form = encoded[-(-shift * 8 // 6) : whole]
        if len(form) >= SHORTEST_BASE64:
            yield form
