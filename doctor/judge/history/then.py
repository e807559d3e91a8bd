"""Whether the log proves, allows or rules out a condition at each of the two writes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.function import HttpAnswer
from backup_doctor.evidence.log import Call, Outcome
from backup_doctor.judge.history.below import Below
from backup_doctor.judge.history.calls import (
    API_KEY,
    fallback_call,
    fallback_said,
    function_call,
    function_said,
    look_up_said,
    stopped_at_look_up,
    url_was_unusable,
)
from backup_doctor.judge.history.early import early_then
from backup_doctor.judge.history.now import function_blocked_now
from backup_doctor.judge.history.record import function_wrote
from backup_doctor.judge.history.written import shows_written
from backup_doctor.judge.registry import codes_with
from backup_doctor.judge.traits import Trait
from backup_doctor.services.meaning import CLIENT_ERRORS, NOT_FOUND, database_meaning

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from backup_doctor.evidence.case import Case
    from backup_doctor.services.meaning import Meaning

BOTH_WRITES = (Link.FUNCTION_UPDATES, Link.FALLBACK_UPDATES)


def function_then(case: Case, *codes: str) -> dict[Link, bool | None]:
    """Whether the log's answer of the function proves, allows or rules out one of the codes."""
    if url_was_unusable(case):
        # Without an address no call came as far as the function.
        return {Link.FUNCTION_UPDATES: False}
    return {Link.FUNCTION_UPDATES: _fits(function_call(case), function_said(case), codes)}


def _fits(call: Call, meaning: Meaning, codes: Iterable[str]) -> bool | None:
    if call.outcome is Outcome.NOT_SAID:
        return None
    if call.outcome in (Outcome.NOT_MADE, Outcome.OK):
        return False
    if not meaning.codes:
        return None
    if meaning.proved:
        return meaning.proved in set(codes)
    return None if set(codes) & set(meaning.codes) else False


# A refusal in the function's own words, with these, speaks of a row that it does not find or may not
# touch; what the database refuses in a row that is there ends as another status.
FORBIDDEN, CONFLICT = 403, 409
_NOT_ITS_ROW = frozenset({FORBIDDEN, NOT_FOUND})
# A refusal with such words may pass on what the database, or a key for it, was refused.
_MAY_BE_BELOW = re.compile(
    r"\b(?:database|db|sql|quer|updat|writ|sav|stor|persist|insert|row|record|table|backup|status"
    r"|supabase|postg|constraint|internal|unexpected|unknown|wrong$|went|fail|key|token|jwt)\w*",
    re.IGNORECASE,
)
_JSON_KEY = re.compile(r"[\"']?\b\w+[\"']?\s*:(?=\s*[\"'\d\[{tfn])")
# A fault that the function names as its own (a bug, its key, a body it does not like). What it
# reads of null, or cannot fetch, may be what the database refused it.
_OWN_FAULT = re.compile(
    r"TypeError(?!.{0,30}(?:of null|sending request|fetch failed))|ReferenceError|SyntaxError"
    r"|RangeError|is not defined|cannot read propert\w+ (?!of null)"
    r"|BACKUP_API_KEY|\bnot set\b|not configured|unauthori[sz]ed"
    r"|missing|required|invalid (body|json|request|payload)|method not allowed"
    # What it says of the row it has read: nothing refused it that.
    r"|already (completed|finished|done|succeeded)|invalid (backup )?(status|state)\b",
    re.IGNORECASE,
)
# A connection that did not come about: nobody was there who could have refused anything.
_NOT_REACHED = re.compile(
    r"fetch failed|error sending request|connection refused|\bECONNREFUSED\b|\bENOTFOUND\b|dns error"
    r"|failed to lookup address|tcp connect error|network is unreachable",
    re.IGNORECASE,
)
# What another service than the database refuses: a store's codes, whoever is told of the backup.
_OF_ANOTHER_SERVICE = re.compile(
    r"\bs3:[A-Z]\w+|\bNoSuch(?:Key|Bucket)\b|\bAccessDenied\b|\bInvalidAccessKeyId\b"
    r"|\bSignatureDoesNotMatch\b|\bExpiredToken\b|\bKMS\b|(?i:\bslack\b|\bdiscord\b|\btelegram\b"
    r"|\bsmtp\b|\bsendgrid\b|\bmailgun\b|\btwilio\b|\bstripe\b)"
)


def database_then(case: Case, *codes: str, silent: bool = False) -> dict[Link, bool | None]:
    """The same for what lies below both ways: the key, the grant, the table, the row itself.

    `silent`: the condition makes a write succeed that changes nothing. Before them comes a step that
    failed of it, where one did.
    """
    return Below(
        {
            **early_then(case, codes),
            Link.FUNCTION_UPDATES: _function_below(case, codes, silent=silent),
            Link.FALLBACK_UPDATES: _fallback_below(case, codes, silent=silent),
        }
    )


def proved_where_open(then: dict[Link, bool | None]) -> dict[Link, bool | None]:
    """The same, once it is known by other means: what the log leaves open is proved too."""
    return {link: True if shown is None else shown for link, shown in then.items()}


def service_key_then(case: Case, *codes: str, silent: bool = False) -> dict[Link, bool | None]:
    """The same for GitHub's service-role key: the look-up of the id and the direct update use it.

    The first code is the condition's own, the others what it can look like. The function has a key
    of its own, from the platform: its own words speak of that one, and of GitHub's only where the
    look-up before it was refused.
    """
    return {
        **early_then(case, codes),
        Link.FUNCTION_UPDATES: _function_with_key(case, codes),
        Link.FALLBACK_UPDATES: _fallback_below(case, codes, silent=silent),
    }


def _function_with_key(case: Case, codes: tuple[str, ...]) -> bool | None:
    if stopped_at_look_up(case):
        return _by_look_up(case, codes)
    call = function_call(case)
    if call.outcome is Outcome.NOT_SAID:
        return False if function_blocked_now(case) else None
    said = function_said(case)
    return call.outcome is Outcome.REFUSED and said.proved in (
        codes[:1] if said.own_words else codes
    )


def platform_then(case: Case, *codes: str) -> dict[Link, bool | None]:
    """The same for the project itself, which both ways and the look-up before them need."""
    if early := early_then(case, codes):
        return {**early, **dict.fromkeys(BOTH_WRITES, False)}
    if stopped_at_look_up(case):
        looked_up = _by_look_up(case, codes)
        return dict.fromkeys(BOTH_WRITES, looked_up)
    fallback = fallback_call(case)
    silent = fallback.outcome in (Outcome.UNREACHABLE, Outcome.TIMED_OUT)
    return {
        **function_then(case, *codes),
        Link.FALLBACK_UPDATES: None if silent else _fits(fallback, fallback_said(case), codes),
    }


def address_then(case: Case) -> dict[Link, bool | None]:
    """The same for the address itself: any answer may come from a wrong one, but what only Supabase gives."""
    if stopped_at_look_up(case):
        return dict.fromkeys(BOTH_WRITES, _by_look_up(case, codes_with(Trait.OF_ADDRESS)))
    calls = {
        Link.FUNCTION_UPDATES: (function_call(case), function_said(case)),
        Link.FALLBACK_UPDATES: (fallback_call(case), fallback_said(case)),
    }
    then = {link: _at_wrong_address(link, *said) for link, said in calls.items()}
    likeliest = calls[Link.FALLBACK_UPDATES][1].codes[:1]
    led_there = then[Link.FUNCTION_UPDATES] or _wants_key(*calls[Link.FUNCTION_UPDATES])
    if led_there and codes_with(Trait.OF_ADDRESS).intersection(likeliest):
        # What may be the script's own path is the address's: the function's call led to the Data API too.
        return dict.fromkeys(BOTH_WRITES, True)
    return then


def _at_wrong_address(link: Link, call: Call, meaning: Meaning) -> bool | None:
    if meaning.proved in codes_with(Trait.OF_ADDRESS):
        return True
    failed = call.outcome not in (Outcome.OK, Outcome.NOT_MADE)
    return None if failed and not _is_from_right_address(link, call, meaning) else False


def _is_from_right_address(link: Link, call: Call, meaning: Meaning) -> bool:
    """Whether only Supabase's gateway or database gives such an answer, in that place.

    A function is never asked for an API key: where its call is, the Data API was asked instead.
    """
    of_database = database_meaning(call.body)
    if codes_with(Trait.OF_ADDRESS).intersection(of_database):
        return False
    wants_key = link is Link.FUNCTION_UPDATES and _wants_key(call, meaning)
    return meaning.own_words is False or bool(of_database and not wants_key)


def _wants_key(call: Call, meaning: Meaning) -> bool:
    """Whether whoever answered asks for an API key, and is not known to be the platform's gate."""
    of_database = database_meaning(call.body)
    shows_none = codes_with(Trait.KEY_NOT_SHOWN).intersection(of_database)
    return bool(shows_none) and meaning.own_words is not False


def _function_below(case: Case, codes: tuple[str, ...], *, silent: bool) -> bool | None:
    if stopped_at_look_up(case):
        return _by_look_up(case, codes)
    call, meaning = function_call(case), function_said(case)
    if call.outcome is Outcome.NOT_MADE:
        return False
    if call.outcome is Outcome.OK:
        return None if silent and not shows_written(case, call) else False
    if call.outcome is Outcome.NOT_SAID or not meaning.codes:
        return False if function_blocked_now(case) else None
    return _from_below(case, codes)


def _from_below(case: Case, codes: tuple[str, ...]) -> bool | None:
    """Whether the function's failure is that of what lies below it."""
    call, meaning = function_call(case), function_said(case)
    if set(codes) & set(meaning.codes):
        return True if meaning.proved else None
    reached_below = meaning.own_words is not False and codes_with(Trait.FROM_BELOW).intersection(
        meaning.codes
    )
    if not reached_below or _waited(meaning, codes) or _is_its_own_fault(case, call):
        return False
    if _NOT_REACHED.search(_told(case, call)) and not codes_with(Trait.CUTS_OFF).intersection(
        codes
    ):
        return False
    if call.status == CONFLICT and not codes_with(Trait.CONFLICTS).intersection(codes):
        # Of what the database refuses, the Data API answers so to a unique or a foreign key alone.
        return False
    if call.status in _NOT_ITS_ROW and not codes_with(Trait.HIDES_ROW).intersection(codes):
        return False
    return None


def _waited(meaning: Meaning, codes: tuple[str, ...]) -> bool:
    """Whether it ran out of time: what is refused for one of the codes is refused at once."""
    waits = codes_with(Trait.MAKES_WAIT)
    only_waited = set(meaning.codes) <= codes_with(Trait.OUT_OF_TIME) | waits
    return only_waited and not waits.intersection(codes)


def _is_its_own_fault(case: Case, call: Call) -> bool:
    """Whether it says so, here or in its own log, or refuses whoever calls with the same words now."""
    told = _told(case, call)
    now = case.function.empty_post if case.function else None
    same_now = isinstance(now, HttpAnswer) and _bare(now.body) == _bare(call.body)
    refuses_all = call.status == FORBIDDEN and same_now and bool(call.body.strip())
    return (
        refuses_all
        or bool(_OWN_FAULT.search(told) or _OF_ANOTHER_SERVICE.search(told))
        or _refuses_the_call(call)
        or (same_now and _has_no_key(case))
    )


def _told(case: Case, call: Call) -> str:
    """What it says of its failure, in its answer and as an error in its own log."""
    return f"{call.body}\n{function_wrote(case, 'error', 'fatal')}"


def _bare(body: str) -> str:
    """A body without its blanks: who prints JSON again sets others."""
    return "".join(body.split())


def _refuses_the_call(call: Call) -> bool:
    """Whether it says what it does not like, in words that cannot be of a database."""
    said = _JSON_KEY.sub("", call.body).strip()
    refused = call.status in CLIENT_ERRORS and call.status != NOT_FOUND
    return refused and bool(re.search(r"\w", said)) and not _MAY_BE_BELOW.search(said)


def _has_no_key(case: Case) -> bool:
    """Whether the function was not given the key that it compares its callers' with."""
    secrets = case.secrets.function_secrets if case.secrets else None
    return isinstance(secrets, tuple) and all(one.name != API_KEY for one in secrets)


def _by_look_up(case: Case, codes: Collection[str]) -> bool | None:
    """The look-up of the backup's id comes before both ways: refused there, refused everywhere."""
    meaning = look_up_said(case)
    if not meaning.codes:
        return None if codes_with(Trait.FAILS_LOOK_UP).intersection(codes) else False
    if not set(codes) & set(meaning.codes):
        return False
    return True if meaning.proved else None


def _fallback_below(case: Case, codes: tuple[str, ...], *, silent: bool) -> bool | None:
    if stopped_at_look_up(case):
        return _by_look_up(case, codes)
    call, meaning = fallback_call(case), fallback_said(case)
    if call.outcome is Outcome.NOT_MADE:
        return False
    if call.outcome is Outcome.OK:
        return None if silent and not (call.rows or shows_written(case, call)) else False
    return _fits(call, meaning, codes)
