"""Whether the function is deployed, active, and open to a key that is not a JWT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.function.view import (
    deploy,
    deploy_as_it_was,
    deployed_after_404,
    deployed_since,
    function_exhibits,
    is_called,
    record_of,
    says_now,
)
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.function import FunctionEvidence, FunctionRecord
from backup_doctor.evidence.secrets import FunctionKey
from backup_doctor.judge.framework import Found, Resolved, Rules, needs
from backup_doctor.judge.history import (
    began_after_failure,
    function_call,
    function_said,
    function_then,
    weigh,
)
from backup_doctor.judge.history.calls import update_ways
from backup_doctor.judge.history.function_calls import Shows, calls_function, shows_key
from backup_doctor.judge.history.secret_names import called
from backup_doctor.judge.history.since import runs_now
from backup_doctor.judge.show import either, exhibit, manual, rfc3339
from backup_doctor.judge.traits import Trait
from backup_doctor.services.secret_uses import Use

if TYPE_CHECKING:
    from backup_doctor.evidence.base import Shown
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix


# The gateway's own code for a call without an Authorization header.
NO_AUTH_HEADER = "UNAUTHORIZED_NO_AUTH_HEADER"
rules = Rules[FunctionEvidence]()


def _is_absent(seen: FunctionEvidence, case: Case) -> bool:
    """Whether anything says that there is no such function, now or then."""
    then = "function/not-deployed" in function_said(case).codes
    return seen.record is None or then or bool(says_now(seen, "function/not-deployed"))


def its_absence(seen: FunctionEvidence, case: Case) -> Shown | Unseen | None:
    """A function that nobody calls may well not be there."""
    return calls_function(case) if _is_absent(seen, case) else None


@rules.cause(
    "function/not-deployed",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=(
        "function/inactive",
        "function/project-paused",
        "secrets/bad-url",
        "secrets/project-mismatch",
    ),
    traits=(Trait.BEFORE_KEY,),
)
@needs(its_absence)
def not_deployed(seen: FunctionEvidence, case: Case, shown: Shown) -> Found | None:
    """The edge function is not deployed: the gateway answers 404 before any function runs.

    Detected: the pipeline is shown to call it, and the Management API does not list it, or the
    gateway answers NOT_FOUND (it carries no x-deno-execution-id; a function's own 404 does).
    Deployed only after the failure counts as well.
    Cause: never deployed to this project, deleted, or deployed (or called) under another name.
    Fix: deploy it.
    By hand: `supabase functions list`.
    Source: guide, step 1; Supabase, error codes.
    """
    now = True if seen.record is None or says_now(seen, "function/not-deployed") else None
    then = function_then(case, "function/not-deployed")
    if then[Link.FUNCTION_UPDATES] is None and deployed_after_404(seen, case):
        then = {Link.FUNCTION_UPDATES: True}
    weight = weigh(then, now=now, case=case)
    if weight is None:
        return None
    resolved = deployed_since(seen, case) or _answers_now(seen, case)
    return weight.found(
        _how_absent(seen, is_over=weight.is_over(resolved), is_gone=weight.holds),
        (*function_exhibits(seen, case), exhibit("the pipeline calls it", shown.by, "workflow")),
        _make_it_answer(seen, case),
        resolved=resolved,
    )


def _how_absent(seen: FunctionEvidence, *, is_over: bool, is_gone: bool) -> str:
    """Not there, or not then; one that the project has was not found where the run called it."""
    if is_over:
        return f"The edge function {seen.name} was not deployed when the run called it."
    record = record_of(seen)
    if record is None or record.status != "ACTIVE" or is_gone:
        return f"The edge function {seen.name} is not deployed."
    return (
        f"Supabase found no edge function {seen.name} when the run called it, though the project lists "
        "it."
    )


def _answers_now(seen: FunctionEvidence, case: Case) -> Resolved | None:
    """Where the platform's record cannot be read: the very function that the script calls answers."""
    called_by_script = {one.target for one in update_ways(case) if one.is_of_function}
    unlisted = isinstance(seen.record, Unseen)
    return runs_now(case) if unlisted and called_by_script == {seen.name} else None


def _make_it_answer(seen: FunctionEvidence, case: Case) -> tuple[Fix, ...]:
    """Deploy it; one that is listed and answers is called under another name, or somewhere else."""
    if seen.instead_of and record_of(seen) is None:
        # To deploy it by the other name would need its source by that name.
        rename = manual(
            f"Let the update step call {seen.instead_of}",
            f"Its script has the name {seen.name} behind /functions/v1/, which the project does not "
            f"have; it has {seen.instead_of}.",
        )
        return (rename,)
    deployed = deploy_as_it_was(seen, case)
    still = says_now(seen, "function/not-deployed")
    if record_of(seen) is None or still:
        return (deployed,)
    compare = manual(
        "Compare the name and the project that the update step calls",
        f"The platform lists {seen.name} as deployed since before the run: the step's address may "
        "have another name behind /functions/v1/, or lead to another project.",
    )
    return (compare,) if still is False else either(compare, deployed)


@rules.cause(
    "function/jwt-gate",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=(
        "function/not-deployed",
        "function/project-paused",
        "secrets/expired",
        "secrets/project-mismatch",
    ),
)
def jwt_gate(seen: FunctionEvidence, case: Case) -> Found | None:
    """The platform's JWT check refuses the key before the function runs.

    Detected: the gateway's own 401 (UNAUTHORIZED_…, "Invalid JWT"), or a 401 while verify_jwt is on
    and was on then. The function's own 401 carries an x-deno-execution-id.
    Cause: the function was deployed with verify_jwt on (the default, also at a redeploy without
    config.toml), and BACKUP_API_KEY is not a JWT.
    Fix: deploy with verify_jwt = false.
    By hand: `supabase functions list`, or the function's settings in the dashboard.
    Source: Supabase, function configuration, verify_jwt.
    """
    if not is_called(case):
        return None
    record, now = record_of(seen), _gate_refuses(seen, case)
    since = record.updated_at if record and now else None
    weight = weigh(function_then(case, "function/jwt-gate"), now=now, since=since, case=case)
    if weight is None:
        return None
    call = function_call(case)
    shows_none = NO_AUTH_HEADER in f"{call.body}{call.lines}"
    what = "the call, which shows no JWT," if shows_none else called(case, Use.FUNCTION_KEY)
    is_off = record is not None and record.verify_jwt is False
    return weight.found(
        f"The platform's JWT check {'refused' if is_off else 'refuses'} {what} before {seen.name} "
        f"{'ran (verify_jwt is off now)' if is_off else 'runs (verify_jwt is on)'}.",
        function_exhibits(seen, case),
        (
            deploy(case, verify_jwt=False),
            manual(
                "Keep it that way",
                f"In supabase/config.toml: `[functions.{seen.name}]` with `verify_jwt = false`; the "
                "function checks the key itself.",
            ),
        ),
        resolved=_gate_is_open(record, case),
    )


def _gate_refuses(seen: FunctionEvidence, case: Case) -> bool | None:
    """Whether the gateway refuses the pipeline's key now: tried, or by what is known of the two."""
    if shows_key(case)[0] is Shows.OTHER_KEY:
        # The doctor has no such key to try.
        return None
    answered = says_now(seen, "function/jwt-gate")
    if answered is not None:
        return True if answered and seen.key_sent else None
    record, key = record_of(seen), case.secrets.function_key if case.secrets else None
    no_jwt = isinstance(key, FunctionKey) and not key.is_jwt
    return True if record and record.verify_jwt and no_jwt else None


def _gate_is_open(record: FunctionRecord | None, case: Case) -> Resolved | None:
    """The platform lists the function with verify_jwt off, and changed since the failure."""
    if record is None or record.verify_jwt is not False or record.updated_at is None:
        return None
    if not began_after_failure(case, record.updated_at):
        return None
    at = rfc3339(record.updated_at)
    return Resolved(by=f"the platform lists it with verify_jwt off, changed {at}")


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
    if record is None or record.status == "ACTIVE" or not is_called(case):
        return None
    then = function_then(
        case,
        "function/inactive",
        "function/not-deployed",
        "function/rate-limited",
        "function/server-error",
    )
    # What was deployed since was active at first.
    weight = weigh(then, now=True, since=record.updated_at, case=case)
    if weight is None:
        return None
    return weight.found(
        f"{seen.name} is {record.status}, not ACTIVE.",
        function_exhibits(seen, case),
        (deploy_as_it_was(seen, case),),
        resolved=runs_now(case),
    )
