"""The calls of one step: by its script where that can be read, else by the words of its output.

What the script tells of a call decides over words. Of a call of which it tells nothing the words do,
but for the lines that are surely another call's.
"""

from __future__ import annotations

import re
from time import thread_time
from typing import TYPE_CHECKING

import msgspec

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.log import header
from backup_doctor.collect.log.calls import Calls, read_calls
from backup_doctor.collect.log.draft import NO_ANSWER
from backup_doctor.collect.log.dumps import condensed
from backup_doctor.collect.log.known import KnownCalls, know
from backup_doctor.collect.log.names import CallNames
from backup_doctor.collect.log.parting import parted
from backup_doctor.collect.log.step_script import NONE, RepositoryFiles, script_of
from backup_doctor.collect.log.talk import FAILED
from backup_doctor.collect.log.traces import without_source
from backup_doctor.evidence.log import NOT_SAID, Call, Outcome
from backup_doctor.services.frames import THROWN, without_frames
from backup_doctor.services.log_wording import CallSubject
from backup_doctor.services.single_row import says_several
from backup_doctor.services.success_bodies import says_failure

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from backup_doctor.collect.log.known import Targets
    from backup_doctor.collect.log.sections import Section
    from backup_doctor.evidence.log import Attempt, SilentExit

SECONDS = 2.0
"""Processor time for the scripts of one log; what comes after is left to the words."""

# What a script that runs no file has to say to make a call.
_MAY_CALL = re.compile(
    r"curl|wget|http|fetch|request|axios|supabase|psql|\bgh\b|rest/v1|Invoke-", re.IGNORECASE
)
# Where a section ends nothing goes on.
BREAK = ""


class StepCalls(Immutable, frozen=True):
    """The calls as the diagnosis takes them, and all of them as the script makes them.

    `whole`: no script of the step has a part that could not be read. `silent`: it printed nothing.
    """

    calls: Calls
    attempts: tuple[Attempt, ...] = ()
    whole: bool = False
    silent: SilentExit | None = None


def step_calls(
    sections: Sequence[Section],
    targets: Targets,
    files: RepositoryFiles = NONE,
    *,
    is_update: bool = False,
) -> StepCalls:
    """What the sections of a step, or of several, say of their calls.

    `is_update`: it is the update step, so that a call which nothing names is its own.
    """
    known = list(_all_known(sections, targets, files))
    names = CallNames(targets.function, targets.table)
    script = [line for section in sections for line in header.script(section)] if is_update else []

    def worded(subject: CallSubject) -> Calls:
        lines = list(_lines(sections, known, subject))
        return read_calls(names, script, lines, is_update=is_update)

    if not any(known):
        return StepCalls(read_calls(names, script, with_breaks(sections), is_update=is_update))
    looked_up = worded(CallSubject.LOOKUP)
    told = {
        subject: next((call for one in known if one and is_said(call := one.call(subject))), None)
        for subject in CallSubject
    }
    whole = all(one is not None and one.whole for one in known)
    attempts = tuple(one for each in known if each for one in each.attempts)
    function = worded(CallSubject.FUNCTION).function
    fallback = worded(CallSubject.FALLBACK).fallback
    if whole and is_update and not any(one.is_of_function for one in attempts):
        # What nothing names is of a call that the script makes.
        unnamed = not is_said(fallback) and function.outcome in NO_ANSWER
        fallback, function = (function if unnamed else fallback), NOT_SAID
    lookup = _merged(told[CallSubject.LOOKUP], looked_up.lookup)
    once = _shown_once(known)
    not_found = next((one.not_found for one in known if one and one.not_found), None)
    return StepCalls(
        Calls(
            function=_merged(told[CallSubject.FUNCTION], function, once),
            fallback=_merged(told[CallSubject.FALLBACK], fallback, once),
            lookup=lookup,
            not_found=None if says_several(lookup.body) else not_found or looked_up.not_found,
        ),
        attempts=attempts,
        whole=whole,
        silent=known[0].silent if len(known) == 1 and known[0] else None,
    )


def _all_known(
    sections: Sequence[Section], targets: Targets, files: RepositoryFiles
) -> Iterator[KnownCalls | None]:
    """What the script of each section tells, for as long as the time goes."""
    start = thread_time()
    for section in sections:
        may_call = files is not NONE or _MAY_CALL.search("\n".join(header.script(section)))
        in_time = thread_time() - start < SECONDS
        yield _known(section, targets, files) if may_call and in_time else None


def _known(section: Section, targets: Targets, files: RepositoryFiles) -> KnownCalls | None:
    """What the section's script tells; None where it has none that can be read and makes a call."""
    script = script_of(section, files)
    if script is None or not script.calls:
        return None
    return know(script, without_frames(_output(section), THROWN), targets)


def _lines(
    sections: Sequence[Section], known: Sequence[KnownCalls | None], subject: CallSubject
) -> Iterator[str]:
    """The output without the lines that are surely of another call."""
    for section, one in zip(sections, known, strict=True):
        yield from one.lines_for(subject) if one else _output(section)
        yield BREAK


def _shown_once(known: Iterable[KnownCalls | None]) -> frozenset[str]:
    """The answers that the script gives to a call, and that the log shows one time alone."""
    return frozenset(
        body
        for each in known
        if each
        for body in (one.call.body for one in each.attempts)
        if body and sum(body in line for line in each.lines) == 1
    )


def _merged(known: Call | None, worded: Call, of_others: Collection[str] = ()) -> Call:
    """What the script tells of a call, with the status and answer that only words show.

    An answer of `of_others`, which the script gives to a call, is not this one's if it has none there.
    """
    if known is None:
        return worded
    if _fails_in_its_body(known, worded):
        return msgspec.structs.replace(worded, known=known.known)
    both_failed = known.outcome in FAILED and worded.outcome in FAILED
    if not both_failed and known.outcome is not worded.outcome:
        return known
    more = (one for one in worded.lines if not any(one in line for line in known.lines))
    lines = (*known.lines, *more)
    # Curl's own line says more than its status 000, which may be all that words lay to the call.
    timed_out = known.outcome is Outcome.TIMED_OUT and worded.outcome is Outcome.UNREACHABLE
    if known.status is None and not known.body and not timed_out:
        return msgspec.structs.replace(worded, lines=lines, known=known.known)
    own = bool(worded.body) and worded.body not in of_others
    if not known.body and own and known.status == worded.status:
        return msgspec.structs.replace(known, body=worded.body, rows=worded.rows, lines=lines)
    return known


def _fails_in_its_body(known: Call, worded: Call) -> bool:
    """Whether the script looks at the status alone, and the answer says that it is a failure."""
    passed = known.outcome is Outcome.OK and not known.body
    return passed and known.status == worded.status is not None and says_failure(worded.body)


def with_breaks(sections: Iterable[Section]) -> Iterator[str]:
    """The output of several sections, an empty line after each."""
    for section in sections:
        yield from _output(section)
        yield BREAK


def _output(section: Section) -> list[str]:
    """What the step printed, without what an interpreter quotes of the script."""
    return parted(condensed(without_source(section.texts)))


def is_said(call: Call) -> bool:
    """Whether the log tells of it at all."""
    return call.outcome is not Outcome.NOT_SAID
