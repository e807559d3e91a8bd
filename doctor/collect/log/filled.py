"""What stands in the holes of a call's lines: its status, its answer, its error, a count of rows."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from backup_doctor.collect.log.said import Said, answered, said
from backup_doctor.collect.script.lines import depth_of, is_curl_s
from backup_doctor.collect.script.model import CallKind, What
from backup_doctor.evidence.log import Outcome
from backup_doctor.services import log_wording as wording
from backup_doctor.services.afterwards_wording import MESSENGER
from backup_doctor.services.log_wording import CallSubject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.collect.log.draft import CallDraft
    from backup_doctor.collect.script.model import Attributed, Fill, ScriptCall

# A status alone, or at the beginning of an error's message.
STATUS_DIGITS = re.compile(r"^([1-5]\d\d)(?=\s*$|:?\s)")
NO_ANSWER = "000"
ANSWER_LINES = 100
# What of an answer or an error is its own message, by the name of the part.
_TELLING = frozenset(
    {"message", "code", "details", "hint", "error", "msg", "description", "reason"}
)
_COUNTS = frozenset({"count", "rowcount", "rowCount", "length", "affectedRows"})
_JSON = re.compile(r"\{\s*\".*")
MEASURED = "headers."


def take(
    draft: CallDraft, made: ScriptCall, own: Sequence[Attributed], lines: Sequence[str]
) -> None:
    """Take the lines of a call in their order."""
    shown: list[str] = []
    of_error = False
    parts: dict[str, str] = {}
    for one in own:
        line = lines[one.line].strip()
        if shown and (one.rule == "continues" or _goes_on(shown, one)):
            shown.append(line)
            continue
        _answer(draft, shown, of_error=of_error)
        fills = [fill for fill in one.fills if fill.hole.calls == (made.number,)]
        shown = _fill(draft, fills, line) if fills else _loose(draft, one, line)
        of_error = any(fill.hole.what is What.ERROR for fill in fills)
        # What a client says of a function's failure is its own, and no part of the answer.
        parts |= {} if of_error and draft.subject is CallSubject.FUNCTION else _parts(fills)
        _count(draft, made, fills)
        if made.kind is CallKind.SQL:
            # psql's own word: `UPDATE 0`.
            draft.count(line)
        draft.note(line)
    _answer(draft, shown, of_error=of_error)
    if parts and not draft.body:
        draft.answer([json.dumps(parts, ensure_ascii=False)])


def _goes_on(shown: Sequence[str], one: Attributed) -> bool:
    """Whether a line that no print made stands within the answer that was begun: `jq .` writes many."""
    return one.print is None and len(shown) < ANSWER_LINES and sum(map(depth_of, shown)) > 0


def _answer(draft: CallDraft, shown: list[str], *, of_error: bool) -> None:
    """The answer that was shown; a client's own error about a function shows at most a part of it."""
    shown = shown if shown[:1] != [""] else shown[1:]
    if not any(shown) or (of_error and _is_answered(draft) and not _JSON.search("\n".join(shown))):
        return
    if not (of_error and draft.subject is CallSubject.FUNCTION):
        draft.answer(shown)
        return
    for line in shown:
        told = said(line) if draft.status is None else None
        if told:
            draft.tell(told, line)
    text = "\n".join(shown)
    found = wording.EXCEPTION.search(shown[0]) or _JSON.search(text)
    if found:
        draft.answer([found[1] if found.re is wording.EXCEPTION else found[0]])


def _is_answered(draft: CallDraft) -> bool:
    """Whether the answer itself was shown before, of which an error has only the status."""
    return any(_JSON.search(line) for line in draft.body)


def _fill(draft: CallDraft, fills: Sequence[Fill], line: str) -> list[str]:
    """Take what a line has in the holes that the call fills; return the beginning of its answer."""
    shown: list[str] = []
    for fill in fills:
        text, what = fill.text.strip(), fill.hole.what
        # Of what curl measures, a size may look like a status.
        told = None if fill.hole.part.startswith(MEASURED) else _said(what, text)
        if told:
            draft.tell(told, line)
        if what in (What.ERROR, What.ANSWER) and text:
            opening = wording.OPENING.search(text)
            if opening and fill.hole.part:
                shown = [text[opening.start() :]]
            elif not fill.hole.part:
                # Curl's own words are none of the answer, which may follow.
                shown = [""] if is_curl_s(text) else [text]
    return shown


def _said(what: What, text: str) -> Said | None:
    """The outcome that stands in a hole."""
    if what is What.STATUS and text == NO_ANSWER:
        return Said(0, Outcome.UNREACHABLE)
    if what is What.EXIT:
        return said(f"curl: ({text})")
    begins = STATUS_DIGITS.match(text) if what in (What.STATUS, What.ERROR) else None
    if begins:
        return answered(0, int(begins[1]))
    if what is What.ERROR or (what is What.ANSWER and not wording.OPENING.search(text)):
        return said(text)
    return None


def _parts(fills: Sequence[Fill]) -> dict[str, str]:
    """The parts of an answer or an error that are printed one by one: code, message, hint."""
    named = (
        (fill.hole.part.rpartition(".")[2], fill.text.strip())
        for fill in fills
        if fill.hole.what in (What.ANSWER, What.ERROR)
    )
    return {part: text for part, text in named if part in _TELLING and text}


def _count(draft: CallDraft, made: ScriptCall, fills: Sequence[Fill]) -> None:
    """How many rows were changed: a part that counts them, or all that SQL gave back."""
    for fill in fills:
        text, part = fill.text.strip(), fill.hole.part.rpartition(".")[2]
        counts = part in _COUNTS or made.kind is CallKind.SQL
        if counts and fill.hole.what is What.ANSWER and text.isdecimal():
            draft.rows = int(text)
            draft.outcome = Outcome.OK if draft.outcome is Outcome.NOT_SAID else draft.outcome


def _loose(draft: CallDraft, one: Attributed, line: str) -> list[str]:
    """A line that no print of the script made, and that can only be of this call."""
    if one.print is not None or MESSENGER.search(line):
        return []
    told = said(line)
    if told:
        draft.tell(told, line)
    opening = wording.OPENING.search(line)
    return [line[opening.start() :]] if opening else []
