"""Secrets removed from whatever leaves the program: the configured ones, and what looks like one.

A secret becomes a token (`redacted:3f2a1c` between single angle quotes), the same for the same
secret within one run (a hash keyed with a random key that is never shown), so that a reader can
still see that two values are equal.

What is removed of a configured secret depends on how sure one can be that a text is it:

- of `SHORTEST` characters or more: wherever it is found, however it is written (see `canonical`),
  and any part of it that is as long, or nearly so at its beginning and its end;
- shorter, down to `SHORTEST_ALONE`, and not a number: where it stands as it is and alone, not inside
  of a word;
- still shorter, or a word of the tool's own: only where a secret stands (`password=`, `Bearer`, a
  URL's password). Taking it out everywhere would wreck the report and hide nothing.
"""

from __future__ import annotations

import hashlib
import re
import secrets as random
from bisect import bisect_right
from functools import cached_property, partial
from itertools import accumulate
from typing import TYPE_CHECKING, Any, TypeVar, cast

from backup_doctor.base.redaction.forms import FRAGMENT
from backup_doctor.base.redaction.known import (
    SHORTEST,
    SHORTEST_ALONE,
    KnownSecrets,
    Span,
    know,
    merged,
)
from backup_doctor.base.redaction.shapes import NAME, PLACEHOLDER, SIGNS, looking_like

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import msgspec

__all__ = ["FRAGMENT", "SHORTEST", "SHORTEST_ALONE", "TOKEN", "Redactor"]

T = TypeVar("T")
OPEN, CLOSE = "\u2039", "\u203a"
# A letter of no alphabet in use: nothing is read across it.
BARRIER = "\ua66e"
TOKEN = re.compile(f"({OPEN}redacted:[0-9a-f]+{CLOSE})")
# No evidence is nested as deep; what an answer holds beyond is left out.
DEEPEST = 64
LEFT_OUT = "…"


class Redactor:
    """Takes secrets out of text and of trees of values. Redacting twice changes nothing more.

    `secrets` are credentials, `literals` any other texts to be taken out wherever they stand.
    `public` are names that reports must show, of which a secret may hold a part; `words` the tool's
    own, unless others are given. The search is prepared when it is first needed.
    """

    def __init__(
        self,
        secrets: Iterable[str] = (),
        *,
        literals: Iterable[str] = (),
        public: Iterable[str] = (),
        words: str | None = None,
    ) -> None:
        self._key = random.token_bytes(16)
        self._know = partial(
            know, tuple(secrets), literals=tuple(literals), public=tuple(public), words=words
        )

    def prepare(self) -> None:
        """Prepare the search now, while there is time."""
        _ = self._known

    def text(self, text: str) -> str:
        """The text without secrets."""
        found = [*self._looking_like(text), *self._known_in(text)]
        while found:
            text = cut(text, merged(found), self._token)
            found = [*self._looking_like(text)]
        return text

    def value(self, value: T) -> T:
        """The same value (a JSON tree, a msgspec struct) with every string in it redacted."""
        return cast("T", self._walk(value, DEEPEST))

    @cached_property
    def _known(self) -> KnownSecrets:
        return self._know()

    def _known_in(self, text: str) -> Iterator[Span]:
        """What is known of a secret, in any way of writing, and what is left of it in part."""
        at = 0
        for number, piece in enumerate(TOKEN.split(text)):
            if number % 2 == 0:
                for start, end, secret in self._known.spans(piece):
                    yield Span(at + start, at + end, secret)
            at += len(piece)

    @staticmethod
    def _looking_like(text: str) -> Iterator[Span]:
        """What looks like a secret, or stands where one does."""
        for start, end in looking_like(SIGNS, text):
            if not TOKEN.fullmatch(text, start, end):
                yield Span(start, end, text[start:end])

    def _walk(self, value: Any, depth: int) -> Any:  # noqa: ANN401 -- any JSON tree
        if type(value) is str:  # an enum's member is the tool's own vocabulary
            return self.text(value)
        if hasattr(value, "__struct_fields__"):
            from msgspec import structs

            return structs.replace(value, **self._fields(value, depth))
        if isinstance(value, (dict, list, tuple, set, frozenset)) and not depth:
            return LEFT_OUT
        if isinstance(value, dict):
            items = zip(value, self._jointly([*value.values()]), strict=True)
            return {
                self._walk(key, depth): self._named(str(key), self._walk(item, depth - 1))
                for key, item in items
            }
        if isinstance(value, (list, tuple, set, frozenset)):
            return type(value)(self._walk(item, depth - 1) for item in self._jointly([*value]))
        return value

    def _jointly(self, items: list[Any]) -> list[Any]:
        """The items, without a secret of which each has a part: its lines, characters or bytes."""
        texts = [str(item) if type(item) in (str, int) else "" for item in items]
        if sum(map(bool, texts)) < 2:  # noqa: PLR2004 -- one alone is no part of a whole
            return items
        joined = TOKEN.sub(lambda found: BARRIER * len(found[0]), "\n".join(texts))
        starts = [0, *accumulate(len(text) + 1 for text in texts)]
        for span in reversed(merged(self._known.spans(joined))):
            first, last = (bisect_right(starts, at) - 1 for at in (span.start, span.end - 1))
            for number in range(first, last + 1) if first < last else ():
                start, end = (max(0, at - starts[number]) for at in (span.start, span.end))
                texts[number] = cut(texts[number], [Span(start, end, span.secret)], self._token)
                items[number] = texts[number]
        return items

    def _fields(self, value: msgspec.Struct, depth: int) -> dict[str, Any]:
        """The fields; of a struct that is a name and a value, the one may say what the other is."""
        fields = {name: self._walk(getattr(value, name), depth) for name in value.__struct_fields__}
        if isinstance(fields.get("name"), str) and "value" in fields:
            fields["value"] = self._named(fields["name"], fields["value"])
        return fields

    def _named(self, name: str, value: Any) -> Any:  # noqa: ANN401 -- any JSON tree
        """The value of a variable or key; a token where the name says that it is a secret."""
        if not (isinstance(value, str) and NAME.search(name)) or len(value) < SHORTEST:
            return value
        kept = TOKEN.fullmatch(value) or PLACEHOLDER.fullmatch(value) or " " in value
        return value if kept else self._token(value)

    def _token(self, found: str) -> str:
        if TOKEN.fullmatch(found):
            return found
        digest = hashlib.blake2b(found.encode(errors="surrogatepass"), key=self._key, digest_size=3)
        return f"{OPEN}redacted:{digest.hexdigest()}{CLOSE}"


def cut(text: str, spans: Iterable[Span], token: Callable[[str], str]) -> str:
    """The text with a token in the place of each secret."""
    kept: list[str] = []
    at = 0
    for span in spans:
        kept += (text[at : span.start], token(span.secret))
        at = span.end
    return "".join((*kept, text[at:]))
