"""Secrets removed from whatever leaves the program: the configured ones, and what looks like one.

A secret becomes a token (`redacted:3f2a1c` between single angle quotes), the same for the same
secret within one run (a hash keyed with a random key that is never shown), so that a reader can
still see that two values are equal.

What is removed of a configured secret depends on how sure one can be that a text is it:

- of `SHORTEST` characters or more: wherever it is found, however it is written, and any part of it
  that is as long;
- shorter, down to `SHORTEST_ALONE`, and not a number: where it stands alone, not inside of a word;
- still shorter, or a word of the tool's own: only where a secret stands (`password=`, `Bearer`, a
  URL's password). Taking it out everywhere would wreck the report and hide nothing.
"""

from __future__ import annotations

import hashlib
import re
import secrets as random
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from doctor.redaction.known import FRAGMENT, SHORTEST, SHORTEST_ALONE, Known, know
from doctor.redaction.shapes import NAME, PLACEHOLDER, PLACES, SHAPES, removed

if TYPE_CHECKING:
    from collections.abc import Iterable

    import msgspec

__all__ = ["FRAGMENT", "SHORTEST", "SHORTEST_ALONE", "TOKEN", "Redactor"]

T = TypeVar("T")
OPEN, CLOSE = "\u2039", "\u203a"
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
        while (after := self._once(text)) != text:
            text = after
        return text

    def value(self, value: T) -> T:
        """The same value (a JSON tree, a msgspec struct) with every string in it redacted."""
        return cast("T", self._walk(value, DEEPEST))

    @cached_property
    def _known(self) -> Known:
        return self._know()

    def _once(self, text: str) -> str:
        pieces = TOKEN.split(text)
        pieces[::2] = map(self._without_forms, pieces[::2])
        text = removed(SHAPES, "".join(pieces), self._token)
        text = removed(PLACES, text, self._token)
        pieces = TOKEN.split(text)
        pieces[::2] = map(self._without_fragments, pieces[::2])
        return "".join(pieces)

    def _walk(self, value: Any, depth: int) -> Any:  # noqa: ANN401 -- any JSON tree
        if type(value) is str:  # an enum's member is the tool's own vocabulary
            return self.text(value)
        if hasattr(value, "__struct_fields__"):
            from msgspec import structs

            return structs.replace(value, **self._fields(value, depth))
        if isinstance(value, (dict, list, tuple, set, frozenset)) and not depth:
            return LEFT_OUT
        if isinstance(value, dict):
            return {
                self._walk(key, depth): self._named(str(key), self._walk(item, depth - 1))
                for key, item in value.items()
            }
        if isinstance(value, (list, tuple, set, frozenset)):
            return type(value)(self._walk(item, depth - 1) for item in value)
        return value

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
        secret = self._known.secret_of.get(found, found)
        digest = hashlib.blake2b(
            secret.encode(errors="surrogatepass"), key=self._key, digest_size=3
        )
        return f"{OPEN}redacted:{digest.hexdigest()}{CLOSE}"

    def _without_forms(self, text: str) -> str:
        forms = self._known.forms
        return forms.sub(lambda found: self._token(found[0]), text) if forms else text

    def _without_fragments(self, text: str) -> str:
        """The text without what a cut, or an unknown way of writing, left of a secret."""
        fragments = self._known.fragments
        if not fragments:
            return text
        kept: list[str] = []
        start = at = 0
        while at <= len(text) - FRAGMENT:
            secret = fragments.get(text[at : at + FRAGMENT])
            if secret is None:
                at += 1
                continue
            kept += [text[start:at], self._token(secret)]
            at += FRAGMENT
            while at < len(text) and text[at - FRAGMENT + 1 : at + 1] in fragments:
                at += 1
            start = at
        return "".join([*kept, text[start:]])
