"""Secrets whose value cannot be right: blanks around it, an address that is none."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from checks.secrets.view import (
    FUNCTION_REFUSES_KEY,
    env_line,
    list_command,
    new_api_key,
    own_copy,
    set_on_github,
)
from doctor.evidence.base import NO_SUCH_HOST, Unseen, Why
from doctor.evidence.function import HttpAnswer, Project
from doctor.evidence.log import Shown, Variable
from doctor.evidence.secrets import (
    FunctionKey,
    KeyMatch,
    SecretsEvidence,
    SupabaseUrl,
)
from doctor.framework import Found, Rules
from doctor.show import (
    exhibit,
    log_lines,
    setting,
)
from doctor.signatures import gateway_meaning
from doctor.story import (
    API_KEY,
    BOTH_WRITES,
    SERVICE_KEYS,
    SERVICE_URLS,
    address_then,
    fallback_call,
    function_call,
    function_key_worked,
    function_then,
    pipeline_key_worked,
    service_key_then,
    weigh,
)

if TYPE_CHECKING:
    from doctor.case import Case
    from doctor.chain import Link


rules = Rules[SecretsEvidence]()
NOT_FOUND = 404
PROJECT_URL = setting(
    "Set the project URL",
    "VITE_SUPABASE_URL (GitHub → Settings → Secrets and variables → Actions) must be "
    "https://<project-ref>.supabase.co, without a path.",
)


@rules.cause("secrets/whitespace", breaks=BOTH_WRITES, yields_to=("function/not-deployed",))
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
    logged = (case.log.variable(name) for name in names) if case.log else ()
    return next((one for one in logged if one and one.shown is Shown.MASKED_THEN_NEWLINE), None)


def _clean_in_log(case: Case, *names: str) -> bool:
    """The run's own log shows that the pipeline's secret has no newline: the doctor's copy has."""
    variable = case.log.variable(*names) if case.log else None
    return variable is not None and variable.shown is Shown.MASKED


def _service_key_whitespace(seen: SecretsEvidence, case: Case) -> Found | None:
    logged = _newline_in_log(case, *SERVICE_KEYS, *SERVICE_URLS)
    given = _given_with_whitespace(seen)
    name = logged.name if logged else given
    if name is None:
        return None
    own = SERVICE_URLS if name in SERVICE_URLS else SERVICE_KEYS
    if not logged and (_clean_in_log(case, *own) or pipeline_key_worked(case)):
        return own_copy(f"{name}, as the doctor was given it, has blanks or a newline around it.")
    codes = ("secrets/whitespace", "secrets/revoked", "secrets/bad-url", "secrets/missing")
    of_url = name in SERVICE_URLS
    then = address_then(case) if of_url else service_key_then(case, *codes)
    weight = weigh(then, now=True, case=case)
    if weight is None:
        return None
    return weight.found(
        f"{name} has blanks or a newline around it.",
        env_line(case, logged),
        (set_on_github(case, name),),
    )


def _given_with_whitespace(seen: SecretsEvidence) -> str | None:
    """The setting of the URL or the service key that the doctor was given with blanks around it."""
    for one in (seen.service_key, seen.url):
        if not isinstance(one, Unseen) and one.surrounding_whitespace:
            return one.setting
    return None


def _function_key_whitespace(seen: SecretsEvidence, case: Case) -> Found | None:
    key = seen.function_key if isinstance(seen.function_key, FunctionKey) else None
    logged = _newline_in_log(case, API_KEY)
    unequal = key is not None and key.match is KeyMatch.EQUAL_BUT_FOR_WHITESPACE
    given = key is not None and key.surrounding_whitespace and not _clean_in_log(case, API_KEY)
    if not logged and not unequal and not given:
        return None
    side = "the function's" if key and key.function_side_whitespace else "the caller's"
    if not logged and function_key_worked(case):
        return own_copy(f"{API_KEY} has blanks or a newline around it ({side}).")
    codes = (*FUNCTION_REFUSES_KEY, "function/rejected", "function/jwt-gate", "secrets/revoked")
    weight = weigh(function_then(case, *codes), now=True, case=case)
    if weight is None:
        return None
    return weight.found(
        f"{API_KEY} has blanks or a newline around it ({side}), so the two sides differ.",
        (
            *env_line(case, logged),
            exhibit(
                "digests",
                "equal but for surrounding whitespace" if unequal else "not compared",
                "Management API",
                list_command(case),
            ),
        ),
        new_api_key(case),
    )


@rules.cause("secrets/bad-url", breaks=BOTH_WRITES)
def bad_url(seen: SecretsEvidence, case: Case) -> Found | None:
    """The Supabase URL is no base URL of a project.

    Detected: the given URL has an API's path, names the dashboard, or cannot be a host; the log shows
    a web page for an answer (404, 405); or what answers there is not Supabase's, while the log shows no answer that only Supabase gives.
    Cause: the dashboard's address or an API path was pasted instead of the project URL.
    Fix: set it to `https://<project-ref>.supabase.co`, without a path.
    By hand: Supabase → Project Settings → Data API → Project URL.
    Source: guide, step 2.
    """
    url = seen.url if isinstance(seen.url, SupabaseUrl) else None
    logged = case.log.variable(*SERVICE_URLS) if case.log else None
    problem = (url.problem or _seen_from_here(url, case)) if url else None
    if not problem and True in (then := address_then(case)).values():
        return _led_to_a_web_page(then, case)
    if url is None or not problem:
        return None
    if pipeline_key_worked(case) or function_key_worked(case):
        return own_copy(f"{url.setting} {problem}.")
    weight = weigh(address_then(case), now=True, case=case)
    if weight is None:
        return None
    return weight.found(
        f"{url.setting} {problem}.",
        (exhibit("URL", url.value, "settings", None), *env_line(case, logged)),
        (PROJECT_URL,),
    )


def _led_to_a_web_page(then: dict[Link, bool | None], case: Case) -> Found | None:
    """The log's answers are another site's, wherever the doctor's own copy of the address leads."""
    weight = weigh(then, now=None, case=case)
    if weight is None:
        return None
    return weight.found(
        "The address that the workflow was given led to a web page that is not Supabase's.",
        (
            *log_lines(case, "answer of the function", function_call(case)),
            *log_lines(case, "answer to the update", fallback_call(case)),
        ),
        (PROJECT_URL,),
    )


def _seen_from_here(url: SupabaseUrl, case: Case) -> str | None:
    """What is wrong with an address that looks like one, as the calls to it show."""
    if _no_such_host(case):
        return "names a host that does not exist, while the project itself is up"
    if not _not_supabase_there(case):
        return None
    path = urlsplit(url.value).path.rstrip("/")
    return f"has the path {path}, and no Supabase answers there" if path else "is not Supabase's"


def _not_supabase_there(case: Case) -> bool:
    """Whether neither the Data API nor the functions are known where the address leads."""
    api = case.row.api if case.row else None
    probe = case.function.empty_post if case.function else None
    unknown = isinstance(probe, Unseen) and probe.why is Why.GARBLED
    if isinstance(probe, HttpAnswer):
        ours = probe.from_function is not None or gateway_meaning(probe.status, probe.body)
        unknown = probe.status == NOT_FOUND and not ours
    return unknown and isinstance(api, Unseen) and api.status == NOT_FOUND


def _no_such_host(case: Case) -> bool:
    """Whether the address resolves to nothing, for the run and now, and the project is not paused."""
    function = case.function
    if function is None or not isinstance(function.project, Project):
        return False
    probe = function.empty_post
    unresolved = isinstance(probe, Unseen) and probe.code == NO_SUCH_HOST
    return unresolved and function.project.status == "ACTIVE_HEALTHY"
