"""What is looked for in a text: each secret in every form, and every part of it that tells it."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import compress
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from backup_doctor.base.immutable import Immutable
from backup_doctor.base.redaction.canonical import Layer, fold, join, layers, lower
from backup_doctor.base.redaction.forms import EDGE, Form, edges, forms, parts
from backup_doctor.base.redaction.vocabulary import own_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

# Shorter secrets are matched as whole words alone, and still shorter ones not at all.
SHORTEST, SHORTEST_ALONE = 8, 4
# A text is looked at in pieces of four characters, one beside the other: of `EDGE` characters in a
# row, four are such a piece. As 32-bit numbers Python compares millions of them in a moment.
PIECE = 4


class Span(NamedTuple):
    """Where in a text a secret stands."""

    start: int
    end: int
    secret: str


class KnownSecrets(Immutable, frozen=True):
    """`literals` are looked for as they are in any case, `alone` as whole words, `forms` canonically.

    Of `marks` too few characters are letters or digits for that: there only gaps are taken out.
    `places` has for every piece of a form in which forms it stands, and where; `runs` every `EDGE`
    characters of a form in a row.
    """

    literals: Sequence[tuple[str, str]] = ()
    marks: Sequence[tuple[str, str]] = ()
    alone: Mapping[str, re.Pattern[str]] = msgspec.field(default_factory=dict)
    forms: Sequence[Form] = ()
    places: Mapping[int, Sequence[tuple[int, int]]] = msgspec.field(default_factory=dict)
    runs: frozenset[str] = frozenset()

    def spans(self, text: str) -> list[Span]:
        """Where secrets stand, in no order; some may overlap."""
        found = self._whole_words(text)
        if not (self.literals or self.forms):
            return found
        for layer in layers(text):
            for above, span in self._in(layer):
                found.append(Span(*above.at_the_bottom(span.start, span.end), span.secret))
        if not (found and self.alone):
            return found
        # What another secret stood next to is alone once that is taken out.
        return [*found, *self._whole_words(_without(text, found))]

    def _whole_words(self, text: str) -> list[Span]:
        return [
            Span(*match.span(), secret)
            for secret, word in self.alone.items()
            if secret in text
            for match in word.finditer(text)
        ]

    def _in(self, layer: Layer) -> Iterator[tuple[Layer, Span]]:
        """What stands in a layer, or in one above that is made of it, and in which."""
        yield from ((layer, span) for span in _literally(self.literals, lower(layer.text)))
        if self.marks:
            joined = layer.joined()
            yield from ((joined, span) for span in _literally(self.marks, joined.text))
        folded = layer.folded()
        yield from ((folded, span) for span in self._parts(folded.text))

    def _parts(self, text: str) -> Iterator[Span]:
        """Where a canonical text has as much of a form as tells its secret."""
        pieces = _pieces(text)
        hits = compress(range(len(pieces)), map(self.places.__contains__, pieces))
        done = 0
        for hit in hits:
            at = hit * PIECE
            if at + PIECE <= done or not self._is_in_a_run(text, at):
                continue
            found = max(self._around(text, at, pieces[hit]), key=_length, default=None)
            if found is not None:
                done = found.end
                yield found

    def _is_in_a_run(self, text: str, at: int) -> bool:
        runs = self.runs  # written out: it is asked hundreds of thousands of times
        return (
            text[at : at + 7] in runs
            or text[at - 1 : at + 6] in runs
            or text[at - 2 : at + 5] in runs
            or text[at - 3 : at + 4] in runs
        )

    def _around(self, text: str, at: int, piece: int) -> Iterator[Span]:
        """The parts of forms that stand around a piece of a text, as long as they are the same."""
        for number, place in self.places[piece]:
            form = self.forms[number]
            before = _same(text, at - 1, form.text, place - 1, -1)
            after = _same(text, at, form.text, place, 1)
            if form.tells(place - before, place + after):
                yield Span(at - before, at + after, form.secret)


def know(
    secrets: Iterable[str],
    *,
    literals: Iterable[str] = (),
    public: Iterable[str] = (),
    words: str | None = None,
) -> KnownSecrets:
    """Prepare the search; the parameters are the redactor's own."""
    values = sorted({part for secret in secrets for part in parts(secret) if part.strip()})
    words = (own_words() if words is None else words.casefold()) if values else ""
    values = [value for value in values if not _is_plain(value, words)]
    wanted = sorted(filter(None, literals))
    long = [value for value in values if len(value) >= SHORTEST]
    common = "\n".join((fold(words), *map(fold, public)))
    made = [form for value in long for form in forms(value, is_common=lambda part: part in common)]
    made += [form for value in wanted for form in forms(value, is_common=lambda _part: False)]
    whole = ((value, value) for value in (*long, *wanted))
    ends = ((edge, one) for one in long for edge in edges(one) if fold(edge) not in common)
    return KnownSecrets(
        literals=[(lower(literal), value) for literal, value in (*whole, *ends)],
        marks=[(join(one), one) for one in long if len(fold(one)) < EDGE <= len(join(one))],
        alone={value: _word(value) for value in values if len(value) < SHORTEST},
        forms=made,
        places=_places(made),
        runs=_runs(made),
    )


def _literally(literals: Iterable[tuple[str, str]], text: str) -> Iterator[Span]:
    for literal, secret in literals:
        at = text.find(literal)
        while at >= 0:
            yield Span(at, at + len(literal), secret)
            at = text.find(literal, at + len(literal))


def _is_plain(value: str, words: str) -> bool:
    """Whether it is too short or too common to be looked for by itself."""
    short = len(value) < SHORTEST_ALONE or (len(value) < SHORTEST and value.isdecimal())
    return short or len(set(value)) == 1 or _is_word(value.casefold(), words)


def _is_word(value: str, words: str) -> bool:
    # Hardly ever there at all, and that is told fifty times as fast.
    return value in words and re.search(_alone(value), words) is not None


def _word(value: str) -> re.Pattern[str]:
    return re.compile(_alone(value))


def _alone(value: str) -> str:
    return rf"(?<!\w){re.escape(value)}(?!\w)"


def _pieces(text: str) -> memoryview[int]:
    """Every `PIECE` characters as a number; what is no ASCII is the same in all."""
    raw = text.encode("ascii", "replace")
    return memoryview(raw[: len(raw) // PIECE * PIECE]).cast("I")


def _places(made: Sequence[Form]) -> Mapping[int, Sequence[tuple[int, int]]]:
    places: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for number, form in enumerate(made):
        for shift in range(PIECE):
            for at, piece in enumerate(_pieces(form.text[shift:])):
                places[piece].append((number, shift + at * PIECE))
    return dict(places)


def _runs(made: Sequence[Form]) -> frozenset[str]:
    return frozenset(
        form.text[at : at + EDGE] for form in made for at in range(len(form.text) - EDGE + 1)
    )


def _without(text: str, spans: Iterable[Span]) -> str:
    """The text with blanks in the place of these."""
    left = list(text)
    for one in spans:
        left[one.start : one.end] = " " * (one.end - one.start)
    return "".join(left)


def _length(span: Span) -> int:
    return span.end - span.start


def _same(text: str, at: int, other: str, place: int, step: int) -> int:
    """How many characters two texts have in common from there on, forwards or backwards."""
    count = 0
    while 0 <= at < len(text) and 0 <= place < len(other) and text[at] == other[place]:
        at, place, count = at + step, place + step, count + 1
    return count


def merged(found: Iterable[Span]) -> list[Span]:
    """From first to last, those that overlap as one: that of what begins first, and is longest."""
    merged: list[Span] = []
    for span in sorted(found, key=lambda one: (one.start, -one.end)):
        if merged and span.start < merged[-1].end:
            if span.end > merged[-1].end:
                merged[-1] = merged[-1]._replace(end=span.end)
        else:
            merged.append(span)
    return merged
