"""Which line of a failed step is quoted, and what it means."""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import TYPE_CHECKING

from backup_doctor.checks.workflow.view import jobs_of, usable_file
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.log import Attempt, LogReading, Outcome
from backup_doctor.judge.commands import gh_log
from backup_doctor.judge.history import fallback_call, function_call
from backup_doctor.judge.history.calls import FAILED
from backup_doctor.judge.show import either, exhibit, manual, shortened
from backup_doctor.services.error_lines import is_noise, plain
from backup_doctor.services.errors import decide
from backup_doctor.services.logged import in_words
from backup_doctor.services.secret_uses import UPLOAD_KEYS, use_of
from backup_doctor.services.told import told_by

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Exhibit, Fix
    from backup_doctor.evidence.log import Call
    from backup_doctor.evidence.workflow import Job, Step, WorkflowEvidence
    from backup_doctor.services.errors import ToldError

# What GitHub adds to every failure.
UNTELLING = re.compile(r"Process completed with exit code|The operation was canceled")
S3_ERROR = re.compile(
    r"<Error>\s*<Code>([^<]{1,60})</Code>(?:\s*<Message>([^<]{1,300})</Message>)?.*?</Error>"
)
LINES_SHOWN = 5
READ_IT = "Read the quoted error; it is the step's own."
SAY_MORE = (
    "The log shows no more than that it failed: let the step say what goes wrong (no `--quiet`, no "
    "`2>/dev/null`; `set -x` in a shell)."
)
SEE_LOG = "See the step's log on the run's page: it could not be read here."
# An HTTP status, or a body.
_ANSWER = re.compile(r"\b[45]\d\d\b|[{<]")
LOG_GONE = "GitHub no longer has its log: start a new backup, and read what the step says if it fails again."
UPLOAD_STEP = re.compile(r"upload|\bs3\b|rclone|aws", re.IGNORECASE)
# The tools whose known errors are a store's.
STORES = ("aws", "rclone")
DIRECT = "table-update"
# Characters of an answer that a sentence has room for.
SHOWN = 200


def told_of(
    seen: WorkflowEvidence, step: Step | None, *, shut_down: str | None
) -> ToldError | None:
    """The known error of a tool that stopped the step, or the upload in a green one (`step` is None).

    `shut_down`: GitHub's word that the machine went away, which outranks what ran on it.
    """
    if shut_down:
        return decide((shut_down,))
    log = seen.reading
    if log is None:
        return None
    own = step is not None and not of_another(seen, step)
    return (told_by(log) if own else None) or decide(log.upload_errors)


def of_another(seen: WorkflowEvidence, step: Step | None) -> bool:
    """Whether the error in the log is that of another step than the one that failed first."""
    log = seen.reading
    if log is None or step is None or log.failed_step in (None, step.name):
        return False
    return log.failed_step in {one.name for job in _jobs(seen) for one in job.steps}


def is_upload(seen: WorkflowEvidence, step: Step | None, told: ToldError | None) -> bool:
    """Whether the step that failed uploads: by its name, or by a store's error where it has the keys."""
    if step is None or UPLOAD_STEP.search(step.name):
        return step is not None
    file = usable_file(seen)
    own = next((one for one in file.steps if one.name == step.name), None) if file else None
    has_keys = own is not None and any(use_of(name) in UPLOAD_KEYS for name in own.env)
    return has_keys and told is not None and told.error.tool in STORES


def what_failed(seen: WorkflowEvidence, step: Step | None) -> str:
    """The step that failed, or the upload in another one, as a sentence begins."""
    if step:
        return f"The step {step.name!r} failed"
    red = red_upload(seen)
    return (
        f"The upload failed, in the step {red!r}"
        if red
        else "The upload failed, in a step that is green all the same"
    )


def red_upload(seen: WorkflowEvidence) -> str | None:
    """The red step that printed the upload's error; None where another one did."""
    log = seen.reading
    if log is None:
        return None
    printed = {plain(one) for one in (*log.of_failure, *log.complaints)}
    red = {one.name for job in _jobs(seen) for one in job.steps if one.conclusion == "failure"}
    return log.failed_step if log.failed_step in red and printed & {*log.upload_errors} else None


def _jobs(seen: WorkflowEvidence) -> list[Job]:
    return [job for job in (seen.job, *jobs_of(seen)) if job]


def readable(line: str) -> str:
    """The line as a person would quote it: of an answer of S3's in XML, its code and its message."""
    found = S3_ERROR.search(line)
    return ": ".join(filter(None, found.groups())) if found else in_words(line)


def is_runners(told: ToldError) -> bool:
    """Whether GitHub says it, of the machine and not of what ran on it."""
    return told.error.tool == "runner"


def quoted(told: ToldError | None, errors: tuple[str, ...]) -> str:
    """What it means, where that is known, and the line that says so; empty where none is."""
    if told:
        who = "GitHub says" if is_runners(told) else "It says"
        return f": {told.error.means}. {who}: {readable(told.line)}"
    telling = tuple(one for one in errors if not UNTELLING.match(one)) or errors
    return f": {readable(telling[0])}" if telling else ""


def annotated(seen: WorkflowEvidence) -> str:
    """What GitHub itself says of the failure, beside that a process ended."""
    said = seen.job.annotations if seen.job else ()
    told = next((one for one in said if not UNTELLING.match(one)), "")
    return f". GitHub says: {told}" if told else ""


def told_by_update(seen: WorkflowEvidence, case: Case) -> ToldError | None:
    """The known error of a tool that ended the update step, where no service's answer did."""
    log, step = seen.reading, seen.update_step
    if log is None or step is None or step.conclusion != "failure" or log.failed_step != step.name:
        return None
    calls = (function_call(case), fallback_call(case))
    # A call that failed without an answer before the last one may be what it speaks of.
    silent = [one for one in calls if one.outcome in FAILED and one.status is None]
    answered = calls[1].status is not None
    return None if answered or len(silent) > 1 else told_by(log)


def quoted_error(seen: WorkflowEvidence) -> str:
    """What the failed update step says of its own failure, as a sentence; empty where it says nothing."""
    log, step = seen.reading, seen.update_step
    if log is None or step is None or log.failed_step != step.name:
        return ""
    said = quoted(None, tuple(one for one in log.errors if not UNTELLING.match(one)))
    return f" It says{said}" if said else ""


def own_complaint(seen: WorkflowEvidence) -> tuple[str, ...]:
    """The line in which the failed update step itself names its error; empty where none does.

    One with an answer in it is of a call, and what was answered has a cause of its own.
    """
    log, step = seen.reading, seen.update_step
    if log is None or step is None or log.failed_step != step.name:
        return ()
    named = (one for one in log.errors if one in log.complaints and not UNTELLING.match(one))
    return tuple(islice((one for one in named if not _ANSWER.search(one)), 1))


def advice_on(seen: WorkflowEvidence, errors: tuple[str, ...]) -> str:
    """What to do about a failure of which no known error tells, where these lines are quoted."""
    if any(not UNTELLING.match(one) for one in errors):
        return READ_IT
    if isinstance(seen.log, Unseen) and seen.log.why is Why.GONE:
        return LOG_GONE
    return SEE_LOG if seen.reading is None else SAY_MORE


def told_fixes(told: ToldError | None, otherwise: str = READ_IT) -> tuple[Fix, ...]:
    """The known fixes of the error, the recommended first; without one, what to do otherwise."""
    first, *others = told.fixes if told else (otherwise,)
    return either(
        manual("Fix what the step reports", first),
        *(manual("Fix it another way", text) for text in others),
    )


def new_lines(seen: WorkflowEvidence, step: Step | None) -> tuple[str, ...]:
    """What the step complained of and the last good run did not, the most telling line first.

    Empty where there is nothing to hold it against, or nothing is new.
    """
    log, good = seen.reading, seen.last_good
    if log is None or good is None or of_another(seen, step):
        return ()
    said = dict.fromkeys((*log.errors, *reversed(log.complaints)))
    new = [one for one in said if one not in good.lines and not UNTELLING.match(one)]
    return tuple(new or _unusual(log.failed_excerpt, good.lines))


def _unusual(printed: tuple[str, ...], usual: tuple[str, ...]) -> list[str]:
    """Where nothing names an error: what it printed last and the last good run did not, last first."""
    new = [plain(one) for one in printed if one not in usual and not is_noise(one)]
    return [one for one in new if not UNTELLING.match(one)][: -LINES_SHOWN - 1 : -1]


def update_excerpt(case: Case) -> tuple[Exhibit, ...]:
    """The lines of the update step that tell most."""
    lines = case.log.update_excerpt if case.log else ()
    told = exhibit("log of the step", "\n".join(lines), "workflow log", gh_log(case))
    return (told,) if lines else ()


def compared(seen: WorkflowEvidence, case: Case, new: tuple[str, ...]) -> tuple[Exhibit, ...]:
    """What is new, and since when."""
    if not new or seen.last_good is None:
        return ()
    label = f"not in the log of run {seen.last_good.run_id}, which ended well"
    return (exhibit(label, "\n".join(new), "workflow log", gh_log(case)),)


# Of the last run, where no backup is in hand ----------------------------------------------------


def refused_updates(log: LogReading | Unseen | None) -> tuple[Attempt, ...]:
    """The updates of the row that were refused, where none was a success."""
    if not isinstance(log, LogReading):
        return ()
    tried = [one for one in log.attempts if one.updates] or _by_words(log)
    if any(one.call.outcome is Outcome.OK for one in tried):
        return ()
    return tuple(one for one in tried if one.call.outcome in FAILED)


def _by_words(log: LogReading) -> list[Attempt]:
    """The updates of which the words of the log alone tell; none unless they tell of the last one too."""
    if log.fallback_call.outcome not in FAILED:
        return []
    calls = (
        ("function", "edge function", log.function_call),
        (DIRECT, "direct update", log.fallback_call),
    )
    return [
        Attempt(kind=kind, name=name, place="", updates=True, call=call)
        for kind, name, call in calls
    ]


def why_it_failed(
    log: LogReading | Unseen | None, told: ToldError | None, refused: tuple[Attempt, ...]
) -> str:
    """What its log says of why it failed, as the end of a sentence."""
    if not isinstance(log, LogReading):
        return "."
    if refused and told is None:
        return f": {'; '.join(map(_refused, refused))}."
    step = f": the step {log.failed_step!r} failed" if log.failed_step else ""
    said = quoted(told, log.errors) if step else ""
    return f"{step}{said.rstrip('.')}."


def _refused(one: Attempt) -> str:
    status = f" (HTTP {one.call.status})" if one.call.status else ""
    return f"the {one.name} failed{status}{quoted_answer(one.call)}"


def quoted_answer(call: Call) -> str:
    """What was answered, after a colon, in one line; empty where the log does not show it."""
    said = shortened(" ".join(_message(call.body).split()), SHOWN)
    return f": {said}" if said else ""


def _message(body: str) -> str:
    """The message and the code of an answer of the database; of another, all of it."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return body
    message = answer.get("message") if isinstance(answer, dict) else None
    if not isinstance(message, str):
        return body
    code = answer.get("code")
    return f"{message} ({code})" if isinstance(code, str) else message
