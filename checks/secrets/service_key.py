"""Whether the service-role key can work: its role, its age, its project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checks.secrets.view import (
    own_copy,
    set_on_github,
)
from doctor.chain import Link
from doctor.evidence.base import Unseen
from doctor.evidence.rls import Proof, Reach
from doctor.evidence.secrets import (
    KeyKind,
    SecretsEvidence,
    ServiceKey,
    SupabaseUrl,
)
from doctor.framework import Found, Rules
from doctor.show import (
    exhibit,
    log_lines,
    manual,
    rfc3339,
)
from doctor.story import (
    API_KEY,
    BOTH_WRITES,
    aside,
    database_then,
    fallback_call,
    function_call,
    function_told,
    pipeline_key_worked,
    service_key_then,
    weigh,
)

if TYPE_CHECKING:
    from doctor.case import Case
    from doctor.model import Exhibit


FORBIDDEN = 403

rules = Rules[SecretsEvidence]()


def _service_key(seen: SecretsEvidence) -> ServiceKey | None:
    return seen.service_key if isinstance(seen.service_key, ServiceKey) else None


@rules.cause("secrets/wrong-role", breaks=BOTH_WRITES)
def wrong_role(seen: SecretsEvidence, case: Case) -> Found | None:
    """The key in the service-role key's place is another one: anon, publishable, an access token.

    Detected: the key's own claim says another role than service_role, or its prefix says that it
    is a publishable key or an access token. Where PostgreSQL lets that role make the update all the
    same, it is a warning.
    Cause: the wrong line of the API settings page was copied.
    Fix: set the service-role (or secret) key.
    By hand: decode the middle part of the JWT: `cut -d. -f2 | base64 -d`.
    Source: guide, step 1, "check SUPABASE_SERVICE_ROLE_KEY secret"; Supabase, API keys.
    """
    key = _service_key(seen)
    if key is None or not _is_wrong(key):
        return None
    if key.role == "anon" and fallback_call(case).status == FORBIDDEN:
        # PostgREST answers 401 to anon: the pipeline's key has another role.
        return own_copy(f"{key.setting}, as the doctor was given it, is no service-role key.")
    held = f"a key of the role {key.role!r}" if key.role else f"a {key.kind}"
    codes = ("secrets/wrong-role", "rls/update-blocked", "rls/no-grant", "secrets/revoked")
    allowed = _may_write(case)
    weight = weigh(service_key_then(case, *codes, silent=True), now=not allowed, case=case)
    if pipeline_key_worked(case) and (weight is None or not weight.is_cause):
        return own_copy(f"{key.setting} holds {held}, not the service-role key.")
    return (weight or aside(case)).found(
        f"{key.setting} holds {held}, not the service-role key.",
        (
            exhibit("key", held, f"the key's own shape, {key.setting}", None),
            *_reach_of_key(case),
            *log_lines(case, "answer to the update", fallback_call(case)),
        ),
        (set_on_github(case, key.setting),),
    )


def _key_proof(case: Case) -> Proof | None:
    proof = case.rls.key_proof if case.rls else None
    return proof if isinstance(proof, Proof) else None


def _may_write(case: Case) -> bool:
    """Whether PostgreSQL lets the key's own role make the update all the same."""
    proof = _key_proof(case)
    return (
        proof is not None
        and proof.strong
        and proof.reach is Reach.NO_OBSTACLE
        and proof.row_visible is not False
        and proof.new_row_allowed is not False
    )


def _reach_of_key(case: Case) -> tuple[Exhibit, ...]:
    proof = _key_proof(case)
    if proof is None:
        return ()
    said = f"{proof.reach}: {proof.message}" if proof.message else str(proof.reach)
    return (exhibit(f"UPDATE as {proof.role}", said, "database, EXPLAIN as that role", None),)


def _is_wrong(key: ServiceKey) -> bool:
    if key.kind is KeyKind.LEGACY_JWT:
        return key.role is not None and key.role != "service_role"
    return key.kind in (KeyKind.PUBLISHABLE, KeyKind.MANAGEMENT_TOKEN)


@rules.cause("secrets/expired", breaks=BOTH_WRITES)
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
    then = service_key_then(case, "secrets/expired", "secrets/revoked")
    if _stood_in_for_api_key(case) and then[Link.FALLBACK_UPDATES]:
        then[Link.FUNCTION_UPDATES] = True
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
        (set_on_github(case, key.setting if key else "VITE_SUPABASE_SERVICE_ROLE_KEY"),),
    )


def _stood_in_for_api_key(case: Case) -> bool:
    """Whether a step without a BACKUP_API_KEY sent a JWT to the function, which the gateway refused."""
    log, call = case.log, function_call(case)
    if log is None or not log.variables or log.variable(API_KEY) is not None:
        return False
    return "UNAUTHORIZED_LEGACY_JWT" in call.body + "".join(call.lines)


def _says(case: Case, code: str) -> bool:
    """Whether the log proves that very code at one of the two writes."""
    return True in database_then(case, code).values()


@rules.cause(
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
        return own_copy(f"The platform refuses {key.setting if key else 'the service key'}.")
    legacy = _legacy_off(seen, case)
    # A key that was rotated is GitHub's alone; legacy keys that are off are the function's too.
    then = database_then if legacy else service_key_then
    weight = weigh(then(case, "secrets/revoked"), now=now, case=case)
    functions_alone = weight is not None and weight.breaks == (Link.FUNCTION_UPDATES,)
    if functions_alone and now is False and not _legacy_on(seen):
        # The key that was tried is GitHub's, not the function's.
        weight = weigh(then(case, "secrets/revoked"), now=None, case=case)
    if weight is None:
        return None
    name = key.setting if key else "VITE_SUPABASE_SERVICE_ROLE_KEY"
    why = (
        "legacy API keys are disabled"
        if legacy
        else "it was rotated or deleted, or belongs elsewhere"
    )
    whose = " that the function itself uses" if functions_alone else ""
    return weight.found(
        f"Supabase refuses the service-role key{whose}: {why}.",
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
            *(() if functions_alone else (set_on_github(case, name),)),
            *((_FUNCTIONS_KEY,) if legacy or functions_alone else ()),
        ),
    )


_FUNCTIONS_KEY = manual(
    "Let the function use a current key",
    "The SUPABASE_SERVICE_ROLE_KEY that the platform injects is a legacy key, and dead once those are "
    "off: read the secret key from SUPABASE_SECRET_KEYS in the function, or enable the legacy keys "
    "again (Supabase → Project Settings → API Keys). A key that the function has from elsewhere: set "
    "the current one.",
)


def _legacy_on(seen: SecretsEvidence) -> bool:
    return not isinstance(seen.project_keys, Unseen) and bool(seen.project_keys.legacy_enabled)


def _legacy_off(seen: SecretsEvidence, case: Case) -> bool:
    if not isinstance(seen.project_keys, Unseen) and seen.project_keys.legacy_enabled is False:
        return True
    api = case.row.api if case.row else None
    said = "" if api is None or isinstance(api, Unseen) else api.message
    texts = (said, function_told(case), fallback_call(case).body)
    return any("legacy api keys are disabled" in text.lower() for text in texts)


@rules.cause("secrets/project-mismatch", breaks=BOTH_WRITES)
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
        return own_copy(f"{key.setting} belongs to the project {key.ref}, the URL to {project}.")
    codes = ("secrets/project-mismatch", "secrets/revoked", "secrets/missing")
    weight = weigh(service_key_then(case, *codes), now=True, case=case)
    if weight is None:
        return None
    return weight.found(
        f"The service-role key belongs to the project {key.ref}, the URL to {project}.",
        (
            exhibit("ref in the key", key.ref, "the key's own claims", None),
            exhibit("project of the URL", project, "settings", None),
        ),
        (set_on_github(case, key.setting),),
    )
