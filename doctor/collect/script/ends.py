"""The ends that a call can have, and whether a test holds with each of them."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from backup_doctor.collect.script.model import CallEnd, What
from backup_doctor.collect.script.samples import PATTERN_LIMIT, Facts, Sample
from backup_doctor.collect.script.texts import literal
from backup_doctor.collect.script.values import (
    Cases,
    Const,
    Failure,
    Items,
    Lit,
    Response,
    Test,
    Text,
    only_hole,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.collect.script.model import Branch, Hole
    from backup_doctor.collect.script.values import Value

DEPTH = 24
_FLAG = re.compile(r"(?:^|\.)(?:success|succeeded|ok|updated|done)$", re.IGNORECASE)
_COUNT = re.compile(
    r"(?:^|[.| ])(?:length|count|rowcount|affected_?rows|rows_?affected)$", re.IGNORECASE
)
_COMPLAINT = re.compile(r"(?:^|\.)(?:errors?|err|message|msg|code|details?|hint)$", re.IGNORECASE)
_ERROR = re.compile(r"(?:^|\.)(?:errors?|err)$", re.IGNORECASE)
_HEAD = re.compile(r"(?:^|\.)(?:headers?|statusText|reason|url|contentrange)\b", re.IGNORECASE)
_JQ_DEFAULT = re.compile(r"//\s*(?:empty|\"\"|'')")
NONZERO = "nonzero"


def truth(value: Value, sample: Sample, facts: Facts, depth: int) -> bool | None:
    """Whether a value counts as true with this end of the call."""
    if depth <= 0:
        return None
    match value:
        case Const():
            return bool(value.value)
        case Test():
            return _tested(value, sample, facts, depth - 1)
        case Failure():
            return _is_error(sample.outcome, facts) if value.calls == (sample.call,) else None
        case Response():
            return _answer_object(value, sample, facts)
        case Text():
            return _text_truth(value, sample, facts)
        case Items():
            return bool(value.items)
        case Cases():
            return _agreed(value, lambda one: truth(one, sample, facts, depth - 1), sample)
        case _:
            return None


def _text_truth(value: Text, sample: Sample, facts: Facts) -> bool | None:
    one = only_hole(value)
    if one is not None:
        return _hole_truth(one, sample, facts) if one.calls == (sample.call,) else None
    text = literal(value)
    said = text if text is not None else _surely_said(value)
    return None if said is None else bool(said)


def _surely_said(value: Text) -> str | None:
    """What stands in a text whatever fills its holes; None where that is nothing."""
    return next((one.text for one in value.parts if isinstance(one, Lit) and one.text), None)


def _agreed(value: Cases, holds: Callable[[Value], bool | None], sample: Sample) -> bool | None:
    """What all of the values say that the script can have come to with this end of the call."""
    told = {holds(one) for one, ways in value.options if _reached(ways, sample)}
    return told.pop() if len(told) == 1 else None


def _reached(branches: tuple[Branch, ...], sample: Sample) -> bool:
    """Whether a way is open with this end of the call; nothing is known of the other calls."""
    return all(sample.outcome in one.outcomes for one in branches if one.calls == (sample.call,))


def _answer_object(value: Response, sample: Sample, facts: Facts) -> bool | None:
    """An answer is there unless none came; Python's `requests` counts a refusal as false.

    PowerShell hands out what the answer holds.
    """
    if value.calls != (sample.call,):
        return None
    if value.client == "Invoke-RestMethod" and sample.outcome is not CallEnd.SILENT:
        return _answer_truth("", sample.outcome, facts)
    if sample.outcome is CallEnd.REFUSED and value.client in {"requests", "niquests"}:
        return False
    return sample.outcome is not CallEnd.SILENT


def _hole_truth(one: Hole, sample: Sample, facts: Facts) -> bool | None:
    silent = sample.outcome is CallEnd.SILENT
    if one.what is What.STATUS:
        return not silent
    if one.what is What.EXIT:
        return None
    if one.what is What.ERROR:
        return _is_error(sample.outcome, facts)
    if silent:
        return False
    return _answer_truth(one.part, sample.outcome, facts)


def _is_error(outcome: CallEnd, facts: Facts) -> bool:
    if outcome is CallEnd.EMPTY:
        return facts.empty_is_error
    return outcome in {CallEnd.REFUSED, CallEnd.SILENT}


def _answer_truth(part: str, outcome: CallEnd, facts: Facts) -> bool | None:
    """Whether an answer, or a part of it, is there and says yes."""
    if _HEAD.search(part):
        return None
    if not part:
        if outcome is CallEnd.REFUSED:
            return None if facts.is_shell else False
        if outcome is CallEnd.OK and facts.returns_rows:
            return True
        return False if outcome is CallEnd.EMPTY and facts.empty_is_false else None
    if _FLAG.search(part):
        return outcome in {CallEnd.OK, CallEnd.EMPTY}
    if _COUNT.search(part):
        return outcome is CallEnd.OK
    if _COMPLAINT.search(part):
        return {CallEnd.OK: False, CallEnd.EMPTY: False, CallEnd.DENIED: True}.get(outcome)
    return {CallEnd.OK: True, CallEnd.EMPTY: False, CallEnd.REFUSED: False}.get(outcome)


def _tested(test: Test, sample: Sample, facts: Facts, depth: int) -> bool | None:
    parts = test.parts
    if test.operator == "not":
        return _not(truth(parts[0], sample, facts, depth))
    if test.operator in {"and", "or"}:
        return _combined(test.operator, [truth(one, sample, facts, depth) for one in parts])
    if test.operator == "succeeds":
        one = only_hole(parts[0])
        if one is None or one.calls != (sample.call,):
            return None
        return _ends_well(sample, facts)
    return _compared(test.operator, parts[0], parts[1], sample, facts)


def _not(held: bool | None) -> bool | None:
    return None if held is None else not held


def _combined(operator: str, truths: list[bool | None]) -> bool | None:
    decisive = operator == "or"
    if decisive in truths:
        return decisive
    return None if None in truths else not decisive


def _ends_well(sample: Sample, facts: Facts) -> bool:
    """Whether the program that made the call ends with 0."""
    if sample.outcome is CallEnd.SILENT:
        return False
    return not (sample.outcome is CallEnd.REFUSED and facts.fails_on_status)


def _compared(
    operator: str, left: Value, right: Value, sample: Sample, facts: Facts
) -> bool | None:
    if isinstance(left, Cases):
        return _agreed(left, lambda one: _compared(operator, one, right, sample, facts), sample)
    if operator in {"==", "!="} and _is_nothing(right):
        absent = _absent(left, sample, facts, literal(right))
        return absent if absent is None or operator == "==" else not absent
    if isinstance(left, Test) and operator in {"==", "!="} and literal(right) == "0":
        is_set = truth(left, sample, facts, DEPTH - 1)
        return is_set if operator == "!=" else _not(is_set)
    told = _concrete(left, sample, facts)
    wanted = [literal(one) for one in right.items] if isinstance(right, Items) else [literal(right)]
    if told is None or None in wanted:
        if isinstance(right, Const) and right.value is not None:
            told_left = truth(left, sample, facts, 1)
            same = None if told_left is None else told_left is right.value
            return same if same is None or operator == "==" else not same
        return _differs(operator, left, wanted, sample, facts)
    return _holds(operator, told, [one for one in wanted if one is not None])


def _differs(
    operator: str, left: Value, wanted: list[str | None], sample: Sample, facts: Facts
) -> bool | None:
    """A part of an answer that is not there is no known text."""
    one = only_hole(left)
    if one is None or one.what is not What.ANSWER or not one.part or not all(wanted):
        return None
    if one.calls != (sample.call,) or _hole_truth(one, sample, facts) is not False:
        return None
    return {"==": False, "in": False, "like": False, "!=": True}.get(operator)


def _is_nothing(value: Value) -> bool:
    return (isinstance(value, Const) and value.value is None) or literal(value) in {
        "",
        "null",
        "[]",
        "{}",
    }


def _absent(value: Value, sample: Sample, facts: Facts, word: str | None) -> bool | None:
    """Whether nothing is there; `word` is what the script holds for nothing."""
    one = only_hole(value)
    if one is None or one.what is not What.ANSWER or one.calls != (sample.call,):
        if one is not None and one.what is What.STATUS and one.calls == (sample.call,):
            return False if sample.outcome is not CallEnd.SILENT else None
        return _not(truth(value, sample, facts, DEPTH - 1))
    if word in {"[]", "{}"}:
        return sample.outcome is CallEnd.EMPTY
    if not one.part or not facts.is_shell:
        return _not(_hole_truth(one, sample, facts))
    complaint = _complaint(one.part, facts)
    if complaint:
        return _no_complaint(sample.outcome, word or "")
    return _absent_text(one.part, sample.outcome, word or "")


def _complaint(part: str, facts: Facts) -> bool:
    """Whether what jq is asked for is only there in a refusal: a function's success may have a message."""
    name = part.partition("//")[0].strip().rstrip("?")
    asked = _COMPLAINT if facts.is_of_table else _ERROR
    return asked.search(name) is not None


def _no_complaint(outcome: CallEnd, word: str) -> bool | None:
    """A refusal may be no JSON, and of rows jq asks in vain: it prints nothing then, and no `null`."""
    if word:
        return None
    absent = {CallEnd.OK: True, CallEnd.EMPTY: True, CallEnd.DENIED: False, CallEnd.SILENT: True}
    return absent.get(outcome)


def _absent_text(part: str, outcome: CallEnd, word: str) -> bool | None:
    """What jq prints for nothing: `null`, or an empty text if the script asked for that."""
    if outcome is CallEnd.OK:
        return False
    if outcome is CallEnd.DENIED:
        return None
    if _JQ_DEFAULT.search(part) or outcome is not CallEnd.EMPTY:
        return word == ""
    return word == "null"


def _concrete(value: Value, sample: Sample, facts: Facts) -> str | None:
    """The text that a value has with this end of the call, if that is known."""
    text = literal(value) if isinstance(value, Text | Const) else None
    if text is not None:
        return text
    one = only_hole(value)
    if one is not None and one.part == "nonzero":
        return NONZERO
    if one is None or one.calls != (sample.call,):
        return None
    if one.what is What.STATUS:
        told = f"{sample.status:03d}"
        return told[0] if one.part == "[0]" else told
    if one.what is What.EXIT:
        return "0" if _ends_well(sample, facts) else NONZERO
    if one.what is What.ANSWER and _COUNT.search(one.part):
        return "1" if sample.outcome is CallEnd.OK else "0"
    if one.what is What.ANSWER and _FLAG.search(one.part):
        return "true" if sample.outcome in {CallEnd.OK, CallEnd.EMPTY} else None
    return None


def _holds(operator: str, told: str, wanted: list[str]) -> bool | None:
    first = wanted[0] if wanted else ""
    if told == NONZERO:
        if first != "0":
            return None
        return {"==": False, "!=": True, ">": True, "<=": False}.get(operator)
    if operator == "in":
        return told in wanted
    if operator in {"like", "matches"}:
        return _fits(operator, told, first)
    if told.isdecimal() and first.isdecimal():
        return _ordered(operator, int(told), int(first))
    return {"==": told == first, "!=": told != first}.get(operator)


def _ordered(operator: str, left: int, right: int) -> bool:
    return {
        "==": left == right,
        "!=": left != right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }[operator]


def _fits(operator: str, told: str, pattern: str) -> bool | None:
    """A status against a script's own pattern: three digits, whatever the pattern costs elsewhere."""
    if len(pattern) > PATTERN_LIMIT or len(told) > len("200"):
        return None
    if operator == "like":
        return fnmatchcase(told, pattern)
    try:
        return re.search(pattern.strip("/"), told) is not None
    except (re.error, OverflowError, RecursionError):
        return None
