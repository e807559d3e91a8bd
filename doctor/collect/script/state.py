"""What a script has called and printed so far."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from backup_doctor.base.colours import uncoloured
from backup_doctor.collect.script.annotations import as_shown
from backup_doctor.collect.script.budget import CALLS, PRINTS
from backup_doctor.collect.script.composing import to_text
from backup_doctor.collect.script.drafts import Capture
from backup_doctor.collect.script.model import Branch, CallEnd, Hole, Print, What
from backup_doctor.collect.script.naming import finished
from backup_doctor.collect.script.texts import lines_of, ways
from backup_doctor.collect.script.values import Alt, Lit, Text, TextOrigin
from backup_doctor.collect.script.ways import Ways, merged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.collect.script.drafts import OpenCall
    from backup_doctor.collect.script.values import Part, Value

UNREAD = 20
PATTERN = 2_000
"""Characters of literal text that a print is kept with."""


class TraceState(Ways):
    """The calls and the prints, in their order."""

    # Calls.

    def call(self, draft: OpenCall) -> int:
        """Make a call; its number."""
        if len(self.calls) >= CALLS:
            self.budget.spent = True
            return len(self.calls) - 1
        draft.number = len(self.calls)
        draft.path = draft.path or self.path
        draft.at, draft.branches, draft.handler = self.place(), self.here(), bool(self.handler)
        draft.errors_shown = self.errors == "log"
        self.calls.append(draft)
        self.last = draft.number
        if draft.raises or (draft.fails_on_status and not draft.is_shell):
            draft.uncaught = not self.tries
            if self.tries:
                self.tries[-1].calls.append(draft.number)
            left = tuple(one for one in CallEnd if one is not CallEnd.SILENT)
            left = tuple(
                one for one in left if one is not CallEnd.REFUSED or not draft.fails_on_status
            )
            self.branches.append((Branch(calls=(draft.number,), outcomes=left), "raise"))
        return draft.number

    # Output.

    @contextmanager
    def printing(self, sink: Capture | str | None, errors: Capture | str | None) -> Iterator[None]:
        """Send output elsewhere for a while."""
        before = self.sink, self.errors
        self.sink, self.errors = sink, errors
        try:
            yield
        finally:
            self.sink, self.errors = before

    def emit(
        self,
        value: Value,
        *,
        to_errors: bool = False,
        end: str = "\n",
        prefixed: bool = False,
        raw: bool = False,
    ) -> None:
        """Print a text, to where output goes now."""
        sink = self.errors if to_errors else self.sink
        text = to_text(value)
        if isinstance(sink, Capture):
            stamped = Text((*self.stamped(text).parts, *((Lit(end),) if end else ())))
            sink.pieces.append((stamped, tuple(self._arms)))
        elif sink == "log":
            self._show(text, prefixed=prefixed, raw=raw)

    def stamped(self, text: Text) -> Text:
        """The text, with how it came to be printed: it may be shown much later."""
        origin = TextOrigin(self.here(), bool(self.handler), self.last)
        return Text(tuple(_stamp(part, origin) for part in text.parts))

    def _show(self, text: Text, *, prefixed: bool, raw: bool) -> None:
        self.budget.spend(len(text.parts) // 4)
        for line in lines_of(text):
            for way in ways(line):
                for one in lines_of(Text(way)):
                    shown = as_shown(one)
                    if shown is not None:
                        self._print(shown, prefixed=prefixed, raw=raw)

    def _print(self, line: Text, *, prefixed: bool, raw: bool) -> None:
        parts = tuple(one for one in line.parts if not isinstance(one, Alt))
        if not parts or len(self.prints) >= PRINTS:
            return
        lits = [one for one in parts if isinstance(one, Lit)]
        # What a library puts before a text stands nowhere in the script.
        told = max(lits, key=lambda one: (one.line > 0, len(one.text)), default=None)
        origin = next((one.origin for one in lits if one.origin), None)
        after = origin.after if origin else self.last
        branches = merged((*self.here(), *(origin.branches if origin else ())))
        pattern = _pattern(parts)
        made = Print(
            pattern=pattern,
            path=told.path if told else self.path,
            line=told.line if told else 0,
            after=after,
            branches=branches,
            handler=bool(self.handler) or bool(origin and origin.handler),
            prefixed=prefixed,
            raw=raw,
        )
        if made in self._seen and not self.looping:
            return
        self._seen.add(made)
        self.prints.append(msgspec.structs.replace(made, at=self.place()))

    def leave_unread(self, what: str) -> None:
        """Something that the script runs could not be read."""
        if len(self.unread) < UNREAD:
            self.unread[what[:200]] = None


def _stamp(part: Part, origin: TextOrigin) -> Part:
    if isinstance(part, Lit) and part.origin is None:
        return replace(part, origin=origin)
    if isinstance(part, Alt):
        return Alt(
            tuple(Text(tuple(_stamp(one, origin) for one in text.parts)) for text in part.options)
        )
    return part


def _pattern(parts: tuple[Lit | Hole, ...]) -> tuple[str | Hole, ...]:
    """Literal text in one piece, holes with what their variables' names say."""
    found: list[str | Hole] = []
    room = PATTERN
    for part in parts:
        if isinstance(part, Hole):
            found.append(finished(part))
            continue
        told, room = part.text[:room], room - len(part.text)
        if found and isinstance(found[-1], str):
            found[-1] += told
        else:
            found.append(told)
        if room <= 0:
            found.append(Hole(what=What.UNKNOWN))
            break
    return tuple(one if isinstance(one, Hole) else uncoloured(one) for one in found)
