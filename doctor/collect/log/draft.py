"""A call while its lines are read: outcome, status, answer and rows, as they become known."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backup_doctor.collect.log.names import spoken
from backup_doctor.collect.log.said import Said, said, worded
from backup_doctor.collect.log.wrapped import unwrapped
from backup_doctor.evidence.log import Call, Outcome
from backup_doctor.services import log_wording as wording
from backup_doctor.services.log_wording import CallSubject
from backup_doctor.services.single_row import rows_for_one

if TYPE_CHECKING:
    from collections.abc import Sequence

BODY_LIMIT = 2000
LINES_LIMIT = 12
OPEN = frozenset({Outcome.NOT_SAID, Outcome.NOT_MADE})
NO_ANSWER = frozenset({Outcome.UNREACHABLE, Outcome.TIMED_OUT})


@dataclass
class CallDraft:
    """One call. `inferred`: no status has told the outcome yet, only words or the answer's body."""

    subject: CallSubject
    outcome: Outcome = Outcome.NOT_SAID
    status: int | None = None
    rows: int | None = None
    inferred: bool = False
    body: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def call(self) -> Call:
        """What is known of it in the end."""
        if self.outcome is Outcome.NOT_SAID:
            return Call(outcome=self.outcome)
        return Call(
            outcome=Outcome.OK if self.found_no_row else self.outcome,
            status=self.status,
            body="\n".join(self.body)[:BODY_LIMIT],
            rows=self.rows,
            lines=tuple(self.lines),
        )

    @property
    def found_no_row(self) -> bool:
        """Whether the table was asked for the one row that there is, and has none: it did answer."""
        asked = self.subject is not CallSubject.FUNCTION
        return asked and rows_for_one("\n".join(self.body)) == 0

    @property
    def line_of_no_row(self) -> str | None:
        """The first line of a look-up that was answered so."""
        return self.lines[0] if self.found_no_row and self.lines else None

    def note(self, line: str) -> None:
        """Keep a line as evidence."""
        if len(self.lines) < LINES_LIMIT and line not in self.lines:
            self.lines.append(line[:BODY_LIMIT])

    def skip(self, line: str) -> None:
        """The call was not made; one that was made before stays what it was."""
        if self.outcome in OPEN:
            self.outcome = Outcome.NOT_MADE
            self.note(line)

    def tell(self, told: Said, line: str) -> None:
        """A line told an outcome."""
        self.note(line)
        if told.worded:
            self._tell_worded(told)
        else:
            self._tell_answered(told, line)
        if self.body and self.outcome is Outcome.OK:
            self.outcome = _by_body(self.outcome, self.subject, "\n".join(self.body))

    def answer(self, body: Sequence[str]) -> None:
        """The log showed what was answered."""
        text = "\n".join(body)
        self.note(text)
        if self.outcome in NO_ANSWER:
            # No answer came: what is printed in its place is the client's own message.
            refined = said(text)
            if refined and refined.status is None:
                self.outcome = refined.outcome
            return
        if self._is_answered_anew(text):
            self.outcome, self.status = Outcome.OK, None
        if self.status is None and self.outcome in (Outcome.NOT_SAID, Outcome.REFUSED):
            status, text = unwrapped(text)
            if status is not None:
                self.outcome, self.status = Outcome.REFUSED, status
                body = [text]
        self.body = list(body)
        self.inferred = self.inferred or self.outcome is Outcome.NOT_SAID
        self.outcome = _by_body(self.outcome, self.subject, text)
        rows = _rows(text) if self.subject is not CallSubject.FUNCTION else None
        self.rows = self.rows if rows is None else rows

    def _is_answered_anew(self, text: str) -> bool:
        """Whether a function that had refused has said that it is done: it was called again."""
        refused = self.subject is CallSubject.FUNCTION and self.outcome is Outcome.REFUSED
        return bool(refused and wording.SAYS_OK.search(text))

    def count(self, line: str) -> None:
        """A line may tell how many rows were changed; a call that counts them has worked."""
        ranged = wording.CONTENT_RANGE.search(line)
        counted = wording.ROWS_SAID.search(line)
        if ranged:
            self.rows = int(ranged[2]) - int(ranged[1]) + 1 if ranged[1] else 0
        elif counted:
            number = next(group for group in counted.groups() if group)
            self.rows = int(number) if number.isdigit() else 0
        else:
            return
        self.note(line)
        if self.outcome is Outcome.NOT_SAID:
            self.outcome = Outcome.OK

    def _tell_answered(self, told: Said, line: str) -> None:
        repeated = (self.status, self.outcome) == (told.status, told.outcome)
        if not (self.outcome in OPEN or self.inferred or repeated):
            # Another attempt: the answer to the one before says nothing of this one.
            self.body, self.rows = [], None
        self.inferred = False
        timed_out = told.outcome is Outcome.UNREACHABLE and self.outcome is Outcome.TIMED_OUT
        self.outcome = self.outcome if timed_out else told.outcome
        self.status = told.status
        failed = worded(spoken(line))
        if self.subject is CallSubject.FUNCTION and told.outcome is Outcome.OK and failed:
            self.outcome = failed.outcome

    def _tell_worded(self, told: Said) -> None:
        """Words outrank nothing that was answered, but a 200 that the script calls a failure."""
        answered = self.outcome not in OPEN
        recovered = told.outcome is Outcome.OK and self.outcome is not Outcome.OK
        if answered and recovered:
            self.status, self.body = None, []
        if not answered or recovered:
            self.inferred = True
            self.outcome = told.outcome
        elif self.subject is CallSubject.FUNCTION and self.outcome is Outcome.OK:
            self.outcome = told.outcome


def _by_body(outcome: Outcome, subject: CallSubject, text: str) -> Outcome:
    """The outcome, once the answer's body is known."""
    if outcome is Outcome.OK:
        failed = subject is CallSubject.FUNCTION and wording.SAYS_FAILURE.search(text)
        return Outcome.REFUSED if failed and not wording.SAYS_OK.search(text) else Outcome.OK
    if outcome is not Outcome.NOT_SAID:
        return outcome
    if wording.SAYS_OK.search(text):
        return Outcome.OK
    if wording.IS_REFUSAL.search(text) or wording.SAYS_FAILURE.search(text):
        return Outcome.REFUSED
    if subject is not CallSubject.FUNCTION and _rows(text) is not None:
        return Outcome.OK
    return Outcome.NOT_SAID


def _rows(text: str) -> int | None:
    """The number of rows of an answer with `return=representation`, or of a look-up."""
    counted = rows_for_one(text)
    if counted is not None:
        return counted
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return len(parsed) if isinstance(parsed, list) else None
