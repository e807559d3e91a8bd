"""The lines that no print is known by: more of a text, a tool's own words, or nobody's.

Rules: `placed` (a print of few words fits and stands where the line does), `continues` (a print
began the text), `address` (the line names the address of one call), `tool` (curl's own words),
`between` (only one call can have printed there), `turn` (several have, each in its turn),
`interpreter` (the script itself broke, so that nothing near it is a call's), `none`.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, TypeVar

from backup_doctor.collect.script.gap_tests import (
    addressed_call,
    apart,
    decided,
    has_digits,
    made_for,
    may_be_placed,
)
from backup_doctor.collect.script.lines import (
    depth_of,
    is_curl_s,
    is_interpreter_s,
    is_runner_s,
    is_status_curl_s,
    is_trace,
)
from backup_doctor.collect.script.model import Attributed, Certainty, Fill, Hole, What
from backup_doctor.collect.script.turns import answers_in_turn, errors_in_turn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from backup_doctor.collect.script.model import Print, Script, ScriptCall
    from backup_doctor.collect.script.patterns import Pattern

CONTINUED = 400
NEAR = 40
"""Calls and prints behind a line that are looked at."""
WEAK = 200

Placed = TypeVar("Placed", "ScriptCall", "Print")


class Gaps:
    """Each run of lines between two that are known."""

    def __init__(
        self,
        lines: Sequence[str],
        script: Script,
        patterns: Sequence[Pattern],
        printed: list[Attributed | None],
    ) -> None:
        self._lines = lines
        self._script = script
        self._printed = printed
        self._known = [one.print for one in patterns if one.identifies]
        self._weak = [one for one in patterns if not one.identifies]

    def fill(self) -> list[Attributed]:
        """All lines, in order."""
        for start, end in list(self._gaps()):
            self._place(start, end)
        found: dict[int, Attributed] = {}
        for start, end in self._gaps():
            found.update((one.line, one) for one in self._gap(start, end))
        return [one or found[index] for index, one in enumerate(self._printed)]

    def _gaps(self) -> Iterator[tuple[int, int]]:
        start: int | None = None
        for index, one in enumerate(self._printed):
            if one is None and start is None:
                start = index
            elif one is not None and start is not None:
                yield start, index
                start = None
        if start is not None:
            yield start, len(self._printed)

    def _around(self, start: int, end: int) -> tuple[Print | None, Print | None]:
        """The prints of the lines before and behind a gap."""
        before = self._printed[start - 1] if start else None
        after = self._printed[end] if end < len(self._lines) else None
        return self._print(before), self._print(after)

    def _print(self, one: Attributed | None) -> Print | None:
        return self._script.prints[one.print] if one and one.print is not None else None

    def _place(self, start: int, end: int) -> None:
        """Find lines of prints that are known by their place: between the two around the gap."""
        first, last = self._around(start, end)
        if last is not None and first is not None and last.at <= first.at:
            return
        at = first.at if first else 0
        near = [one for one in self._weak if may_be_placed(one)][:WEAK]
        for index in range(start, end):
            line = self._lines[index].strip()
            for one in near:
                if one.print.at <= at or (last is not None and one.print.at >= last.at):
                    continue
                if apart(one.print.branches, first) or apart(one.print.branches, last):
                    continue
                fills = one.match(line) if line and not is_trace(line) else None
                if fills is not None and has_digits(one, fills):
                    self._printed[index] = Attributed(
                        line=index,
                        certainty=Certainty.LIKELY,
                        rule="placed",
                        print=one.index,
                        calls=one.print.calls,
                        fills=fills,
                        after=one.print.after,
                    )
                    at = one.print.at
                    break

    def _gap(self, start: int, end: int) -> Iterator[Attributed]:
        first, last = self._around(start, end)
        broken = any(is_interpreter_s(line) for line in self._lines[start:end])
        window = [] if broken else self._window(first, last)
        loose = [] if broken else self._loose(first, last)
        continued = self._continued(first, start, end, alone=not (window or loose or broken))
        for index in range(start, continued):
            yield self._continues(index, start - 1)
        left = {at: self._lines[at].strip() for at in range(continued, end)}
        answers = answers_in_turn(left, self._script.calls, window, loose)
        turns = answers | errors_in_turn(left, self._curls(window, last))
        for index in range(continued, end):
            made = self._one(index, (first, last), window, loose)
            turn = turns.get(index) if made.rule == "none" else None
            yield made if turn is None else decided(made, "turn", turn.number, certain=False)

    # Which calls and which prints without words can have printed here.

    def _window(self, first: Print | None, last: Print | None) -> list[ScriptCall]:
        """The calls that were made between two prints, as far as their ways allow."""
        start, end = first.at if first else 0, last.at if last else None
        if first and last and last.at <= first.at:
            return self._in_loop(first, last)
        return [
            call
            for call in self._behind(self._script.calls, start)
            if (end is None or call.at < end)
            and not apart(call.branches, first)
            and not apart(call.branches, last)
            and (call.number in made_for(last) or not self._passed(start, call))
        ]

    def _in_loop(self, first: Print, last: Print) -> list[ScriptCall]:
        """The calls behind the one print, or before the other, in the loop that has both."""
        loops = self._script.loops
        both = ((a, b) for a, b in loops if a <= first.at <= b and a <= last.at <= b)
        start, end = next(both, (0, -1))
        inside = [one for one in self._script.calls if start <= one.at <= end]
        return [one for one in inside if one.at > first.at or one.at < last.at]

    def _passed(self, start: int, call: ScriptCall) -> bool:
        """Whether a print stands before the call that would have been seen if it had been made."""
        ways = set(call.branches)
        near = self._behind(self._known, start)
        return any(one.at < call.at and ways.issuperset(one.branches) for one in near)

    def _behind(self, ordered: Sequence[Placed], start: int) -> Sequence[Placed]:
        """The next of the prints or calls, in the script's order."""
        at = bisect_right(ordered, start, key=lambda one: one.at)
        return ordered[at : at + NEAR]

    def _loose(self, first: Print | None, last: Print | None) -> list[Print]:
        """Prints without words of their own that stand between the two."""
        start, end = first.at if first else 0, last.at if last else None
        return [
            one
            for one in self._behind([one.print for one in self._weak], start)
            if (end is None or one.at < end)
            and not apart(one.branches, first)
            and not apart(one.branches, last)
            and any(isinstance(part, Hole) for part in one.pattern)
        ]

    # What a line is.

    def _continued(self, first: Print | None, start: int, end: int, *, alone: bool) -> int:
        """How far the text goes on that the print before the gap began: up to this line.

        `alone`: nothing else can have printed here.
        """
        last = first.pattern[-1] if first and first.pattern else None
        if not isinstance(last, Hole) or last.what not in {What.ANSWER, What.ERROR}:
            return start
        limit = min(end, start + CONTINUED)
        if alone:
            # A workflow command is a message of its own.
            fresh = (at for at in range(start, limit) if self._lines[at].startswith("##["))
            return next(fresh, limit)
        depth = depth_of(self._lines[start - 1])
        at = start
        if self._is_curl_before_answer(start):
            depth += depth_of(self._lines[at])
            at += 1
        while at < limit and (depth > 0 or self._is_stack(at, last)):
            depth += depth_of(self._lines[at])
            at += 1
        return at

    def _is_curl_before_answer(self, at: int) -> bool:
        """Whether the text above began with curl's own words, and the answer's JSON follows here."""
        head = self._printed[at - 1]
        begun = head.fills[-1].text if head and head.fills else ""
        return is_curl_s(begun) and self._lines[at].lstrip().startswith("{")

    def _is_stack(self, at: int, hole: Hole) -> bool:
        """Whether a line is further in than the error above it: where it came from."""
        return hole.what is What.ERROR and self._lines[at][:1] in {" ", "\t"}

    def _continues(self, index: int, of: int) -> Attributed:
        head = self._printed[of]
        assert head is not None, "a gap that goes on has a print before it"
        hole = head.fills[-1].hole if head.fills else None
        return Attributed(
            line=index,
            certainty=head.certainty,
            rule="continues",
            calls=head.calls,
            fills=(Fill(hole=hole, text=self._lines[index]),) if hole else (),
            after=head.after,
            continues=of,
        )

    def _one(
        self,
        index: int,
        around: tuple[Print | None, Print | None],
        window: Sequence[ScriptCall],
        loose: Sequence[Print],
    ) -> Attributed:
        """A line of its own."""
        first, last = around
        line = self._lines[index].strip()
        made = Attributed(
            line=index,
            certainty=Certainty.OPEN,
            rule="interpreter" if is_interpreter_s(line) else "none",
            after=first.after if first else None,
            before=self._next(last),
        )
        if not line or is_runner_s(line) or is_trace(line):
            return made
        addressed = addressed_call(line, self._script.calls, window)
        if addressed is not None:
            return decided(made, "address", *addressed)
        if is_curl_s(line):
            return self._of_curl(made, window, last)
        speaking = [one for one in window if one.speaks]
        sources = {(one.number,) for one in speaking} | {one.calls for one in loose}
        if len(sources) == 1 and (only := sources.pop()) and len(only) == 1:
            return decided(made, "between", only[0], certain=False)
        return made

    def _curls(self, window: Sequence[ScriptCall], last: Print | None) -> list[ScriptCall]:
        """The calls of curl that can have failed there."""
        curls = [one for one in window if one.client == "curl"]
        return curls if last else [one for one in curls if not self._tells_failure(one)]

    def _of_curl(
        self, made: Attributed, window: Sequence[ScriptCall], last: Print | None
    ) -> Attributed:
        """Curl's own words: of the one curl that was made there, or that must have failed there."""
        curls = self._curls(window, last)
        by_status = is_status_curl_s(self._lines[made.line])
        if by_status:
            curls = [one for one in curls if one.fails_on_status]
        # One of them alone says it again when it tries again (`--retry`).
        again = by_status or (bool(curls) and curls[0].repeated)
        if len(curls) == 1 and (again or not self._said_before(made.line)):
            return decided(made, "tool", curls[0].number, certain=len(window) == 1)
        ways = last.branches if last else ()
        failed = {one.calls for one in ways if one.failed}
        known = [one for one in curls if (one.number,) in failed]
        alone = not (self._said_before(made.line) or self._said_behind(made.line))
        if len(known) == 1 and alone:
            return decided(made, "tool", known[0].number, certain=False)
        return made

    def _tells_failure(self, call: ScriptCall) -> bool:
        """Whether the script prints something wherever this call fails."""
        ways = set(call.branches)
        behind = self._behind(self._known, call.at)
        more = ([way for way in one.branches if way not in ways] for one in behind)
        return any(
            own and all(way.calls == (call.number,) and way.failed for way in own) for own in more
        )

    def _said_behind(self, index: int) -> bool:
        """Whether curl fails once more before the next line that a print made."""
        index += 1
        while index < len(self._lines) and self._printed[index] is None:
            if is_curl_s(self._lines[index].strip()):
                return True
            index += 1
        return False

    def _said_before(self, index: int) -> bool:
        """Whether curl has failed already since the last line that a print made."""
        while index and self._printed[index - 1] is None:
            index -= 1
            if is_curl_s(self._lines[index].strip()):
                return True
        return False

    def _next(self, last: Print | None) -> int | None:
        """The first call that is made after the lines."""
        if last is None:
            return None
        return next((one.number for one in self._script.calls if one.at > last.at), None)
