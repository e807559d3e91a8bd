"""A comparison of two bundles in words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from backup_doctor.base.quoting import for_terminal, one_line
from backup_doctor.run.bundle.comparing import MISSING, SETTINGS, Comparison, EvidenceChange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.evidence.findings import Report

LONGEST_VALUE = 160
FIELDS_SHOWN = 4
LINES_SHOWN = 5
WORDS = {
    "empty_post": "answer to an empty POST",
    "options": "answer to OPTIONS",
    "test_call": "answer to the test call",
    "record": "the platform's record of the function",
    "head": "object at its key",
    "tail": "ends of the file",
    "found_tail": "ends of the file that was found",
    "api": "answer of the Data API",
    "levels": "GitHub's secrets",
    "rls_enabled": "row-level security on",
    "rls_forced": "row-level security forced",
    "proof": "the update, tested against the database",
    "key_proof": "the update with the key's own role",
    "usual_s": "durations of recent runs",
    "update_excerpt": "excerpt of the update step's log",
}


def in_words(comparison: Comparison) -> str:
    """The comparison for a terminal, ending in a newline."""
    lines = [
        *_judged("Then", comparison.then),
        *_judged("Now ", comparison.now),
        "",
        *_changed(comparison),
    ]
    if comparison.unchanged:
        lines.append(f"The same: {', '.join(comparison.unchanged)}.")
    return for_terminal("\n".join(lines)) + "\n"


def _judged(when: str, report: Report) -> Iterator[str]:
    cause = f"  {report.root_cause}" if report.root_cause else ""
    yield f"{when}  {report.generated_at}  {report.verdict.upper()}{cause}"
    yield f"      {one_line(report.summary)}"


def _changed(comparison: Comparison) -> Iterator[str]:
    if not comparison.changes:
        yield "Nothing that was seen has changed."
        return
    check = None
    for change in comparison.changes:
        if change.check != check:
            check = change.check
            yield (
                f"What changed in the {check}:"
                if check == SETTINGS
                else f"What changed for {check}:"
            )
        yield f"  - {_sentence(change)}"
    yield ""


def _sentence(change: EvidenceChange) -> str:
    label = ", ".join(map(_label, change.place)) or "all of it"
    absent = "not there" if change.place else "not looked at"
    if isinstance(change.then, list) and isinstance(change.now, list):
        return f"{label}: {_lines(change.then, change.now)}"
    return f"{label}: {_said(change.then, absent)} then, {_said(change.now, absent)} now"


def _label(name: str) -> str:
    return one_line(name) if name.startswith("“") else WORDS.get(name, name.replace("_", " "))


def _lines(then: list[Any], now: list[Any]) -> str:
    gone = [f"without {_said(item)}" for item in then if item not in now]
    new = [f"with {_said(item)}" for item in now if item not in then]
    told = [*gone, *new]
    more = [f"{len(told) - LINES_SHOWN} more"] if len(told) > LINES_SHOWN else []
    return f"now {'; '.join([*told[:LINES_SHOWN], *more])}" if told else "now in another order"


def _said(value: Any, absent: str = "not there") -> str:  # noqa: ANN401 -- any JSON value
    if value is MISSING:
        return absent
    if value is None or value in ("", [], {}):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict) and value.get("unseen"):
        return f"not seen ({_short(str(value.get('what', '')))})"
    if isinstance(value, dict):
        scalars = {k: v for k, v in value.items() if v not in (None, "", False, [], {})}
        plain = [(k, v) for k, v in scalars.items() if not isinstance(v, (dict, list))]
        told = ", ".join(f"{_label(k)} {_said(v)}" for k, v in plain[:FIELDS_SHOWN])
        return f"there ({told})" if told else "there"
    return _short(value if isinstance(value, str) else json.dumps(value))


def _short(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= LONGEST_VALUE else f"{line[: LONGEST_VALUE - 1]}…"
