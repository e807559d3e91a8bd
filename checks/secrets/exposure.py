"""Secrets that others can read: in a browser's bundle, in a log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.evidence.findings import Severity
from backup_doctor.evidence.secrets import SecretsEvidence, listed_in
from backup_doctor.judge.commands import gh_log
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.history.secret_names import secret_name, workflow_file
from backup_doctor.judge.show import exhibit, listed, manual, setting
from backup_doctor.services.printed_secrets import printed_by_script
from backup_doctor.services.secret_uses import Use, use_of
from backup_doctor.services.workflow_secrets import secrets_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.workflow import WorkflowFile, WorkflowStep


rules = Rules[SecretsEvidence]()

# The prefixes that build tools expose to browsers, and which tool that is.
PUBLIC_PREFIXES = {
    "VITE_": "Vite",
    "NEXT_PUBLIC_": "Next.js",
    "NUXT_PUBLIC_": "Nuxt",
    "REACT_APP_": "Create React App",
    "EXPO_PUBLIC_": "Expo",
    "PUBLIC_": "SvelteKit",
}
_BUILD_TOOLS = ("npm ", "yarn", "pnpm", "vite", "bun ", "next ", "expo ")


def _prefix(name: str) -> str | None:
    return next((one for one in PUBLIC_PREFIXES if name.startswith(one)), None)


@rules.context("secrets/public-prefix")
def public_prefix(seen: SecretsEvidence, case: Case) -> Found | None:
    """The service-role key has a name that build tools put into the browser's bundle.

    Detected: the secret, or the variable that holds it, is named VITE_SUPABASE_SERVICE_ROLE_KEY (or
    has the prefix of another build tool). It is a warning where a build step or a workflow-wide
    `env` sees it under such a name.
    Cause: the app's own prefix was used for a server's secret.
    Fix: name it SUPABASE_SERVICE_ROLE_KEY, and give it to the one step that needs it.
    By hand: search the built bundle for the key's first characters.
    Source: Vite, env variables; guide, step 2.
    """
    name = _public_name(seen, case)
    if name is None:
        return None
    file = workflow_file(case)
    everywhere = file is not None and _holds(file.env, name, inline=name in file.env_secrets)
    building = file is not None and any(
        _builds(step) and step is not file.update_step and _sees(file, step, name)
        for step in file.steps
    )
    tool = PUBLIC_PREFIXES[_prefix(name) or "VITE_"]
    if not (everywhere or building):
        return Found(
            summary=f"{name} has the {_prefix(name)} prefix, which {tool} exposes to browsers; no "
            "build step reads it now.",
            severity=Severity.INFO,
        )
    seen_by = "every step of the workflow" if everywhere else "a build step"
    return Found(
        summary=f"{seen_by[0].upper()}{seen_by[1:]} sees {name}: {tool} can put it into the browser's "
        "bundle.",
        severity=Severity.WARN,
        fixes=(
            setting(
                "Rename it",
                f"Store the key as {name.removeprefix(_prefix(name) or '')} and hand it to the update "
                "step alone.",
            ),
        ),
    )


def _public_name(seen: SecretsEvidence, case: Case) -> str | None:
    """The service-role key's name with a public prefix: the secret's, or a variable's that holds it."""
    file = workflow_file(case)
    held = [file.env, file.job_env, *(step.env for step in file.steps)] if file else []
    stored = (one.name for level in seen.readable() for one in listed_in(level))
    named = (secret_name(case, Use.SERVICE_KEY) or "", *(file.secrets if file else ()), *stored)
    variables = (one for env in held for one in env)
    return next(
        (one for one in (*named, *variables) if _prefix(one) and use_of(one) is Use.SERVICE_KEY),
        None,
    )


def _holds(env: Mapping[str, str], name: str, *, inline: bool) -> bool:
    """Whether an `env:` has a variable of that name, or of a public one that holds the secret.

    `inline`: the secret is used there; where no variable holds it, it stands for itself.
    """
    holders = [one for one, text in env.items() if one == name or name in secrets_in(text)]
    return any(one == name or _prefix(one) for one in holders) if holders else inline


def _builds(step: WorkflowStep) -> bool:
    said = f"{step.name} {step.script}".lower()
    return "build" in said and any(tool in step.script for tool in _BUILD_TOOLS)


def _sees(file: WorkflowFile, step: WorkflowStep, name: str) -> bool:
    return _holds({**file.job_env, **step.env}, name, inline=name in step.secrets)


def _printed_by_file(case: Case) -> Iterator[str]:
    """The secrets that a step of the workflow file prints, by its script."""
    file = workflow_file(case)
    for step in file.steps if file else ():
        held = {**file.env, **file.job_env, **step.env} if file else {}
        secret = frozenset(name for name, text in held.items() if secrets_in(text))
        yield from printed_by_script(step.script.splitlines(), secret)


@rules.warning("secrets/printed")
def printed(seen: SecretsEvidence, case: Case) -> Found | None:
    """A step prints a secret into the log.

    Detected: the workflow file or the log has a line that expands a secret into output, such as
    the debug line `${X:+YES}${X:-NO}`, which prints the key if it is set. `${X:+YES}` alone prints
    nothing of it.
    Cause: a debug line that was meant to print YES or NO.
    Fix: use `[ -n "$BACKUP_API_KEY" ] && echo set`, and rotate the key if the log is not masked.
    By hand: search the workflow for `echo` with a secret.
    Source: guide, debug step.
    """
    logged = case.log.prints_secret if case.log else ()
    written = tuple(dict.fromkeys(_printed_by_file(case)))
    names = tuple(dict.fromkeys((*logged, *written)))
    if not names:
        return None
    asks = "; ".join(
        f'[ -n "${name}" ] && echo "{name} is set" || echo "{name} is not set"' for name in names
    )
    return Found(
        summary=f"A step prints {listed(names)} into the log.",
        evidence=(
            exhibit("printed", list(logged) or None, "workflow log", gh_log(case)),
            exhibit("printed by its script", list(written) or None, "workflow file", None),
        ),
        fixes=(manual("Print whether it is set, never the value", asks),),
    )
