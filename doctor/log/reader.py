"""Reads one job's log into the facts that a diagnosis needs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from doctor.evidence.log import Call, LogReading, Outcome
from doctor.log import facts, header
from doctor.log.attribution import attribute
from doctor.log.calls import Calls, read_calls
from doctor.log.mention import ids_in, mentions
from doctor.log.names import Names
from doctor.log.sections import Section, scan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from doctor.evidence.workflow import Step

EXCERPT_LINES = 40
TRIGGER_LINES = 40
UPLOADS = 20
FAILED = frozenset({"failure", "cancelled", "timed_out"})
# A script that speaks of the table, and of changing it rather than of creating the row.
_UPDATES_TABLE = re.compile(r"\bPATCH\b|\bupdate\b|\.update\(", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class LookFor:
    """What to look for: the dispatch id, the function, the table, and the job's steps.

    `update_step` and `trigger_step` are names of steps of this job, as the API has them.
    """

    dispatch_id: str | None = None
    function: str = "update-backup"
    table: str = "backup_history"
    steps: tuple[Step, ...] = ()
    update_step: str | None = None
    trigger_step: str | None = None
    is_trigger_job: bool = False


@dataclass
class _Parts:
    """The sections of a log, by what they are."""

    sections: list[Section]
    steps: dict[int, Step] = field(default_factory=dict)

    def of(self, name: str | None) -> list[Section]:
        return [self.sections[i] for i, step in self.steps.items() if step.name == name]


def read(source: str, chunks: Iterable[bytes], wanted: LookFor) -> LogReading:
    """One job's log. `source` names where it came from, as a person would."""
    dispatch_id = wanted.dispatch_id
    scanned = scan(chunks, lambda line: bool(dispatch_id) and mentions(line, dispatch_id or ""))
    parts = _Parts(scanned.sections, attribute(scanned.sections, wanted.steps))
    update = _update_sections(parts, wanted)
    calls = _calls(parts, update, wanted)
    variables = header.variables(update[0]) if update else ()
    output = [line for section in parts.sections for line in _output(section)]
    failed = _failed(parts)
    return LogReading(
        source=source,
        bytes_read=scanned.bytes_read,
        truncated=bool(getattr(chunks, "broken_off", False)),
        update_seen=bool(update) or _speaks(calls),
        update_step=_name_of(parts, update),
        variables=variables,
        assignments={**facts.assigned_variables(variables), **facts.assignments(output)},
        function_call=calls.function,
        fallback_call=calls.fallback,
        lookup_call=calls.lookup,
        backup_id_not_found=calls.not_found,
        failed_step=_title(parts, failed),
        errors=facts.errors(_output(failed)) if failed else (),
        uploaded=tuple(dict.fromkeys(facts.uploads(output)))[:UPLOADS],
        buckets=tuple(dict.fromkeys(_buckets(parts)))[:UPLOADS],
        upload_errors=tuple(dict.fromkeys(facts.upload_errors(output)))[:UPLOADS],
        trigger_lines=_trigger_lines(parts, wanted),
        prints_secret=_prints_secret(parts),
        dispatch_seen=scanned.found,
        ids=() if dispatch_id else ids_in(_lines(parts)),
        update_excerpt=tuple(_spoken(update))[-EXCERPT_LINES:],
    )


def _lines(parts: _Parts) -> Iterator[str]:
    return (line.text for section in parts.sections for line in section.lines)


def _buckets(parts: _Parts) -> Iterator[str]:
    for section in parts.sections:
        yield from facts.buckets(header.variables(section))


def _output(section: Section) -> list[str]:
    return [line.text for line in section.output]


def _spoken(sections: Sequence[Section]) -> list[str]:
    return [text for section in sections for text in _output(section) if text.strip()]


def _update_sections(parts: _Parts, wanted: LookFor) -> list[Section]:
    """The sections of the update step: by its name, else by what its script does."""
    named = parts.of(wanted.update_step) if wanted.update_step else []
    if named:
        return named
    function = re.compile(rf"(?<![\w-]){re.escape(wanted.function)}(?![\w])")
    calling = [one for one in parts.sections if function.search(_head(one))]
    if calling:
        return calling[-1:]
    updating = (
        one
        for one in parts.sections
        if wanted.table in _head(one) and _UPDATES_TABLE.search(_head(one))
    )
    return list(updating)[-1:] or _only_speaking(parts, wanted)


def _only_speaking(parts: _Parts, wanted: LookFor) -> list[Section]:
    """The one step whose script does not show, and whose output tells of the calls: the update's."""
    names = Names(wanted.function, wanted.table)
    speaking = [
        one
        for one in parts.sections
        if one.title and _speaks(read_calls(names, (), _output(one), is_update=False))
    ]
    named = [one for one in speaking if any(wanted.function in line for line in _output(one))]
    return named if len(speaking) == 1 else []


def _head(section: Section) -> str:
    """What the step was told to do; the `env:` block names too much to count."""
    return "\n".join((section.title, *header.script(section))) if section.title else ""


def _calls(parts: _Parts, update: Sequence[Section], wanted: LookFor) -> Calls:
    """The calls of the update step; where it is not known, of every step that speaks of them."""
    sections = update or parts.sections
    names = Names(wanted.function, wanted.table)
    script = [line for section in update for line in header.script(section)]
    calls = read_calls(names, script, _with_breaks(sections), is_update=bool(update))
    beside = _beside(parts, update)
    if len(beside) > len(update) and not _speaks(calls):
        return read_calls(names, (), _with_breaks(beside), is_update=False)
    if calls.not_found or not update:
        return calls
    elsewhere = [section for section in parts.sections if section not in update]
    looked_up = read_calls(names, (), _with_breaks(elsewhere), is_update=False)
    return Calls(
        function=calls.function,
        fallback=_fallback(parts, update, names, calls),
        lookup=calls.lookup if _is_said(calls.lookup.outcome) else looked_up.lookup,
        not_found=looked_up.not_found,
    )


def _fallback(parts: _Parts, update: Sequence[Section], names: Names, calls: Calls) -> Call:
    """The direct update; where the update step made none, that of a later step that is named for it."""
    if calls.fallback.outcome not in (Outcome.NOT_SAID, Outcome.NOT_MADE):
        return calls.fallback
    later = parts.sections[parts.sections.index(update[-1]) + 1 :]
    named = (one for one in later if names.is_fallback(_title(parts, one) or ""))
    own = (read_calls(names, header.script(one), ("Falling back", *_output(one))) for one in named)
    return next((one.fallback for one in own if _is_said(one.fallback.outcome)), calls.fallback)


def _beside(parts: _Parts, update: Sequence[Section]) -> list[Section]:
    """The update step's sections and those of steps that ran at the same time: lines interleave."""
    own = next((parts.steps.get(i) for i, one in enumerate(parts.sections) if one in update), None)
    if own is None:
        return []
    together = [i for i, step in parts.steps.items() if step is not own and _overlap(step, own)]
    return [one for i, one in enumerate(parts.sections) if i in together or one in update]


def _overlap(one: Step, other: Step) -> bool:
    if not (one.started_at and one.completed_at and other.started_at and other.completed_at):
        return False
    return one.started_at < other.completed_at and other.started_at < one.completed_at


def _with_breaks(sections: Iterable[Section]) -> Iterable[str]:
    """The output of several sections, an empty line after each."""
    for section in sections:
        yield from _output(section)
        yield ""


def _is_said(outcome: Outcome) -> bool:
    return outcome is not Outcome.NOT_SAID


def _speaks(calls: Calls) -> bool:
    return _is_said(calls.function.outcome) or _is_said(calls.fallback.outcome)


def _failed(parts: _Parts) -> Section | None:
    """The section of the step that failed first; one that is green may have failed inside."""
    for index, step in parts.steps.items():
        if step.conclusion in FAILED and facts.has_error(_output(parts.sections[index])):
            return parts.sections[index]
    return next(
        (one for one in parts.sections if not one.aftermath and facts.has_error(_output(one))), None
    )


def _title(parts: _Parts, section: Section | None) -> str | None:
    if section is None:
        return None
    step = parts.steps.get(parts.sections.index(section))
    return step.name if step else section.title or None


def _name_of(parts: _Parts, update: Sequence[Section]) -> str | None:
    if not update:
        return None
    step = parts.steps.get(parts.sections.index(update[0]))
    return step.name if step else None


def _trigger_lines(parts: _Parts, wanted: LookFor) -> tuple[str, ...]:
    sections = parts.sections if wanted.is_trigger_job else parts.of(wanted.trigger_step)
    return tuple(_spoken(sections))[-TRIGGER_LINES:]


def _prints_secret(parts: _Parts) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for section in parts.sections:
        masked = facts.masked_names(header.variables(section))
        found.update(dict.fromkeys(facts.printed_by_script(header.script(section), masked)))
        found.update(dict.fromkeys(facts.printed_in_output(_output(section), masked)))
    return tuple(found)
