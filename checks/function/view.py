"""What the rules of this step share: the platform's record, the answer, how to deploy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor.evidence.base import Unseen
from doctor.evidence.function import FunctionEvidence, FunctionRecord, HttpAnswer
from doctor.show import exhibit, log_lines, manual, quote, ref_flag, shell
from doctor.signatures import gateway_meaning
from doctor.story import (
    API_KEY,
    function_call,
)

if TYPE_CHECKING:
    from doctor.case import Case
    from doctor.model import Exhibit, Fix

# Characters of somebody's words that a summary has room for.
QUOTED = 200


def record_of(seen: FunctionEvidence) -> FunctionRecord | None:
    """The platform's record of the function, where there is one."""
    return seen.record if isinstance(seen.record, FunctionRecord) else None


def answer_now(seen: FunctionEvidence) -> HttpAnswer | None:
    """What the function answers now: the guide's test call where it was made, else to `{}`."""
    for answer in (seen.test_call, seen.empty_post):
        if isinstance(answer, HttpAnswer):
            return answer
    return None


def says_now(seen: FunctionEvidence, code: str) -> bool | None:
    """Whether the gateway answers with that very refusal now; None where nobody was reached."""
    answer = answer_now(seen)
    if answer is None:
        return None
    coded = f"{answer.error_code or ''} {answer.body}" if answer.from_function is not True else ""
    return code in gateway_meaning(answer.status, coded)


def probe_exhibits(seen: FunctionEvidence, case: Case) -> tuple[Exhibit, ...]:
    """What the function answers now, and the call by which a person sees the same."""
    answer = answer_now(seen)
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


def function_exhibits(seen: FunctionEvidence, case: Case) -> tuple[Exhibit, ...]:
    """What most findings of this check show: the log's lines, the record, the probe."""
    record = record_of(seen)
    known: tuple[Exhibit, ...] = ()
    if seen.record is None:
        known = (exhibit("deployed", "no such function", "Management API", list_command(case)),)
    elif record:
        text = f"{record.status}, version {record.version}, verify_jwt {record.verify_jwt}"
        known = (exhibit("deployed", text, "Management API", list_command(case)),)
    return (
        *log_lines(case, "answer in the log", function_call(case)),
        *known,
        *probe_exhibits(seen, case),
    )


def list_command(case: Case) -> str:
    """The command that lists the project's functions."""
    return f"supabase functions list{ref_flag(case)}"


def deploy(case: Case) -> Fix:
    """Deploy the function, without the platform's JWT check: it checks the key itself."""
    name = case.names.function
    return shell(
        f"Deploy {name}",
        f"supabase functions deploy {quote(name)} --no-verify-jwt{ref_flag(case)} --yes",
    )


def see_logs(case: Case) -> Fix:
    """Read what the function wrote itself."""
    return manual(
        "Read the function's own log",
        f"Supabase Dashboard → Edge Functions → {case.names.function} → Logs, at the time of the run.",
    )


def deployed_after_404(seen: FunctionEvidence, case: Case) -> bool:
    """A 404 without a body, from a time at which the function did not exist yet."""
    record = record_of(seen)
    call = function_call(case)
    job = case.workflow.job if case.workflow else None
    ended = job.completed_at if job else None
    return bool(
        record and record.created_at and ended and call.status == 404 and record.created_at > ended
    )


def quoted(before: str, text: str) -> str:
    """What was said, at most its beginning, behind these words; nothing where nothing was said."""
    said = text.strip()[:QUOTED]
    return f"{before} {said}" if said else ""


def last_error(seen: FunctionEvidence) -> str:
    """The last error in the function's own log, as a sentence; empty where there is none."""
    if isinstance(seen.logs, Unseen):
        return ""
    errors = [line.message for line in seen.logs if line.level.lower() in ("error", "fatal")]
    return quoted(" Its log says:", errors[-1]) if errors else ""
