"""What the own error of a step says that failed before the update, so that the row was never reached."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.evidence.chain import Link
from backup_doctor.judge.history.calls import update_ran
from backup_doctor.judge.history.secret_names import environment_of, workflow_file
from backup_doctor.judge.registry import codes_with
from backup_doctor.judge.traits import Trait
from backup_doctor.services.log_wording import SAYS_NOT_SET
from backup_doctor.services.meaning import REFUSES_KEY, database_meaning, gateway_meaning
from backup_doctor.services.secret_uses import Use, use_of
from backup_doctor.services.workflow_secrets import secrets_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.workflow import WorkflowFile, WorkflowStep

# What a shell says in the same form of a program by that name.
_OF_A_COMMAND = re.compile(
    r"not found|denied|no such file|is a directory|cannot execute", re.IGNORECASE
)
_SUPABASE = re.compile(r"supabase|rest/v1|functions/v1|PGRST\d", re.IGNORECASE)


def early_text(case: Case) -> str:
    """What the step that failed before the update printed of its error; empty where none did."""
    log = case.log
    if log is None or log.failed_step is None or update_ran(case) is not False:
        return ""
    return "\n".join(log.of_failure)


def early_codes(case: Case) -> tuple[str, ...]:
    """The codes that its words stand for, the likeliest first; one is proof."""
    text = early_text(case)
    codes = database_meaning(text) or gateway_meaning(None, text)
    of_table = codes_with(Trait.OF_TABLE) & set(codes)
    if of_table and not _names(text, case.names.table_name):  # another's is the step's own matter
        return ()
    # What anybody's service may say of its own key.
    if codes or not REFUSES_KEY.search(text):
        return codes
    return ("secrets/revoked",) if _SUPABASE.search(text) or _has_service_key(case) else ()


def early_then(case: Case, codes: Iterable[str]) -> dict[Link, bool | None]:
    """Whether that step's own error proves or allows one of the codes: then it broke there."""
    said = early_codes(case)
    if not set(codes) & set(said):
        return {}
    return {Link.BACKUP_MADE: True if len(said) == 1 else None}


def failed_step(case: Case) -> WorkflowStep | None:
    """The step that failed first, as the workflow file has it."""
    file, workflow = workflow_file(case), case.workflow
    job = workflow.job if workflow else None
    failed = (one.name for one in (job.steps if job else ()) if one.conclusion == "failure")
    name = (case.log.failed_step if case.log else None) or next(failed, None)
    return next((one for one in file.steps if one.name == name), None) if file and name else None


def says_not_set(case: Case, *names: str) -> bool:
    """Whether the words of the step that failed say that one of these variables is missing or empty."""
    log = case.log
    lines = (*log.errors, *log.failed_excerpt, *log.update_excerpt) if log else ()
    return any(
        (_names(line, name) and SAYS_NOT_SET.search(line)) or _shell_wants(line, name)
        for line in lines
        for name in names
    )


def _shell_wants(line: str, name: str) -> bool:
    """Whether the shell says so of `${NAME:?…}`, in words that are the author's own."""
    told = re.search(rf"(?:^|: )(?:line )?\d+: (?:[\w./-]+: )?{re.escape(name)}: (.+)", line)
    return told is not None and not _OF_A_COMMAND.search(told[1])


def _names(line: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", line) is not None


def uses(file: WorkflowFile, step: WorkflowStep, secret: str) -> bool:
    """Whether a step uses a secret: its own lines name it, or its script the variable that holds it."""
    if secret in step.secrets:
        return True
    held = environment_of(file, step)
    variables = [name for name, value in held.items() if secret in secrets_in(value)]
    return any(_names(step.script, name) for name in variables)


def _has_service_key(case: Case) -> bool:
    file, step = workflow_file(case), failed_step(case)
    if file is None or step is None:
        return False
    named = {*environment_of(file, step), *step.secrets}
    keys = [one for one in named if use_of(one) is Use.SERVICE_KEY]
    return any(one in step.env or one in step.secrets or _names(step.script, one) for one in keys)
