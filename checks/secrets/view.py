"""What the rules of this step share: names, the log's `env:` block, how to set a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor.evidence.log import Shown, Variable
from doctor.evidence.workflow import WorkflowFile
from doctor.framework import Found
from doctor.model import Exhibit, Fix, Role, Severity
from doctor.show import (
    exhibit,
    log_command,
    quote,
    ref_flag,
    repo_flag,
    shell,
)
from doctor.story import (
    API_KEY,
    SERVICE_KEYS,
    SERVICE_URLS,
)

if TYPE_CHECKING:
    from doctor.case import Case


REQUIRED = (SERVICE_URLS, SERVICE_KEYS)


ANY_NAME_OF = {name: group for group in (*REQUIRED, (API_KEY,)) for name in group}


FUNCTION_REFUSES_KEY = ("function/key-rejected", "secrets/api-key-mismatch")


def set_on_github(case: Case, name: str) -> Fix:
    """Set a secret on GitHub."""
    return shell(
        f"Set {name} on GitHub (asks for the value)",
        f"gh secret set {quote(name)}{repo_flag(case)}",
    )


def list_command(case: Case) -> str:
    """The command that lists the function's secrets."""
    return f"supabase secrets list{ref_flag(case)}"


def logged_as(case: Case, name: str) -> Variable | None:
    """How the secret stood in the update step's `env:` block, under any of its names."""
    return case.log.variable(name, *ANY_NAME_OF.get(name, ())) if case.log else None


def workflow_file(case: Case) -> WorkflowFile | None:
    """The workflow file at the run's commit, where it could be read."""
    file = case.workflow.file if case.workflow else None
    return file if isinstance(file, WorkflowFile) else None


def env_line(case: Case, logged: Variable | None) -> tuple[Exhibit, ...]:
    """The secret's line in the log's `env:` block, as evidence."""
    if logged is None:
        return ()
    value = "***" if logged.shown is Shown.MASKED else logged.shown
    return (
        exhibit(f"{logged.name} in the log's env: block", value, "workflow log", log_command(case)),
    )


def new_api_key(case: Case) -> tuple[Fix, ...]:
    """Make a new function key and set it on both sides."""
    return (
        shell(
            "Make one key and set it on both sides",
            "KEY=$(openssl rand -hex 32)\n"
            f'printf %s "$KEY" | gh secret set {API_KEY}{repo_flag(case)}\n'
            f'supabase secrets set {API_KEY}="$KEY"{ref_flag(case)} --yes',
        ),
    )


def own_copy(summary: str) -> Found:
    """The doctor's own copy of a key is bad: worth a warning, never a cause."""
    return Found(
        summary=f"{summary} The pipeline's own works, as the log shows.",
        breaks=(),
        severity=Severity.WARN,
        role=Role.CONTEXT,
    )
