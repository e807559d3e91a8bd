"""A text as whoever reads it would: its escapes undone, without separators, in one case.

A secret that was written otherwise than it was given is the same there. Each layer knows where its
characters stood in the layer below, so that what is found in one is taken out of the text itself.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Callable
from functools import cached_property
from itertools import compress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# An escape of an escape, of an escape: no tool writes more.
DEEPEST_ESCAPE = 3
_HEX = "[0-9a-fA-F]"
# Each begins with one of a few characters, so that the others are passed over quickly. Every
# repetition is bounded: text from outside may be made so that another takes time without end.
_BACKSLASHED = (
    rf"x(?P<hex_byte>{_HEX}{{2}})|u(?P<hex_unit>{_HEX}{{4}})|u\{{(?P<hex_point>{_HEX}{{1,6}})\}}"
    rf"|U(?P<hex_long>{_HEX}{{8}})|(?P<octal>[0-3][0-7]{{2}})|[nrtbfv]"
)
_ESCAPES = "|".join(
    (
        rf"(?<=%)(?:25){{0,4}}(?P<hex_url>{_HEX}{{2}})",
        r"(?<==)(?:\r?\n|(?P<hex_mail>[0-9A-F]{2}))",
        rf"(?<=\\)\\{{0,8}}+(?:{_BACKSLASHED})",
        rf"(?<=&)(?:amp;){{0,4}}\#[xX]0{{0,6}}(?P<hex_mark>{_HEX}{{2,6}});?",
        r"(?<=&)(?:amp;){0,4}\#0{0,6}(?P<decimal>\d{2,7});?",
        r"(?<=&)(?:amp;){0,4}(?P<name>[A-Za-z]\w{1,30};)",
        r"(?<=[\"'])\d{1,5}[\"']\s{0,4}:\s{0,4}",  # an item's place, where a list became an object
        r"(?<=\x1b)\[[0-9;]{0,20}[A-Za-z]",  # a terminal's colour
    )
)
_HEX_NUMBER = rf"(?<=(?<!\w)0)[xX](?P<hex_number>{_HEX}{{2}})(?!{_HEX})"
_ESCAPE = re.compile(rf"[%=\\&\"'\x1b](?:{_ESCAPES})")
_ESCAPE_OR_NUMBER = re.compile(rf"[%=\\&\"'\x1b0](?:{_ESCAPES}|{_HEX_NUMBER})")
_BASES = {"hex": 16, "octal": 8, "decimal": 10}
_SEPARATORS = bytes(code for code in range(128) if not chr(code).isalnum())
_GAPS = frozenset(" \t\n\r\v\f\"'`,")
_OTHER_SEPARATORS = re.compile(r"\W+")


# Of a character in a text, where the text below has what it was made from: from where to where.
Source = Callable[[int], tuple[int, int]]


class Layer:
    """A text, and the text below, which it was made from. Only what is found is traced back."""

    def __init__(
        self,
        text: str,
        below: Layer | None = None,
        find_source: Callable[[str], Source] | None = None,
    ) -> None:
        self.text = text
        self._below = below
        self._find_source = find_source

    @cached_property
    def _source(self) -> Source:
        assert self._below is not None, "the lowest has no source"
        assert self._find_source is not None, "the lowest has no source"
        return self._find_source(self._below.text)

    def at_the_bottom(self, start: int, end: int) -> tuple[int, int]:
        """Where a part of this layer stands in the text that the lowest one is."""
        if self._below is None:
            return start, end
        return self._below.at_the_bottom(self._source(start)[0], self._source(end - 1)[1])

    def unescaped(self) -> Layer | None:
        """The layer above in which escapes are undone; None where there are none."""
        text = _escape_in(self.text).sub(_decoded, self.text)
        return None if text == self.text else Layer(text, self, _escapes)

    def joined(self) -> Layer:
        """The layer above without blanks, quotes and commas, and in lower case."""
        return Layer(join(self.text), self, _kept(lambda char: char not in _GAPS))

    def folded(self) -> Layer:
        """The layer above without separators and in lower case."""
        return Layer(fold(self.text), self, _kept(str.isalnum))


def layers(text: str) -> Iterator[Layer]:
    """The text itself, then without its escapes, then without what those had escaped."""
    layer: Layer | None = Layer(text)
    for _ in range(1 + DEEPEST_ESCAPE):
        if layer is None:
            return
        yield layer
        layer = layer.unescaped()


def fold(text: str) -> str:
    """Letters and digits alone, in lower case."""
    kept = text.encode(errors="surrogatepass").translate(None, _SEPARATORS)
    letters = kept.decode(errors="surrogatepass")
    return letters.lower() if letters.isascii() else lower(_OTHER_SEPARATORS.sub("", letters))


def join(text: str) -> str:
    """Without what a text is split by, in lower case."""
    return lower("".join(char for char in text if char not in _GAPS))


def lower(text: str) -> str:
    """In lower case, character by character: of one letter alone Python makes two."""
    return text.replace("\u0130", "i").lower()


def _kept(is_kept: Callable[[str], bool]) -> Callable[[str], Source]:
    def find_source(text: str) -> Source:
        places = [*compress(range(len(text)), map(is_kept, text))]
        return lambda at: (places[at], places[at] + 1)

    return find_source


def _escapes(text: str) -> Source:
    """Of what an escape became the whole escape, of all else itself."""
    begins, lengths, spans, lost = [0], [0], [(0, 0)], 0
    for found in _escape_in(text).finditer(text):
        start, end = found.span()
        length = len(_decoded(found))
        begins.append(start - lost)
        lengths.append(length)
        spans.append((start, end))
        lost += end - start - length

    def source(at: int) -> tuple[int, int]:
        number = bisect_right(begins, at) - 1
        beyond = at - begins[number] - lengths[number]
        end = spans[number][1]
        return spans[number] if beyond < 0 else (end + beyond, end + beyond + 1)

    return source


def _escape_in(text: str) -> re.Pattern[str]:
    return _ESCAPE_OR_NUMBER if "0x" in text or "0X" in text else _ESCAPE


def _decoded(found: re.Match[str]) -> str:
    """The character that an escape stands for; nothing for a line's end, a colour or a list's key."""
    kind = found.lastgroup
    if kind is None:
        return ""
    if kind == "name":
        return html.unescape(f"&{found[kind]}")
    code = int(found[kind], _BASES[kind.partition("_")[0]])
    return chr(code) if code < 0x110000 else ""  # noqa: PLR2004 -- the end of Unicode
