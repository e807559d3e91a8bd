"""Secrets that others can read: in a browser's bundle, in a log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checks.secrets.view import (
    workflow_file,
)
from doctor.evidence.secrets import (
    SecretsEvidence,
)
from doctor.framework import Found, Rules
from doctor.log.facts import printed_by_script
from doctor.model import Severity
from doctor.show import (
    exhibit,
    listed,
    log_command,
    manual,
    setting,
)
from doctor.story import (
    SERVICE_KEYS,
)

if TYPE_CHECKING:
    from doctor.case import Case


rules = Rules[SecretsEvidence]()


@rules.context("secrets/public-prefix")
def public_prefix(seen: SecretsEvidence, case: Case) -> Found | None:
    """The service-role key bears a name that build tools put into the browser's bundle.

    Detected: the secret is named VITE_SUPABASE_SERVICE_ROLE_KEY. It is a warning where a build step
    or a workflow-wide `env` sees it.
    Cause: the app's own prefix was used for a server's secret.
    Fix: name it SUPABASE_SERVICE_ROLE_KEY, and give it to the one step that needs it.
    By hand: search the built bundle for the key's first characters.
    Source: Vite, env variables; guide, step 2.
    """
    name = "VITE_SUPABASE_SERVICE_ROLE_KEY"
    file = workflow_file(case)
    if not seen.stored(name) and not (file and name in file.secrets):
        return None
    everywhere = file is not None and name in file.env_secrets
    building = file is not None and any(
        name in step.secrets
        and "build" in f"{step.name} {step.script}".lower()
        and step is not file.update_step
        and any(tool in step.script for tool in ("npm ", "yarn", "pnpm", "vite", "bun "))
        for step in file.steps
    )
    exposed = everywhere or building
    seen_by = "every step of the workflow" if everywhere else "a build step"
    return Found(
        summary=f"{name} is visible to {seen_by}: a VITE_ name can end up in the browser's bundle."
        if exposed
        else f"{name} bears the prefix of public variables; no build step sees it.",
        severity=Severity.WARN if exposed else Severity.INFO,
        fixes=(setting("Rename it", f"Store the key as {SERVICE_KEYS[0]} and use that name."),)
        if exposed
        else (),
    )


def _printed_by_file(case: Case) -> tuple[str, ...]:
    """The secrets that a step of the workflow file prints, by its script."""
    file = workflow_file(case)
    return tuple(
        name
        for step in (file.steps if file else ())
        for name in printed_by_script(step.script.splitlines(), frozenset(step.env))
    )


@rules.warning("secrets/printed")
def printed(seen: SecretsEvidence, case: Case) -> Found | None:
    """A step prints a secret into the log.

    Detected: the workflow file or the log has a line that expands a secret into output, such as
    the guide's own debug line with `:-NO`, which prints the key when it is set.
    Cause: a debug line that was meant to print YES or NO.
    Fix: use `[ -n "$BACKUP_API_KEY" ] && echo set`, and rotate the key if the log is not masked.
    By hand: search the workflow for `echo` with a secret.
    Source: guide, "Debugging Workflow Step".
    """
    logged = case.log.prints_secret if case.log else ()
    written = _printed_by_file(case)
    names = tuple(dict.fromkeys((*logged, *written)))
    if not names:
        return None
    return Found(
        summary=f"A step prints {listed(names)} into the log.",
        evidence=(
            exhibit("printed", list(logged) or None, "workflow log", log_command(case)),
            exhibit("printed by its script", list(written) or None, "workflow file", None),
        ),
        fixes=(
            manual(
                "Print whether it is set, never the value",
                '[ -n "$BACKUP_API_KEY" ] && echo "BACKUP_API_KEY is set" || echo "BACKUP_API_KEY is not set"',
            ),
        ),
    )
