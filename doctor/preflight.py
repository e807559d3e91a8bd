"""Preflight: would the next backup get through? The chain is the same, and all of it is still to come.

Pure functions over the findings that also explain a backup. What breaks a link now would break the
next backup there; only the two writes stand in for one another, so that both must be broken. What
has to be seen before anything may be called healthy is said here as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor.chain import Link
from doctor.diagnosis import Diagnosis, able_to_explain, placed
from doctor.evidence.base import Evidence, Unseen, Why, unseen
from doctor.evidence.function import HttpAnswer
from doctor.model import Severity, Verdict
from doctor.story import BOTH_WRITES, function_blocked_now
from doctor.story.ways import has_no_fallback

if TYPE_CHECKING:
    from collections.abc import Iterable

    from doctor.case import Case
    from doctor.judgement import Judged

SUCCESS = range(200, 300)
REFUSES_KEY = (401, 403)
OWN_ANSWERS = range(200, 500)


def foresee(case: Case, findings: tuple[Judged, ...]) -> Diagnosis:
    """Place every finding in the story of a backup that is still to be made."""
    able = able_to_explain(findings)
    breaking = _breaking(case, able)
    if any(not one.found.weak for one in breaking):
        return placed(findings, Verdict.FAILING, breaking)
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
    return _breaks(able, Link.FUNCTION_UPDATES) or function_blocked_now(case)


def _fallback_is_out(case: Case, able: Iterable[Judged]) -> bool:
    return _breaks(able, Link.FALLBACK_UPDATES) or has_no_fallback(case)


def _waived(case: Case) -> bool:
    """Whether the user asked for nothing that tells of the fallback."""
    return {"row", "rls"} <= set(case.skipped)


# What must be seen -------------------------------------------------------------------------------


def unsettled(case: Case, findings: tuple[Judged, ...]) -> tuple[Unseen, ...]:
    """What must be seen before the next backup may be said to get through, and was not.

    A check that the user left out is waived.
    """
    gaps = (
        *_unread_secrets(case),
        *_unseen_workflow(case),
        *_unseen_bucket(case),
        *_untried_key(case),
        *_untried_table(case),
        *_untried_function(case, able_to_explain(findings)),
        *_suspicions(case, able_to_explain(findings)),
    )
    return tuple(dict.fromkeys(gaps))


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
    return unseen(case.rls.proof, case.rls.constraints, case.rls.refused_values)


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


def _suspicions(case: Case, able: tuple[Judged, ...]) -> tuple[Unseen, ...]:
    """What would break it, if what was seen means what it may mean."""
    return tuple(
        Unseen(
            why=Why.NOT_ASKED,
            what=f"{one.found.summary} Whether it really does cannot be told without writing.",
            remedy=f"Look at what backup-doctor explain {one.code} says.",
        )
        for one in _breaking(case, able)
        if one.found.weak
    )


# In words ----------------------------------------------------------------------------------------


def function_accepts(case: Case) -> bool:
    """Whether the function itself answered the key with anything but a refusal of it."""
    seen = case.function
    if seen is None or not seen.key_sent:
        return False
    answer = seen.test_call if isinstance(seen.test_call, HttpAnswer) else seen.empty_post
    if not isinstance(answer, HttpAnswer) or answer.from_function is False:
        return False
    return answer.status in OWN_ANSWERS and answer.status not in REFUSES_KEY


def summary(case: Case, diagnosis: Diagnosis) -> str:
    """The report's one sentence."""
    if diagnosis.verdict is Verdict.FAILING:
        first, *more = (one.found.summary for one in diagnosis.causes)
        also = f" Besides: {more[0]}" if more else ""
        return f"The next backup would fail. {first}{also}"
    warned = [one for one in diagnosis.placed if one.severity is Severity.WARN]
    if diagnosis.verdict is Verdict.HEALTHY:
        but = f" But: {warned[0].judged.found.summary}" if warned else ""
        return f"The next backup would get through{_as_seen(case, diagnosis)}.{but}"
    gaps = unsettled(case, tuple(one.judged for one in diagnosis.placed))
    known = f" What is known: {warned[0].judged.found.summary}" if warned else ""
    return f"Cannot tell whether the next backup would get through: {gaps[0].what}{known}"


def _as_seen(case: Case, diagnosis: Diagnosis) -> str:
    """`: the workflow is enabled, ...`, as far as each was seen."""
    able = able_to_explain(tuple(one.judged for one in diagnosis.placed))
    works = not _breaks(able, Link.FUNCTION_UPDATES) and function_accepts(case)
    shown = (
        (case.workflow, "the workflow is enabled"),
        (case.secrets and case.secrets.all_levels_read(), "the secrets are set"),
        (works, "the function accepts the key"),
        (case.rls, "the table takes the update"),
        (case.object, "the bucket is there"),
    )
    said = [text for seen, text in shown if isinstance(seen, Evidence) or seen is True]
    return f": {', '.join(said)}" if said else ""
