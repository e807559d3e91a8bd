"""Whether each secret is set, and not empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checks.secrets.view import (
    ANY_NAME_OF,
    FUNCTION_REFUSES_KEY,
    env_line,
    list_command,
    logged_as,
    new_api_key,
    set_on_github,
    workflow_file,
)
from doctor.chain import Link
from doctor.evidence.base import Unseen
from doctor.evidence.log import Shown
from doctor.evidence.secrets import (
    SecretsEvidence,
)
from doctor.framework import Found, Rules
from doctor.model import Role, Severity
from doctor.show import (
    exhibit,
    repo_flag,
    rfc3339,
)
from doctor.story import (
    API_KEY,
    BOTH_WRITES,
    SERVICE_KEYS,
    SERVICE_URLS,
    Weight,
    address_then,
    aside,
    function_then,
    proved_where_open,
    run_read_secrets_at,
    service_key_then,
    update_ran,
    weigh,
)

if TYPE_CHECKING:
    from doctor.case import Case


rules = Rules[SecretsEvidence]()


UPLOAD_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


SERVICE = ("service key", "url")
# Given to every run by GitHub; nobody sets it.
AUTOMATIC = frozenset({"GITHUB_TOKEN"})


def _gh_list(case: Case) -> str:
    return f"gh secret list{repo_flag(case)}"


def _wanted(case: Case) -> tuple[str, ...]:
    """The secrets that the pipeline's job names; without its file, the guide's."""
    file = workflow_file(case)
    named = tuple(name for name in file.secrets if name.upper() not in AUTOMATIC) if file else ()
    return named or ("VITE_SUPABASE_URL", "VITE_SUPABASE_SERVICE_ROLE_KEY", API_KEY)


def _absent(seen: SecretsEvidence, name: str, case: Case) -> bool | None:
    """Whether GitHub has no such secret at any level; None where that cannot be told."""
    names = (name,) if workflow_file(case) else ANY_NAME_OF.get(name, (name,))
    if any(seen.stored(one) for one in names):
        return False
    return True if seen.all_levels_read() else None


def _touches(case: Case, name: str) -> str:
    """What the pipeline needs a secret for: `key`, `service key`, `url`, `upload` or `other`."""
    groups = {
        "key": (API_KEY,),
        "service key": SERVICE_KEYS,
        "url": SERVICE_URLS,
        "upload": UPLOAD_KEYS,
    }
    return next((use for use, names in groups.items() if name.upper() in names), "other")


def _without(case: Case, use: str) -> dict[Link, bool | None]:
    """What each way to the row could do without the service key, or without the URL."""
    if use == "url":
        return address_then(case)
    return service_key_then(case, "secrets/missing", "secrets/empty")


@rules.cause("secrets/missing", breaks=BOTH_WRITES)
def missing(seen: SecretsEvidence, case: Case) -> list[Found]:
    """A secret that the workflow needs is set at no level; GitHub then hands over an empty string.

    Detected: its name is absent at repository, organization and the job's environment, or its line
    in the log's `env:` block is empty. A level that may not be read makes absence unknown. A missing
    BACKUP_API_KEY is a warning: it is optional, the fallback needs none.
    Cause: never set, set under another name, or in an environment that the job does not name.
    Fix: set it where the workflow reads it.
    By hand: GitHub → Settings → Secrets and variables → Actions, or `gh secret list`.
    Source: guide, step 2; GitHub, using secrets.
    """
    found = (_missing_one(seen, name, case) for name in _wanted(case))
    return [one for one in found if one]


def _missing_one(seen: SecretsEvidence, name: str, case: Case) -> Found | None:
    absent, logged = _absent(seen, name, case), logged_as(case, name)
    empty_in_log = logged is not None and logged.shown is Shown.EMPTY
    present_in_log = logged is not None and not empty_in_log
    made_later = empty_in_log and _made_after_run(seen, name, case)
    if present_in_log or (absent is None and not empty_in_log):
        return None
    if absent is False and not made_later:
        return None
    listed = "made after the run" if made_later else "not listed"
    evidence = (
        exhibit(
            "secrets on GitHub",
            "may not be read" if absent is None else listed,
            "GitHub API",
            _gh_list(case),
        ),
        *env_line(case, logged),
    )
    was = "was not set on GitHub when the run started" if made_later else "is not set on GitHub"
    summary = f"The secret {name} {was}."
    use = _touches(case, name)
    if use == "key":
        return Found(
            summary=f"{summary} It is optional: the workflow then updates the row directly.",
            evidence=evidence,
            fixes=new_api_key(case),
            breaks=(),
            severity=Severity.WARN,
            role=Role.CONTEXT,
        )
    weight = _missing_weight(case, name, empty_in_log=empty_in_log, now=not made_later)
    return weight.found(summary, evidence, (set_on_github(case, name),))


def _made_after_run(seen: SecretsEvidence, name: str, case: Case) -> bool:
    stored, read_at = seen.stored(name), run_read_secrets_at(case)
    return bool(stored and stored.created_at and read_at and stored.created_at > read_at)


def _missing_weight(case: Case, name: str, *, empty_in_log: bool, now: bool) -> Weight:
    use = _touches(case, name)
    if use in SERVICE:
        then = _without(case, use)
        weight = weigh(proved_where_open(then) if empty_in_log else then, now=now, case=case)
    elif use == "other" and _failed_step_is_handed(case, name):
        weight = weigh({Link.BACKUP_MADE: None}, now=True, case=case)
    else:
        needed = case.log is not None and bool(case.log.upload_errors or case.log.failed_step)
        # The next upload cannot do without; of other secrets nobody knows what they are for.
        needed = needed or (case.is_preflight and use == "upload")
        weight = weigh(
            {Link.FILE_UPLOADED: None if needed else False}, now=empty_in_log or needed, case=case
        )
    return weight or aside(case)


def _failed_step_is_handed(case: Case, name: str) -> bool:
    """Whether the step that failed is handed this secret: it could not work without."""
    file, failed = workflow_file(case), case.log.failed_step if case.log else None
    if file is None or failed is None or update_ran(case):
        return False
    return any(one.name == failed and name in one.secrets for one in file.steps)


@rules.cause("secrets/empty", breaks=BOTH_WRITES, yields_to=("secrets/bad-url",))
def empty(seen: SecretsEvidence, case: Case) -> list[Found]:
    """A secret is there, but it is empty.

    Detected: GitHub lists the name, and its line in the log's `env:` block is empty all the same; or
    the function's secret has the digest of the empty string.
    Cause: it was set from an empty variable, or the job runs where secrets are not handed over (a
    fork, a called workflow without `secrets: inherit`).
    Fix: set it again, and check where the job runs.
    By hand: read the `env:` block of the step in the log.
    Source: guide, step 2.
    """
    on_github = [one for name in _wanted(case) if (one := _empty_on_github(seen, name, case))]
    return on_github + _empty_in_function(seen, case)


def _empty_on_github(seen: SecretsEvidence, name: str, case: Case) -> Found | None:
    logged = logged_as(case, name)
    if logged is None or logged.shown is not Shown.EMPTY or _absent(seen, name, case) is not False:
        return None
    if _made_after_run(seen, name, case):
        return None
    stored, use = seen.stored(name), _touches(case, name)
    read_at = run_read_secrets_at(case)
    if stored and stored.updated_at and read_at and stored.updated_at > read_at:
        state, healed = (
            f"was empty in this run; it was set again later, {rfc3339(stored.updated_at)}",
            True,
        )
    else:
        state, healed = "is set on GitHub but was empty in this run", False
    if use == "key":
        return Found(
            summary=f"{name} {state}. It is optional: the workflow then updates the row directly.",
            evidence=env_line(case, logged),
            breaks=(),
            severity=Severity.WARN,
            role=Role.CONTEXT,
        )
    if use in SERVICE:
        then = proved_where_open(_without(case, use))
    else:
        failed_before = case.log is not None and bool(
            case.log.upload_errors or case.log.failed_step
        )
        then = {Link.FILE_UPLOADED: bool(failed_before)}
    weight = weigh(then, now=not healed, case=case)
    if weight is None:
        return None
    return weight.found(f"{name} {state}.", env_line(case, logged), (set_on_github(case, name),))


def _empty_in_function(seen: SecretsEvidence, case: Case) -> list[Found]:
    if isinstance(seen.function_secrets, Unseen):
        return []
    secret = next((one for one in seen.function_secrets if one.name == API_KEY), None)
    if secret is None or not secret.empty:
        return []
    then = function_then(case, *FUNCTION_REFUSES_KEY, "function/server-error", "function/rejected")
    weight = weigh(then, now=True, since=secret.updated_at, case=case)
    if weight is None:
        return []
    return [
        weight.found(
            f"The function's own {API_KEY} is empty.",
            (exhibit("digest", "that of the empty string", "Management API", list_command(case)),),
            new_api_key(case),
        )
    ]
