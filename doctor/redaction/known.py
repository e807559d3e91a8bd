"""What is looked for in a text: every way of writing each secret, and every part of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from doctor.redaction.forms import parts, written
from doctor.redaction.vocabulary import own_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SHORTEST, SHORTEST_ALONE = 8, 4
# This many characters of a secret in a row are as good as the secret to whoever searches for it.
FRAGMENT = SHORTEST
# With fewer letters and digits among them, they are punctuation that other texts have as well.
FEWEST = 4
# What encoders put in the place of a character, whole or cut: `%2F`, `&quot;`, `\u00e9`, `\"`.
_ESCAPES = re.compile(r"^\w{0,6};|^u[0-9a-f]{4}|%[0-9A-Fa-f]{0,2}|&#?\w*;?|\\(?:u[0-9a-f]{0,4}|.)?")


@dataclass(frozen=True)
class Known:
    """`secret_of` maps each way of writing to its secret, `fragments` each part; `forms` finds the ways."""

    secret_of: Mapping[str, str]
    forms: re.Pattern[str] | None
    fragments: Mapping[str, str]


def know(
    secrets: Iterable[str],
    *,
    literals: Iterable[str] = (),
    public: Iterable[str] = (),
    words: str | None = None,
) -> Known:
    """Prepare the search; the parameters are the redactor's own."""
    values = sorted({part for secret in secrets for part in parts(secret) if part.strip()})
    words = (own_words() if words is None else words.casefold()) if values else ""
    values = [value for value in values if not _is_plain(value, words)]
    long = [value for value in values if len(value) >= SHORTEST] + sorted(filter(None, literals))
    short = [value for value in values if len(value) < SHORTEST]
    said = set(_runs("\n".join((words, *public)).casefold())) if long else set()
    return Known(
        secret_of={form: value for value in (*short, *long) for form in written(value)},
        forms=_pattern(long, short),
        fragments={
            run: value
            for value in long
            for form in written(value)
            for run in _runs(form)
            if run.casefold() not in said
            and _is_telling(run if form == value else _ESCAPES.sub("", run))
        },
    )


def _is_plain(value: str, words: str) -> bool:
    """Whether it is too short or too common to be looked for by itself."""
    short = len(value) < SHORTEST_ALONE or (len(value) < SHORTEST and value.isdecimal())
    is_word = rf"(?<!\w){re.escape(value.casefold())}(?!\w)"
    return short or len(set(value)) == 1 or re.search(is_word, words) is not None


def _is_telling(run: str) -> bool:
    """Whether it is a part of a secret rather than punctuation, a date or a number."""
    return sum(map(str.isalnum, run)) >= FEWEST and any(map(str.isalpha, run))


def _runs(text: str) -> Iterator[str]:
    """Every run of `FRAGMENT` characters."""
    return (text[at : at + FRAGMENT] for at in range(len(text) - FRAGMENT + 1))


def _pattern(long: Iterable[str], short: Iterable[str]) -> re.Pattern[str] | None:
    """Every way of writing the secrets, the longest first; the short ones only standing alone."""
    anywhere = {form for value in long for form in written(value)}
    alone = {form for value in short for form in written(value)} - anywhere
    forms = [
        re.escape(form) if form in anywhere else rf"(?<!\w){re.escape(form)}(?!\w)"
        for form in sorted(anywhere | alone, key=len, reverse=True)
    ]
    return re.compile("|".join(forms)) if forms else None
