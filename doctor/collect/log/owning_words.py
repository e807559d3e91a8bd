"""Whose a line of words is: named rules, of which the first that fits decides.

A rule returns None where it does not fit; else whether the answer that stands in the line is that call's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from backup_doctor.collect.log.draft import NO_ANSWER, CallDraft
from backup_doctor.collect.log.other_work import (
    comes_afterwards,
    is_anothers_success,
    is_of_a_message,
    is_of_something_else,
)
from backup_doctor.collect.log.said import Said
from backup_doctor.collect.log.talk import FAILED, SpokenLine, Talk, Untold
from backup_doctor.evidence.log import Outcome
from backup_doctor.services import log_wording as wording
from backup_doctor.services.log_wording import CallSubject
from backup_doctor.services.meaning import database_meaning, functions_header

if TYPE_CHECKING:
    from collections.abc import Callable


def states_absence(talk: Talk, line: SpokenLine) -> bool | None:
    """A call that was not made, and why: the other one follows. One that was answered was made."""
    if talk.names.said(line.text) is not None or wording.MEMBER.search(line.text):
        return None
    if wording.NOT_ASKED.search(line.text):
        talk.function.skip(line.text)
        if line.names(CallSubject.FALLBACK):
            talk.current = CallSubject.FALLBACK
        return False
    if wording.NO_FALLBACK.search(line.text):
        talk.drafts[CallSubject.FALLBACK].skip(line.text)
    return None


def finds_no_row(talk: Talk, line: SpokenLine) -> bool | None:
    """The look-up brought nothing, which a line tells without naming it."""
    if not wording.NOT_FOUND.search(line.text) or line.names(CallSubject.FUNCTION):
        return None
    talk.not_found = talk.not_found or line.text
    talk.current = CallSubject.LOOKUP
    untold = None if talk.has_updated else talk.take_untold()
    if untold and untold.told.outcome is not Outcome.OK:
        talk.tell(CallSubject.LOOKUP, *untold)
    _take_call_above(talk)
    talk.tell(CallSubject.LOOKUP, talk.names.said(line.text), line.text)
    _take_answer_above(talk)
    return True


def _take_call_above(talk: Talk) -> None:
    """A call of the table that failed above, and of which no word says that it updates, was the look-up."""
    above, own = talk.drafts[CallSubject.FALLBACK], talk.drafts[CallSubject.LOOKUP]
    first = own.outcome is Outcome.NOT_SAID and talk.function.outcome is Outcome.NOT_SAID
    words = (wording.OPENING.split(line)[0] for line in above.lines)
    if first and above.outcome in FAILED and not any(map(wording.SAYS_UPDATE.search, words)):
        talk.drafts[CallSubject.LOOKUP] = replace(above, subject=CallSubject.LOOKUP)
        talk.drafts[CallSubject.FALLBACK] = CallDraft(CallSubject.FALLBACK)


def _take_answer_above(talk: Talk) -> None:
    """What was shown above a look-up that brought nothing, if it says why, was its answer."""
    shown = "\n".join(talk.loose).strip()
    if shown == "[]" or wording.IS_REFUSAL.search(shown) or wording.DATA_API_BODY.search(shown):
        talk.drafts[CallSubject.LOOKUP].answer(talk.loose)
        talk.loose = []


def finds_row(talk: Talk, line: SpokenLine) -> bool | None:
    """The look-up found the row's id."""
    if not wording.FOUND_ID.search(line.text):
        return None
    talk.tell(CallSubject.LOOKUP, Said(0, Outcome.OK, worded=True), line.text)
    talk.current = None
    return False


def shows_success(talk: Talk, line: SpokenLine) -> bool | None:
    """An answer that tells success behind words that name no call: `done: {"success": true}`."""
    alone = not line.mentions and talk.names.said(line.text) is None
    return True if alone and wording.SAYS_OK.search(line.text) else None


def is_header(talk: Talk, line: SpokenLine) -> bool | None:
    """A header of the function's answer: it tells whose the status above it and the body are."""
    if talk.headed and wording.STATUS_LINE.match(line.text):
        talk.headed, talk.current = False, None
    if not functions_header().match(line.text):
        return None
    talk.own(CallSubject.FUNCTION)
    talk.headed, talk.current = True, CallSubject.FUNCTION
    talk.function.note(line.text)
    return False


def is_drivers(talk: Talk, line: SpokenLine) -> bool | None:
    """A database driver's exception, `psycopg2.errors.ReadOnlySqlTransaction: cannot ...`."""
    named = [subject for _, subject in line.mentions]
    direct = named == [CallSubject.FALLBACK] or (
        talk.current is CallSubject.FALLBACK and CallSubject.FUNCTION not in named
    )
    unsaid = talk.drafts[CallSubject.FALLBACK].outcome is Outcome.NOT_SAID
    told = talk.names.said(line.text) or wording.OPENING.search(line.text)
    if not (direct and unsaid) or told or not database_meaning(line.text):
        return None
    talk.current = CallSubject.FALLBACK
    talk.refuse(CallSubject.FALLBACK, line.text)
    return False


def goes_on(talk: Talk, line: SpokenLine) -> bool | None:
    """Words after the whole answer of a function that failed: what comes may be another call's.

    Whatever they are, `plan B ...` too, but for those that tell of a retry.
    """
    function = talk.function
    whole = bool(function.body) and function.status is not None and function.outcome in FAILED
    told = line.mentions or talk.names.told(line.text) or wording.TRIES_AGAIN.search(line.text)
    if told or not whole or talk.current is not CallSubject.FUNCTION:
        return None
    talk.current, talk.went_on = None, True
    return False


def is_address(talk: Talk, line: SpokenLine) -> bool | None:
    """The address of an error that was told above: what comes next may be of another call."""
    if not line.mentions or not wording.ADDRESS_BELOW.match(line.text):
        return None
    subject = line.mentions[0][1]
    if talk.held:
        talk.release(subject)
        return False
    if not talk.untold and not (talk.unnamed and talk.current is None):
        return None
    talk.unnamed = False
    untold = talk.take_untold()
    if untold:
        talk.tell(subject, *untold)
    return False


def may_be_anothers(talk: Talk, line: SpokenLine) -> bool | None:
    """A client's exception below a call that failed: what stands below says which call it was of.

    The one that was held before is the current call's, now that something else is told.
    """
    told = talk.names.outcome(line.text)
    if told or line.mentions:
        talk.release(None)
    exception = talk.current is not None and wording.CLIENTS_ERROR.match(line.text)
    if not told or line.mentions or not exception or not _has_failed(talk):
        return None
    talk.held = Untold(told, line.text)
    return True


def _has_failed(talk: Talk) -> bool:
    return talk.current is not None and talk.drafts[talk.current].outcome in FAILED


def tells_outcome(talk: Talk, line: SpokenLine) -> bool | None:
    """A line that tells an outcome: of a call that it names, or of the current one."""
    told = talk.names.outcome(line.text)
    if told is None:
        return None
    if line.names(CallSubject.FALLBACK) and not told.worded:
        talk.function_failed_before()
    shows = _tell(talk, line, told)
    _tell_second(talk, line, told)
    talk.unnamed = not line.mentions
    _look_ahead(talk, line)
    return shows


def _tell(talk: Talk, line: SpokenLine, told: Said) -> bool:
    subject = _subject(talk, line, told)
    if subject is None:
        talk.shown_of = subject = talk.names.by_bare_word(line.text)
    if subject is None and _is_second_answer(talk, line):
        talk.function_failed_before()
        talk.current = subject = CallSubject.FALLBACK
    if subject is None:
        talk.leave_untold(told, line.text)
        return True
    if _is_of_another_part(talk, subject, told, named=bool(line.mentions)):
        return False
    _claim_clients_line(talk, subject, told)
    talk.tell(subject, told, line.text)
    if line.mentions:
        talk.current = _next(line, told, subject)
    return True


def _tell_second(talk: Talk, line: SpokenLine, first: Said) -> None:
    """A line that sums up has the direct update's status behind its name: `function 401, REST API 403`."""
    behind = (at for at, one in line.mentions if one is CallSubject.FALLBACK and at > first.at)
    at = next(behind, None)
    second = talk.names.said(line.text[at:]) if at is not None else None
    unsaid = talk.drafts[CallSubject.FALLBACK].outcome is Outcome.NOT_SAID
    if unsaid and second and second.status is not None:
        talk.tell(CallSubject.FALLBACK, second, line.text)


def _is_second_answer(talk: Talk, line: SpokenLine) -> bool:
    """Whether it shows the Data API's own refusal, after one that is not: the function's, then."""
    if talk.untold is None or talk.untold.told.outcome is not Outcome.REFUSED:
        return False
    before = talk.untold.line
    shown = wording.OPENING.search(before) and not wording.DATA_API_BODY.search(before)
    return bool(shown and wording.DATA_API_BODY.search(line.text))


def names_call(talk: Talk, line: SpokenLine) -> bool | None:
    """A line that names a call, and tells no outcome: what comes is of that call."""
    if not line.mentions:
        _look_ahead(talk, line)
        return None
    if line.names(CallSubject.FALLBACK):
        talk.function_failed_before()
    talk.current = _begun(talk, line)
    talk.unnamed = False
    _look_ahead(talk, line)
    return True


def _begun(talk: Talk, line: SpokenLine) -> CallSubject:
    """The call that comes now: the one named first, but for `no answer of the function, patching …`."""
    first, last = line.mentions[0][1], line.mentions[-1][1]
    goes_over = talk.function.outcome in FAILED and last is CallSubject.FALLBACK
    return last if goes_over else first


def _look_ahead(talk: Talk, line: SpokenLine) -> None:
    """What a line says besides: how many rows were changed, and that another call comes."""
    if talk.current in (CallSubject.FALLBACK, CallSubject.LOOKUP):
        talk.drafts[talk.current].count(line.text)
    hypothetical = wording.HYPOTHETICAL.search(line.text)
    if line.mentions and not hypothetical and wording.FALLS_BACK.search(line.text):
        talk.current = CallSubject.FALLBACK


def _subject(talk: Talk, line: SpokenLine, told: Said) -> CallSubject | None:
    """Whose outcome it is: the call named last before it, else named at all, else the current one."""
    if line.mentions:
        before = [subject for at, subject in line.mentions if at <= told.at]
        return before[-1] if before else line.mentions[0][1]
    if talk.current is not None or talk.answered:
        return talk.current or talk.answered
    if not talk.expected:
        return None
    if talk.went_on and CallSubject.FALLBACK in talk.expected:
        return CallSubject.FALLBACK
    subject = talk.expected[min(talk.unlabelled, len(talk.expected) - 1)]
    talk.unlabelled += 1
    return subject


def _is_of_another_part(talk: Talk, subject: CallSubject, told: Said, *, named: bool) -> bool:
    """Whether another part of the script says it than the one that told of the call before."""
    before = talk.tags.get(subject, "")
    other = bool(talk.tag and before) and talk.tag != before
    return other and not (named and told.outcome is Outcome.OK)


def _claim_clients_line(talk: Talk, subject: CallSubject, told: Said) -> None:
    """Curl's own line comes before the script's words, or its status 000, that say whose it was."""
    untold = talk.take_untold()
    if untold is None:
        return
    failed = told.outcome is not Outcome.OK and untold.told.outcome is not Outcome.OK
    silent = told.outcome in NO_ANSWER and untold.told.outcome in NO_ANSWER
    if (told.worded and failed) or silent:
        talk.tell(subject, *untold)


def _next(line: SpokenLine, told: Said, subject: CallSubject) -> CallSubject:
    """The call that comes next: one that is named behind the outcome, `failed, trying the REST API`."""
    behind = [one for at, one in line.mentions if at > told.at]
    return behind[-1] if CallSubject.FALLBACK in behind else subject


RULES: tuple[Callable[[Talk, SpokenLine], bool | None], ...] = (
    comes_afterwards,
    is_anothers_success,
    is_of_a_message,
    states_absence,
    finds_no_row,
    finds_row,
    shows_success,
    is_header,
    is_drivers,
    goes_on,
    is_of_something_else,
    is_address,
    may_be_anothers,
    tells_outcome,
    names_call,
)
