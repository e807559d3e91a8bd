"""Guide step 5: whether the edge function is there, runs, and accepts the key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor.chain import Link
from doctor.evidence.base import Unseen, Why, unseen
from doctor.evidence.function import FunctionEvidence, FunctionRecord, HttpAnswer, Project
from doctor.evidence.log import Outcome
from doctor.framework import Check, Found
from doctor.model import Exhibit, Fix, Role, Severity
from doctor.show import exhibit, log_lines, manual, quote, ref_flag, setting, shell
from doctor.signatures import gateway_meaning
from doctor.story import (
    API_KEY,
    BOTH_WRITES,
    RowState,
    Weight,
    fallback_call,
    fallback_said,
    function_call,
    function_key_worked,
    function_said,
    function_then,
    is_over,
    row_state,
    weigh,
)

if TYPE_CHECKING:
    from doctor.case import Case

check = Check(
    name="function",
    step=5,
    title="Edge function update-backup",
    evidence=FunctionEvidence,
    collected_by="doctor.collectors.function:look",
)

UNAUTHORIZED = 401
HEALTHY = ("ACTIVE_HEALTHY", "ACTIVE_UNHEALTHY", "RESTARTING", "RESIZING", "UPGRADING", "UNKNOWN")
PAUSED = ("INACTIVE", "PAUSING", "PAUSE_FAILED", "REMOVED", "GOING_DOWN", "RESTORING", "COMING_UP")
BELOW = ("row/*", "rls/*", "secrets/*")

NO_KEY_SENT = Unseen(
    why=Why.NOT_CONFIGURED,
    what=f"Whether the function accepts the pipeline's {API_KEY} could not be tried.",
    remedy=f"Set {API_KEY}.",
    dependency="The functions gateway",
)


@check.must_see
def whether_it_answers(seen: FunctionEvidence, case: Case) -> tuple[Unseen, ...]:
    """An answer of the function itself: the platform's record alone does not show that it runs."""
    if case.is_preflight and not seen.key_sent and not isinstance(seen.empty_post, Unseen):
        return (NO_KEY_SENT,)
    return unseen(seen.empty_post) if not isinstance(seen.record, Unseen) else ()


def _record(seen: FunctionEvidence) -> FunctionRecord | None:
    return seen.record if isinstance(seen.record, FunctionRecord) else None


def _answer(seen: FunctionEvidence) -> HttpAnswer | None:
    """What the function answers now: the guide's test call where it was made, else to `{}`."""
    for answer in (seen.test_call, seen.empty_post):
        if isinstance(answer, HttpAnswer):
            return answer
    return None


def _says_now(seen: FunctionEvidence, code: str) -> bool | None:
    """Whether the gateway answers with that very refusal now; None where nobody was reached."""
    answer = _answer(seen)
    if answer is None:
        return None
    coded = f"{answer.error_code or ''} {answer.body}" if answer.from_function is not True else ""
    return code in gateway_meaning(answer.status, coded)


def _probe(seen: FunctionEvidence, case: Case) -> tuple[Exhibit, ...]:
    answer = _answer(seen)
    if answer is None:
        return ()
    key = f' -H "Authorization: Bearer ${API_KEY}"' if seen.key_sent else ""
    url = f"{(case.names.supabase_url or 'https://<project-ref>.supabase.co').rstrip('/')}/functions/v1/{seen.name}"
    return (
        exhibit(
            "answer to an empty body now",
            f"HTTP {answer.status} {answer.error_code or ''} {answer.body}".strip(),
            "functions gateway",
            f"curl -i -X POST {quote(url)}{key} -H 'Content-Type: application/json' -d '{{}}'",
        ),
    )


def _evidence(seen: FunctionEvidence, case: Case) -> tuple[Exhibit, ...]:
    """What most findings of this check show: the log's lines, the record, the probe."""
    record = _record(seen)
    known: tuple[Exhibit, ...] = ()
    if seen.record is None:
        known = (exhibit("deployed", "no such function", "Management API", _list(case)),)
    elif record:
        text = f"{record.status}, version {record.version}, verify_jwt {record.verify_jwt}"
        known = (exhibit("deployed", text, "Management API", _list(case)),)
    return (*log_lines(case, "answer in the log", function_call(case)), *known, *_probe(seen, case))


def _list(case: Case) -> str:
    return f"supabase functions list{ref_flag(case)}"


def _deploy(case: Case, *, no_jwt: bool = False) -> Fix:
    flag = " --no-verify-jwt" if no_jwt else ""
    return shell(
        f"Deploy {case.names.function}",
        f"supabase functions deploy {quote(case.names.function)}{flag}{ref_flag(case)} --yes",
    )


def _see_logs(case: Case) -> Fix:
    return manual(
        "Read the function's own log",
        f"Supabase Dashboard → Edge Functions → {case.names.function} → Logs, at the time of the run.",
    )


@check.cause(
    "function/not-deployed",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=("function/project-paused", "secrets/bad-url"),
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
    answered = _says_now(seen, "function/not-deployed")
    now = True if seen.record is None or answered else (None if _record(seen) is None else False)
    if now is None and answered is False:
        now = False
    then = function_then(case, "function/not-deployed")
    if then[Link.FUNCTION_UPDATES] is None and _deployed_after_404(seen, case):
        then = {Link.FUNCTION_UPDATES: True}
    weight = weigh(then, now=now, case=case)
    if weight is None:
        return None
    return weight.found(
        f"The edge function {seen.name} is not deployed."
        if not weight.healed
        else f"The edge function {seen.name} was not deployed when the run called it.",
        _evidence(seen, case),
        (_deploy(case, no_jwt=True),),
    )


def _deployed_after_404(seen: FunctionEvidence, case: Case) -> bool:
    """A 404 without a body, from a time at which the function did not exist yet."""
    record = _record(seen)
    call = function_call(case)
    job = case.workflow.job if case.workflow else None
    ended = job.completed_at if job else None
    return bool(
        record and record.created_at and ended and call.status == 404 and record.created_at > ended
    )


@check.cause(
    "function/jwt-gate",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=("function/not-deployed", "function/project-paused"),
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
    record = _record(seen)
    answered = _says_now(seen, "function/jwt-gate")
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
        _evidence(seen, case),
        (
            _deploy(case, no_jwt=True),
            manual(
                "Keep it that way",
                f"In supabase/config.toml: `[functions.{seen.name}]` with `verify_jwt = false`; the "
                "function checks the key itself.",
            ),
        ),
    )


@check.cause(
    "function/key-rejected",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=(
        "secrets/api-key-mismatch",
        "secrets/function-secret-missing",
        "secrets/whitespace",
        "secrets/empty",
        "secrets/missing",
        "function/not-deployed",
        "function/jwt-gate",
        "function/project-paused",
    ),
)
def key_rejected(seen: FunctionEvidence, case: Case) -> Found | None:
    """The function itself refuses the key with 401.

    Detected: a 401 in the function's own words or with its x-deno-execution-id, not the gateway's.
    Where the log shows that the pipeline's key worked, a key refused now is the doctor's own.
    Cause: BACKUP_API_KEY differs between GitHub and the function, or one side has none.
    Fix: set the same key on both sides.
    By hand: the guide's curl of step 5.
    Source: guide, step 1, "Edge function call failed (HTTP 401)".
    """
    answer = _answer(seen)
    now = None
    if answer is not None and seen.key_sent:
        own = answer.from_function is not False and not gateway_meaning(answer.status, answer.body)
        now = answer.status == UNAUTHORIZED and own
    if now and function_key_worked(case):
        return Found(
            summary=f"{seen.name} refuses {API_KEY} as the doctor was given it; the pipeline's own "
            "works, as the log shows.",
            evidence=_probe(seen, case),
            breaks=(),
            severity=Severity.WARN,
            role=Role.CONTEXT,
        )
    weight = weigh(function_then(case, "function/key-rejected"), now=now, case=case)
    if weight is None:
        return None
    return weight.found(
        f"{seen.name} refuses the {API_KEY} that the workflow sends.",
        _evidence(seen, case),
        (
            shell(
                "Set the same key on both sides",
                "KEY=$(openssl rand -hex 32)\n"
                f'printf %s "$KEY" | gh secret set {API_KEY}\n'
                f'supabase secrets set {API_KEY}="$KEY"{ref_flag(case)} --yes',
            ),
        ),
    )


@check.cause("function/rejected", breaks=Link.FUNCTION_UPDATES, yields_to=BELOW)
def rejected(seen: FunctionEvidence, case: Case) -> Found | None:
    """The function answers 400, 403 or 404 of its own: it ran and did not like the call.

    Detected: the log has a 4xx in the function's own words, not one of the gateway's codes; or a
    bare 404 although the function had been deployed before.
    Cause: a body that it does not accept (an empty S3_KEY), a backup that it does not find (the
    row is missing or hidden from it), a rule of its own.
    Fix: read its message; compare what the step sends with what the function expects.
    By hand: the guide's curl of step 5.
    Source: guide, step 5.
    """
    if _proved_by_log(case) == "function/rejected" or _bare_404_of_a_deployed_function(seen, case):
        call = function_call(case)
        said = f": {call.body.strip()[:200]}" if call.body.strip() else ""
        return Found(
            summary=f"{seen.name} rejects the call itself (HTTP {call.status}){said}.",
            evidence=_evidence(seen, case),
            fixes=(
                _see_logs(case),
                manual(
                    "Compare what the step sends with what the function expects",
                    "backup_id, s3_key, size_bytes and workflow_run_id must all be set when the "
                    "update step runs.",
                ),
            ),
        )
    return None


def _bare_404_of_a_deployed_function(seen: FunctionEvidence, case: Case) -> bool:
    record, call = _record(seen), function_call(case)
    return bool(
        call.status == 404
        and "function/rejected" in function_said(case).codes
        and record
        and record.created_at
        and record.status == "ACTIVE"
        and _says_now(seen, "function/not-deployed") is not True
        and not _deployed_after_404(seen, case)
    )


def _proved_by_log(case: Case) -> str | None:
    """The code that the log's answer of the function proves on its own."""
    if function_call(case).outcome in (Outcome.NOT_MADE, Outcome.OK, Outcome.NOT_SAID):
        return None
    return function_said(case).proved


def _gateway_fault(
    seen: FunctionEvidence, case: Case, code: str, summary: str, fixes: tuple[Fix, ...]
) -> Found | None:
    """A fault that the gateway names, in the log or now."""
    weight = weigh(function_then(case, code), now=_says_now(seen, code), case=case)
    return weight.found(summary, _evidence(seen, case), fixes) if weight else None


@check.cause(
    "function/boot-error",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=("function/not-deployed", "function/project-paused"),
)
def boot_error(seen: FunctionEvidence, case: Case) -> Found | None:
    """The function crashes when it starts; the platform answers 503 BOOT_ERROR.

    Detected: BOOT_ERROR in the log or now; or a bare 503 in the log and BOOT_ERROR now.
    Cause: an import that cannot be resolved, a syntax error, an exception at the top level (an
    environment variable that is missing).
    Fix: read the function's log, mend the code, deploy again.
    By hand: Supabase Dashboard → Edge Functions → Logs.
    Source: Supabase, error codes, BOOT_ERROR.
    """
    return _gateway_fault(
        seen,
        case,
        "function/boot-error",
        f"{seen.name} crashes when it starts (BOOT_ERROR).{_last_error(seen)}",
        (_see_logs(case), _deploy(case, no_jwt=True)),
    )


def _last_error(seen: FunctionEvidence) -> str:
    if isinstance(seen.logs, Unseen):
        return ""
    errors = [line.message for line in seen.logs if line.level.lower() in ("error", "fatal")]
    return f" Its log says: {errors[-1].strip()[:200]}" if errors else ""


@check.cause(
    "function/server-error",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=(
        "row/*",
        "rls/*",
        "secrets/*",
        "function/not-deployed",
        "function/boot-error",
        "function/project-paused",
    ),
)
def server_error(seen: FunctionEvidence, case: Case) -> Found | None:
    """The function ran and failed with 5xx.

    Detected: the log has a 5xx that no more specific answer explains. What it says now to `{}` is
    weak evidence: a function that throws on an empty body may be fine.
    Cause: an exception in the function, or what lies below it (the database, its key): then that is
    named instead.
    Fix: read the function's log.
    By hand: Supabase Dashboard → Edge Functions → Logs.
    Source: guide, step 1, "Edge function call failed (HTTP 500)".
    """
    call = function_call(case)
    if call.outcome in (Outcome.NOT_MADE, Outcome.OK):
        return None
    meaning = function_said(case)
    in_log = "function/server-error" in meaning.codes or (
        call.outcome is Outcome.REFUSED and (call.status or 0) >= 500 and meaning.own_words
    )
    if in_log:
        said = f": {call.body.strip()[:200]}" if call.body.strip() else ""
        return Found(
            summary=f"{seen.name} failed with HTTP {call.status}{said}.{_last_error(seen)}",
            evidence=(*_evidence(seen, case), *_log_of_function(seen)),
            fixes=(_see_logs(case),),
        )
    answer = _answer(seen)
    tested = isinstance(seen.test_call, HttpAnswer)
    crashes_now = (
        answer is not None
        and answer.status >= 500
        and (_says_now(seen, "function/server-error") or answer.from_function)
    )
    open_end = row_state(case) is RowState.IN_PROGRESS or case.is_preflight
    unexplained = call.outcome is Outcome.NOT_SAID and open_end
    if not crashes_now or answer is None or not unexplained:
        return None
    return Found(
        summary=f"{seen.name} answers HTTP {answer.status} now"
        + ("." if tested else " to an empty body, which a working function may do as well."),
        evidence=_evidence(seen, case),
        fixes=(_see_logs(case),),
        breaks=None if tested else (),
        severity=None if tested else Severity.WARN,
        role=None if tested else Role.CONTEXT,
        weak=True,
    )


def _log_of_function(seen: FunctionEvidence) -> tuple[Exhibit, ...]:
    if isinstance(seen.logs, Unseen) or not seen.logs:
        return ()
    lines = [f"{line.level}: {line.message.strip()}" for line in seen.logs[-10:]]
    return (exhibit("the function's log", "\n".join(lines), "Management API", None),)


@check.cause(
    "function/resource-limit",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=("function/not-deployed", "function/project-paused"),
)
def resource_limit(seen: FunctionEvidence, case: Case) -> Found | None:
    """The function ran out of memory or CPU time; the platform answers 546.

    Detected: status 546 or WORKER_RESOURCE_LIMIT (formerly WORKER_LIMIT), in the log or now.
    Cause: it loads too much (the whole backup?) or computes too long: 256 MB and 2 s of CPU.
    Fix: let it only update the row.
    By hand: Supabase Dashboard → Edge Functions → Logs.
    Source: Supabase, function limits.
    """
    return _gateway_fault(
        seen,
        case,
        "function/resource-limit",
        f"{seen.name} ran out of memory or CPU time (546).",
        (_see_logs(case),),
    )


@check.cause("function/rate-limited", breaks=Link.FUNCTION_UPDATES)
def rate_limited(seen: FunctionEvidence, case: Case) -> Found | None:
    """The function's call was refused with 429: too many requests.

    Detected: status 429 in the log.
    Cause: many backups at once, or a rate limit of the function's own.
    Fix: retry with a pause; spread the backups.
    By hand: the log of the update step.
    Source: Supabase, error codes, RATE_LIMIT_EXCEEDED.
    """
    weight = weigh(function_then(case, "function/rate-limited"), now=None, case=case)
    if weight is None:
        return None
    retry = manual("Retry with a pause", "Let the update step retry on 429 (curl --retry 3).")
    return weight.found(
        f"The call of {seen.name} was refused: too many requests (429).",
        _evidence(seen, case),
        (retry,),
    )


@check.cause(
    "function/timeout",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=("row/locked", "row/api-overloaded", "function/project-paused"),
)
def timeout(seen: FunctionEvidence, case: Case) -> Found | None:
    """The function did not answer in time.

    Detected: 504, 544, IDLE_TIMEOUT, or curl's 28 in the log.
    Cause: the function waits for something (a locked row, another service), or the step's own limit
    is too short.
    Fix: find what it waits for; give curl `--max-time 60 --retry 2`.
    By hand: Supabase Dashboard → Edge Functions → Logs, the execution time.
    Source: Supabase, error codes, IDLE_TIMEOUT.
    """
    codes = function_said(case).codes
    in_log = "function/timeout" in codes
    now = isinstance(seen.empty_post, Unseen) and seen.empty_post.why is Why.TIMED_OUT
    if not in_log and not now and not _says_now(seen, "function/timeout"):
        return None
    then: dict[Link, bool | None] = (
        {Link.FUNCTION_UPDATES: True} if in_log else function_then(case, "function/timeout")
    )
    weight = weigh(
        then, now=True if now or _says_now(seen, "function/timeout") else None, case=case
    )
    if weight is None:
        return None
    return weight.found(
        f"{seen.name} did not answer in time.",
        _evidence(seen, case),
        (_see_logs(case),),
        weak=True,
    )


@check.cause(
    "function/inactive",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=("function/project-paused",),
)
def inactive(seen: FunctionEvidence, case: Case) -> Found | None:
    """The function is listed, but not active: removed or throttled.

    Detected: the Management API's status is not ACTIVE.
    Cause: it was removed, or throttled for its load.
    Fix: deploy it again; look at its invocations.
    By hand: `supabase functions list`.
    Source: Supabase, Management API, function status.
    """
    record = _record(seen)
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
        _evidence(seen, case),
        (_deploy(case, no_jwt=True),),
    )


@check.cause(
    "function/false-success",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=("rls/*", "row/*", "secrets/*"),
)
def false_success(seen: FunctionEvidence, case: Case) -> Found | None:
    """The function answered success, and the row is unchanged.

    Detected: a 2xx of the function in the log, and the row is still in progress.
    Cause: it does not check how many rows its update changed; the row is hidden from its key, or it
    updates another row or project.
    Fix: let the function return what it changed (`Prefer: return=representation`) and fail on none.
    By hand: the log of the update step beside the guide's query of step 3.
    Source: PostgREST: an update that matches no row is a success.
    """
    said_done = function_call(case).outcome is Outcome.OK
    if not said_done or row_state(case) is not RowState.IN_PROGRESS or not is_over(case):
        return None
    return Found(
        summary=f"{seen.name} answered success, but the row is unchanged.",
        evidence=_evidence(seen, case),
        fixes=(
            manual(
                "Let the function see what it changed",
                "Update with `Prefer: return=representation` (supabase-js: `.select()`), and answer "
                "with an error where no row comes back.",
            ),
        ),
    )


@check.cause("function/project-paused", breaks=BOTH_WRITES)
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
    answer = _answer(seen)
    if answer is not None and (
        answer.status in (530, 540) or _says_now(seen, "function/project-paused")
    ):
        now = True
    codes = ("function/project-paused", "function/unreachable")
    then: dict[Link, bool | None] = {
        **function_then(case, *codes),
        Link.FALLBACK_UPDATES: _fallback_paused(case, codes),
    }
    proved = function_said(case).proved
    if now is not True and proved != "function/project-paused":
        return None
    weight = weigh(then, now=now, case=case)
    if weight is None:
        return None
    return weight.found(
        f"The Supabase project is paused{f' ({state})' if state and now else ''}.",
        _evidence(seen, case),
        (
            manual(
                "Restore the project",
                "Supabase Dashboard → the project → Restore project; then wait until it is ACTIVE_HEALTHY.",
            ),
        ),
    )


def _fallback_paused(case: Case, codes: tuple[str, ...]) -> bool | None:
    call = fallback_call(case)
    if call.outcome in (Outcome.NOT_MADE, Outcome.OK):
        return False
    if call.outcome in (Outcome.UNREACHABLE, Outcome.NOT_SAID, Outcome.TIMED_OUT):
        return None
    meaning = fallback_said(case).codes
    return None if not meaning or set(codes) & set(meaning) else False


@check.cause("function/project-restricted", breaks=BOTH_WRITES)
def project_restricted(seen: FunctionEvidence, case: Case) -> Found | None:
    """The project is restricted: a quota is used up or a bill is open; the platform answers 402.

    Detected: status 402 in the log or now.
    Cause: exceeded quota, overdue payment.
    Fix: settle it in the organization's billing page.
    By hand: Supabase Dashboard → Organization → Billing.
    Source: Supabase, HTTP status codes, 402.
    """
    answer = _answer(seen)
    now = None if answer is None else answer.status == 402
    then: dict[Link, bool | None] = {
        **function_then(case, "function/project-restricted"),
        Link.FALLBACK_UPDATES: _fallback_restricted(case),
    }
    weight = weigh(then, now=now, case=case)
    if weight is None:
        return None
    return weight.found(
        "The Supabase project is restricted (402): a quota or a payment.",
        _evidence(seen, case),
        (setting("Settle it", "Supabase Dashboard → Organization → Billing and Usage."),),
    )


def _fallback_restricted(case: Case) -> bool | None:
    call = fallback_call(case)
    if call.outcome is Outcome.NOT_SAID:
        return None
    return call.status == 402


@check.cause(
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
    if "function/unreachable" in function_said(case).codes:
        weight = _reached_not(case)
        return weight.found(
            f"Nothing answered at the address of {seen.name}.",
            _evidence(seen, case),
            (
                manual(
                    "Check the URL and the platform's status page", "https://status.supabase.com"
                ),
            ),
        )
    return _doctor_cannot_reach(seen)


def _reached_not(case: Case) -> Weight:
    links = [Link.FUNCTION_UPDATES]
    if fallback_call(case).outcome is Outcome.UNREACHABLE:
        links.append(Link.FALLBACK_UPDATES)
    return Weight(breaks=tuple(links), role=Role.CAUSE, severity=Severity.FAIL, by_log=True)


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
