"""Whether the platform takes the service-role key: its age, its state, its project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.secrets.other_project import other_project
from backup_doctor.checks.secrets.view import own_copy, service_key_of, set_right_key
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.secrets import KeyKind, SecretsEvidence, SupabaseUrl
from backup_doctor.judge.advice import set_on_github
from backup_doctor.judge.framework import Found, Resolved, Rules
from backup_doctor.judge.history import (
    BOTH_WRITES,
    began_after_failure,
    database_then,
    fallback_call,
    function_call,
    pipeline_key_worked,
    service_key_then,
    weigh,
)
from backup_doctor.judge.history.calls import answers_told, logged_for, said_beyond
from backup_doctor.judge.history.last_run import refused_last_time
from backup_doctor.judge.history.secret_names import called, opening
from backup_doctor.judge.history.since import as_stored, key_works
from backup_doctor.judge.show import either, exhibit, log_lines, manual, rfc3339
from backup_doctor.judge.traits import Trait
from backup_doctor.services.meaning import seen_answer
from backup_doctor.services.secret_uses import Use

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix
    from backup_doctor.evidence.secrets import ServiceKey


LEGACY_DISABLED = "legacy api keys are disabled"
UNTOLD = "it was rotated or deleted, not copied whole, or belongs elsewhere"

rules = Rules[SecretsEvidence]()


@rules.cause(
    "secrets/expired",
    breaks=BOTH_WRITES,
    traits=(Trait.HIDES_ROW, Trait.FAILS_LOOK_UP, Trait.NAMED_BY_STEP),
)
def expired(seen: SecretsEvidence, case: Case) -> Found | None:
    """The service-role key has expired.

    Detected: the JWT's own `exp` is past, or the answer in the log says `JWT expired`.
    Cause: a key with a short life (a self-signed one); legacy keys live for ten years.
    Fix: set the project's current key.
    By hand: decode the middle part of the JWT and read `exp`.
    Source: PostgREST errors, PGRST303.
    """
    key = service_key_of(seen)
    # That the doctor's own copy is still good says nothing of one that the log shows to be refused.
    now = True if key and key.expires_at and key.expires_at <= case.now else None
    # One that was still good when it was refused was refused for something else.
    later = began_after_failure(case, key.expires_at if key else None)
    then = service_key_then(case, "secrets/expired", *(() if later else ("secrets/revoked",)))
    if _stood_in_for_api_key(case) and then[Link.FALLBACK_UPDATES]:
        then[Link.FUNCTION_UPDATES] = True
    weight = weigh(then, now=now, since=key.expires_at if key else None, case=case)
    if weight is None or (now is not True and not _says(case, "secrets/expired")):
        return None
    dated = now and not (later and weight.is_cause)
    ended = f" on {rfc3339(key.expires_at)}" if key and key.expires_at and dated else ""
    return weight.found(
        f"{opening(case, Use.SERVICE_KEY)} expired{ended}.",
        (
            exhibit(
                "exp", key.expires_at if key else None, "the claims of the doctor's copy", None
            ),
            *as_stored(case, Use.SERVICE_KEY),
            *log_lines(case, "answer to the update", fallback_call(case)),
        ),
        (set_on_github(case, Use.SERVICE_KEY, "the project's current key"),),
        resolved=key_works(case, Use.SERVICE_KEY),
    )


def _stood_in_for_api_key(case: Case) -> bool:
    """Whether a step without a BACKUP_API_KEY sent a JWT to the function, which the gateway refused."""
    log, call = case.log, function_call(case)
    if log is None or not log.variables or logged_for(case, Use.FUNCTION_KEY) is not None:
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
    traits=(Trait.HIDES_ROW, Trait.FAILS_LOOK_UP, Trait.NAMED_BY_STEP),
)
def revoked(seen: SecretsEvidence, case: Case) -> Found | None:
    """The platform refuses the service-role key: it was rotated, or legacy keys were turned off.

    Detected: the Data API answers "Invalid API key" or "Legacy API keys are disabled" (or that the
    JWT's signature does not fit): in the log, or now; in `preflight` also in the log of the last
    run, unless GitHub shows that the secret was set since. If the log shows that the pipeline's key
    worked, a refused key is the doctor's own.
    Cause: the key was rotated or deleted, or stored with something around it (quotes, `Bearer`, its
    name); or legacy keys were disabled: the function's own injected service-role key is then a dead
    one too.
    Fix: set a current secret key on GitHub, and let the function use one; or enable legacy keys again.
    By hand: ask the Data API for the row with the key.
    Source: Supabase, API keys.
    """
    key, api = service_key_of(seen), case.row.api if case.row else None
    answer = None if api is None or isinstance(api, Unseen) else api
    now = _is_refused(seen, case)
    if now and pipeline_key_worked(case) and not _says(case, "secrets/revoked"):
        return own_copy(f"The platform refuses {key.setting if key else 'the service key'}.")
    legacy = _legacy_off(seen, case)
    # A key that was rotated is GitHub's alone; legacy keys that are off are the function's too.
    then = database_then if legacy else service_key_then
    weight = weigh(then(case, "secrets/revoked"), now=now, case=case)
    if weight is None:
        return _refused_before(case)
    functions_alone = weight.breaks == (Link.FUNCTION_UPDATES,)
    resolved = _accepted_again(seen, case, functions_alone=functions_alone)
    over = weight.is_over(resolved)
    why = (
        f"legacy API keys {'were' if over else 'are'} disabled"
        if legacy
        else _flaw(key, now=now) or said_beyond(case, "secrets/revoked") or UNTOLD
    )
    whose = (
        "the key that the function itself uses"
        if functions_alone
        else called(case, Use.SERVICE_KEY)
    )
    return weight.found(
        f"Supabase {'refused' if over else 'refuses'} {whose}: {why}.",
        (
            exhibit(
                "Data API now, with the doctor's copy",
                f"HTTP {answer.status} {answer.message}".strip() if answer else "not asked",
                "Data API",
                None,
            ),
            *as_stored(case, Use.SERVICE_KEY),
            *log_lines(case, "answer of the function", function_call(case)),
            *log_lines(case, "answer to the update", fallback_call(case)),
        ),
        _new_keys(case, legacy=legacy, functions_alone=functions_alone),
        resolved=resolved,
    )


def _refused_before(case: Case) -> Found | None:
    """The doctor's copy is accepted or was not tried; the last run's log tells of the pipeline's own."""
    last = refused_last_time(case, Use.SERVICE_KEY, "secrets/revoked")
    if last is None:
        return None
    return last.found(
        f"Supabase refuses {called(case, Use.SERVICE_KEY)}: {UNTOLD}.",
        as_stored(case, Use.SERVICE_KEY),
        (set_right_key(case),),
        BOTH_WRITES if last.at_look_up else (Link.FALLBACK_UPDATES,),
    )


def _flaw(key: ServiceKey | None, *, now: bool | None) -> str:
    """What is wrong with its form: the doctor's own copy shows that, where it is refused as well."""
    return f"it {key.flaw}" if now and key and key.flaw else ""


def _is_refused(seen: SecretsEvidence, case: Case) -> bool | None:
    """Whether the platform refuses the doctor's copy now; what it answers outranks what it lists."""
    key, api = service_key_of(seen), case.row.api if case.row else None
    if api is not None and not isinstance(api, Unseen):
        said = api.gateway or api.code
        return True if said and seen_answer(api).means[:1] == ("secrets/revoked",) else None
    if isinstance(seen.project_keys, Unseen):
        return None
    off = seen.project_keys.legacy_enabled is False and key and key.kind is KeyKind.LEGACY_JWT
    return True if off or seen.project_keys.service_key_listed is False else None


def _accepted_again(seen: SecretsEvidence, case: Case, *, functions_alone: bool) -> Resolved | None:
    """The legacy keys are on again, where they were off; or GitHub has another key since."""
    said = " ".join(answers_told(case)).lower()
    if LEGACY_DISABLED in said and _legacy_on(seen):
        return Resolved(by="the Management API says that legacy API keys are enabled again")
    return None if functions_alone else key_works(case, Use.SERVICE_KEY)


def _new_keys(case: Case, *, legacy: bool, functions_alone: bool) -> tuple[Fix, ...]:
    """A current key for whoever was refused; legacy keys that are off may also be enabled again."""
    own = manual(
        "Let the function use a current key (unless the legacy keys are on again)"
        if legacy
        else "Let the function use a current key",
        "Read the secret key from SUPABASE_SECRET_KEYS in the function: the "
        "SUPABASE_SERVICE_ROLE_KEY that the platform injects is a legacy key. A key that the function "
        "has from elsewhere: set the current one.",
    )
    again = manual(
        "Enable the legacy API keys again",
        "Supabase → Project Settings → API Keys → Legacy API keys.",
    )
    if functions_alone:
        return either(own, again) if legacy else (own,)
    return (*either(set_right_key(case), again), own) if legacy else (set_right_key(case),)


def _legacy_on(seen: SecretsEvidence) -> bool:
    return not isinstance(seen.project_keys, Unseen) and bool(seen.project_keys.legacy_enabled)


def _legacy_off(seen: SecretsEvidence, case: Case) -> bool:
    """Whether a legacy key is refused: by its own words; or they are off, and the given key is one.

    That they are off tells nothing of a secret key, which a project has that gave up the others.
    """
    api = case.row.api if case.row else None
    said = "" if api is None or isinstance(api, Unseen) else api.message
    if any(LEGACY_DISABLED in text.lower() for text in (said, *answers_told(case))):
        return True
    key, keys = service_key_of(seen), seen.project_keys
    off = not isinstance(keys, Unseen) and keys.legacy_enabled is False
    return off and key is not None and key.kind is KeyKind.LEGACY_JWT


@rules.cause(
    "secrets/project-mismatch",
    breaks=BOTH_WRITES,
    traits=(Trait.HIDES_ROW, Trait.FAILS_LOOK_UP, Trait.NAMED_BY_STEP),
)
def project_mismatch(seen: SecretsEvidence, case: Case) -> Found | None:
    """The service-role key belongs to another project than the URL, or the URL to another than the row.

    Detected: the key's own `ref` claim differs from the URL's project; or the run's log shows the
    address of another project than the one in which the row waits.
    Cause: staging and production were mixed up.
    Fix: take both from the same project.
    By hand: decode the middle part of the JWT and compare `ref` with the URL's host.
    Source: Supabase, API keys.
    """
    elsewhere = other_project(seen, case)
    if elsewhere:
        return elsewhere
    key = service_key_of(seen)
    url_ref = seen.url.ref if isinstance(seen.url, SupabaseUrl) else None
    project = url_ref or seen.project_ref
    if key is None or not key.ref or not project or key.ref == project:
        return None
    if pipeline_key_worked(case):
        return own_copy(f"{key.setting} belongs to the project {key.ref}, the URL to {project}.")
    then = service_key_then(case, "secrets/project-mismatch", "secrets/revoked", "secrets/missing")
    weight = weigh(then, now=True, case=case)
    if weight is None:
        return None
    return weight.found(
        f"{opening(case, Use.SERVICE_KEY)} belongs to the project {key.ref}, the URL to {project}.",
        (
            exhibit("ref in the key", key.ref, f"the key's own claims, {key.setting}", None),
            exhibit("project of the URL", project, "settings", None),
        ),
        (set_on_github(case, Use.SERVICE_KEY, f"the key of the project {project}"),),
    )
