"""What stands in a step's output, one after the other: words, answers that are shown, traced commands.

The first of three stages. Nothing is said yet of whose an event is: `ownership` tells, `draft` sums up.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.log.record import record
from backup_doctor.services import log_wording as wording
from backup_doctor.services.drivers import is_mark, tells_refusal
from backup_doctor.services.log_wording import CallSubject
from backup_doctor.services.logged import is_structlogs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backup_doctor.collect.log.names import CallNames

BODY_LINES = 60
# What node prints for a field of an error that is not there.
NOTHING = re.compile(r"^(?:null|undefined|None)\W*$")
MASK = "***"
MARKUP = re.compile(r"^\s*<(?:!doctype|html|\?xml|head|body)", re.IGNORECASE)
PAGE_ENDS = re.compile(r"</html>", re.IGNORECASE)
QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'")
# A few words and a colon, in whatever language: `Cuerpo: {"code": …}`.
LABELLED = re.compile(r"^\W*(?:[^\W\d_]+\s){0,2}[^\W\d_]+\s?:\s*$")
# What node puts before an object of a class that clients use: none of these is what was answered.
OF_CLIENT = re.compile(r"\b(?:Response|Request|\w*Headers|ReadableStream)\s*$")
STATUS_FIRST = re.compile(r"\(?[1-5]\d\d\b(?!\d)")


class Words(Immutable, frozen=True):
    """A line of words. `tag` is what the script puts before the lines of one of its parts."""

    text: str
    tag: str = ""


class ShownAnswer(Immutable, frozen=True):
    """What a service answered, as far as it was shown.

    `inline`: it begins in the words above it. `doubtful`: they tell no outcome, so that it may be what
    was sent.
    """

    lines: tuple[str, ...]
    inline: bool = False
    doubtful: bool = False


class Label(Immutable, frozen=True):
    """`Function's answer:`, which says whose the answer below it is."""

    subject: CallSubject


class Traced(Immutable, frozen=True):
    """A command that `set -x` shows."""

    text: str
    tag: str = ""


class ByPsql(Immutable, frozen=True):
    """What a client of PostgreSQL says of a failure; `more`: a further line of it.

    `doubtful`: the database's words alone, which a function may have passed on.
    """

    text: str
    more: bool
    tag: str = ""
    doubtful: bool = False


Event: TypeAlias = Words | ShownAnswer | Label | Traced | ByPsql


def events(lines: Iterable[str], names: CallNames) -> Iterator[Event]:
    """The events of a step's output, in its order."""
    splitter = _Splitter(names)
    for line in lines:
        yield from splitter.take(line)
    yield from splitter.end()


class _Splitter:
    """The state: the answer that is being shown, which may go on over several lines."""

    def __init__(self, names: CallNames) -> None:
        self._names = names
        self._open: list[str] = []
        self._depth = 0
        self._wanted = False
        self._inline = False
        self._doubtful = False
        self._by_psql = False
        # An object of which nothing tells that it is an answer: its fields are no labels.
        self._in_object = False
        # A web page, which goes on to its end tag whatever stands in it.
        self._in_page = False

    def take(self, line: str) -> Iterator[Event]:
        """The events that end with the next line."""
        if wording.ENDED_BY_RUNNER.match(line.strip()):
            yield from self.end()
            return
        plain = wording.GUTTER.sub("", wording.MARKER.sub("", line)).strip()
        is_whole = is_structlogs(plain)
        tag, text = ("", plain) if is_whole else _untagged(wording.LOGGER.sub("", plain))
        if not text:
            if not self._in_page:
                yield from self.end()
            return
        fails = wording.PSQL.match(plain) is not None
        inside = bool(self._open) or self._in_object
        refused = None if fails or inside else self._by_driver(text)
        if refused:
            yield from self.end()
            self._by_psql = True
            yield ByPsql(text, more=False, tag=tag, doubtful=not is_mark(refused))
            return
        if fails or (self._by_psql and wording.PSQL_MORE.match(plain)):
            yield from self.end()
            self._by_psql = True
            yield ByPsql(plain, more=not fails, tag=tag)
            return
        self._by_psql = False
        if wording.TRACE.match(text):
            yield Traced(text, tag)
        elif self._continues(text):
            yield from self._add(text)
        else:
            yield from self.end()
            self._in_object = self._in_object and line[:1].isspace()
            yield from self._begin(text, tag)

    def _by_driver(self, text: str) -> str | None:
        """What tells that a driver prints PostgreSQL's refusal of the direct update."""
        told = tells_refusal(text, self._names.table_name)
        others = any(of is not CallSubject.FALLBACK for _, of in self._names.mentioned(text))
        return None if others or self._names.outcome(text) else told

    def end(self) -> Iterator[Event]:
        """The answer that was being shown has ended."""
        if self._open and self._open not in (["{"], ["["]):
            yield ShownAnswer(tuple(self._open), self._inline, self._doubtful)
        self._open, self._depth = [], 0
        self._wanted = self._inline = self._doubtful = self._in_page = False

    def _begin(self, text: str, tag: str) -> Iterator[Event]:
        """A line that is none of the answer above it."""
        logged = record(text)
        if logged:
            yield Words(logged.words, tag)
            if logged.body:
                yield ShownAnswer((logged.body,), inline=True)
            else:
                yield from self._inline_answer(logged.words)
                yield from self.end()
            return
        if wording.OPENING.match(text) or MARKUP.match(text):
            yield from self._add(text)
            return
        label = None if self._in_object else wording.BODY_LABEL.match(text)
        shown = label[1].strip() if label else ""
        if label is None or (STATUS_FIRST.match(shown) and not shown.startswith("{")):
            yield Words(text, tag)
            yield from self._inline_answer(text)
        elif not NOTHING.match(shown):
            yield from self._labelled(text[: label.start(1)], shown)

    def _labelled(self, label: str, shown: str) -> Iterator[Event]:
        named = self._names.named(label)
        if named:
            yield Label(named[0][1])
        if shown:
            yield from self._add(shown)
        else:
            self._wanted = True

    def _inline_answer(self, text: str) -> Iterator[Event]:
        """The answer, or the beginning of it, that stands in a line of words."""
        opening, exception = _opening(text), wording.EXCEPTION.search(text)
        told = self._names.outcome(text) or wording.SAYS_OK.search(text)
        told = told or wording.NOT_FOUND.search(text)
        if not (opening or exception) or not (told or self._names.named(text)):
            self._in_object = self._in_object or text.endswith("{")
            if opening and text.endswith("}") and LABELLED.match(text[: opening.start()]):
                self._doubtful = True
                yield from self._add(text[opening.start() :])
            return
        self._inline, self._doubtful = True, bool(opening) and not told
        if opening:
            yield from self._add(text[opening.start() :])
        elif exception:
            yield from self._add(exception[1])

    def _continues(self, text: str) -> bool:
        """Whether the line belongs to the answer that is being shown, or that was announced."""
        if self._in_page and len(self._open) < BODY_LINES:
            return text[0] == "<" or not (self._names.told(text) or self._names.named(text))
        if self._depth > 0 and len(self._open) < BODY_LINES:
            fresh = text[0] not in "\"'}]{[" and (
                wording.FALLS_BACK.search(text)
                or wording.STATUS.search(text)
                or text.startswith(("curl:", "Process completed"))
            )
            return not fresh
        return self._wanted and self._names.said(text) is None and not self._names.named(text)

    def _add(self, text: str) -> Iterator[Event]:
        self._wanted = False
        self._open.append(text)
        self._in_page = self._in_page or wording.PAGE.match(text) is not None
        if self._in_page:
            if PAGE_ENDS.search(text):
                yield from self.end()
            return
        plain = QUOTED.sub("", text)
        self._depth += plain.count("{") + plain.count("[") - plain.count("}") - plain.count("]")
        if self._depth <= 0 or text.endswith(MASK):
            yield from self.end()


def _opening(text: str) -> re.Match[str] | None:
    """Where the answer begins that stands in a line of words."""
    opening = wording.PAGE.search(text) or wording.OPENING.search(text)
    return None if opening and OF_CLIENT.search(text[: opening.start()]) else opening


def _untagged(text: str) -> tuple[str, str]:
    """What a script puts before all lines of one of its parts, numbers masked, and the line without it."""
    tag = wording.TAG.match(text)
    if tag is None:
        return "", text
    return re.sub(r"\d+", "#", tag[1] or tag[2]), text[tag.end() :]
