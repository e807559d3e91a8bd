"""The few ways in which a secret stands in a canonical text, and which parts of each tell it.

Escapes, separators and case are gone there. What is left are the secret's own letters (also backwards,
or ROT13), its bytes as numbers, and its bytes in base64 and base32, once and twice.
"""

from __future__ import annotations

import base64
import codecs
import re
from itertools import accumulate
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from backup_doctor.base.immutable import Immutable
from backup_doctor.base.redaction.canonical import fold
from backup_doctor.base.redaction.shapes import NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

# So many characters of a secret in a row are as good as the secret to whoever searches for it; at
# its beginning and its end one less is.
FRAGMENT = 8
EDGE = 7
# With fewer letters and digits among them, they are punctuation that other texts have as well.
FEWEST = 4
NEVER = 1 << 60
# A database's URL, of whatever kind: what is around its password tells nothing. Of one for HTTP,
# the path may be a secret as well.
_WITH_PASSWORD = re.compile(
    r"\s*(?:jdbc:)?(?!https?:)[\w+.-]+://[^\s:/@]*:(?P<password>\S*)@[^\s@]*\s*"
)
_DATABASE = re.compile(r"\s*(?:jdbc:)?postgres(?:ql)?(?:\+\w+)?://")
# How keys of a kind begin, all of them; it tells nothing of any.
KIND = re.compile(
    r"eyJ|sb_(?:secret|publishable)_|gh[pousr]_|github_pat_|sbp_|AKIA|ASIA", re.IGNORECASE
)


class Form(Immutable, frozen=True):
    """A secret as it stands in a canonical text.

    A part of it from `a` to `b` tells the secret if it is `least` long and `ends[a] <= b`; without
    `ends`, if it goes beyond `beginning`, which is all keys' of its kind.
    """

    text: str
    secret: str
    least: int
    beginning: int = 0
    ends: Sequence[int] = ()

    def tells(self, start: int, end: int) -> bool:
        """Whether that part of the text is as good as the secret."""
        if end - start < self.least or end <= self.beginning:
            return False
        return not self.ends or self.ends[start] <= end


def parts(secret: str) -> Iterator[str]:
    """What of a configured credential is secret: of a database's URL its password, else all of it.

    All of it is the text as given, without surrounding blanks, and each of its lines.
    """
    with_password = _WITH_PASSWORD.fullmatch(secret)
    if with_password or _DATABASE.match(secret):
        for password in _passwords(secret, with_password):
            yield password
            yield unquote(password)
        return
    yield secret
    yield from (line.strip() for line in secret.splitlines())


def _passwords(url: str, with_password: re.Match[str] | None) -> Iterator[str]:
    if with_password:
        yield with_password["password"]
    query = url.partition("?")[2]
    yield from (value for name, value in parse_qsl(query) if NAME.search(name))


def edges(secret: str) -> Iterator[str]:
    """The first and last characters as they are, where too few of them are letters or digits.

    Among letters and digits alone they could not be told from other texts.
    """
    body = secret[beginning(secret) :]
    for edge in (body[:EDGE], body[-EDGE:]):
        if len(edge) == EDGE and FEWEST <= len(fold(edge)) < EDGE and is_telling(edge):
            yield edge


def beginning(secret: str) -> int:
    """The length of what all keys of its kind begin with."""
    found = KIND.match(secret)
    return found.end() if found else 0


def is_telling(part: str) -> bool:
    """Whether it is a part of a secret rather than punctuation, a date, a number or a line."""
    letters = sum(map(str.isalnum, part))
    return letters >= FEWEST and any(map(str.isalpha, part)) and len(set(part)) > 1


def forms(secret: str, *, is_common: Callable[[str], bool]) -> Iterator[Form]:
    """Every way in which it stands in a canonical text.

    `is_common` says whether letters and digits stand in texts that everybody has.
    """
    windows = [one for one in _windows(secret) if not is_common(fold(secret[one[0] : one[1]]))]
    if windows:
        backwards = [(len(secret) - end, len(secret) - start) for start, end in windows]
        yield _of_letters(secret, windows, secret)
        yield _of_letters(secret[::-1], backwards, secret)
        yield _of_letters(codecs.encode(secret, "rot13"), windows, secret)
    raw = secret.encode(errors="surrogatepass")
    shown = beginning(secret) and beginning(secret) + FEWEST
    for text, per_byte in _encoded(raw):
        start = int(shown * per_byte)
        folded = fold(text)
        lost = -(-(len(text) - len(folded)) * FRAGMENT // max(len(text), 1))
        yield Form(folded, secret, max(EDGE, int(EDGE * per_byte) - 1 - lost), start)
    if not secret.isascii():  # as who takes its bytes for characters shows it
        garbled = raw.decode("latin-1")
        yield _of_letters(garbled, [*_windows(garbled)], secret)


def _windows(secret: str) -> Iterator[tuple[int, int]]:
    """The least parts that tell it: so many letters and digits, whatever stands between them."""
    places = [at for at, char in enumerate(secret) if char.isalnum()]
    body = beginning(secret)
    first = next((rank for rank, at in enumerate(places) if at >= body), len(places))
    for rank, start in enumerate(places):
        for count in (EDGE, FRAGMENT):
            last = rank + count - 1
            if last >= len(places):
                break
            is_edge = rank == first or last == len(places) - 1
            shown = last + 1 - max(rank, first)
            part = secret[start : places[last] + 1]
            if (count == FRAGMENT or is_edge) and shown >= FEWEST and is_telling(part):
                yield start, places[last] + 1


def _of_letters(text: str, windows: Iterable[tuple[int, int]], secret: str) -> Form:
    """The letters and digits of a text, with the windows where they stand among these."""
    places = [0, *accumulate(char.isalnum() for char in text)]
    ends = [NEVER] * (places[-1] + 1)
    for start, end in windows:
        ends[places[start]] = min(ends[places[start]], places[end])
    nearest = [*accumulate(reversed(ends), min)][::-1]
    return Form(fold(text), secret, EDGE, ends=nearest)


def _encoded(raw: bytes) -> Iterator[tuple[str, float]]:
    """The bytes as programs write bytes down, and with how many characters each, at the least.

    In base64 three bytes make four characters, so it depends on what stands before them which: of
    each text there are three. In base32 five make eight.
    """
    yield raw.hex(), 2
    yield "".join(map(str, raw)), 2
    for kind in ("03d", "03o"):
        yield "".join(format(byte, kind) for byte in raw), 3
    for shift in range(5):
        yield _inside(base64.b32encode(b"\0" * shift + raw), shift, 5), 8 / 5
    yield from ((text, 4 / 3) for text in _base64(raw))
    for inner in dict.fromkeys((raw.hex(), *_base64(raw), *map(_url_safe, _base64(raw)))):
        yield from ((text, len(inner) * 4 / 3 / len(raw)) for text in _base64(inner.encode()))
    wide = raw.decode(errors="surrogatepass").encode("utf-16-le", errors="surrogatepass")
    yield wide.hex(), 4  # as PowerShell and JavaScript hold a text
    yield from ((text, 8 / 3) for text in _base64(wide))


def _base64(raw: bytes) -> list[str]:
    return [_inside(base64.b64encode(b"\0" * shift + raw), shift, 6) for shift in range(3)]


def _inside(encoded: bytes, shift: int, bits: int) -> str:
    """The characters that hold no bit of what may stand before or behind."""
    text = encoded.decode().rstrip("=")
    whole = len(text) if len(text) * bits % 8 == 0 else len(text) - 1
    return text[-(-shift * 8 // bits) : whole]


def _url_safe(text: str) -> str:
    return text.translate({ord("+"): "-", ord("/"): "_"})
