"""What a step does once it has updated the row: it looks at the row, sends a message, tidies up.

Rules of whose a line of words is, for `owning_words`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.evidence.log import Outcome
from backup_doctor.services import afterwards_wording as afterwards
from backup_doctor.services import log_wording as wording
from backup_doctor.services.log_wording import CallSubject

if TYPE_CHECKING:
    from backup_doctor.collect.log.draft import CallDraft
    from backup_doctor.collect.log.talk import SpokenLine, Talk

NO_CONTENT = 204
_HEADER = re.compile(r"^(?:< )?[\w-]+: ")
_WORD = re.compile(r"[^\W\d_]{3,}")
# Words that any client has for what it was answered.
_OF_ANY_ANSWER = frozenset(
    {
        *("http", "https", "status", "code", "error", "errors", "response", "returned", "request"),
        *("requested", "url", "failed", "failure", "fail", "with", "the", "answer", "answered"),
        *("got", "received", "result", "body", "curl", "client", "server", "was", "for"),
    }
)


def comes_afterwards(talk: Talk, line: SpokenLine) -> bool | None:
    """A look at the row after its update, or a message about it: what they are answered is no update's."""
    text = line.text
    further = wording.TRIES_AGAIN.search(text) or wording.FALLS_BACK.search(text)
    told = further or talk.names.said(text)
    if talk.has_updated and not told and (afterwards.VERIFIES.match(text) or _notifies(line)):
        talk.afterwards, talk.current = True, None
    elif line.mentions or further:
        talk.afterwards = False
    return False if talk.afterwards else None


def _notifies(line: SpokenLine) -> bool:
    if line.mentions or wording.CHANGES.search(line.text):
        return False
    return bool(afterwards.MESSENGER.search(line.text) or afterwards.NOTIFIES.match(line.text))


def is_of_a_message(talk: Talk, line: SpokenLine) -> bool | None:
    """What Slack, a mail server or a collector of metrics answered: `Slack notified (HTTP 200)`.

    A message that names a call quotes it: `Slack: update-backup failed with HTTP 500`.
    """
    its_own = line.mentions or talk.names.by_bare_word(line.text)
    if its_own or not talk.names.outcome(line.text):
        return None
    return False if afterwards.MESSENGER.search(line.text) else None


def is_anothers_success(talk: Talk, line: SpokenLine) -> bool | None:
    """A bare `200` below a call that failed by its name, and that is not tried again.

    It is what a message was answered (`curl -w '%{http_code}'`), or a call that no word names.
    """
    if wording.TRIES_AGAIN.search(line.text):
        talk.tries_again = True
    bare = wording.BARE_STATUS.match(line.text)
    if not bare:
        talk.tries_again = talk.tries_again and not talk.names.said(line.text)
        return None
    draft = talk.drafts[talk.current] if talk.current else None
    if not bare[1].startswith("2") or talk.tries_again or draft is None:
        return None
    if draft.outcome is not Outcome.REFUSED or draft.status is None:
        return None
    told = any(talk.names.named(one) and talk.names.said(one) for one in draft.lines)
    return False if told else None


def is_of_something_else(talk: Talk, line: SpokenLine) -> bool | None:
    """A failure that names no call, once an update has worked: of a message, a cache, a clean-up.

    Behind an answer that says that the update is done all other words begin something else.
    """
    updates = talk.current in (CallSubject.FUNCTION, CallSubject.FALLBACK)
    draft = talk.drafts[talk.current] if talk.current and updates else None
    its_own = line.mentions or talk.names.by_bare_word(line.text)
    if draft is None or draft.outcome is not Outcome.OK or its_own:
        return None
    if wording.TRIES_AGAIN.search(line.text):
        return None
    told, said_so = talk.names.told(line.text), _says_done(draft)
    if told and (told.outcome is Outcome.OK or not (said_so or _names_something(line.text))):
        return None
    if not told and (not said_so or _HEADER.match(line.text)):
        return None
    talk.current = None
    return False


def _says_done(draft: CallDraft) -> bool:
    """Whether the answer itself says that the update was made."""
    if draft.subject is CallSubject.FUNCTION:
        return wording.SAYS_OK.search("\n".join(draft.body)) is not None
    return draft.status == NO_CONTENT or bool(draft.rows)


def _names_something(text: str) -> bool:
    """Whether there are words in the line beside those that tell any answer, and none of an update."""
    if wording.CHANGES.search(text):
        return False
    return bool(set(_WORD.findall(text.lower())) - _OF_ANY_ANSWER)
