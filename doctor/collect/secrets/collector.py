"""Guide step 2, collected: the secrets by name, shape and digest; never by value."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from backup_doctor.collect.function.key import function_key, function_secrets
from backup_doctor.collect.secrets.project_keys import project_keys
from backup_doctor.collect.workflow.pending import Pending
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.keys import describe_service_key
from backup_doctor.evidence.secrets import (
    Level,
    SecretLevel,
    SecretsEvidence,
    ServiceKey,
    SupabaseUrl,
)
from backup_doctor.evidence.workflow import WorkflowEvidence, WorkflowFile
from backup_doctor.settings.values import hosted_ref

if TYPE_CHECKING:
    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.case import Case
    from backup_doctor.settings.model import Settings

SERVICE_PATHS = ("/rest/v1", "/functions/v1", "/auth/v1", "/storage/v1")
SUPABASE_SITES = ("supabase.com", "www.supabase.com", "app.supabase.com", "supabase.io")
HOSTED_DOMAINS = (".supabase.co", ".supabase.in", ".supabase.com")


def look(ask: Sources, _case: Case) -> SecretsEvidence:
    """Ask GitHub and the Management API at once, and for the environment's secrets at the end."""
    settings, api = ask.settings, ask.management
    levels = Pending(ask, "The names of GitHub's secrets", lambda: _levels(ask))
    listed = Pending(ask, "The function's secrets", api.function_secrets)
    keys = Pending(ask, "The project's API keys", api.api_keys)
    legacy = Pending(ask, "The state of the legacy keys", api.legacy_enabled)

    digests, of_project = listed.result(), keys.result()
    return SecretsEvidence(
        levels=levels.result(),
        function_secrets=function_secrets(digests, settings, of_project),
        service_key=_service_key(settings),
        function_key=function_key(digests, settings, of_project),
        url=_url(settings),
        project_keys=project_keys(settings, of_project, legacy_enabled=legacy.result()),
        project_ref=settings.project_ref,
    )


def _levels(ask: Sources) -> tuple[SecretLevel, ...] | Unseen:
    """The secrets of each level that the job draws from, by name."""
    for needed in ("repository", "github_token"):
        if needed not in ask.settings.origins or needed in ask.settings.withheld:
            return ask.settings.absent(needed)
    levels = ask.at_once(
        lambda: _level(ask, Level.REPOSITORY), lambda: _level(ask, Level.ORGANIZATION)
    )
    environment = _environment(ask)
    return (*levels, environment) if environment else levels


def _level(ask: Sources, level: Level, environment: str | None = None) -> SecretLevel:
    return SecretLevel(level=level, secrets=ask.github.secrets_of(level, environment))


def _environment(ask: Sources) -> SecretLevel | None:
    """The secrets of the environment that the job names; None where it names none."""
    workflow = ask.need(WorkflowEvidence)
    file = workflow.file if workflow else None
    if not isinstance(file, WorkflowFile) or file.job is None:
        return _unknown_environment("the workflow's file does not show the job")
    if file.environment is None:
        return None
    if "${{" in file.environment:
        return _unknown_environment("the workflow's file computes its name")
    return _level(ask, Level.ENVIRONMENT, file.environment)


def _unknown_environment(because: str) -> SecretLevel:
    return SecretLevel(
        level=Level.ENVIRONMENT,
        secrets=Unseen(
            why=Why.NOT_ASKED,
            what=f"Whether the job draws secrets from an environment is not known: {because}.",
            dependency="GitHub",
        ),
    )


def _service_key(settings: Settings) -> ServiceKey | Unseen:
    if settings.service_key is None:
        return settings.absent("service_key")
    return describe_service_key(
        settings.service_key.reveal(), setting=settings.origin("service_key")
    )


def _url(settings: Settings) -> SupabaseUrl | Unseen:
    url, given = settings.supabase_url, settings.supabase_url_given
    if url is None:
        return settings.absent("supabase_url")
    return SupabaseUrl(
        setting=settings.origin("supabase_url"),
        value=url,
        ref=hosted_ref(url),
        problem=_url_problem(url),
        surrounding_whitespace=given is not None and given != given.strip(),
    )


def _url_problem(url: str) -> str | None:
    """What is wrong with a URL to which the pipeline appends `/functions/v1/…` and `/rest/v1/…`."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in SUPABASE_SITES:
        return f"leads to Supabase's own site, {host}; a project's URL is https://<ref>.supabase.co"
    if host.endswith(HOSTED_DOMAINS) and hosted_ref(url) is None:
        return f"names {host}, which is not a project's address; that is https://<ref>.supabase.co"
    if parts.path.startswith(SERVICE_PATHS):
        return f"ends in {parts.path}, which the pipeline appends itself"
    return None
