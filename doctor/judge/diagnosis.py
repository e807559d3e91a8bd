"""The diagnosis: where the chain broke first, and what of the findings is cause, symptom, context.

Pure functions over the findings. The rules say which link each finding breaks and to which codes it
yields; what is left to do here is a sort.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Role, Severity, Verdict
from backup_doctor.evidence.object import FileEnd, KeySource, StoredObject
from backup_doctor.judge.history import (
    RowState,
    RunProgress,
    fallback_call,
    is_over,
    progress,
    row_state,
    run_is_going,
    update_ran,
)
from backup_doctor.judge.history.calls import update_that_worked
from backup_doctor.judge.history.file import Whose, found_file
from backup_doctor.judge.history.written import shows_written
from backup_doctor.judge.traits import Trait

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backup_doctor.evidence.case import Case
    from backup_doctor.judge.judgement import Judged

FILE_LINKS = (Link.BACKUP_MADE, Link.FILE_UPLOADED, Link.STAYS_SO)
WRITES = (Link.FUNCTION_UPDATES, Link.FALLBACK_UPDATES)
READABLE_ARCHIVE = "InvalidObjectState"
# Strongest first: the check whose symptom names the failing step where no cause is proved.
SYMPTOM_ORDER = ("workflow", "function", "object", "row", "rls", "secrets")


class Placed(Immutable, frozen=True, kw_only=True):
    """A finding with the role and severity that it has in this story."""

    judged: Judged
    role: Role
    severity: Severity


class Diagnosis(Immutable, frozen=True, kw_only=True):
    """The verdict, and the causes in the order of the chain."""

    verdict: Verdict
    causes: tuple[Judged, ...]
    placed: tuple[Placed, ...]

    @property
    def root(self) -> Judged | None:
        """The cause at the earliest link that broke."""
        return self.causes[0] if self.causes else None

    @property
    def failing_check(self) -> str | None:
        """The check that found the root cause, else the strongest symptom."""
        if self.verdict in (Verdict.HEALTHY, Verdict.RUNNING):
            return None
        if self.root:
            return self.root.check.name
        if self.verdict is Verdict.UNKNOWN:
            return None
        failing = {one.judged.check.name for one in self.placed if one.severity is Severity.FAIL}
        return next((name for name in SYMPTOM_ORDER if name in failing), "row")


def diagnose(case: Case, findings: tuple[Judged, ...]) -> Diagnosis:
    """Place every finding in the story of this backup."""
    verdict = decide(case, findings)
    return placed(findings, verdict, _suspects(case, verdict, findings))


def placed(
    findings: tuple[Judged, ...], verdict: Verdict, suspects: tuple[Judged, ...]
) -> Diagnosis:
    """The diagnosis with this verdict, where the suspects are what can be its causes."""
    causes = _causes(suspects)
    return Diagnosis(
        verdict=verdict,
        causes=causes,
        placed=tuple(_place(one, verdict, causes, suspects) for one in findings),
    )


def able_to_explain(findings: Iterable[Judged]) -> tuple[Judged, ...]:
    """The findings that break a link, and so can be causes."""
    return tuple(
        one
        for one in findings
        if one.role is Role.CAUSE and one.severity is Severity.FAIL and one.breaks
    )


def decide(case: Case, findings: tuple[Judged, ...]) -> Verdict:
    """The verdict. Only the row and its object are needed for `healthy`."""
    state = row_state(case)
    if state in (RowState.UNSEEN, RowState.OTHER):
        return Verdict.UNKNOWN
    if state is not RowState.RIGHT and run_is_going(case):
        return Verdict.RUNNING
    if state in (RowState.IN_PROGRESS, RowState.CANCELLED):
        # An app's cancel only writes the word: the run goes on, and writes over it.
        return _of_unfinished(case)
    if state is not RowState.RIGHT:
        return Verdict.FAILING
    if any(
        one.role is Role.CAUSE and one.has(Trait.SPOILS_SUCCESS) and one.breaks for one in findings
    ):
        return Verdict.FAILING
    return Verdict.HEALTHY if _object_is_right(case) else Verdict.UNKNOWN


def _of_unfinished(case: Case) -> Verdict:
    """Going only where its job was seen to be; a young row alone tells nothing."""
    if is_over(case):
        return Verdict.FAILING
    return Verdict.UNKNOWN if progress(case) is RunProgress.UNSEEN else Verdict.RUNNING


def _object_is_right(case: Case) -> bool:
    """Whether the row's object was seen, whole and of its size; `--skip object` waives it."""
    if "object" in case.skipped:
        return True
    seen, row = case.object, case.backup
    if seen is None or row is None:
        return False
    here = seen.head if row.s3_key else seen.present
    if not isinstance(here, StoredObject):
        return False
    found = found_file(case)
    if found is None or found.whose not in (Whose.OWN, Whose.OLDER):
        return False
    tail = seen.tail if row.s3_key else seen.tail or seen.found_tail
    archived = isinstance(tail, Unseen) and tail.code == READABLE_ARCHIVE
    whole = archived or (isinstance(tail, FileEnd) and tail.whole)
    # A right row without a size is one of a table or a pipeline that has none.
    return whole and row.size_bytes in (None, here.size)


def _suspects(case: Case, verdict: Verdict, findings: tuple[Judged, ...]) -> tuple[Judged, ...]:
    """The findings that can be causes of this row's state: the links they break were reached."""
    if verdict in (Verdict.HEALTHY, Verdict.RUNNING):
        return ()
    able = able_to_explain(findings)
    state = row_state(case)
    if state is RowState.UNSEEN:
        return _told_by_the_run(case, able)
    if verdict is Verdict.UNKNOWN:
        return ()
    if state in (RowState.RIGHT, RowState.INCOMPLETE):
        return tuple(
            one
            for one in able
            if one.has(Trait.SPOILS_SUCCESS) or set(one.breaks) & set(FILE_LINKS)
        )
    if state in (RowState.FAILED, RowState.CANCELLED):
        early = tuple(one for one in able if min(one.breaks) < Link.FUNCTION_UPDATES)
        return early or tuple(one for one in able if _is_of_the_run(one))
    return _reached(case, able)


def _is_of_the_run(one: Judged) -> bool:
    """Whether its own log shows it, or GitHub's record of how the run ended."""
    return one.found.by_log or one.has(Trait.BREAKS_OFF)


def _told_by_the_run(case: Case, able: tuple[Judged, ...]) -> tuple[Judged, ...]:
    """Without the row, only what the run shows, or the file that it named, and only if no update got through."""
    if update_that_worked(case) is not None:
        return ()
    of_the_run = ("workflow", "object") if _file_named_by_log(case) else ("workflow",)
    told = tuple(one for one in able if one.found.by_log or one.check.name in of_the_run)
    return _reached(case, told)


def _file_named_by_log(case: Case) -> bool:
    return case.object is not None and case.object.key_source is KeySource.LOG


def _reached(case: Case, able: tuple[Judged, ...]) -> tuple[Judged, ...]:
    """Drop what breaks only links that this backup never came to."""
    last = Link.STAYS_SO
    if any(Link.ROW_CREATED in one.breaks and not one.has(Trait.DUPLICATES_ROW) for one in able):
        last = Link.FILE_UPLOADED
    stops = [min(one.breaks) for one in able if one.has(Trait.ENDS_JOB)]
    if stops and update_ran(case) is not True:
        last = min(last, *stops)
    # Whatever kept the function from it, the direct update wrote the row.
    made_up = {Link.FUNCTION_UPDATES} if shows_written(case, fallback_call(case)) else set()
    return tuple(one for one in able if min(one.breaks) <= last and set(one.breaks) - made_up)


def _causes(suspects: tuple[Judged, ...]) -> tuple[Judged, ...]:
    """The causes in the order of the chain: the specific explains the general."""
    causes: list[Judged] = []
    for link in Link:
        here = [one for one in suspects if link in one.breaks]
        left = [one for one in here if not _explained(one, link, suspects)]
        proved = [one for one in left if not one.found.weak] or left
        ordered = sorted(proved, key=lambda one: not one.found.by_log)
        causes.extend(one for one in ordered if one not in causes)
    return tuple(causes)


def _explained(one: Judged, link: Link, suspects: tuple[Judged, ...]) -> bool:
    """Whether a more specific finding explains this one at this link.

    At the two writes it must break the same link: what stopped the function does not explain the
    fallback. Elsewhere what broke earlier explains what is missing later, and within one check the
    special explains the general wherever it broke; at the end, anything does.
    """
    return any(
        other.code != one.code
        and _yields(one, other)
        and not _yields(other, one)
        and _in_scope(other, one, link)
        for other in suspects
    )


def _in_scope(other: Judged, one: Judged, link: Link) -> bool:
    if link in WRITES:
        return link in other.breaks
    return min(other.breaks) <= link or other.check is one.check


def _yields(one: Judged, other: Judged) -> bool:
    """Whether the other is more special. Two that yield to each other explain nothing."""
    return one.rule.yields(other.rule) or (one.has(Trait.GENERAL) and other.check is not one.check)


def _place(
    one: Judged, verdict: Verdict, causes: tuple[Judged, ...], suspects: tuple[Judged, ...]
) -> Placed:
    """The role and severity of a finding in this story.

    Where the backup is right (or still going), nothing about it failed: what would is a warning.
    """
    if one in causes:
        return Placed(judged=one, role=Role.CAUSE, severity=Severity.FAIL)
    if verdict in (Verdict.HEALTHY, Verdict.RUNNING):
        severity = Severity.WARN if one.severity is Severity.FAIL else one.severity
        return Placed(judged=one, role=Role.CONTEXT, severity=severity)
    if one in suspects:
        return Placed(judged=one, role=Role.SYMPTOM, severity=Severity.FAIL)
    if one.role is Role.CAUSE:
        severity = Severity.WARN if one.severity is Severity.FAIL else one.severity
        return Placed(judged=one, role=Role.CONTEXT, severity=severity)
    return Placed(judged=one, role=one.role, severity=one.severity)
