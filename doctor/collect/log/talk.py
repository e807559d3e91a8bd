"""What was said so far while a step's output is read, and what of it belongs to nobody yet."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.log.draft import NO_ANSWER, CallDraft
from backup_doctor.collect.log.said import Said
from backup_doctor.evidence.log import Outcome
from backup_doctor.services.log_wording import CallSubject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.collect.log.names import CallNames

FAILED = NO_ANSWER | {Outcome.REFUSED, Outcome.NOT_MADE}
ADDRESS = re.compile(r"\bur[il]['\"]?\s*[:=]\s*(\S+)", re.IGNORECASE)


class Untold(NamedTuple):
    """An outcome of which it is not known whose it is, with its line."""

    told: Said
    line: str


class SpokenLine(Immutable, frozen=True):
    """A line of words, and the calls that it names, each with its place in it."""

    text: str
    mentions: tuple[tuple[int, CallSubject], ...]

    def names(self, subject: CallSubject) -> bool:
        """Whether it names this call."""
        return any(one is subject for _, one in self.mentions)


@dataclass
class Talk:
    """Which call is spoken of, what is known of each, and what waits for an owner.

    `expected`: the calls that the script makes, where an outcome that names none can be theirs.
    """

    names: CallNames
    expected: Sequence[CallSubject]
    current: CallSubject | None = None
    not_found: str | None = None
    tag: str = ""
    drafts: dict[CallSubject, CallDraft] = field(
        default_factory=lambda: {subject: CallDraft(subject) for subject in CallSubject}
    )
    # An outcome that was told before anything said whose it is.
    untold: Untold | None = None
    # A client's exception of which it is not known whether it is the current call's.
    held: Untold | None = None
    # An answer that was shown before anything said whose it is.
    loose: list[str] = field(default_factory=list)
    # The outcome that was told last came from a line that names no call.
    unnamed: bool = False
    # The call that an answer was of by its own code: a status below it, of no named call, is too.
    answered: CallSubject | None = None
    # Headers told whose the answer is that comes now; the next status line is another's.
    headed: bool = False
    # Words that name no call came after the whole answer of the function.
    went_on: bool = False
    # The line of words that came last names no call, and tells of an update alone.
    of_update: bool = False
    # The call of which PostgreSQL's client has just shown the failure.
    psql: CallSubject | None = None
    # The answer in the line of words that came last is the current call's.
    shows_answer: bool = False
    # The call of which that answer is, where that line alone tells it.
    shown_of: CallSubject | None = None
    # What is told now is of a look at the row after its update, or of a message about it, until a
    # call is named again.
    afterwards: bool = False
    # It was said that a call is made again, and no outcome since.
    tries_again: bool = False
    # The command that was traced last has curl print the status, which a variable gets next.
    has_status_printed: bool = False
    # How many outcomes named no call, and were given to the expected ones in their order.
    unlabelled: int = 0
    # What stood before the lines that told of each call.
    tags: dict[CallSubject, str] = field(default_factory=dict)

    @property
    def function(self) -> CallDraft:
        """What is known of the function's call."""
        return self.drafts[CallSubject.FUNCTION]

    @property
    def has_updated(self) -> bool:
        """Whether the outcome of an update is told already."""
        told = (self.drafts[one].outcome for one in (CallSubject.FUNCTION, CallSubject.FALLBACK))
        return any(one is not Outcome.NOT_SAID for one in told)

    def mentioned(self, text: str) -> list[tuple[int, CallSubject]]:
        """The calls that a line names. Of a function that failed, the table names what follows."""
        untold = self.untold is not None and self.untold.told.outcome is not Outcome.OK
        failed = untold or self.function.outcome in FAILED
        return self.names.named(text) if failed else self.names.mentioned(text)

    def tell(self, subject: CallSubject, told: Said | None, text: str) -> None:
        """A line is a call's, and tells its outcome, if any."""
        draft = self.drafts[subject]
        draft.note(text)
        if told:
            self.tags.setdefault(subject, self.tag)
            draft.tell(told, text)
        if self.loose and told and not draft.body:
            loose, self.loose = self.loose, []
            draft.answer(loose)

    def leave_untold(self, told: Said, text: str) -> None:
        """Keep an outcome until something says whose it is; a client's summary of it says less."""
        timed_out = self.untold and self.untold.told.outcome is Outcome.TIMED_OUT
        if not (timed_out and told.outcome is Outcome.UNREACHABLE):
            self.untold = Untold(told, text)

    def take_untold(self) -> Untold | None:
        """The outcome that waits for an owner, which is found now."""
        untold, self.untold = self.untold, None
        return untold

    def function_failed_before(self) -> None:
        """What failed before the fallback began, and was named by nothing, was the function's call."""
        if self.untold is None or self.function.outcome is not Outcome.NOT_SAID:
            return
        told, line = self.take_untold() or self.untold
        if told.outcome is not Outcome.OK:
            self.tell(CallSubject.FUNCTION, told, line)

    def own(self, subject: CallSubject) -> None:
        """An answer's code told whose it is, and so whose the status beside it is."""
        untold = self.take_untold()
        if untold:
            self.tell(subject, *untold)
        elif self.drafts[subject].status is None:
            self.answered = subject

    def release(self, subject: CallSubject | None) -> None:
        """Give the client's exception that was held to a call: the current one, if nothing tells."""
        if self.held is None:
            return
        (told, line), self.held = self.held, None
        subject = subject or self.current
        if subject is None:
            self.leave_untold(told, line)
            return
        self.current = subject
        self.tell(subject, told, line)

    def addressed(self, text: str) -> CallSubject | None:
        """The call whose address stands in what a client shows of its error."""
        shown = ADDRESS.search(text)
        named = self.names.mentioned(shown[0]) if shown else []
        return named[0][1] if named else None

    def claim_unreached(self) -> None:
        """Whoever could not be reached at all was the first that was called."""
        silent = all(draft.outcome is Outcome.NOT_SAID for draft in self.drafts.values())
        if silent and self.untold and self.untold.told.outcome in NO_ANSWER:
            self.function_failed_before()

    def refuse(self, subject: CallSubject, text: str) -> None:
        """A refusal without a status, whose words are the answer."""
        self.tell(subject, Said(0, Outcome.REFUSED), text)
        self.drafts[subject].answer([text])
