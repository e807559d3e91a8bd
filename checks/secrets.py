"""Guide step 2: whether the secrets are set, on both sides, and whether they can work."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from doctor.chain import Link
from doctor.evidence.base import Unseen
from doctor.evidence.log import Outcome, Shown, Variable
from doctor.evidence.secrets import (
    FunctionKey,
    KeyKind,
    KeyMatch,
    SecretsEvidence,
    ServiceKey,
    SupabaseUrl,
)
from doctor.evidence.workflow import WorkflowFile
from doctor.framework import Check, Found
from doctor.model import Exhibit, Fix, Role, Severity
from doctor.show import (
    exhibit,
    listed,
    log_command,
    log_lines,
    manual,
    quote,
    ref_flag,
    repo_flag,
    rfc3339,
    setting,
    shell,
)
from doctor.story import (
    API_KEY,
    BOTH_WRITES,
    SERVICE_KEYS,
    SERVICE_URLS,
    Weight,
    database_then,
    fallback_call,
    function_call,
    function_key_worked,
    function_then,
    pipeline_key_worked,
    run_read_secrets_at,
    weigh,
)

if TYPE_CHECKING:
    from datetime import datetime

    from doctor.case import Case

check = Check(
    name="secrets",
    step=2,
    title="Secrets",
    evidence=SecretsEvidence,
    collected_by="doctor.collectors.secrets:look",
)

REQUIRED = (SERVICE_URLS, SERVICE_KEYS)
ANY_NAME_OF = {name: group for group in (*REQUIRED, (API_KEY,)) for name in group}
UPLOAD_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
# Given to every run by GitHub; nobody sets it.
AUTOMATIC = frozenset({"GITHUB_TOKEN"})
FUNCTION_REFUSES_KEY = ("function/key-rejected", "secrets/api-key-mismatch")


@check.must_see
def whether_they_are_set(seen: SecretsEvidence, case: Case) -> tuple[Unseen, ...]:
    """The names at every level, or the log's `env:` block with a value for each."""
    logged = [_logged(case, group[0]) for group in REQUIRED]
    in_log = all(one is not None and one.shown is not Shown.EMPTY for one in logged)
    if in_log or seen.all_levels_read():
        return ()
    return seen.unread()


def _gh_list(case: Case) -> str:
    return f"gh secret list{repo_flag(case)}"


def _gh_set(case: Case, name: str) -> Fix:
    return shell(
        f"Set {name} on GitHub (asks for the value)",
        f"gh secret set {quote(name)}{repo_flag(case)}",
    )


def _function_list(case: Case) -> str:
    return f"supabase secrets list{ref_flag(case)}"


def _logged(case: Case, name: str) -> Variable | None:
    """How the secret stood in the update step's `env:` block, under any of its names."""
    return case.log.variable(name, *ANY_NAME_OF.get(name, ())) if case.log else None


def _file(case: Case) -> WorkflowFile | None:
    file = case.workflow.file if case.workflow else None
    return file if isinstance(file, WorkflowFile) else None


def _wanted(case: Case) -> tuple[str, ...]:
    """The secrets that the pipeline's job names; without its file, the guide's."""
    file = _file(case)
    named = tuple(name for name in file.secrets if name.upper() not in AUTOMATIC) if file else ()
    return named or ("VITE_SUPABASE_URL", "VITE_SUPABASE_SERVICE_ROLE_KEY", API_KEY)


def _absent(seen: SecretsEvidence, name: str, case: Case) -> bool | None:
    """Whether GitHub has no such secret at any level; None where that cannot be told."""
    names = (name,) if _file(case) else ANY_NAME_OF.get(name, (name,))
    if any(seen.stored(one) for one in names):
        return False
    return True if seen.all_levels_read() else None


def _touches(case: Case, name: str) -> str:
    """What the pipeline needs a secret for: `key`, `service` (key or URL), `upload` or `other`."""
    upper = name.upper()
    if upper == API_KEY:
        return "key"
    if upper in (*SERVICE_KEYS, *SERVICE_URLS):
        return "service"
    return "upload" if upper in UPLOAD_KEYS else "other"


@check.cause("secrets/missing", breaks=BOTH_WRITES)
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
    absent, logged = _absent(seen, name, case), _logged(case, name)
    empty_in_log = logged is not None and logged.shown is Shown.EMPTY
    present_in_log = logged is not None and not empty_in_log
    if present_in_log or (absent is False) or (absent is None and not empty_in_log):
        return None
    evidence = (
        exhibit(
            "secrets on GitHub",
            "not listed" if absent else "may not be read",
            "GitHub API",
            _gh_list(case),
        ),
        *_env_line(case, logged),
    )
    summary = f"The secret {name} is not set on GitHub."
    use = _touches(case, name)
    if use == "key":
        return Found(
            summary=f"{summary} It is optional: the workflow then updates the row directly.",
            evidence=evidence,
            fixes=_new_api_key(case),
            breaks=(),
            severity=Severity.WARN,
            role=Role.CONTEXT,
        )
    return _missing_weight(case, use, empty_in_log=empty_in_log).found(
        summary, evidence, (_gh_set(case, name),)
    )


def _missing_weight(case: Case, use: str, *, empty_in_log: bool) -> Weight:
    if use == "service":
        then = database_then(case, "secrets/missing", "secrets/empty")
        if empty_in_log:
            # The run had no value: whatever the update tried could not work.
            then = {link: True if shown is None else shown for link, shown in then.items()}
        weight = weigh(then, now=True, case=case)
    else:
        needed = case.log is not None and bool(case.log.upload_errors or case.log.failed_step)
        # The next upload cannot do without; of other secrets nobody knows what they are for.
        needed = needed or (case.is_preflight and use == "upload")
        weight = weigh(
            {Link.FILE_UPLOADED: None if needed else False}, now=empty_in_log or needed, case=case
        )
    aside = Weight(breaks=(), role=Role.CONTEXT, severity=Severity.WARN)
    return weight or (replace(aside, remark="") if case.is_preflight else aside)


def _env_line(case: Case, logged: Variable | None) -> tuple[Exhibit, ...]:
    if logged is None:
        return ()
    value = "***" if logged.shown is Shown.MASKED else logged.shown
    return (
        exhibit(f"{logged.name} in the log's env: block", value, "workflow log", log_command(case)),
    )


def _new_api_key(case: Case) -> tuple[Fix, ...]:
    return (
        shell(
            "Make one key and set it on both sides",
            "KEY=$(openssl rand -hex 32)\n"
            f'printf %s "$KEY" | gh secret set {API_KEY}{repo_flag(case)}\n'
            f'supabase secrets set {API_KEY}="$KEY"{ref_flag(case)} --yes',
        ),
    )


@check.cause("secrets/empty", breaks=BOTH_WRITES)
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
    logged = _logged(case, name)
    if logged is None or logged.shown is not Shown.EMPTY or _absent(seen, name, case) is not False:
        return None
    stored, use = seen.stored(name), _touches(case, name)
    read_at = run_read_secrets_at(case)
    if stored and stored.updated_at and read_at and stored.updated_at > read_at:
        state, healed = (
            f"was empty or missing in this run; it was set later, {rfc3339(stored.updated_at)}",
            True,
        )
    else:
        state, healed = "is set on GitHub but was empty in this run", False
    if use == "key":
        return Found(
            summary=f"{name} {state}. It is optional: the workflow then updates the row directly.",
            evidence=_env_line(case, logged),
            breaks=(),
            severity=Severity.WARN,
            role=Role.CONTEXT,
        )
    if use == "service":
        then = database_then(case, "secrets/missing", "secrets/empty")
        then = {link: True if shown is None else shown for link, shown in then.items()}
    else:
        failed_before = case.log is not None and bool(
            case.log.upload_errors or case.log.failed_step
        )
        then = {Link.FILE_UPLOADED: bool(failed_before)}
    weight = weigh(then, now=not healed, case=case)
    if weight is None:
        return None
    return weight.found(f"{name} {state}.", _env_line(case, logged), (_gh_set(case, name),))


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
            (
                exhibit(
                    "digest", "that of the empty string", "Management API", _function_list(case)
                ),
            ),
            _new_api_key(case),
        )
    ]


@check.cause("secrets/whitespace", breaks=BOTH_WRITES, yields_to=("function/not-deployed",))
def whitespace(seen: SecretsEvidence, case: Case) -> list[Found]:
    """A secret has blanks or a newline before or after it.

    Detected: in the log's `env:` block `***` is followed by an empty line (a trailing newline); the
    given key has surrounding blanks; or the function's digest fits the key plus or minus a newline.
    Cause: it was pasted with its line end, or set by `echo` instead of `printf`.
    Fix: set it again without.
    By hand: `printf %s "$KEY" | xxd | tail -1` before setting it.
    Source: GitHub, secrets; community reports of trailing newlines.
    """
    found = [_service_key_whitespace(seen, case), _function_key_whitespace(seen, case)]
    return [one for one in found if one]


def _newline_in_log(case: Case, *names: str) -> Variable | None:
    variable = case.log.variable(*names) if case.log else None
    return variable if variable and variable.shown is Shown.MASKED_THEN_NEWLINE else None


def _clean_in_log(case: Case, *names: str) -> bool:
    """The run's own log shows that the pipeline's secret has no newline: the doctor's copy has."""
    variable = case.log.variable(*names) if case.log else None
    return variable is not None and variable.shown is Shown.MASKED


def _service_key_whitespace(seen: SecretsEvidence, case: Case) -> Found | None:
    logged = _newline_in_log(case, *SERVICE_KEYS, *SERVICE_URLS)
    given = (
        isinstance(seen.service_key, ServiceKey) and seen.service_key.surrounding_whitespace
    ) or (isinstance(seen.url, SupabaseUrl) and seen.url.surrounding_whitespace)
    if not logged and not given:
        return None
    name = logged.name if logged else _key_name(seen)
    if not logged and (_clean_in_log(case, *SERVICE_KEYS) or pipeline_key_worked(case)):
        return _own_copy(f"{name}, as the doctor was given it, has blanks or a newline around it.")
    codes = ("secrets/whitespace", "secrets/revoked", "secrets/bad-url", "secrets/missing")
    weight = weigh(database_then(case, *codes), now=True, case=case)
    if weight is None:
        return None
    return weight.found(
        f"{name} has blanks or a newline around it.",
        _env_line(case, logged),
        (_gh_set(case, name),),
    )


def _key_name(seen: SecretsEvidence) -> str:
    return seen.service_key.setting if isinstance(seen.service_key, ServiceKey) else SERVICE_KEYS[0]


def _own_copy(summary: str) -> Found:
    """The doctor's own copy of a key is bad: worth a warning, never a cause."""
    return Found(
        summary=f"{summary} The pipeline's own works, as the log shows.",
        breaks=(),
        severity=Severity.WARN,
        role=Role.CONTEXT,
    )


def _function_key_whitespace(seen: SecretsEvidence, case: Case) -> Found | None:
    key = seen.function_key if isinstance(seen.function_key, FunctionKey) else None
    logged = _newline_in_log(case, API_KEY)
    unequal = key is not None and key.match is KeyMatch.EQUAL_BUT_FOR_WHITESPACE
    given = key is not None and key.surrounding_whitespace and not _clean_in_log(case, API_KEY)
    if not logged and not unequal and not given:
        return None
    side = "the function's" if key and key.function_side_whitespace else "the caller's"
    if not logged and function_key_worked(case):
        return _own_copy(f"{API_KEY} has blanks or a newline around it ({side}).")
    codes = (*FUNCTION_REFUSES_KEY, "function/rejected", "function/jwt-gate", "secrets/revoked")
    weight = weigh(function_then(case, *codes), now=True, case=case)
    if weight is None:
        return None
    return weight.found(
        f"{API_KEY} has blanks or a newline around it ({side}), so the two sides differ.",
        (
            *_env_line(case, logged),
            exhibit(
                "digests",
                "equal but for surrounding whitespace" if unequal else "not compared",
                "Management API",
                _function_list(case),
            ),
        ),
        _new_api_key(case),
    )


@check.cause("secrets/bad-url", breaks=BOTH_WRITES)
def bad_url(seen: SecretsEvidence, case: Case) -> Found | None:
    """The Supabase URL is no base URL of a project.

    Detected: the given URL has a path, names the dashboard, or cannot be a host; the log shows that
    nothing answered there, or another service did.
    Cause: the dashboard's address or an API path was pasted instead of the project URL.
    Fix: set it to `https://<project-ref>.supabase.co`, without a path.
    By hand: Supabase → Project Settings → Data API → Project URL.
    Source: guide, step 2.
    """
    url = seen.url if isinstance(seen.url, SupabaseUrl) else None
    logged = case.log.variable(*SERVICE_URLS) if case.log else None
    problem = url.problem if url else None
    unreached = {function_call(case).outcome, fallback_call(case).outcome} & {Outcome.UNREACHABLE}
    malformed = "URL" in " ".join(
        (*function_call(case).lines, *fallback_call(case).lines)
    ) and bool(unreached)
    if not problem:
        return None
    if pipeline_key_worked(case) or function_key_worked(case):
        return _own_copy(f"{url.setting if url else 'The URL'} {problem}.")
    then: dict[Link, bool | None] = database_then(case, "secrets/bad-url", "function/unreachable")
    if unreached and malformed:
        then = {link: True if shown is None else shown for link, shown in then.items()}
    weight = weigh(then, now=True, case=case)
    if weight is None or url is None:
        return None
    return weight.found(
        f"{url.setting} {problem}.",
        (exhibit("URL", url.value, "settings", None), *_env_line(case, logged)),
        (
            setting(
                "Set the project URL",
                "VITE_SUPABASE_URL (GitHub → Settings → Secrets and variables → Actions) must be "
                "https://<project-ref>.supabase.co, without a path.",
            ),
        ),
    )


def _service_key(seen: SecretsEvidence) -> ServiceKey | None:
    return seen.service_key if isinstance(seen.service_key, ServiceKey) else None


@check.cause("secrets/wrong-role", breaks=BOTH_WRITES)
def wrong_role(seen: SecretsEvidence, case: Case) -> Found | None:
    """The key in the service-role key's place is another one: anon, publishable, an access token.

    Detected: the key's own claim says another role than service_role, or its prefix says that it
    is a publishable key or an access token.
    Cause: the wrong line of the API settings page was copied.
    Fix: set the service-role (or secret) key.
    By hand: decode the middle part of the JWT: `cut -d. -f2 | base64 -d`.
    Source: guide, step 1, "check SUPABASE_SERVICE_ROLE_KEY secret"; Supabase, API keys.
    """
    key = _service_key(seen)
    if key is None or not _is_wrong(key):
        return None
    held = f"a key of the role {key.role!r}" if key.role else f"a {key.kind}"
    codes = ("secrets/wrong-role", "rls/update-blocked", "rls/no-grant", "secrets/revoked")
    weight = weigh(database_then(case, *codes, silent=True), now=True, case=case)
    if weight is None:
        return None
    return weight.found(
        f"{key.setting} holds {held}, not the service-role key.",
        (
            exhibit("key", held, f"the key's own shape, {key.setting}", None),
            *log_lines(case, "answer to the update", fallback_call(case)),
        ),
        (_gh_set(case, key.setting),),
    )


def _is_wrong(key: ServiceKey) -> bool:
    if key.kind is KeyKind.LEGACY_JWT:
        return key.role is not None and key.role != "service_role"
    return key.kind in (KeyKind.PUBLISHABLE, KeyKind.MANAGEMENT_TOKEN)


@check.cause("secrets/expired", breaks=BOTH_WRITES)
def expired(seen: SecretsEvidence, case: Case) -> Found | None:
    """The service-role key has expired.

    Detected: the JWT's own `exp` is past, or the answer in the log says `JWT expired`.
    Cause: a key with a short life (a self-signed one); legacy keys live for ten years.
    Fix: set the project's current key.
    By hand: decode the middle part of the JWT and read `exp`.
    Source: PostgREST errors, PGRST303.
    """
    key = _service_key(seen)
    now = None if key is None or key.expires_at is None else key.expires_at <= case.now
    then = database_then(case, "secrets/expired", "secrets/revoked")
    weight = weigh(then, now=now, since=key.expires_at if key else None, case=case)
    if weight is None or (now is not True and not _says(case, "secrets/expired")):
        return None
    ended = f" on {rfc3339(key.expires_at)}" if key and key.expires_at and now else ""
    return weight.found(
        f"The service-role key has expired{ended}.",
        (
            exhibit("exp", key.expires_at if key else None, "the key's own claims", None),
            *log_lines(case, "answer to the update", fallback_call(case)),
        ),
        (_gh_set(case, key.setting if key else "VITE_SUPABASE_SERVICE_ROLE_KEY"),),
    )


def _says(case: Case, code: str) -> bool:
    """Whether the log proves that very code at one of the two writes."""
    return True in database_then(case, code).values()


@check.cause(
    "secrets/revoked",
    breaks=BOTH_WRITES,
    yields_to=(
        "secrets/project-mismatch",
        "secrets/expired",
        "secrets/wrong-role",
        "secrets/whitespace",
        "secrets/missing",
        "secrets/empty",
    ),
)
def revoked(seen: SecretsEvidence, case: Case) -> Found | None:
    """The platform refuses the service-role key: it was rotated, or legacy keys were turned off.

    Detected: the Data API answers "Invalid API key" or "Legacy API keys are disabled" (or that the
    JWT's signature does not fit): in the log, or now. Where the log shows that the pipeline's key
    worked, a refused key is the doctor's own.
    Cause: the key was rotated or deleted, or legacy keys were disabled; the function's own injected
    service-role key is then a dead one too.
    Fix: set a current secret key on GitHub, and let the function use one; or enable legacy keys again.
    By hand: ask the Data API for the row with the key.
    Source: Supabase, API keys.
    """
    key, api = _service_key(seen), case.row.api if case.row else None
    answer = None if api is None or isinstance(api, Unseen) else api
    now: bool | None = None
    if answer is not None:
        now = answer.status == 401 and (answer.gateway or (answer.code or "").startswith("PGRST30"))
    if now is not True and not isinstance(seen.project_keys, Unseen):
        dead = seen.project_keys.legacy_enabled is False and key and key.kind is KeyKind.LEGACY_JWT
        now = True if dead or seen.project_keys.service_key_listed is False else now
    if now and pipeline_key_worked(case) and not _says(case, "secrets/revoked"):
        return _own_copy(f"The platform refuses {key.setting if key else 'the service key'}.")
    weight = weigh(database_then(case, "secrets/revoked"), now=now, case=case)
    if weight is None:
        return None
    legacy = _legacy_off(seen, case)
    name = key.setting if key else "VITE_SUPABASE_SERVICE_ROLE_KEY"
    why = (
        "legacy API keys are disabled"
        if legacy
        else "it was rotated or deleted, or belongs elsewhere"
    )
    return weight.found(
        f"Supabase refuses the service-role key: {why}.",
        (
            exhibit(
                "Data API now",
                f"HTTP {answer.status} {answer.message}" if answer else "not asked",
                "Data API",
                None,
            ),
            *log_lines(case, "answer of the function", function_call(case)),
            *log_lines(case, "answer to the update", fallback_call(case)),
        ),
        (
            _gh_set(case, name),
            *(
                (
                    manual(
                        "Let the function use a current key too",
                        "The SUPABASE_SERVICE_ROLE_KEY that the platform injects is the dead legacy "
                        "key: read the secret key from SUPABASE_SECRET_KEYS in the function, or enable "
                        "the legacy keys again (Supabase → Project Settings → API Keys).",
                    ),
                )
                if legacy
                else ()
            ),
        ),
    )


def _legacy_off(seen: SecretsEvidence, case: Case) -> bool:
    if not isinstance(seen.project_keys, Unseen) and seen.project_keys.legacy_enabled is False:
        return True
    api = case.row.api if case.row else None
    said = "" if api is None or isinstance(api, Unseen) else api.message
    texts = (said, function_call(case).body, fallback_call(case).body)
    return any("legacy api keys are disabled" in text.lower() for text in texts)


@check.cause("secrets/project-mismatch", breaks=BOTH_WRITES)
def project_mismatch(seen: SecretsEvidence, case: Case) -> Found | None:
    """The service-role key belongs to another project than the URL.

    Detected: the key's own `ref` claim differs from the URL's project.
    Cause: staging and production were mixed up.
    Fix: take both from the same project.
    By hand: decode the middle part of the JWT and compare `ref` with the URL's host.
    Source: Supabase, API keys.
    """
    key = _service_key(seen)
    url_ref = seen.url.ref if isinstance(seen.url, SupabaseUrl) else None
    project = url_ref or seen.project_ref
    if key is None or not key.ref or not project or key.ref == project:
        return None
    if pipeline_key_worked(case):
        return _own_copy(f"{key.setting} belongs to the project {key.ref}, the URL to {project}.")
    codes = ("secrets/project-mismatch", "secrets/revoked", "secrets/missing")
    weight = weigh(database_then(case, *codes), now=True, case=case)
    if weight is None:
        return None
    return weight.found(
        f"The service-role key belongs to the project {key.ref}, the URL to {project}.",
        (
            exhibit("ref in the key", key.ref, "the key's own claims", None),
            exhibit("project of the URL", project, "settings", None),
        ),
        (_gh_set(case, key.setting),),
    )


@check.cause(
    "secrets/api-key-mismatch",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=(
        "secrets/function-secret-missing",
        "secrets/whitespace",
        "secrets/empty",
        "function/not-deployed",
        "function/jwt-gate",
        "function/project-paused",
    ),
)
def api_key_mismatch(seen: SecretsEvidence, case: Case) -> Found | None:
    """The caller's BACKUP_API_KEY and the function's differ.

    Detected: the digest of the given key is not the one that the Management API lists for the
    function, where the digest was calibrated on a secret of known value.
    Cause: one side was rotated and the other was not.
    Fix: set the same key on both sides.
    By hand: compare `printf %s "$BACKUP_API_KEY" | sha256sum` with `supabase secrets list`.
    Source: guide, step 1, "Edge function call failed (HTTP 401)".
    """
    key = seen.function_key if isinstance(seen.function_key, FunctionKey) else None
    if key is None or key.match is not KeyMatch.DIFFERENT:
        return None
    if function_key_worked(case):
        return _own_copy(f"{key.setting}, as the doctor was given it, is not the function's.")
    since = _changed_since(seen, case)
    weight = weigh(
        function_then(case, *FUNCTION_REFUSES_KEY, "function/rejected"),
        now=True,
        since=since,
        case=case,
    )
    if weight is None:
        return None
    return weight.found(
        f"GitHub's {API_KEY} and the function's differ.",
        (
            exhibit("SHA-256 of the two", "different", "Management API", _function_list(case)),
            *log_lines(case, "answer of the function", function_call(case)),
        ),
        _new_api_key(case),
    )


def _changed_since(seen: SecretsEvidence, case: Case) -> datetime | None:
    """When the present state began: the later change of the two sides."""
    function_side = None
    if not isinstance(seen.function_secrets, Unseen):
        function_side = next(
            (one.updated_at for one in seen.function_secrets if one.name == API_KEY), None
        )
    stored = seen.stored(API_KEY)
    times = [time for time in (function_side, stored.updated_at if stored else None) if time]
    # A refusal in the log says that they differed then as well, whichever side changed since.
    in_log = "function/key-rejected" in function_meaning_codes(case)
    return None if in_log else max(times, default=None)


def function_meaning_codes(case: Case) -> tuple[str, ...]:
    """What the log's answer of the function can mean, as codes."""
    from doctor.story import function_said

    return function_said(case).codes


@check.cause(
    "secrets/function-secret-missing",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=("function/not-deployed", "function/jwt-gate", "function/project-paused"),
)
def function_secret_missing(seen: SecretsEvidence, case: Case) -> Found | None:
    """The function has no BACKUP_API_KEY: it refuses every caller.

    Detected: the Management API's list of the function's secrets does not have the name, and the
    function refuses the key.
    Cause: the key was set on GitHub only.
    Fix: set it for the function too; no redeploy is needed.
    By hand: `supabase secrets list`.
    Source: guide, Solution 2.
    """
    if isinstance(seen.function_secrets, Unseen):
        return None
    if any(secret.name == API_KEY for secret in seen.function_secrets):
        return None
    if function_key_worked(case) and function_call(case).outcome is Outcome.OK:
        return None
    codes = (
        *FUNCTION_REFUSES_KEY,
        "function/server-error",
        "function/rejected",
        "function/boot-error",
    )
    weight = weigh(function_then(case, *codes), now=True, case=case)
    if weight is None:
        return None
    return weight.found(
        f"The function has no secret {API_KEY}.",
        (
            exhibit(
                "the function's secrets",
                [secret.name for secret in seen.function_secrets],
                "Management API",
                _function_list(case),
            ),
            *log_lines(case, "answer of the function", function_call(case)),
        ),
        (
            shell(
                "Set it for the function (the same value as on GitHub)",
                f'supabase secrets set {API_KEY}="$BACKUP_API_KEY"{ref_flag(case)} --yes',
            ),
        ),
    )


@check.context("secrets/public-prefix")
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
    file = _file(case)
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


@check.warning("secrets/printed")
def printed(seen: SecretsEvidence, case: Case) -> Found | None:
    """A step prints a secret into the log.

    Detected: the workflow file or the log has a line that expands a secret into output, such as
    the guide's own debug line with `:-NO`, which prints the key when it is set.
    Cause: a debug line that was meant to print YES or NO.
    Fix: use `[ -n "$BACKUP_API_KEY" ] && echo set`, and rotate the key if the log is not masked.
    By hand: search the workflow for `echo` with a secret.
    Source: guide, "Debugging Workflow Step".
    """
    names = case.log.prints_secret if case.log else ()
    if not names:
        return None
    return Found(
        summary=f"A step prints {listed(names)} into the log.",
        evidence=(exhibit("printed", list(names), "workflow log", log_command(case)),),
        fixes=(
            manual(
                "Print whether it is set, never the value",
                '[ -n "$BACKUP_API_KEY" ] && echo "BACKUP_API_KEY is set" || echo "BACKUP_API_KEY is not set"',
            ),
        ),
    )
