"""Whose each event of a step's output is: the second of three stages, by rules with a name.

A line may name the call that it speaks of (`Edge function ...`), an outcome (`HTTP 401`,
`curl: (28)`), or both. What the log does not say stays `NOT_SAID`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.collect.log.draft import NO_ANSWER
from backup_doctor.collect.log.events import ByPsql, Label, ShownAnswer, Traced, Words
from backup_doctor.collect.log.owning_words import RULES
from backup_doctor.collect.log.said import answered
from backup_doctor.collect.log.talk import FAILED, SpokenLine, Talk
from backup_doctor.services import log_wording as wording
from backup_doctor.services.log_wording import CallSubject
from backup_doctor.services.meaning import gateway_body

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backup_doctor.collect.log.events import Event

# What has curl print the status, and the variable that gets it then.
PRINTS_STATUS = "%{http_code}"
TRACED_VALUE = re.compile(r"^\++ \w+=['\"]?([1-5]\d\d|000)['\"]?$")


def attribute(talk: Talk, events: Iterable[Event]) -> None:
    """Give each event to a call."""
    for event in events:
        if not isinstance(event, ByPsql):
            talk.psql = None
        match event:
            case Words():
                _words(talk, event)
            case ShownAnswer():
                _answer(talk, event)
            case Label():
                talk.current = event.subject
            case Traced():
                _traced(talk, event)
            case ByPsql():
                _by_psql(talk, event)
    talk.release(None)


def _words(talk: Talk, words: Words) -> None:
    """The first rule that fits decides; the answer in the line is believed where the rule says so."""
    talk.tag = words.tag
    talk.shown_of = None
    line = SpokenLine(words.text, tuple(talk.mentioned(words.text)))
    talk.of_update = not line.mentions and bool(wording.UPDATE_ALONE.search(words.text))
    talk.shows_answer = next(
        (shows for rule in RULES if (shows := rule(talk, line)) is not None), False
    )


def _answer(talk: Talk, answer: ShownAnswer) -> None:
    body = "\n".join(answer.lines)
    if talk.afterwards or (answer.inline and not talk.shows_answer):
        return
    if answer.doubtful and not _is_answer(talk, body):
        return
    if talk.held:
        talk.release(talk.addressed(body))
    subject = (talk.shown_of if answer.inline else None) or _whose(talk, body)
    if subject is None:
        talk.loose = list(answer.lines)
        return
    talk.drafts[subject].answer(answer.lines)


def _is_answer(talk: Talk, body: str) -> bool:
    """Whether it is an answer by its own words, and not what was sent."""
    if talk.current is CallSubject.FALLBACK:
        return bool(wording.DATA_API_BODY.search(body) or wording.IS_REFUSAL.search(body))
    signs = (wording.IS_REFUSAL, wording.SAYS_OK, wording.SAYS_FAILURE)
    return any(sign.search(body) for sign in signs)


def _whose(talk: Talk, body: str) -> CallSubject | None:
    """Whose answer it is: the named call's, unless its own code tells that it cannot be."""
    if gateway_body().search(body):
        owner = CallSubject.FUNCTION
    elif wording.DATA_API_BODY.search(body) and talk.function.outcome in FAILED:
        owner = CallSubject.FALLBACK
    elif talk.current is None and wording.SAYS_OK.search(body):
        # No Data API answers so.
        return CallSubject.FUNCTION
    else:
        return talk.current
    if talk.current is CallSubject.FUNCTION and owner is CallSubject.FALLBACK and _is_over(talk):
        talk.current = CallSubject.FALLBACK
    if talk.current is None:
        talk.own(owner)
    return talk.current or owner


def _is_over(talk: Talk) -> bool:
    """Whether the function, of which was spoken last, cannot have passed on what PostgREST said.

    It never ran, or never answered; supabase-js tells of it, which shows no function's answer; or its
    answer was shown, and an update is what failed then.
    """
    function = talk.function
    never_ran = bool(gateway_body().search("\n".join(function.body)))
    unshown = any(map(wording.BY_SUPABASE_JS.search, function.lines))
    another = bool(function.body) and talk.of_update
    return never_ran or function.outcome in NO_ANSWER or unshown or another


def _traced(talk: Talk, traced: Traced) -> None:
    """A command that `set -x` shows: it names a call and may hold a status, nothing else."""
    talk.tag = traced.tag
    given = TRACED_VALUE.match(traced.text) if talk.has_status_printed else None
    status = wording.TRACED_STATUS.search(traced.text) or given
    mentions = talk.mentioned(traced.text)
    talk.has_status_printed = PRINTS_STATUS in traced.text
    if mentions and "echo" not in traced.text:
        talk.current = mentions[0][1]
    elif status and talk.current:
        talk.tell(talk.current, answered(0, int(status[1])), traced.text)


def _by_psql(talk: Talk, said: ByPsql) -> None:
    """PostgreSQL's answer to its own client, which speaks no HTTP: a direct update's."""
    talk.tag = said.tag
    if said.more:
        if talk.psql:
            draft = talk.drafts[talk.psql]
            draft.answer([*draft.body, said.text])
        return
    of_function = talk.current is CallSubject.FUNCTION or talk.function.outcome in FAILED
    if said.doubtful and of_function:
        _words(talk, Words(said.text, said.tag))
        return
    talk.psql = CallSubject.LOOKUP if talk.current is CallSubject.LOOKUP else CallSubject.FALLBACK
    talk.function_failed_before()
    talk.refuse(talk.psql, said.text)
