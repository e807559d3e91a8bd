"""The calls of the update step: how each ended, as the step's own output tells it.

One pass over the executed output. A line may name the call that it speaks of (`Edge function ...`),
an outcome (`HTTP 401`, `curl: (28)`), a part of the answer (`Response: {...}`), or several of them.
What the log does not say stays `NOT_SAID`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from doctor.evidence.log import Call, Outcome
from doctor.log import wording
from doctor.log.draft import NO_ANSWER, Draft
from doctor.log.names import endpoints
from doctor.log.record import record
from doctor.log.said import Said, answered, worded
from doctor.log.wording import Subject
from doctor.signatures import database_meaning

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from doctor.log.names import Names

FAILED = NO_ANSWER | {Outcome.REFUSED, Outcome.NOT_MADE}
BODY_LINES = 60
MARKER = re.compile(r"^##\[\w+\]")
MARKUP = re.compile(r"^\s*<(?:!doctype|html|\?xml|head|body)", re.IGNORECASE)


@dataclass(frozen=True)
class Calls:
    """What the update step's output says."""

    function: Call
    fallback: Call
    lookup: Call
    not_found: str | None


def read_calls(
    names: Names, script: Sequence[str], output: Iterable[str], *, is_update: bool = True
) -> Calls:
    """The calls in a step's output. `script` only tells what an unlabelled answer can be of.

    `is_update`: it is the update step's output, so that a call which nothing names is its own.
    """
    reader = _Reader(names, script)
    for line in output:
        reader.feed(line)
    reader.close_body()
    if is_update:
        reader.claim_unreached()
    drafts = reader.drafts
    return Calls(
        function=drafts[Subject.FUNCTION].call(),
        fallback=drafts[Subject.FALLBACK].call(),
        lookup=drafts[Subject.LOOKUP].call(),
        not_found=reader.not_found,
    )


class _Reader:
    """The state: which call is spoken of, and whose answer is being printed."""

    def __init__(self, names: Names, script: Sequence[str]) -> None:
        self.drafts = {subject: Draft(subject) for subject in Subject}
        self.not_found: str | None = None
        self._names = names
        called = endpoints(script)
        # Which of several calls an unlabelled answer is of can be told only without a look-up.
        self._expected = [] if Subject.LOOKUP in called else called
        self._unlabelled = 0
        self._current = called[0] if len(called) == 1 else None
        self._depth = 0
        self._wants_body = False
        self._open: list[str] = []
        self._loose: list[str] = []
        # An outcome that was told before anything said whose it is, with its line.
        self._untold: tuple[Said, str] | None = None
        # The outcome that was told last came from a line that names no call.
        self._unnamed = False
        # The call that a body was of by its own code: a status below it, of no named call, is too.
        self._answered: Subject | None = None
        # The braces were opened by a line that tells no outcome: a payload, unless it answers.
        self._doubtful = False
        # Headers told whose the answer is that comes now; the next status line is another's.
        self._headed = False
        # The call of which PostgreSQL's client has just shown the failure.
        self._psql: Subject | None = None

    def feed(self, line: str) -> None:
        """Take the next line of output."""
        plain = wording.GUTTER.sub("", MARKER.sub("", line)).strip()
        text = wording.LOGGER.sub("", plain)
        if not text:
            self.close_body()
            return
        if self._by_psql(plain):
            return
        if wording.TRACE.match(text):
            self._trace(text)
            return
        if self._continues(text):
            self._add_body(text)
            return
        self.close_body()
        logged = record(text)
        if logged:
            self._event(logged.words)
            if logged.body:
                self._add_body(logged.body)
                self.close_body()
        elif not self._is_body(text):
            self._event(text)

    def _by_psql(self, text: str) -> bool:
        """PostgreSQL's answer to its own client, which speaks no HTTP: a direct update's."""
        if wording.PSQL.match(text):
            self.close_body()
            lookup = self._current is Subject.LOOKUP
            self._psql = Subject.LOOKUP if lookup else Subject.FALLBACK
            self._function_failed_before()
            self._refuse(self._psql, text)
            return True
        if self._psql and wording.PSQL_MORE.match(text):
            draft = self.drafts[self._psql]
            draft.answer([*draft.body, text])
            return True
        self._psql = None
        return False

    def _refuse(self, subject: Subject, text: str) -> None:
        """A refusal without a status, whose words are the answer."""
        self._tell(subject, Said(0, Outcome.REFUSED), text)
        self.drafts[subject].answer([text])

    # The answer's body: labelled, or recognizable as JSON or markup, maybe over several lines.

    def _continues(self, text: str) -> bool:
        if self._depth > 0 and len(self._open) < BODY_LINES:
            fresh = text[0] not in "\"'}]{[" and (
                wording.FALLS_BACK.search(text)
                or wording.STATUS.search(text)
                or text.startswith(("curl:", "Process completed"))
            )
            return not fresh
        return self._wants_body and self._names.said(text) is None and not self._mentioned(text)

    def _is_body(self, text: str) -> bool:
        if wording.OPENING.match(text) or MARKUP.match(text):
            self._add_body(text)
            return True
        label = wording.BODY_LABEL.match(text)
        if label is None:
            return False
        named = self._mentioned(text[: label.start(1)])
        rest = label[1].strip()
        if re.match(r"\(?[1-5]\d\d\b(?!\d)", rest) and not rest.startswith("{"):
            return False
        if named:
            self._current = named[0][1]
        if rest:
            self._add_body(rest)
        else:
            self._wants_body = True
        return True

    def _add_body(self, text: str) -> None:
        self._wants_body = False
        self._open.append(text)
        plain = re.sub(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'", "", text)
        self._depth += plain.count("{") + plain.count("[") - plain.count("}") - plain.count("]")
        if self._depth <= 0:
            self.close_body()

    def close_body(self) -> None:
        """The answer that was being printed has ended."""
        body, self._open, self._depth, self._wants_body = self._open, [], 0, False
        doubtful, self._doubtful = self._doubtful, False
        if not body or (doubtful and not self._answers("\n".join(body))):
            return
        subject = self._whose("\n".join(body))
        if subject is None:
            self._loose = body
            return
        self.drafts[subject].answer(body)

    def claim_unreached(self) -> None:
        """Whoever could not be reached at all was the first that was called."""
        silent = all(self.drafts[one].outcome is Outcome.NOT_SAID for one in Subject)
        if silent and self._untold and self._untold[0].outcome in NO_ANSWER:
            self._function_failed_before()

    def _answers(self, body: str) -> bool:
        if self._current is Subject.FALLBACK:
            return bool(wording.DATA_API_BODY.search(body) or wording.IS_REFUSAL.search(body))
        signs = (wording.IS_REFUSAL, wording.SAYS_OK, wording.SAYS_FAILURE)
        return any(sign.search(body) for sign in signs)

    def _whose(self, body: str) -> Subject | None:
        """Whose answer it is: the named call's, unless its own code tells that it cannot be."""
        function = self.drafts[Subject.FUNCTION]
        if wording.GATEWAY_BODY.search(body):
            owner = Subject.FUNCTION
        elif wording.DATA_API_BODY.search(body) and function.outcome in FAILED:
            owner = Subject.FALLBACK
        elif self._current is None and wording.SAYS_OK.search(body):
            # No Data API answers so.
            return Subject.FUNCTION
        else:
            return self._current
        # A function that the gateway never ran has not passed on what PostgREST said.
        refused = wording.GATEWAY_BODY.search("\n".join(function.body))
        if self._current is Subject.FUNCTION and owner is Subject.FALLBACK and refused:
            self._current = Subject.FALLBACK
        if self._current is None:
            self._own(owner)
        return self._current or owner

    def _is_header(self, text: str) -> bool:
        """A header of the function's answer: it tells whose the status above it and the body are."""
        if self._headed and wording.STATUS_LINE.match(text):
            self._headed, self._current = False, None
        if not wording.FUNCTIONS_HEADER.match(text):
            return False
        self._own(Subject.FUNCTION)
        self._headed, self._current = True, Subject.FUNCTION
        self.drafts[Subject.FUNCTION].note(text)
        return True

    def _own(self, subject: Subject) -> None:
        """An answer's code told whose it is, and so whose the status beside it is."""
        if self._untold:
            (told, line), self._untold = self._untold, None
            self._tell(subject, told, line)
        elif self.drafts[subject].status is None:
            self._answered = subject

    # What a line says of a call.

    def _mentioned(self, text: str) -> list[tuple[int, Subject]]:
        """The calls that a line names. Of a function that failed, the table names what follows."""
        untold = self._untold is not None and self._untold[0].outcome is not Outcome.OK
        failed = untold or self.drafts[Subject.FUNCTION].outcome in FAILED
        return self._names.mentioned(text) or (self._names.table(text) if failed else [])

    def _event(self, text: str) -> None:
        mentions = self._mentioned(text)
        if (
            self._states_absence(text, mentions)
            or self._looked_up(text, mentions)
            or self._says_ok(text, mentions)
            or self._is_header(text)
            or self._by_driver(text, mentions)
        ):
            return
        if mentions and self._is_address(text):
            self._address(mentions[0][1])
            return
        hypothetical = bool(wording.HYPOTHETICAL.search(text))
        told = self._names.told(text) or self._updated(text)
        if Subject.FALLBACK in (one for _, one in mentions) and not (told and told.worded):
            self._function_failed_before()
        subject = self._subject(mentions, told)
        if told and subject:
            self._claim(subject, told)
            self._tell(subject, told, text)
            self._current = _next(mentions, told, subject) if mentions else self._current
            self._inline_body(text)
        elif told:
            self._leave_untold(told, text)
        elif mentions:
            self._current = mentions[0][1]
            self._doubtful = bool(wording.OPENING.search(text))
            self._inline_body(text)
        if told or mentions:
            self._unnamed = bool(told) and not mentions
        if self._current in (Subject.FALLBACK, Subject.LOOKUP):
            self.drafts[self._current].count(text)
        if not hypothetical and wording.FALLS_BACK.search(text) and mentions:
            self._current = Subject.FALLBACK

    def _by_driver(self, text: str, mentions: list[tuple[int, Subject]]) -> bool:
        """A database driver's exception, `psycopg2.errors.ReadOnlySqlTransaction: cannot ...`."""
        direct = (
            self._current is Subject.FALLBACK and Subject.FUNCTION not in dict(mentions).values()
        )
        unsaid = self.drafts[Subject.FALLBACK].outcome is Outcome.NOT_SAID
        told = self._names.said(text) or wording.OPENING.search(text)
        if not (direct and unsaid) or told or not database_meaning(text):
            return False
        self._refuse(Subject.FALLBACK, text)
        return True

    def _says_ok(self, text: str, mentions: list[tuple[int, Subject]]) -> bool:
        """An answer that tells success behind words that name no call: `done: {"success": true}`."""
        alone = not mentions and self._names.said(text) is None
        if not alone or not wording.SAYS_OK.search(text):
            return False
        self._inline_body(text)
        return True

    def _leave_untold(self, told: Said, text: str) -> None:
        """Keep an outcome until something says whose it is; a client's summary of it says less."""
        timed_out = self._untold and self._untold[0].outcome is Outcome.TIMED_OUT
        if not (timed_out and told.outcome is Outcome.UNREACHABLE):
            self._untold = (told, text)

    def _function_failed_before(self) -> None:
        """What failed before the fallback began, and was named by nothing, was the function's call."""
        if self._untold is None or self.drafts[Subject.FUNCTION].outcome is not Outcome.NOT_SAID:
            return
        (told, line), self._untold = self._untold, None
        if told.outcome is not Outcome.OK:
            self._tell(Subject.FUNCTION, told, line)

    def _looked_up(self, text: str, mentions: list[tuple[int, Subject]]) -> bool:
        """What became of the look-up, which a line tells without naming it."""
        not_found = wording.NOT_FOUND.search(text)
        if not_found and not any(subject is Subject.FUNCTION for _, subject in mentions):
            self.not_found = self.not_found or text
            self._current = Subject.LOOKUP
            self._tell(Subject.LOOKUP, self._names.said(text), text)
            self._inline_body(text)
            return True
        if wording.FOUND_ID.search(text):
            self._tell(Subject.LOOKUP, Said(0, Outcome.OK, worded=True), text)
            self._current = None
            return True
        return False

    def _is_address(self, text: str) -> bool:
        told = self._untold or (self._unnamed and self._current is None)
        return bool(told and wording.ADDRESS_BELOW.match(text))

    def _address(self, subject: Subject) -> None:
        """The address of an error that was told above: what comes next may be of another call."""
        self._unnamed = False
        if self._untold:
            (told, line), self._untold = self._untold, None
            self._tell(subject, told, line)

    def _claim(self, subject: Subject, told: Said) -> None:
        """Curl's own line comes before the script's words that say whose it was."""
        if self._untold is None:
            return
        (before, line), self._untold = self._untold, None
        if told.worded and told.outcome is not Outcome.OK and before.outcome is not Outcome.OK:
            self._tell(subject, before, line)

    def _states_absence(self, text: str, mentions: list[tuple[int, Subject]]) -> bool:
        """A call that was not made, and why: the other one follows. One that was answered was made."""
        if self._names.said(text) is not None:
            return False
        if wording.NOT_ASKED.search(text):
            self.drafts[Subject.FUNCTION].skip(text)
            if any(subject is Subject.FALLBACK for _, subject in mentions):
                self._current = Subject.FALLBACK
            return True
        if wording.NO_FALLBACK.search(text):
            self.drafts[Subject.FALLBACK].skip(text)
        return False

    def _updated(self, text: str) -> Said | None:
        return worded(text) if wording.UPDATE_ALONE.search(text) else None

    def _subject(self, mentions: list[tuple[int, Subject]], told: Said | None) -> Subject | None:
        """Whose outcome it is: the call named last before it, else named at all, else current."""
        if told and mentions:
            before = [subject for at, subject in mentions if at <= told.at]
            return before[-1] if before else mentions[0][1]
        if self._current is not None or told is None:
            return self._current
        if self._answered:
            return self._answered
        if not self._expected:
            return None
        subject = self._expected[min(self._unlabelled, len(self._expected) - 1)]
        self._unlabelled += 1
        return subject

    def _tell(self, subject: Subject, told: Said | None, text: str) -> None:
        draft = self.drafts[subject]
        draft.note(text)
        if told:
            draft.tell(told, text)
        if self._loose and told and not draft.body:
            loose, self._loose = self._loose, []
            draft.answer(loose)

    def _inline_body(self, text: str) -> None:
        opening = wording.OPENING.search(text)
        exception = wording.EXCEPTION.search(text)
        if opening:
            self._add_body(text[opening.start() :])
        elif exception:
            self._add_body(exception[1])

    def _trace(self, text: str) -> None:
        """A command that `set -x` shows: it names a call and may hold a status, nothing else."""
        status = wording.TRACED_STATUS.search(text)
        mentions = self._mentioned(text)
        if mentions and "echo" not in text:
            self._current = mentions[0][1]
        elif status and self._current:
            told = (
                Said(0, Outcome.UNREACHABLE) if status[1] == "000" else answered(0, int(status[1]))
            )
            self._tell(self._current, told, text)


def _next(mentions: list[tuple[int, Subject]], told: Said, subject: Subject) -> Subject:
    """The call that comes next: one that is named behind the outcome, `failed, trying the REST API`."""
    behind = [one for at, one in mentions if at > told.at]
    return behind[-1] if Subject.FALLBACK in behind else subject
