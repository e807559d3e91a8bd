"""Whether the function is deployed, active, and open to a key that is no JWT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checks.function.view import (
    deploy,
    deployed_after_404,
    function_exhibits,
    record_of,
    says_now,
)
from doctor.chain import Link
from doctor.evidence.function import FunctionEvidence
from doctor.framework import Found, Rules
from doctor.show import manual
from doctor.story import (
    API_KEY,
    function_then,
    weigh,
)

if TYPE_CHECKING:
    from doctor.case import Case


rules = Rules[FunctionEvidence]()


@rules.cause(
    "function/not-deployed",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=("function/inactive", "function/project-paused", "secrets/bad-url"),
)
def not_deployed(seen: FunctionEvidence, case: Case) -> Found | None:
    """The edge function is not deployed: the gateway answers 404 before any function runs.

    Detected: the Management API does not list it, or the gateway answers NOT_FOUND (it carries no
    x-deno-execution-id; a function's own 404 does). Deployed only after the failure counts as well.
    Cause: never deployed to this project, deleted, or deployed under another name.
    Fix: deploy it.
    By hand: `supabase functions list`.
    Source: guide, step 1, "Edge function call failed (HTTP 404)"; Supabase, error codes.
    """
    answered = says_now(seen, "function/not-deployed")
    now = True if seen.record is None or answered else (None if record_of(seen) is None else False)
    if now is None and answered is False:
        now = False
    then = function_then(case, "function/not-deployed")
    if then[Link.FUNCTION_UPDATES] is None and deployed_after_404(seen, case):
        then = {Link.FUNCTION_UPDATES: True}
    weight = weigh(then, now=now, case=case)
    if weight is None:
        return None
    return weight.found(
        f"The edge function {seen.name} is not deployed."
        if not weight.healed
        else f"The edge function {seen.name} was not deployed when the run called it.",
        function_exhibits(seen, case),
        (deploy(case),),
    )


@rules.cause(
    "function/jwt-gate",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=("function/not-deployed", "function/project-paused", "secrets/expired"),
)
def jwt_gate(seen: FunctionEvidence, case: Case) -> Found | None:
    """The platform's JWT check refuses the key before the function runs.

    Detected: the gateway's own 401 (UNAUTHORIZED_…, "Invalid JWT"), or a 401 while verify_jwt is on
    and was on then. The function's own 401 carries an x-deno-execution-id.
    Cause: the function was deployed with verify_jwt on (the default, also at a redeploy without
    config.toml), and BACKUP_API_KEY is no JWT.
    Fix: deploy with verify_jwt = false.
    By hand: `supabase functions list`, or the function's settings in the dashboard.
    Source: Supabase, function configuration, verify_jwt.
    """
    record = record_of(seen)
    answered = says_now(seen, "function/jwt-gate")
    now = answered if seen.key_sent or answered is False else None
    if answered is None and record and record.verify_jwt is not None:
        now = record.verify_jwt
    elif now is None and record and record.verify_jwt is False:
        now = False
    since = record.updated_at if record and now else None
    weight = weigh(function_then(case, "function/jwt-gate"), now=now, since=since, case=case)
    if weight is None:
        return None
    return weight.found(
        f"The platform's JWT check refuses {API_KEY} before {seen.name} runs (verify_jwt is on).",
        function_exhibits(seen, case),
        (
            deploy(case),
            manual(
                "Keep it that way",
                f"In supabase/config.toml: `[functions.{seen.name}]` with `verify_jwt = false`; the "
                "function checks the key itself.",
            ),
        ),
    )


@rules.cause(
    "function/inactive",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=("function/project-paused", "secrets/bad-url"),
)
def inactive(seen: FunctionEvidence, case: Case) -> Found | None:
    """The function is listed, but not active: removed or throttled.

    Detected: the Management API's status is not ACTIVE.
    Cause: it was removed, or throttled for its load.
    Fix: deploy it again; look at its invocations.
    By hand: `supabase functions list`.
    Source: Supabase, Management API, function status.
    """
    record = record_of(seen)
    if record is None or record.status == "ACTIVE":
        return None
    then = function_then(
        case,
        "function/inactive",
        "function/not-deployed",
        "function/rate-limited",
        "function/server-error",
    )
    weight = weigh(then, now=True, case=case)
    if weight is None:
        return None
    return weight.found(
        f"{seen.name} is {record.status}, not ACTIVE.",
        function_exhibits(seen, case),
        (deploy(case),),
    )
