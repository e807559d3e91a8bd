"""A print as a regular expression: anchored at both ends, linear in the line's length.

Between two free holes stands a piece of literal text and short holes. The first place where a piece
fits is the right one, if any is (as for globs), so each is matched in an atomic group: nothing is
tried twice.
"""

from __future__ import annotations

import json
import re
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.script.model import Fill, Hole, What

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.collect.script.model import Print

LITERAL_LIMIT = 1_500
HOLES = 30
LINE_LIMIT = 8_192
LETTERS = 4
"""Letters that a print needs to be known by them; of scripts without letter case, half as many."""

MASK = "***"
_SHORT = {What.STATUS: r"[\w*.-]{0,24}+", What.EXIT: r"[\d*-]{0,4}+"}
_TOKEN = re.compile(r"\s+|[^\W_]+|.", re.DOTALL)
_IDEOGRAPHS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
# Behind the words of a logger that writes JSON.
_LOGGED = r"(?:[\"'}\]),;].*)?"


class Pattern(Immutable, frozen=True, dict=True):
    """A print that can be looked for. `letters` is how much literal text it has."""

    index: int
    print: Print
    letters: int

    @property
    def identifies(self) -> bool:
        """Whether a line that fits can be told to come from it."""
        return self.letters >= LETTERS

    @cached_property
    def start(self) -> str:
        """The first characters of a line that fits; empty if they can be any."""
        first = self.print.pattern[0] if self.print.pattern else ""
        return "" if self.print.prefixed or isinstance(first, Hole) else first.lstrip()[:2]

    @cached_property
    def _plain(self) -> tuple[re.Pattern[str], tuple[Hole, ...]]:
        return _compiled(self.print.pattern, self.print.prefixed, masked=False)

    @cached_property
    def _masked(self) -> tuple[re.Pattern[str], tuple[Hole, ...]]:
        return _compiled(self.print.pattern, self.print.prefixed, masked=True)

    def match(self, line: str) -> tuple[Fill, ...] | None:
        """What the line has in the print's holes; None if it is not the print's."""
        told = " ".join(line[:LINE_LIMIT].split())
        found = self._found(self._plain, told)
        if found is None and MASK in told:
            return self._found(self._masked, told)
        return found

    def _found(
        self, compiled: tuple[re.Pattern[str], tuple[Hole, ...]], line: str
    ) -> tuple[Fill, ...] | None:
        pattern, holes = compiled
        match = pattern.fullmatch(line)
        if match is None:
            return None
        texts = zip(holes, match.groups(), strict=True)
        return tuple(Fill(hole=hole, text=_unquoted(hole, text or "")) for hole, text in texts)


def _unquoted(hole: Hole, text: str) -> str:
    """What a hole has; of an answer that stands in JSON as a string, the answer itself."""
    if hole.what not in (What.ANSWER, What.ERROR) or not text.startswith('"'):
        return text
    try:
        inner = json.loads(text)
    except ValueError:
        return text
    return inner if isinstance(inner, str) else text


def pattern_of(index: int, one: Print) -> Pattern:
    """The pattern of a print."""
    return Pattern(index, one, letters("".join(p for p in one.pattern if isinstance(p, str))))


def letters(text: str) -> int:
    """The letters of a text; a character that stands for a word counts twice."""
    count = sum(1 for char in text if char.isalpha())
    return count + len(_IDEOGRAPHS.findall(text))


@lru_cache(maxsize=2_048)
def _compiled(
    parts: tuple[str | Hole, ...],
    prefixed: bool,
    *,
    masked: bool,
) -> tuple[re.Pattern[str], tuple[Hole, ...]]:
    stretches = _stretches(_bounded(parts), prefixed=prefixed)
    holes: list[Hole] = []
    expression = ""
    for index, (free, piece) in enumerate(stretches):
        is_last = index == len(stretches) - 1
        group = "" if free is None else "({})" if isinstance(free, Hole) else "{}"
        if isinstance(free, Hole):
            holes.append(free)
        body = _piece(piece, holes, masked=masked)
        if is_last and free is not None and not piece:
            expression = _may_end(expression, group.format(".*"))
        elif is_last and (not piece or not prefixed):
            expression += group.format(".*") + body
        elif free is None:
            expression += body
        else:
            expression += f"(?>{group.format('.*?')}{body})"
    ends_free = not stretches[-1][1]
    return re.compile(expression + ("" if ends_free or not prefixed else _LOGGED)), tuple(holes)


def _may_end(before: str, rest: str) -> str:
    """What comes last after a blank may be empty: of the line that blank is not left either."""
    closing = ")" if before.endswith(" )") else ""
    # The blank may be all that tells where the hole before it ends.
    if not before.endswith(f" {closing}") or _ENDED_BY_BLANK.search(before):
        return before + rest
    return f"{before[: -1 - len(closing)]}{closing}(?: {rest})?"


_ENDED_BY_BLANK = re.compile(r"\.\*\?\)? \)$")
_ANYTHING = object()


def _stretches(
    parts: Sequence[str | Hole], *, prefixed: bool
) -> list[tuple[object, list[str | Hole]]]:
    """Each free hole with the piece behind it; the first is none, unless a logger writes first.

    Of holes that nothing parts, the one that tells most is kept.
    """
    stretches: list[tuple[object, list[str | Hole]]] = [(_ANYTHING if prefixed else None, [])]
    for index, part in enumerate(parts):
        if isinstance(part, str) or _is_short(part, parts[index + 1 : index + 2]):
            stretches[-1][1].append(part)
            continue
        free, piece = stretches[-1]
        if piece or free is None:
            stretches.append((part, []))
        elif free is _ANYTHING or (isinstance(free, Hole) and not free.calls):
            stretches[-1] = (part, [])
    return stretches


def _is_short(hole: Hole, following: Sequence[str | Hole]) -> bool:
    """Whether a hole ends where the text behind it begins, so that it need not be tried twice."""
    if hole.what not in _SHORT:
        return False
    after = following[0] if following else " "
    return isinstance(after, str) and not re.match(r"[\w*.-]", after)


def _bounded(parts: Sequence[str | Hole]) -> list[str | Hole]:
    """As much of a pattern as is used; what is cut off may be anything."""
    kept: list[str | Hole] = []
    room = LITERAL_LIMIT
    for index, part in enumerate(parts):
        if isinstance(part, str):
            kept.append(part[:room])
            room -= len(part)
        else:
            kept.append(part)
        if room <= 0 or index >= HOLES:
            kept.append(Hole(what=What.UNKNOWN))
            break
    first, last = kept[0] if kept else None, kept[-1] if kept else None
    if isinstance(last, str):
        kept[-1] = last.rstrip()
    if isinstance(first, str):
        kept[0] = (kept[0] if isinstance(kept[0], str) else first).lstrip()
    return kept


def _piece(parts: Sequence[str | Hole], holes: list[Hole], *, masked: bool) -> str:
    found = []
    for part in parts:
        if isinstance(part, Hole):
            holes.append(part)
            found.append(f"({_SHORT[part.what]})")
        else:
            found.append(_literal(part, masked=masked))
    return "".join(found)


def _literal(text: str, *, masked: bool) -> str:
    """The text, each run of blanks as one; `masked`: any word of it may be a secret's value."""
    found = []
    for token in _TOKEN.findall(text):
        if token.isspace():
            found.append(" ?" if masked else " ")
        elif masked:
            found.append(rf"(?:{re.escape(token)}|\*\*\*)")
        else:
            found.append(re.escape(token))
    return "".join(found)
