"""Preflight: would the next backup get through? The chain is the same, and all of it is still to come.

Pure functions over the findings that also explain a backup. What breaks a link now would break the
next backup there; only the two writes stand in for one another, so that both must be broken. What
has to be seen before anything may be called healthy is said here as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from backup_doctor.evidence.base import Evidence, Unseen, Why, unseen
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Severity, Verdict
from backup_doctor.evidence.function import FunctionRecord, HttpAnswer
from backup_doctor.evidence.workflow import Held
from backup_doctor.judge.diagnosis import Diagnosis, able_to_explain, placed
from backup_doctor.judge.freshness import freshness
from backup_doctor.judge.history import BOTH_WRITES, function_blocked_now
from backup_doctor.judge.history.function_calls import calls_function, is_shown_alike
from backup_doctor.judge.history.last_run import refused_last_time
from backup_doctor.judge.history.since import stored_for
from backup_doctor.judge.history.ways import has_no_fallback
from backup_doctor.judge.registry import codes_with
from backup_doctor.judge.show import rfc3339
from backup_doctor.judge.traits import Trait
from backup_doctor.services.secret_uses import Use
from backup_doctor.services.success_bodies import SUCCESS, refuses_caller

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from backup_doctor.evidence.case import Case
    from backup_doctor.judge.judgement import Judged

OR_HELD = (
    "Or let a backup succeed: the log of the newest run then shows that the table takes the update."
)
REFUSES_KEY = (401, 403)
OWN_ANSWERS = range(200, 500)


def foresee(case: Case, findings: tuple[Judged, ...]) -> Diagnosis:
    """Place every finding in the story of a backup that is still to be made."""
    able = able_to_explain(findings)
    breaking = _breaking(case, able)
    # What would break the next backup may well be why there was none lately.
    others = tuple(one for one in breaking if not one.has(Trait.PAST_ONLY))
    if any(not one.found.weak for one in others):
        return placed(findings, Verdict.FAILING, others)
    if others != breaking:
        late = tuple(one for one in breaking if one.has(Trait.PAST_ONLY))
        return placed(findings, Verdict.FAILING, late)
    open_questions = unsettled(case, findings)
    return placed(findings, Verdict.UNKNOWN if open_questions else Verdict.HEALTHY, ())


def _breaking(case: Case, able: tuple[Judged, ...]) -> tuple[Judged, ...]:
    """What would break the next backup: at the two writes, only where both are out."""
    out = _function_is_out(case, able) and (_fallback_is_out(case, able) or _waived(case))
    fatal = [link for link in Link if out or link not in BOTH_WRITES]
    return tuple(one for one in able if set(one.breaks) & set(fatal))


def _breaks(able: Iterable[Judged], link: Link) -> bool:
    return any(link in one.breaks for one in able)


def _function_is_out(case: Case, able: Iterable[Judged]) -> bool:
    """A function that nobody calls is no way to the row."""
    uncalled = calls_function(case) is None
    return uncalled or _breaks(able, Link.FUNCTION_UPDATES) or function_blocked_now(case)


def _fallback_is_out(case: Case, able: Iterable[Judged]) -> bool:
    return _breaks(able, Link.FALLBACK_UPDATES) or has_no_fallback(case)


def _waived(case: Case) -> bool:
    """Whether the user asked for nothing that tells of the fallback."""
    return {"row", "rls"} <= set(case.skipped)


# What must be seen -------------------------------------------------------------------------------


def unsettled(case: Case, findings: tuple[Judged, ...]) -> tuple[Unseen, ...]:
    """What must be seen before the next backup may be said to get through, and was not.

    A check that the user left out is waived. That the table takes the update is shown by PostgreSQL
    itself, or by the newest backup, whose row was updated.
    """
    able = able_to_explain(findings)
    gaps = (
        *_unread_secrets(case),
        *_unseen_workflow(case),
        *_unseen_bucket(case),
        *_untried_key(case),
        *(
            ()
            if _still_held(case, able)
            else (*_untried_table(case), *_untried_function(case, able))
        ),
        *_untold_freshness(case),
        *_suspicions(case, able),
    )
    return tuple(dict.fromkeys(gaps))


def held(case: Case) -> Held | None:
    """The newest backup, where its log shows how its row was updated and nothing was changed since."""
    workflow = case.workflow
    found = workflow.held if workflow and isinstance(workflow.held, Held) else None
    if found is None or any(at > found.at for at in _changes(case, found)):
        return None
    return found


def _still_held(case: Case, able: tuple[Judged, ...]) -> Held | None:
    """The same, where the way that it took is not broken now: it proves nothing of the other one."""
    found = held(case)
    if found is None:
        return None
    is_out = _function_is_out if found.by_function else _fallback_is_out
    return None if is_out(case, able) else found


def _changes(case: Case, found: Held) -> Iterator[datetime]:
    """When what that update needed was changed last, as far as anybody tells."""
    record = case.function.record if case.function else None
    if found.by_function and isinstance(record, FunctionRecord) and record.updated_at:
        yield record.updated_at
    uses = (Use.URL, Use.SERVICE_KEY, *((Use.FUNCTION_KEY,) if found.by_function else ()))
    stored = (stored_for(case, use) for use in uses)
    yield from (one.updated_at for one in stored if one and one.updated_at)


def _failed(case: Case, check: str) -> tuple[Unseen, ...]:
    """Why a check saw nothing at all; it then has no evidence either."""
    return unseen(case.evidence.get(check))


def _unread_secrets(case: Case) -> tuple[Unseen, ...]:
    """GitHub's list of names, or the URL and key themselves: they are presumed the pipeline's."""
    seen = case.secrets
    if seen is None:
        return _failed(case, "secrets")
    given = not isinstance(seen.service_key, Unseen) and not isinstance(seen.url, Unseen)
    return () if given or seen.all_levels_read() else seen.unread()


def _unseen_workflow(case: Case) -> tuple[Unseen, ...]:
    return case.workflow.gaps() if case.workflow else _failed(case, "workflow")


def _unseen_bucket(case: Case) -> tuple[Unseen, ...]:
    return unseen(case.object.bucket) if case.object else _failed(case, "object")


def _untried_key(case: Case) -> tuple[Unseen, ...]:
    """The pipeline's own look-up with its key: both ways begin with it."""
    if case.row is None:
        return _failed(case, "row")
    api = case.row.api
    if isinstance(api, Unseen):
        return (api,)
    if api.status in SUCCESS:
        return ()
    said = f"{api.status} {api.code or ''} {api.message}".strip()
    return (
        Unseen(
            why=Why.REFUSED,
            what=f"Whether the pipeline's key works is not known: the Data API answers HTTP {said}.",
            remedy="Check SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY.",
            dependency="Supabase's Data API",
            status=api.status,
            code=api.code,
        ),
    )


def _untried_table(case: Case) -> tuple[Unseen, ...]:
    """What PostgreSQL says of the update as the writing role, and of its values."""
    if case.rls is None:
        return _failed(case, "rls")
    return tuple(
        replace(one, remedy=f"{one.remedy or ''} {OR_HELD}".strip())
        for one in unseen(case.rls.proof, case.rls.constraints, case.rls.refused_values)
    )


def _untried_function(case: Case, able: tuple[Judged, ...]) -> tuple[Unseen, ...]:
    """The function, where it is the only way left: whether it accepts the key."""
    if not _fallback_is_out(case, able) or function_accepts(case):
        return ()
    if case.function is None:
        return _failed(case, "function")
    answer = case.function.empty_post
    if isinstance(answer, Unseen):
        return (answer,)
    return (
        Unseen(
            why=Why.REFUSED,
            what="Whether the function accepts the key is not known, and there is no other way: the "
            f"fallback is {'missing' if has_no_fallback(case) else 'broken'}.",
            remedy="Set BACKUP_API_KEY.",
            dependency="The functions gateway",
            status=answer.status,
        ),
    )


def _untold_freshness(case: Case) -> tuple[Unseen, ...]:
    """Whether a backup succeeded lately, where `max_age` asks for it."""
    if case.row is None or case.names.max_age_s is None:
        return ()
    fresh = freshness(case.row.last_good, case.names.max_age_s, case.now)
    return () if fresh.ok is not None else unseen(fresh.unseen)


def _suspicions(case: Case, able: tuple[Judged, ...]) -> tuple[Unseen, ...]:
    """What would break it, if what was seen means what it may mean."""
    return tuple(
        Unseen(
            why=Why.NOT_ASKED,
            what=f"{one.found.summary} Only a write would show whether it really does.",
            remedy=f"Look at what backup-doctor explain {one.code} says.",
        )
        for one in _breaking(case, able)
        if one.found.weak
    )


# In words ----------------------------------------------------------------------------------------


def function_accepts(case: Case) -> bool:
    """Whether the function itself answered the pipeline's key with anything but a refusal of it."""
    seen = case.function
    if seen is None or not seen.key_sent or not is_shown_alike(case):
        return False
    answer = seen.test_call if isinstance(seen.test_call, HttpAnswer) else seen.empty_post
    if not isinstance(answer, HttpAnswer) or answer.from_function is False:
        return False
    refused = (
        refused_last_time(case, Use.FUNCTION_KEY, code) for code in codes_with(Trait.REFUSES_KEY)
    )
    if any(refused):
        return False
    refuses = answer.status in REFUSES_KEY or refuses_caller(answer.body)
    return answer.status in OWN_ANSWERS and not refuses


def summary(case: Case, diagnosis: Diagnosis) -> str:
    """The report's one sentence."""
    if diagnosis.verdict is Verdict.FAILING:
        first, *more = (one.found.summary for one in diagnosis.causes)
        also = f" Also: {more[0]}" if more else ""
        if diagnosis.causes[0].has(Trait.PAST_ONLY):
            return first
        return f"The next backup would fail. {first}{also}"
    warned = [one for one in diagnosis.placed if one.severity is Severity.WARN]
    if diagnosis.verdict is Verdict.HEALTHY:
        but = f" But: {warned[0].judged.found.summary}" if warned else ""
        return f"The next backup would get through{_as_seen(case, diagnosis)}.{but}"
    gaps = unsettled(case, tuple(one.judged for one in diagnosis.placed))
    known = f" What is known: {warned[0].judged.found.summary}" if warned else ""
    return f"Could not determine whether the next backup would get through: {gaps[0].what}{known}"


def _as_seen(case: Case, diagnosis: Diagnosis) -> str:
    """`: the workflow is enabled, ...`, as far as each was seen."""
    able = able_to_explain(tuple(one.judged for one in diagnosis.placed))
    works = not _breaks(able, Link.FUNCTION_UPDATES) and function_accepts(case)
    shown = (
        (case.workflow, "the workflow is enabled"),
        (case.secrets and case.secrets.all_levels_read(), "the secrets are set"),
        (works, "the function accepts the key"),
        (_takes_update(case, able), "the table takes the update"),
        (case.object, "the bucket is there"),
    )
    said = [text for seen, text in shown if isinstance(seen, Evidence) or seen is True]
    last = _still_held(case, able)
    if last and not _table_was_asked(case):
        said.append(
            f"{last.way} updated the row of run {last.run_id}, {rfc3339(last.at)} (held then, not "
            "checked since)"
        )
    return f": {', '.join(said)}" if said else ""


def _takes_update(case: Case, able: tuple[Judged, ...]) -> bool:
    """Whether nothing that the catalogue shows refuses the update."""
    of_table = any(one.check.name in ("row", "rls") for one in able)
    return _table_was_asked(case) and not of_table


def _table_was_asked(case: Case) -> bool:
    return case.rls is not None and not isinstance(case.rls.proof, Unseen)
