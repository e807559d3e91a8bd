"""Reads one job's log into the facts that a diagnosis needs."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from msgspec.structs import replace

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.log import facts, header
from backup_doctor.collect.log.attribution import attribute
from backup_doctor.collect.log.calls import Calls, read_calls
from backup_doctor.collect.log.finishing import finishing
from backup_doctor.collect.log.keys import given_keys, shows_no_store, uploads_too
from backup_doctor.collect.log.known import USUAL, Targets
from backup_doctor.collect.log.mention import ids_in, mentions
from backup_doctor.collect.log.names import CallNames
from backup_doctor.collect.log.parts import Parts
from backup_doctor.collect.log.sections import Section, scan
from backup_doctor.collect.log.step_calls import StepCalls, is_said, step_calls, with_breaks
from backup_doctor.collect.log.step_script import NONE, RepositoryFiles, unreadable
from backup_doctor.evidence.log import Call, LogReading, Outcome
from backup_doctor.services import error_lines
from backup_doctor.services.printed_secrets import printed_by_script

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from backup_doctor.evidence.log import Variable
    from backup_doctor.evidence.workflow import Step

EXCERPT_LINES = 40
SCRIPT_LINES = 400
TRIGGER_LINES = 40
UPLOADS = 20
FAILED = frozenset({"failure", "cancelled", "timed_out"})
# It speaks of the table, and of changing it rather than of creating the row.
_UPDATES_TABLE = re.compile(r"\bPATCH\b|\bupdate\b|\.update\(", re.IGNORECASE)


class LookFor(Immutable, frozen=True, kw_only=True):
    """What to look for: the dispatch id, what the calls are aimed at, and the job's steps.

    `update_step` and `trigger_step` are names of steps of this job, as the API has them. `files`
    gives a file of the repository at the run's commit, for the update step's script.
    """

    dispatch_id: str | None = None
    targets: Targets = USUAL
    files: RepositoryFiles = NONE
    steps: tuple[Step, ...] = ()
    update_step: str | None = None
    trigger_step: str | None = None
    is_trigger_job: bool = False

    @property
    def names(self) -> CallNames:
        """What names the calls in words."""
        return CallNames(self.targets.function, self.targets.table)


def read(source: str, chunks: Iterable[bytes], wanted: LookFor) -> LogReading:
    """One job's log. `source` names where it came from, as a person would."""
    dispatch_id = wanted.dispatch_id
    scanned = scan(chunks, lambda line: bool(dispatch_id) and mentions(line, dispatch_id or ""))
    parts = Parts(scanned.sections, attribute(scanned.sections, wanted.steps))
    update, own = _update(parts, wanted)
    told = _calls(parts, update, own, wanted)
    calls = told.calls
    variables = header.variables(update[0]) if update else ()
    columns = {wanted.targets.key: "S3_KEY", wanted.targets.size: "BACKUP_SIZE"}
    output = [line for section in parts.sections for line in section.texts]
    failed = _failed(parts)
    return LogReading(
        source=source,
        bytes_read=scanned.bytes_read,
        truncated=bool(getattr(chunks, "broken_off", False)),
        update_seen=bool(update) or _speaks(calls),
        update_step=_name_of(parts, update),
        variables=variables,
        assignments={
            **facts.handed_over(told.attempts, columns),
            **facts.assigned_variables(variables),
            **facts.assignments(output),
        },
        function_call=calls.function,
        fallback_call=calls.fallback,
        lookup_call=calls.lookup,
        attempts=told.attempts,
        whole_script=told.whole,
        silent=told.silent,
        unread_script=unreadable(update[0]) if update else None,
        backup_id_not_found=calls.not_found,
        failed_step=parts.title(failed),
        failed_variables=header.variables(failed) if failed else (),
        errors=error_lines.errors(failed.texts) if failed else (),
        told=_told(failed) if failed else (),
        complaints=error_lines.complaints(_whole(failed)) if failed else (),
        uploaded=tuple(dict.fromkeys(facts.uploads(output)))[:UPLOADS],
        mentioned=tuple(dict.fromkeys(facts.mentions_of_files(output)))[-UPLOADS:],
        buckets=tuple(dict.fromkeys(_shown(parts, facts.buckets)))[:UPLOADS],
        endpoints=tuple(dict.fromkeys(_shown(parts, facts.endpoints)))[:UPLOADS],
        upload_errors=tuple(dict.fromkeys(error_lines.upload_errors(output)))[:UPLOADS],
        shows_no_store=shows_no_store(parts),
        trigger_lines=_trigger_lines(parts, wanted),
        prints_secret=_prints_secret(parts),
        dispatch_seen=scanned.found,
        ids=() if dispatch_id else ids_in(_lines(parts)),
        update_excerpt=tuple(_spoken(update))[-EXCERPT_LINES:],
        update_script=tuple(line for one in update for line in header.script(one))[:SCRIPT_LINES],
        failed_excerpt=tuple(_spoken([failed]))[-EXCERPT_LINES:] if failed else (),
    )


def _lines(parts: Parts) -> Iterator[str]:
    return (line.text for section in parts.sections for line in section.lines)


def _shown(parts: Parts, told: Callable[[Iterable[Variable]], Iterator[str]]) -> Iterator[str]:
    """What the `env:` blocks of all steps tell."""
    for section in parts.sections:
        yield from told(header.variables(section))


def _spoken(sections: Sequence[Section]) -> list[str]:
    return [text for section in sections for text in section.texts if text.strip()]


def _told(failed: Section) -> tuple[str, ...]:
    """Of all that the failed step printed, what tells a known error of its tools."""
    from backup_doctor.services.errors import telling

    return telling(_whole(failed))


def _whole(section: Section) -> Iterator[str]:
    return (line.text for line in section.complaints_and_output)


def _update(parts: Parts, wanted: LookFor) -> tuple[list[Section], StepCalls]:
    """The sections of the update step, or of the later one to which it leaves the status; and their calls."""
    update = _update_sections(parts, wanted)
    told = _own_calls(parts, update, wanted)
    if not (wanted.update_step and parts.of(wanted.update_step)):
        return update, told
    later = finishing(told, parts.behind(update), wanted.targets, wanted.files)
    return ([later], _own_calls(parts, [later], wanted)) if later else (update, told)


def _own_calls(parts: Parts, update: Sequence[Section], wanted: LookFor) -> StepCalls:
    """What the update step tells; where it is not known, every step that speaks of calls."""
    files = wanted.files if update else NONE
    only_updates = bool(update) and not uploads_too(parts, update[0])
    return step_calls(update or parts.sections, wanted.targets, files, is_update=only_updates)


def _update_sections(parts: Parts, wanted: LookFor) -> list[Section]:
    """The sections of the update step: by its name, else by what its script does."""
    named = parts.of(wanted.update_step) if wanted.update_step else []
    if named:
        return named
    function = re.compile(rf"(?<![\w-]){re.escape(wanted.targets.function)}(?![\w])")
    calling = [one for one in parts.sections if function.search(_head(one))]
    if calling:
        return calling[-1:]
    updating = (
        one
        for one in parts.sections
        if wanted.targets.table in _head(one) and _UPDATES_TABLE.search(_head(one))
    )
    return (
        list(updating)[-1:]
        or _by_script(parts, wanted)
        or _only_speaking(parts, wanted)
        or given_keys(parts)
    )


def _by_script(parts: Parts, wanted: LookFor) -> list[Section]:
    """The last step whose script, where it is a file of the repository, updates the row."""
    if wanted.files is NONE:
        return []
    updating = (
        section
        for section in reversed(parts.sections)
        if section.title
        and any(one.updates for one in step_calls([section], wanted.targets, wanted.files).attempts)
    )
    return list(islice(updating, 1))


def _only_speaking(parts: Parts, wanted: LookFor) -> list[Section]:
    """The one step whose script does not show, and whose output tells of the calls: the update's.

    It names the function, tells of both ways to the row, or failed.
    """
    told = [(one, read_calls(wanted.names, (), one.texts)) for one in parts.sections if one.title]
    speaking = [(one, calls) for one, calls in told if _speaks(calls)]
    if len(speaking) != 1:
        return []
    ((only, calls),) = speaking
    named = any(wanted.targets.function in line for line in only.texts)
    both = is_said(calls.function) and is_said(calls.fallback)
    return [only] if named or both or error_lines.has_error(only.texts) else []


def _head(section: Section) -> str:
    """What the step was told to do; the `env:` block names too much to count."""
    return "\n".join((section.title, *header.script(section))) if section.title else ""


def _calls(parts: Parts, update: Sequence[Section], told: StepCalls, wanted: LookFor) -> StepCalls:
    """The calls that the update step tells of, with what other steps tell of them."""
    calls = told.calls
    beside = parts.beside(update)
    if len(beside) > len(update) and not _speaks(calls):
        return replace(told, calls=read_calls(wanted.names, (), with_breaks(beside)))
    if calls.not_found or not update:
        return told
    elsewhere = [section for section in parts.sections if section not in update]
    looked_up = step_calls(elsewhere, wanted.targets, NONE).calls
    return replace(
        told,
        calls=Calls(
            function=calls.function,
            fallback=_fallback(parts, update, wanted, calls),
            lookup=calls.lookup if is_said(calls.lookup) else looked_up.lookup,
            not_found=looked_up.not_found,
        ),
    )


def _fallback(parts: Parts, update: Sequence[Section], wanted: LookFor, calls: Calls) -> Call:
    """The direct update; where the update step made none, that of a later step that is named for it."""
    if calls.fallback.outcome not in (Outcome.NOT_SAID, Outcome.NOT_MADE):
        return calls.fallback
    names, later = wanted.names, parts.behind(update)
    named = (one for one in later if names.is_fallback(parts.title(one) or ""))
    own = (
        read_calls(names, header.script(one), ("Falling back", *one.texts), is_update=True)
        for one in named
    )
    return next((one.fallback for one in own if is_said(one.fallback)), calls.fallback)


def _speaks(calls: Calls) -> bool:
    return is_said(calls.function) or is_said(calls.fallback)


def _failed(parts: Parts) -> Section | None:
    """The section of the step that failed first; one that is green may have failed inside."""
    for index, step in parts.steps.items():
        if step.conclusion in FAILED and error_lines.has_error(parts.sections[index].texts):
            return parts.sections[index]
    return next(
        (one for one in parts.sections if not one.aftermath and error_lines.has_error(one.texts)),
        None,
    )


def _name_of(parts: Parts, update: Sequence[Section]) -> str | None:
    if not update:
        return None
    step = parts.steps.get(parts.sections.index(update[0]))
    return step.name if step else None


def _trigger_lines(parts: Parts, wanted: LookFor) -> tuple[str, ...]:
    sections = parts.sections if wanted.is_trigger_job else parts.of(wanted.trigger_step)
    return tuple(_spoken(sections))[-TRIGGER_LINES:]


def _prints_secret(parts: Parts) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for section in parts.sections:
        masked = facts.masked_names(header.variables(section))
        found.update(dict.fromkeys(printed_by_script(header.script(section), masked)))
        found.update(dict.fromkeys(facts.printed_in_output(section.texts, masked)))
    return tuple(found)
