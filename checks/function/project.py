"""Whether the project behind the function is there at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.function.view import function_exhibits
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Role, Severity
from backup_doctor.evidence.function import FunctionEvidence, HttpAnswer, Project
from backup_doctor.evidence.log import Outcome
from backup_doctor.evidence.row import ApiAnswer
from backup_doctor.judge.framework import Found, Resolved, Rules
from backup_doctor.judge.history import (
    BOTH_WRITES,
    Weight,
    fallback_call,
    fallback_said,
    function_call,
    function_said,
    look_up_said,
    platform_then,
    stopped_at_look_up,
    weigh,
)
from backup_doctor.judge.history.calls import update_ways
from backup_doctor.judge.history.early import early_codes
from backup_doctor.judge.history.function_calls import calls_function
from backup_doctor.judge.history.since import data_api_answers
from backup_doctor.judge.show import manual, setting
from backup_doctor.judge.traits import Trait
from backup_doctor.services.meaning import platform_answer, seen_answer

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case


rules = Rules[FunctionEvidence]()


# The kind of an update by a client of PostgreSQL: what it does not reach is not the Data API.
SQL = "sql"
PAUSED = ("INACTIVE", "PAUSING", "PAUSE_FAILED", "REMOVED", "GOING_DOWN", "RESTORING", "COMING_UP")


def _platform_says(seen: FunctionEvidence, case: Case, code: str) -> bool:
    """Whether the platform says it now, in the place of the function or of the Data API.

    What an answer only may mean is not said.
    """
    probe, api = seen.probe, case.row.api if case.row else None
    said = [seen_answer(api)] if isinstance(api, ApiAnswer) else []
    if isinstance(probe, HttpAnswer) and not probe.from_function:
        said.append(platform_answer(probe.status, probe.body, probe.error_code))
    return any(one.means[:1] == (code,) for one in said)


@rules.cause(
    "function/project-paused",
    breaks=BOTH_WRITES,
    traits=(Trait.FAILS_LOOK_UP, Trait.HIDES_TABLE, Trait.NAMED_BY_STEP, Trait.BEFORE_KEY),
)
def project_paused(seen: FunctionEvidence, case: Case) -> Found | None:
    """The whole project is paused: neither the function nor the database answers.

    Detected: the Management API says INACTIVE (or pausing, restoring); or 540, 530 or "Origin DNS
    error" in the log or now.
    Cause: a free project pauses after a week without use; or someone paused it.
    Fix: restore the project.
    By hand: Supabase Dashboard → the project's state.
    Source: Supabase, HTTP status codes, 540.
    """
    state = seen.project.status if isinstance(seen.project, Project) else None
    now = True if state in PAUSED or _platform_says(seen, case, "function/project-paused") else None
    said = (function_said(case).proved, fallback_said(case).proved, look_up_said(case).proved)
    early = early_codes(case)[:1] == ("function/project-paused",)
    if now is not True and not early and "function/project-paused" not in said:
        return None
    then = platform_then(case, "function/project-paused", "function/unreachable")
    weight = weigh(then, now=now, case=case)
    if weight is None:
        return None
    resolved = _is_there_again(state, case)
    return weight.found(
        f"The Supabase project {'was' if weight.is_over(resolved) else 'is'} paused"
        f"{f' ({state})' if now and state in PAUSED else ''}{_listed_otherwise(state, now=now)}.",
        function_exhibits(seen, case),
        (
            manual(
                "Restore the project",
                "Supabase Dashboard → the project → Restore project; then wait until it is ACTIVE_HEALTHY.",
            ),
        ),
        resolved=resolved,
    )


def _listed_otherwise(state: str | None, *, now: bool | None) -> str:
    """That the platform answers so, though it lists the project as another thing."""
    if not now or state is None or state in PAUSED:
        return ""
    return f": that is what its address answers, though the Management API lists it as {state}"


def _is_there_again(state: str | None, case: Case) -> Resolved | None:
    """The platform lists the project as active, or its Data API answers."""
    if state and state.startswith("ACTIVE"):
        return Resolved(by=f"Supabase lists the project as {state}")
    # What the platform lists outranks one answer: a project that is paused now may still give it.
    answers = state is None and data_api_answers(case)
    return Resolved(by="its Data API answers again") if answers else None


@rules.cause(
    "function/project-restricted",
    breaks=BOTH_WRITES,
    traits=(Trait.FAILS_LOOK_UP, Trait.HIDES_TABLE, Trait.NAMED_BY_STEP),
)
def project_restricted(seen: FunctionEvidence, case: Case) -> Found | None:
    """The project is restricted: a quota is used up or a bill is open; the platform answers 402.

    Detected: status 402 in the log or now.
    Cause: exceeded quota, overdue payment.
    Fix: settle it in the organization's billing page.
    By hand: Supabase Dashboard → Organization → Billing.
    Source: Supabase, HTTP status codes, 402.
    """
    now = True if _platform_says(seen, case, "function/project-restricted") else None
    then = platform_then(case, "function/project-restricted")
    weight = weigh(then, now=now, case=case)
    if weight is None:
        return None
    resolved = Resolved(by="its Data API answers again") if data_api_answers(case) else None
    return weight.found(
        f"The Supabase project {'was' if weight.is_over(resolved) else 'is'} restricted (402): "
        "a quota or a payment.",
        function_exhibits(seen, case),
        (setting("Settle it", "Supabase Dashboard → Organization → Billing and Usage."),),
        resolved=resolved,
    )


@rules.cause(
    "function/unreachable",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=(
        "function/project-paused",
        "secrets/bad-url",
        "secrets/missing",
        "secrets/empty",
        "secrets/whitespace",
    ),
    traits=(Trait.FAILS_LOOK_UP,),
)
def unreachable(seen: FunctionEvidence, case: Case) -> Found | None:
    """Nothing answered at the function's address.

    Detected: the log shows a failed connection (DNS, refused, TLS). That only the doctor cannot
    reach it says nothing about the pipeline.
    Cause: an outage, a wrong URL, a paused project, a network that lets nothing out.
    Fix: check the URL and the platform's status page; start the backup's update again.
    By hand: call the function with curl (guide, step 5).
    Source: curl's exit codes 6, 7 and 35.
    """
    links = _not_reached(case)
    if links:
        weight = Weight(breaks=links, role=Role.CAUSE, severity=Severity.FAIL, by_log=True)
        return weight.found(
            _who_answered(seen, case, links),
            function_exhibits(seen, case),
            (
                manual(
                    "Check the URL and the platform's status page", "https://status.supabase.com"
                ),
            ),
        )
    return _doctor_cannot_reach(seen)


def _who_answered(seen: FunctionEvidence, case: Case, links: tuple[Link, ...]) -> str:
    """Nobody; or somebody on the way, who has a status to show."""
    at_look_up = stopped_at_look_up(case)
    by_function = Link.FUNCTION_UPDATES in links and not at_look_up
    call = function_call(case) if by_function else fallback_call(case)
    name = seen.name if by_function else "the Data API"
    status = case.log.lookup_call.status if case.log and at_look_up else call.status
    if not status:
        return f"Nothing answered at the address of {name}."
    begin = name if by_function else f"{name[0].upper()}{name[1:]}"
    return f"{begin} was not reached: whoever stands before it answered HTTP {status}."


def _not_reached(case: Case) -> tuple[Link, ...]:
    """The ways on which the log says that nothing answered."""
    code = "function/unreachable"
    if stopped_at_look_up(case):
        return BOTH_WRITES if look_up_said(case).codes[:1] == (code,) else ()
    fallback = fallback_call(case).outcome is Outcome.UNREACHABLE
    said = {
        Link.FUNCTION_UPDATES: code in function_said(case).codes,
        Link.FALLBACK_UPDATES: fallback or fallback_said(case).proved == code,
    }
    left_out = _asks_data_api_alone(case) or function_call(case).outcome is Outcome.NOT_MADE
    counts = said[Link.FUNCTION_UPDATES] or left_out
    return tuple(link for link, shown in said.items() if shown) if counts else ()


def _asks_data_api_alone(case: Case) -> bool:
    """Whether the pipeline calls no function, and no database server by itself either."""
    return calls_function(case) is None and all(one.kind != SQL for one in update_ways(case))


def _doctor_cannot_reach(seen: FunctionEvidence) -> Found | None:
    probe = seen.probe
    asked = isinstance(probe, Unseen) and probe.why not in (
        Why.NOT_CONFIGURED,
        Why.NOT_ASKED,
        Why.NOT_TRUSTED,
    )
    if not asked or not isinstance(probe, Unseen):
        return None
    return Found(
        summary=f"The doctor could not ask {seen.name}: {probe.what}",
        breaks=(),
        severity=Severity.INFO,
        role=Role.CONTEXT,
    )
