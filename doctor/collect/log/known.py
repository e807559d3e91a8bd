"""What a step's own script tells of its calls: which lines are whose, and how each call ended.

A line that fits a print of the script is of the call that the print speaks of. Its holes have the
status, the answer and the error; that the line was printed at all tells which way the script took.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.log.draft import OPEN, CallDraft
from backup_doctor.collect.log.filled import take
from backup_doctor.collect.log.names import CallNames
from backup_doctor.collect.log.parting import parted_by
from backup_doctor.collect.log.silent_exit import silent_exit
from backup_doctor.collect.log.whose_lines import (
    calls_of,
    contradicts,
    is_after_another,
    is_sure,
    only_claims,
    without_calls,
)
from backup_doctor.collect.script import attribute, described, tell
from backup_doctor.collect.script.model import ANSWERED, FAILED, CallKind, Certainty, What
from backup_doctor.collect.script.model import CallEnd as End
from backup_doctor.evidence.log import Attempt, Call, Outcome, SilentExit
from backup_doctor.services.log_wording import CallSubject
from backup_doctor.services.single_row import rows_for_one

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from backup_doctor.collect.script.model import Attributed, Script
    from backup_doctor.collect.script.model import ScriptCall as Made
    from backup_doctor.collect.script.telling import Told

_TARGET = re.compile(r"[\w.-]{1,100}")
_ASKS = re.compile(
    r"^(?:get|find|fetch|list|look_?up|select|search|check|count|log|notify|is|has)(?:_|$)"
)
_UPDATES = frozenset({CallKind.TABLE_UPDATE, CallKind.UPSERT, CallKind.SQL, CallKind.RPC})
_OF_TABLE = _UPDATES | {
    CallKind.LOOK_UP,
    CallKind.VERIFICATION,
    CallKind.INSERT,
    CallKind.MARKS_FAILED,
}
_NAMES = {
    CallKind.FUNCTION: "function {}",
    CallKind.RPC: "RPC {}",
    CallKind.TABLE_UPDATE: "direct update of {}",
    CallKind.UPSERT: "upsert into {}",
    CallKind.SQL: "SQL update of {}",
    CallKind.LOOK_UP: "look-up in {}",
    CallKind.VERIFICATION: "verification in {}",
    CallKind.INSERT: "insert into {}",
    CallKind.MARKS_FAILED: "failure mark in {}",
}
# Programs that pack files, or bring them to a store: none of them calls a function.
_OF_FILES = frozenset({"zip", "tar", "pg_dump", "pg_dumpall", "pg_restore"}) | frozenset(
    {"rclone", "s3cmd", "s5cmd", "mc", "gsutil"}
)
_UNNAMED = dict.fromkeys((CallKind.FUNCTION, CallKind.RPC), "of unknown name")


class Targets(Immutable, frozen=True, kw_only=True):
    """What the calls that matter are aimed at, and what the last of them writes.

    `finishing` are the columns that are written when a backup is done; `going` the words of the
    status of one that is not. `key` and `size` are the columns of the file.
    """

    function: str = "update-backup"
    table: str = "backup_history"
    finishing: frozenset[str] = frozenset({"status", "s3_key", "size_bytes", "finished_at"})
    status: str = "status"
    key: str = "s3_key"
    size: str = "size_bytes"
    going: frozenset[str] = frozenset({"in_progress"})


USUAL = Targets()
NOBODYS: frozenset[CallSubject | None] = frozenset({None})


class KnownCalls(Immutable, frozen=True):
    """What is known of one step's calls. `owners`: the lines that are surely of calls, and whose.

    None: of a call that is neither the function's, nor another update, nor the look-up. `lines` are
    the step's, each for itself. `whole`: all that the script runs could be read, and it is known
    what each of its calls is.
    """

    lines: tuple[str, ...]
    attempts: tuple[Attempt, ...]
    owners: dict[int, frozenset[CallSubject | None]]
    subjects: tuple[CallSubject | None, ...]
    not_found: str | None = None
    whole: bool = False
    silent: SilentExit | None = None

    def call(self, subject: CallSubject) -> Call:
        """The attempt that decides: the first that worked, else the last that the log tells of."""
        own = [
            one.call for one, of in zip(self.attempts, self.subjects, strict=True) if of is subject
        ]
        told = [one for one in own if one.outcome is not Outcome.NOT_SAID]
        worked = (one for one in told if one.outcome is Outcome.OK)
        return next(worked, told[-1] if told else Call(outcome=Outcome.NOT_SAID))

    def lines_for(self, subject: CallSubject) -> list[str]:
        """The lines without those that are surely another call's."""
        others = {at for at, owners in self.owners.items() if subject not in owners}
        return ["" if at in others else line for at, line in enumerate(self.lines)]


def know(script: Script, lines: Sequence[str], targets: Targets) -> KnownCalls:
    """What the script tells of the lines that it printed."""
    names = CallNames(targets.function, targets.table)
    lines = parted_by(script, lines)
    subjects = {one.number: _subject(one, script, targets) for one in script.calls}
    attributed = [
        without_calls(one)
        if is_after_another(one) or contradicts(one, lines[one.line], names, subjects)
        else one
        for one in attribute(lines, script)
    ]
    told = {one.call: one for one in tell(lines, attributed, script)}
    kept = [one for one in script.calls if _matters(one, targets)]
    attempts = tuple(
        Attempt(
            kind=one.kind.value,
            name=_NAMES[one.kind].format(_target(one) or _UNNAMED.get(one.kind, "a table")),
            target=_target(one),
            place=_place(one.path, one.line),
            updates=subjects[one.number] in (CallSubject.FUNCTION, CallSubject.FALLBACK),
            call=_ended(one, subjects[one.number], lines, attributed, told.get(one.number), script),
            writes={each.column: each.value for each in one.writes if each.value is not None},
            columns=tuple(each.column for each in one.writes),
            keys=tuple(key for each in one.auth if (key := each.secret or each.variable)),
        )
        for one in kept
    )
    whole = not (script.partial or script.unread or any(map(_leads_anywhere, script.calls)))
    names_of = [one.name for one in attempts if one.updates]
    return KnownCalls(
        lines=tuple(lines),
        attempts=attempts,
        owners={
            one.line: frozenset(subjects[number] for number in of) if of else NOBODYS
            for one in attributed
            if ((of := calls_of(one)) and is_sure(one)) or only_claims(one, lines, script)
        },
        subjects=tuple(subjects[one.number] for one in kept),
        not_found=_not_found(subjects, lines, attributed, script) or _asked_for_one(attempts),
        whole=whole,
        silent=silent_exit(script, lines, names_of) if whole else None,
    )


# What a call is there for.


def _matters(call: Made, targets: Targets) -> bool:
    return call.kind is CallKind.FUNCTION or (call.kind in _OF_TABLE and _is_ours(call, targets))


def _is_ours(call: Made, targets: Targets) -> bool:
    """Whether it has to do with the table, for all that its target tells."""
    if call.kind is CallKind.RPC:
        return not _ASKS.match(call.target or "")
    target = (call.target or "").rpartition(".")[2]
    return not target or "<" in target or target == targets.table


def _subject(call: Made, script: Script, targets: Targets) -> CallSubject | None:
    """Which of the three it is, if any."""
    if call.kind is CallKind.FUNCTION:
        named = {one.target for one in script.calls if one.kind is CallKind.FUNCTION}
        other = targets.function in named and call.target not in (None, targets.function)
        return None if other else CallSubject.FUNCTION
    if not _is_ours(call, targets):
        return None
    if call.kind is CallKind.LOOK_UP:
        return CallSubject.LOOKUP
    return CallSubject.FALLBACK if call.kind in _UPDATES and _finishes(call, targets) else None


def _target(call: Made) -> str:
    """What it is aimed at, where the script says that literally."""
    target = call.target or ""
    return target if _TARGET.fullmatch(target) else ""


def _leads_anywhere(call: Made) -> bool:
    """Whether its address is not known, so that it may be the function's."""
    asks = call.method in ("GET", "HEAD")
    of_files = call.client in _OF_FILES or (call.target or "").startswith("s3://")
    is_told = asks or of_files or re.match(r"https?://[^<]+/", call.url)
    return call.kind is CallKind.OTHER and not is_told


def _finishes(call: Made, targets: Targets) -> bool:
    """Whether it says that the backup is done, and does not keep books on one that goes on."""
    if call.kind is CallKind.SQL and call.method not in ("UPDATE", "UPSERT"):
        return False
    columns = {one.column for one in call.writes}
    if call.kind is CallKind.RPC or not columns:
        return True
    going = call.written(targets.status) in targets.going
    return bool(columns & targets.finishing) and not going


# How it ended.


def _ended(
    made: Made,
    subject: CallSubject | None,
    lines: Sequence[str],
    attributed: Sequence[Attributed],
    told: Told | None,
    script: Script,
) -> Call:
    """The call as its lines tell it, and the way that the script took after it."""
    own = [one for one in attributed if made.number in calls_of(one)]
    if told is None and not own:
        return Call(outcome=Outcome.NOT_SAID)
    draft = CallDraft(subject or CallSubject.FALLBACK)
    take(draft, made, own, lines)
    # What a table answers to an update has no field that says no.
    of_rows = {End.DENIED} if made.kind in (CallKind.TABLE_UPDATE, CallKind.UPSERT) else set()
    _follow(draft, {*told.outcomes} - of_rows or told.outcomes if told else ())
    draft.lines = [one for one in draft.lines if not _is_part(one, draft.lines)]
    if draft.outcome is not Outcome.NOT_SAID and not draft.lines:
        draft.lines.extend(_leading(made.number, lines, attributed, script))
    return msgspec.structs.replace(draft.call(), known=_known(made, own, script))


def _is_part(line: str, lines: Sequence[str]) -> bool:
    """Whether another line has all of this one: the answer that it shows."""
    return any(line != other and line in other for other in lines)


def _follow(draft: CallDraft, ends: Collection[End]) -> None:
    """What the way that the script took tells of the call."""
    left = set(ends)
    failed = bool(left) and left <= set(FAILED)
    if failed and draft.outcome in (*OPEN, Outcome.OK):
        draft.outcome = Outcome.UNREACHABLE if left == {End.SILENT} else Outcome.REFUSED
    elif left and left <= set(ANSWERED) and draft.outcome in OPEN:
        draft.outcome = Outcome.OK
    if left == {End.EMPTY} and draft.rows is None:
        draft.rows = 0


def _leading(
    number: int, lines: Sequence[str], attributed: Sequence[Attributed], script: Script
) -> list[str]:
    """The lines that could only be printed because the call ended as it did."""
    return [
        lines[one.line].strip()
        for one in attributed
        if one.print is not None
        and one.certainty is Certainty.CERTAIN
        and any(branch.calls == (number,) for branch in script.prints[one.print].branches)
    ][:1]


def _known(made: Made, own: Sequence[Attributed], script: Script) -> str:
    """Where the script prints the line that tells of the call: a status, if there is one."""
    printed = [
        (any(fill.hole.what is What.STATUS for fill in one.fills), script.prints[one.print])
        for one in own
        if one.print is not None and one.certainty is not Certainty.OPEN
    ]
    told = next((one for has, one in printed if has), printed[0][1] if printed else None)
    if told is None:
        return ""
    relation = "after" if told.after == made.number else "of"
    return f"{_place(told.path, told.line)} prints this {relation} {described(made)}"


def _place(path: str, line: int) -> str:
    if not line:
        return path or "the step's script"
    return f"{path}:{line}" if path else f"line {line} of the step's script"


def _asked_for_one(attempts: Sequence[Attempt]) -> str | None:
    """The line of a look-up that asked for exactly one row, where there is none."""
    calls = (one.call for one in attempts if one.kind == CallKind.LOOK_UP)
    return next((one.lines[0] for one in calls if one.lines and rows_for_one(one.body) == 0), None)


def _not_found(
    subjects: dict[int, CallSubject | None],
    lines: Sequence[str],
    attributed: Sequence[Attributed],
    script: Script,
) -> str | None:
    """The line that the script prints only where its look-up brought nothing."""
    for one in attributed:
        if one.print is None or one.certainty is not Certainty.CERTAIN:
            continue
        for branch in script.prints[one.print].branches:
            if len(branch.calls) != 1 or subjects[branch.calls[0]] is not CallSubject.LOOKUP:
                continue
            if End.OK not in branch.outcomes and End.EMPTY in branch.outcomes:
                return lines[one.line].strip()
    return None
