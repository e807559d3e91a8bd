"""What the rules of this step share: names, the log's `env:` block, how to set a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.evidence.findings import Exhibit, Role, Severity
from backup_doctor.evidence.log import EnvShown, Variable
from backup_doctor.evidence.secrets import SecretsEvidence, ServiceKey
from backup_doctor.judge.advice import set_on_github
from backup_doctor.judge.commands import Command, gh_log, gh_secret_list, supabase
from backup_doctor.judge.framework import Found
from backup_doctor.judge.history.secret_names import variables_of, workflow_file
from backup_doctor.judge.show import exhibit
from backup_doctor.services.secret_uses import GUIDES_NAMES, Use, use_of

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix


SERVICE_ROLE = "service_role"


def list_command(case: Case) -> Command | None:
    """The command that lists the function's secrets."""
    return supabase(case, "secrets", "list")


def names_command(case: Case) -> Command | None:
    """The command that lists GitHub's secrets."""
    return gh_secret_list(case)


def logged_as(case: Case, name: str) -> Variable | None:
    """How a secret of the file stood in the update step's `env:` block, under its variable's name.

    What that step was not given may stand in the one of the step that failed.
    """
    log, file = case.log, workflow_file(case)
    if log is None:
        return None
    variables = variables_of(file, file.update_step, name) if file else ()
    use = use_of(name)
    alike = GUIDES_NAMES.get(use, ()) if use else ()
    own = log.variable(*variables) or log.variable(name, *alike)
    return own if own or file else log.failed_variable(name, *alike)


def how_absent(absent: bool | None, *, made_later: bool) -> str:
    """What is known of it: an empty line in the log alone does not tell whose fault it is."""
    if made_later:
        return "was not set on GitHub when the run started"
    if absent is None:
        return "was empty in this run: it is not set on GitHub, or the job was not given it"
    return "is not set on GitHub"


def env_line(case: Case, logged: Variable | None) -> tuple[Exhibit, ...]:
    """The secret's line in the log's `env:` block, as evidence."""
    if logged is None:
        return ()
    value = "***" if logged.shown is EnvShown.MASKED else logged.shown
    return (exhibit(f"{logged.name} in the log's env: block", value, "workflow log", gh_log(case)),)


def own_copy(summary: str, instead: str = "worked in this run") -> Found:
    """The doctor's own copy of a key is bad: worth a warning, never a cause.

    `instead` completes "The pipeline's own …, as the log shows."
    """
    return Found(
        summary=f"{summary} The pipeline's own {instead}, as the log shows.",
        breaks=(),
        severity=Severity.WARN,
        role=Role.CONTEXT,
    )


def service_key_of(seen: SecretsEvidence) -> ServiceKey | None:
    """The doctor's copy of the service-role key, where it was given one."""
    return seen.service_key if isinstance(seen.service_key, ServiceKey) else None


def set_right_key(case: Case) -> Fix:
    """Set a key of the role that the pipeline writes with."""
    wanted = case.names.writer_role
    value = (
        "the secret key or the service-role key" if wanted == SERVICE_ROLE else f"a key of {wanted}"
    )
    return set_on_github(case, Use.SERVICE_KEY, value)
