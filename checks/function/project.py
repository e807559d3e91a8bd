"""Whether the project behind the function is there at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checks.function.view import (
    answer_now,
    function_exhibits,
    says_now,
)
from doctor.chain import Link
from doctor.evidence.base import Unseen, Why
from doctor.evidence.function import FunctionEvidence, Project
from doctor.evidence.log import Outcome
from doctor.framework import Found, Rules
from doctor.model import Role, Severity
from doctor.show import manual, setting
from doctor.story import (
    BOTH_WRITES,
    Weight,
    fallback_call,
    fallback_said,
    function_said,
    look_up_said,
    platform_then,
    stopped_at_look_up,
    weigh,
)

if TYPE_CHECKING:
    from doctor.case import Case


rules = Rules[FunctionEvidence]()


PAUSED = ("INACTIVE", "PAUSING", "PAUSE_FAILED", "REMOVED", "GOING_DOWN", "RESTORING", "COMING_UP")


@rules.cause("function/project-paused", breaks=BOTH_WRITES)
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
    now = None if state is None else state in PAUSED
    answer = answer_now(seen)
    if answer is not None and (
        answer.status in (530, 540) or says_now(seen, "function/project-paused")
    ):
        now = True
    said = (function_said(case).proved, fallback_said(case).proved, look_up_said(case).proved)
    if now is not True and "function/project-paused" not in said:
        return None
    then = platform_then(case, "function/project-paused", "function/unreachable")
    weight = weigh(then, now=now, case=case)
    if weight is None:
        return None
    return weight.found(
        f"The Supabase project {'was' if weight.healed else 'is'} paused"
        f"{f' ({state})' if state and now else ''}.",
        function_exhibits(seen, case),
        (
            manual(
                "Restore the project",
                "Supabase Dashboard → the project → Restore project; then wait until it is ACTIVE_HEALTHY.",
            ),
        ),
    )


@rules.cause("function/project-restricted", breaks=BOTH_WRITES)
def project_restricted(seen: FunctionEvidence, case: Case) -> Found | None:
    """The project is restricted: a quota is used up or a bill is open; the platform answers 402.

    Detected: status 402 in the log or now.
    Cause: exceeded quota, overdue payment.
    Fix: settle it in the organization's billing page.
    By hand: Supabase Dashboard → Organization → Billing.
    Source: Supabase, HTTP status codes, 402.
    """
    answer = answer_now(seen)
    now = None if answer is None else answer.status == 402
    then = platform_then(case, "function/project-restricted")
    weight = weigh(then, now=now, case=case)
    if weight is None:
        return None
    return weight.found(
        "The Supabase project is restricted (402): a quota or a payment.",
        function_exhibits(seen, case),
        (setting("Settle it", "Supabase Dashboard → Organization → Billing and Usage."),),
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
)
def unreachable(seen: FunctionEvidence, case: Case) -> Found | None:
    """Nothing answered at the function's address.

    Detected: the log shows a failed connection (DNS, refused, TLS). That only the doctor cannot
    reach it says nothing about the pipeline.
    Cause: an outage, a wrong URL, a paused project, a network that lets nothing out.
    Fix: check the URL and the platform's status page; start the backup's update again.
    By hand: the guide's curl of step 5.
    Source: curl's exit codes 6, 7 and 35.
    """
    links = _not_reached(case)
    if links:
        weight = Weight(breaks=links, role=Role.CAUSE, severity=Severity.FAIL, by_log=True)
        return weight.found(
            f"Nothing answered at the address of {seen.name}.",
            function_exhibits(seen, case),
            (
                manual(
                    "Check the URL and the platform's status page", "https://status.supabase.com"
                ),
            ),
        )
    return _doctor_cannot_reach(seen)


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
    return (
        tuple(link for link, shown in said.items() if shown) if said[Link.FUNCTION_UPDATES] else ()
    )


def _doctor_cannot_reach(seen: FunctionEvidence) -> Found | None:
    probe = seen.empty_post
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
