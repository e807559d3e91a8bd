"""Which steps and jobs of a run can write the row, and whether one of them is still to come.

Pure. What is not known (a step that the file does not show) counts as able to: a backup is called
over only where nothing can write its row any more.

Source: GitHub, "Status check functions".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.evidence.case import Status
from backup_doctor.evidence.workflow import WorkflowStep
from backup_doctor.services.runner_steps import is_runners

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from backup_doctor.evidence.case import Names
    from backup_doctor.evidence.workflow import Job, Step, WorkflowFile

DOCTOR = "backup-doctor"
DONE = "completed"
# A command that runs what does not stand in the workflow's file.
OPAQUE = re.compile(
    r"(?:^|[\s;&|(])(?:\.{1,2}/|(?:ba|z)?sh\s|node\s|deno\s|bun\s|python3?\s|ruby\s|php\s|pwsh\s"
    r"|make\b|just\b|task\b|n?px\s|npm\s|pnpm\s|yarn\s|poetry\s|uv\s|go\s+run)",
    re.MULTILINE,
)
REACHES_DATABASE = re.compile(
    r"supabase|rest/v1|functions/v1|\bpsql\b|\bPATCH\b|DATABASE|POSTGRES|\bPG[A-Z]+\b|\bDB_",
    re.IGNORECASE,
)
STATUS_FUNCTION = re.compile(r"(!\s*)?\b(always|failure|cancelled|success)\s*\(")


def speaks_of_backups(text: str) -> bool:
    """Whether a workflow's path or name is a backup's; the doctor's own name does not count."""
    return "backup" in text.lower().replace(DOCTOR, "")


def is_doctors(step: WorkflowStep | Step) -> bool:
    """Whether a step runs the doctor itself."""
    if not isinstance(step, WorkflowStep):
        return DOCTOR in step.name
    return any(DOCTOR in text for text in (step.name, step.script, step.uses or ""))


def could_write(step: WorkflowStep, names: Names, given: Sequence[str] = ()) -> bool:
    """Whether the step can change the row, by what the file shows of it.

    `given` are secrets that its whole job is handed, beyond the step's own.
    """
    told = "\n".join((step.name, step.script, step.uses or "", *step.env.values()))
    if any(_speaks_of(name, told) for name in (names.table_name, "backup_history", names.function)):
        return True
    if step.uses is not None and not step.uses.startswith("./"):
        return "supabase" in step.uses.lower()
    if any(_speaks_of(word, told) for word in names.words(Status.FAILED)) and (
        REACHES_DATABASE.search(told) or re.search(r"\bstatus\b", told, re.IGNORECASE)
    ):
        return True
    handed = (*step.secrets, *step.env, *given)
    is_hidden = step.uses is not None or OPAQUE.search(step.script) is not None
    return is_hidden and any(map(REACHES_DATABASE.search, handed))


def _speaks_of(name: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) is not None


def could_run(
    condition: str | None, *, failed: bool, may_fail: bool, cancelled: bool = False
) -> bool:
    """Whether a step with this `if:` may still run.

    `failed`: a step before it did; `may_fail`: one before it has yet to end; `cancelled`: the job is
    being cancelled.
    """
    functions = {(bool(no), name) for no, name in STATUS_FUNCTION.findall(condition or "")}
    if not functions:
        return not (failed or cancelled)
    if cancelled and (False, "cancelled") in functions:
        return True
    if functions & {(False, "always"), (True, "cancelled"), (True, "failure"), (True, "success")}:
        return True
    if (False, "success") in functions and not failed:
        return True
    return (False, "failure") in functions and (failed or may_fail)


def may_still_write(
    job: Job,
    update: Step | None,
    file: WorkflowFile | None,
    names: Names,
    *,
    doctor_is_here: bool = False,
) -> bool:
    """Whether the job's update step, or a later step that could write the row, has not concluded.

    `doctor_is_here`: the step that runs now is the doctor's own.
    """
    if job.status == DONE:
        return False
    if update is not None and update.status != DONE:
        return True
    pending = tuple(_pending(job, update, file))
    others = [
        one
        for one in pending
        if not (doctor_is_here and _is_running(one))
        and not is_doctors(_in_file(one.name, file) or one)
    ]
    if update is None or _in_file(update.name, file) is None:
        # Nothing tells what the others do; and without any, the job counts.
        return bool(others) or not pending
    given = _job_wide(file)
    ends = {step.conclusion for step in job.steps}
    failed, cancelled = "failure" in ends, "cancelled" in ends
    may_fail = False
    for step in others:
        known = _in_file(step.name, file)
        if known is None:
            return True
        runs = _is_running(step) or could_run(
            known.condition, failed=failed, may_fail=may_fail, cancelled=cancelled
        )
        if runs and could_write(known, names, given):
            return True
        may_fail = may_fail or runs
    return False


def _pending(
    job: Job, update: Step | None, file: WorkflowFile | None
) -> Iterator[Step | WorkflowStep]:
    """The steps after the update that have not ended; without one, all of the job that have not.

    GitHub lists the steps of a job that has begun; one of the file that it does not list is to come.
    """
    after = update.number if update else 0
    listed = {step.name for step in job.steps}
    known = file.steps if file else ()
    names = {step.name for step in job.steps} | {step.name for step in known}
    for step in job.steps:
        if step.number > after and step.status != DONE and not is_runners(step.name, names):
            yield step
    at = next((at for at, one in enumerate(known) if update and one.name == update.name), None)
    if at is None:
        return
    for later in known[at + 1 :]:
        if later.name not in listed and "${{" not in later.name:
            yield later


def _is_running(step: Step | WorkflowStep) -> bool:
    return not isinstance(step, WorkflowStep) and step.status == "in_progress"


def _in_file(name: str, file: WorkflowFile | None) -> WorkflowStep | None:
    steps = file.steps if file else ()
    return next((step for step in steps if step.name == name), None)


def _job_wide(file: WorkflowFile | None) -> tuple[str, ...]:
    """The secrets that the job, or the workflow, hands to every step."""
    if file is None:
        return ()
    by_step = {name for step in file.steps for name in step.secrets}
    return (*file.env_secrets, *(name for name in file.secrets if name not in by_step))


def handler_is_due(jobs: Sequence[Job], job: Job, file: WorkflowFile | None) -> bool:
    """Whether another job of the run, which the file shows to write the row, has not ended."""
    writing = file.writing_jobs if file else ()
    return any(
        one.status != DONE and (one.name in writing or one.name.rpartition(" / ")[2] in writing)
        for one in jobs
        if one.id != job.id
    )
