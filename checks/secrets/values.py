"""Secrets whose value cannot be right: blanks around it, an address that is none."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from backup_doctor.checks.secrets.view import env_line, list_command, own_copy
from backup_doctor.evidence.base import NO_SUCH_HOST, Unseen, Why
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.function import HttpAnswer, Project
from backup_doctor.evidence.log import EnvShown, Variable
from backup_doctor.evidence.secrets import FunctionKey, KeyMatch, SecretsEvidence, SupabaseUrl
from backup_doctor.judge.advice import new_api_key, set_on_github
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.history import (
    BOTH_WRITES,
    address_then,
    fallback_call,
    function_call,
    function_key_worked,
    function_then,
    pipeline_key_worked,
    proved_where_open,
    service_key_then,
    stopped_at_look_up,
    weigh,
)
from backup_doctor.judge.history.calls import logged_for, said_beyond, url_was_unusable
from backup_doctor.judge.history.secret_names import opening
from backup_doctor.judge.history.since import as_stored, key_works, stored_for, was_set_since
from backup_doctor.judge.registry import codes_with
from backup_doctor.judge.show import exhibit, log_lines
from backup_doctor.judge.traits import Trait
from backup_doctor.services.meaning import gateway_meaning, unsent
from backup_doctor.services.secret_uses import Use

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix


REDIRECTS = range(300, 400)
NOT_SUPABASES = "led to a web page that is not Supabase's"
rules = Rules[SecretsEvidence]()
NOT_FOUND = 404
PROJECT_URL = "the project's own (Supabase → Project Settings → Data API), without a path"


@rules.cause(
    "secrets/whitespace",
    breaks=BOTH_WRITES,
    yields_to=("function/not-deployed",),
    traits=(Trait.OF_ADDRESS, Trait.HIDES_ROW, Trait.FAILS_LOOK_UP, Trait.NAMED_BY_STEP),
)
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


def _logged(case: Case, use: Use, how: EnvShown) -> Variable | None:
    """The variable for this use, where the log shows it in this way."""
    variable = logged_for(case, use)
    return variable if variable and variable.shown is how else None


def _still(case: Case, use: Use, *, given: bool) -> bool | None:
    """Whether GitHub's secret still has it: the doctor's copy has, or it was not set since."""
    stored = stored_for(case, use)
    return True if given or (stored and not was_set_since(case, stored)) else None


def _service_key_whitespace(seen: SecretsEvidence, case: Case) -> Found | None:
    copies = {Use.SERVICE_KEY: seen.service_key, Use.URL: seen.url}
    given = {
        use: not isinstance(one, Unseen) and one.surrounding_whitespace
        for use, one in copies.items()
    }
    logged = {use: _logged(case, use, EnvShown.MASKED_THEN_NEWLINE) for use in given}
    use = next((one for one in given if logged[one]), None) or next(
        (one for one in given if given[one]), None
    )
    if use is None:
        return None
    if not logged[use] and (_logged(case, use, EnvShown.MASKED) or pipeline_key_worked(case)):
        return own_copy(
            f"{_own_name(seen, use)}, as the doctor was given it, has blanks or a newline around it."
        )
    then = address_then(case) if use is Use.URL else _service_key_then(case)
    then = proved_where_open(then) if logged[use] else then
    weight = weigh(then, now=_still(case, use, given=given[use]), case=case)
    if weight is None:
        return None
    resolved = None if given[use] else key_works(case, use)
    has = "had" if weight.is_over(resolved) else "has"
    return weight.found(
        f"{opening(case, use)} {has} blanks or a newline around it.",
        (*env_line(case, logged[use]), *as_stored(case, use)),
        (set_on_github(case, use, "without blanks or a newline around it"),),
        resolved=resolved,
    )


def _service_key_then(case: Case) -> dict[Link, bool | None]:
    return service_key_then(
        case, "secrets/whitespace", "secrets/revoked", "secrets/bad-url", "secrets/missing"
    )


def _own_name(seen: SecretsEvidence, use: Use) -> str:
    """The name under which the doctor was given its own copy."""
    copy = seen.url if use is Use.URL else seen.service_key
    return use.words if isinstance(copy, Unseen) else copy.setting


def _function_key_whitespace(seen: SecretsEvidence, case: Case) -> Found | None:
    key = seen.function_key if isinstance(seen.function_key, FunctionKey) else None
    logged = _logged(case, Use.FUNCTION_KEY, EnvShown.MASKED_THEN_NEWLINE)
    clean = _logged(case, Use.FUNCTION_KEY, EnvShown.MASKED)
    unequal = key is not None and key.match is KeyMatch.EQUAL_BUT_FOR_WHITESPACE
    given = key is not None and key.surrounding_whitespace and not clean
    if not logged and not unequal and not given:
        return None
    side = "the function's" if key and key.function_side_whitespace else "the caller's"
    name = opening(case, Use.FUNCTION_KEY)
    if not logged and function_key_worked(case):
        own = key.setting if key else name
        return own_copy(f"{own}, as the doctor was given it, has blanks or a newline around it.")
    refused = codes_with(Trait.REFUSES_KEY)
    then = function_then(case, *refused, "function/jwt-gate", "secrets/revoked")
    weight = weigh(then, now=True, case=case)
    if weight is None:
        return None
    return weight.found(
        f"{name} has blanks or a newline around it ({side}), so the two sides differ.",
        (
            *env_line(case, logged),
            exhibit(
                "digest of the doctor's copy and the function's",
                "equal but for surrounding whitespace" if unequal else "not compared",
                "Management API",
                list_command(case),
            ),
        ),
        new_api_key(case),
    )


@rules.cause(
    "secrets/bad-url",
    breaks=BOTH_WRITES,
    traits=(Trait.OF_ADDRESS, Trait.HIDES_ROW, Trait.FAILS_LOOK_UP, Trait.NAMED_BY_STEP),
)
def bad_url(seen: SecretsEvidence, case: Case) -> Found | None:
    """The Supabase URL is not a project's base URL.

    Detected: the given URL has an API's path, names the dashboard, or cannot be a host; the log shows
    a web page for an answer (404, 405), a redirect, "requested path is invalid", or that curl was given no URL; or
    what answers there is not Supabase's, while the log shows no answer that only Supabase gives.
    Cause: the dashboard's address or an API path was pasted instead of the project URL.
    Fix: set it to `https://<project-ref>.supabase.co`, without a path.
    By hand: Supabase → Project Settings → Data API → Project URL.
    Source: guide, step 2.
    """
    url = seen.url if isinstance(seen.url, SupabaseUrl) else None
    problem = (url.problem or _seen_from_here(url, case)) if url else None
    then = _address_then(case)
    if not problem and True in then.values():
        # One that is empty, or ends in a newline, has a finding of its own.
        return None if url_was_unusable(case) else _led_astray(then, case)
    if url is None or not problem:
        return None
    if pipeline_key_worked(case) or function_key_worked(case):
        return own_copy(f"{url.setting} {problem}.")
    weight = weigh(then, now=True, case=case)
    if weight is None:
        return None
    return weight.found(
        f"{opening(case, Use.URL)} {problem}.",
        (
            exhibit("URL", url.value, f"settings, {url.setting}", None),
            *env_line(case, logged_for(case, Use.URL)),
        ),
        (_set_url(case),),
    )


def _address_then(case: Case) -> dict[Link, bool | None]:
    """Whether the address was wrong; it was where the client itself says that it was given no URL."""
    calls = {
        Link.FUNCTION_UPDATES: function_call(case),
        Link.FALLBACK_UPDATES: fallback_call(case),
    }
    if case.log and stopped_at_look_up(case):
        calls = dict.fromkeys(calls, case.log.lookup_call)
    then = address_then(case)
    return {
        link: True if shown is None and link in calls and unsent(calls[link]) else shown
        for link, shown in then.items()
    }


def _set_url(case: Case) -> Fix:
    return set_on_github(case, Use.URL, PROJECT_URL)


def _redirected(case: Case) -> str | None:
    """What a redirect says of the address: clients do not follow one with a key, or lose the method."""
    calls = (function_call(case), fallback_call(case))
    status = next((one.status for one in calls if one.status in REDIRECTS), None)
    if status is None:
        return None
    return (
        f"was answered with a redirect (HTTP {status}): it begins with http:// instead of https://, or is "
        "not the project's own"
    )


def _led_astray(then: dict[Link, bool | None], case: Case) -> Found | None:
    """The log shows that the run's address was wrong, wherever the doctor's own copy leads."""
    weight = weigh(then, now=None, case=case)
    if weight is None:
        return None
    said = said_beyond(case, "secrets/bad-url") or _redirected(case) or NOT_SUPABASES
    return weight.found(
        f"The address that the workflow was given {said}.",
        (
            *log_lines(case, "answer of the function", function_call(case)),
            *log_lines(case, "answer to the update", fallback_call(case)),
            *as_stored(case, Use.URL),
        ),
        (_set_url(case),),
        resolved=key_works(case, Use.URL),
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
    probe = case.function.probe if case.function else None
    unknown = isinstance(probe, Unseen) and probe.why is Why.GARBLED
    if isinstance(probe, HttpAnswer):
        said = gateway_meaning(probe.status, probe.body, probe.error_code)
        ours = "secrets/bad-url" not in said and (probe.from_function is not None or said)
        unknown = probe.status == NOT_FOUND and not ours
    return unknown and isinstance(api, Unseen) and api.status == NOT_FOUND


def _no_such_host(case: Case) -> bool:
    """Whether the address resolves to nothing, for the run and now, and the project is not paused."""
    function = case.function
    if function is None or not isinstance(function.project, Project):
        return False
    probe = function.probe
    unresolved = isinstance(probe, Unseen) and probe.code == NO_SUCH_HOST
    return unresolved and function.project.status == "ACTIVE_HEALTHY"
