"""What the rules of this step share: the platform's record, the answer, how to deploy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.evidence.base import Shown, Unseen
from backup_doctor.evidence.function import FunctionEvidence, FunctionRecord, HttpAnswer
from backup_doctor.judge.commands import Command, supabase, supabase_deploy
from backup_doctor.judge.framework import Resolved
from backup_doctor.judge.history import began_after_failure, function_call
from backup_doctor.judge.history.function_calls import Shows, calls_function, shows_key
from backup_doctor.judge.registry import codes_with
from backup_doctor.judge.show import by_command, exhibit, log_lines, manual, rfc3339, shortened
from backup_doctor.judge.traits import Trait
from backup_doctor.services.meaning import platform_answer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Exhibit, Fix
    from backup_doctor.evidence.function import FunctionLogLine

# Characters of somebody's words that a summary has room for.
QUOTED = 200


def record_of(seen: FunctionEvidence) -> FunctionRecord | None:
    """The platform's record of the function, where there is one."""
    return seen.record if isinstance(seen.record, FunctionRecord) else None


def answer_now(seen: FunctionEvidence) -> HttpAnswer | None:
    """What the function answers to a POST now: the guide's test call where it was made, else to `{}`."""
    for answer in (seen.test_call, seen.empty_post):
        if isinstance(answer, HttpAnswer):
            return answer
    return None


def says_now(seen: FunctionEvidence, code: str) -> bool | None:
    """Whether the gateway answers with that very refusal now; None where nobody was reached."""
    before_key = code in codes_with(Trait.BEFORE_KEY)
    answer = answer_now(seen) or (seen.probe if before_key else None)
    if not isinstance(answer, HttpAnswer):
        return None
    if answer.from_function:
        return False
    return code in platform_answer(answer.status, answer.body, answer.error_code).means


def probe_exhibits(seen: FunctionEvidence, case: Case) -> tuple[Exhibit, ...]:
    """What the function answers now, and when it was asked."""
    answer = answer_now(seen)
    if answer is None:
        return ()
    sent = "the test call" if isinstance(seen.test_call, HttpAnswer) else "an empty body"
    at = f" (posted {seen.posted_at:%Y-%m-%d %H:%M:%S} UTC)" if seen.posted_at else ""
    return (
        exhibit(
            f"answer to {sent}{at}",
            f"HTTP {answer.status} {answer.error_code or ''} {answer.body}".strip(),
            "functions gateway",
        ),
    )


def function_exhibits(seen: FunctionEvidence, case: Case) -> tuple[Exhibit, ...]:
    """What most findings of this check show: the log's lines, the record, the probe."""
    record = record_of(seen)
    known: tuple[Exhibit, ...] = ()
    if seen.record is None:
        known = (exhibit("deployed", "no such function", "Management API", list_command(case)),)
    elif record:
        text = f"{record.status}, version {record.version}, verify_jwt {_on_off(record.verify_jwt)}"
        known = (exhibit("deployed", text, "Management API", list_command(case)),)
    return (
        *log_lines(case, "answer in the log", function_call(case)),
        *known,
        *probe_exhibits(seen, case),
    )


def _on_off(switch: bool | None) -> str:
    return "not known" if switch is None else "on" if switch else "off"


def list_command(case: Case) -> Command | None:
    """The command that lists the project's functions."""
    return supabase(case, "functions", "list")


def deploy(case: Case, *, verify_jwt: bool) -> Fix:
    """Deploy the function, with the platform's JWT check on or off."""
    name = case.names.function
    gate = "with" if verify_jwt else "without"
    return by_command(
        f"Deploy {name} {gate} the platform's JWT check (from the repository's folder)",
        supabase_deploy(case, verify_jwt=verify_jwt),
        in_words=f"Deploy {name} to the project (supabase functions deploy, or the dashboard), {gate} "
        "the platform's JWT check.",
    )


def deploy_as_it_was(seen: FunctionEvidence, case: Case) -> Fix:
    """Deploy it with the JWT check as it is; for a key that is not a JWT, and no record, without."""
    record = record_of(seen)
    known = record.verify_jwt if record else None
    if known is None:
        known = shows_key(case)[0] is Shows.OTHER_KEY
    return deploy(case, verify_jwt=known)


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


def is_called(case: Case) -> bool:
    """Whether the pipeline is shown to call the function: of another's nothing is said."""
    return isinstance(calls_function(case), Shown)


def deployed_since(seen: FunctionEvidence, case: Case) -> Resolved | None:
    """The platform lists the function as deployed after the failure."""
    record = record_of(seen)
    at = record.updated_at or record.created_at if record else None
    if record is None or record.status != "ACTIVE" or at is None:
        return None
    if not began_after_failure(case, at):
        return None
    return Resolved(by=f"the platform lists it as deployed since, {rfc3339(at)}")


def quoted(before: str, text: str) -> str:
    """What was said, at most its beginning, behind these words; nothing where nothing was said."""
    said = shortened(text.strip(), QUOTED)
    return f"{before} {said}" if said else ""


ERRORS = ("error", "fatal")


def last_error(lines: Iterable[FunctionLogLine]) -> str:
    """The last error of the function's own log, as a sentence; empty where there is none."""
    errors = [line.message for line in lines if line.level.lower() in ERRORS]
    return quoted(" Its log says:", errors[-1]) if errors else ""


def log_of(seen: FunctionEvidence) -> tuple[FunctionLogLine, ...]:
    """All of its log that could be read."""
    return () if isinstance(seen.logs, Unseen) else seen.logs
