"""Whether the function's side of the key that it compares its caller's with is there and the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.checks.secrets.view import list_command, own_copy
from backup_doctor.evidence.base import Shown, Unseen
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.log import Outcome
from backup_doctor.evidence.secrets import FunctionKey, KeyMatch, SecretsEvidence
from backup_doctor.judge.advice import new_api_key
from backup_doctor.judge.framework import Found, Rules, needs
from backup_doctor.judge.history import (
    function_call,
    function_key_worked,
    function_then,
    weigh,
)
from backup_doctor.judge.history.calls import function_said, function_told, logged_for
from backup_doctor.judge.history.function_calls import Shows, calls_function, shows_key
from backup_doctor.judge.history.secret_names import function_secret_name, opening
from backup_doctor.judge.history.since import as_stored, function_key_changed
from backup_doctor.judge.registry import codes_with
from backup_doctor.judge.show import exhibit, listed, log_lines
from backup_doctor.judge.traits import Trait
from backup_doctor.services.secret_uses import GUIDES_NAMES, Use, use_of

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case


rules = Rules[SecretsEvidence]()


def it_is_called(seen: SecretsEvidence, case: Case) -> Shown | Unseen | None:
    """That the pipeline calls the function, where that lacks a secret."""
    if not _lacking(seen, case) or shows_key(case)[0] is Shows.OTHER_KEY:
        return None
    return calls_function(case)


@rules.cause(
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
    traits=(Trait.NAMED_BY_STEP,),
)
def api_key_mismatch(seen: SecretsEvidence, case: Case) -> Found | None:
    """The caller's BACKUP_API_KEY and the function's differ.

    Detected: the digest of the key that the doctor was given, which is presumed the pipeline's, is
    not the one that the Management API lists for the function, if the digest was calibrated on a
    secret of known value.
    Cause: one side was rotated and the other was not.
    Fix: set the same key on both sides.
    By hand: compare `printf %s "$BACKUP_API_KEY" | sha256sum` with `supabase secrets list`.
    Source: guide, step 1.
    """
    key = seen.function_key if isinstance(seen.function_key, FunctionKey) else None
    if key is None or key.match is not KeyMatch.DIFFERENT:
        return None
    if function_secret_name(case) in key.equal_to:
        return None  # What it was held against is another secret than the function reads.
    if shows_key(case)[0] is Shows.OTHER_KEY or calls_function(case) is None:
        return None
    if function_key_worked(case):
        return own_copy(f"{key.setting}, as the doctor was given it, is not the function's.")
    weight = weigh(
        function_then(case, *codes_with(Trait.REFUSES_KEY)),
        now=True,
        since=function_key_changed(case, "function/key-rejected"),
        case=case,
    )
    if weight is None:
        return None
    return weight.found(
        f"{opening(case, Use.FUNCTION_KEY)} and the function's own key differ.",
        (
            exhibit(
                "SHA-256 of the doctor's copy and of the function's key",
                "different",
                "Management API",
                list_command(case),
            ),
            *as_stored(case, Use.FUNCTION_KEY),
            *log_lines(case, "answer of the function", function_call(case)),
        ),
        new_api_key(case),
    )


@rules.cause(
    "secrets/function-secret-missing",
    breaks=Link.FUNCTION_UPDATES,
    yields_to=("function/not-deployed", "function/jwt-gate", "function/project-paused"),
    traits=(Trait.NAMED_BY_STEP,),
)
@needs(it_is_called)
def function_secret_missing(seen: SecretsEvidence, case: Case, shown: Shown) -> Found | None:
    """The function has no BACKUP_API_KEY: it refuses every caller.

    Detected: the function's source, its own words or a setting show that it reads a secret of that
    name, and the Management API's list of its secrets does not have it; the function refuses the
    key. Or its source cannot be seen, and no secret of its list can be a key at all. The pipeline is
    shown to call the function.
    Cause: the key was set on GitHub only.
    Fix: set it for the function too; no redeploy is needed.
    By hand: `supabase secrets list`.
    Source: guide, step 2.
    """
    lacking, there = _lacking(seen, case), seen.function_secrets
    if isinstance(there, Unseen) or function_call(case).outcome is Outcome.OK:
        return None
    refused = codes_with(Trait.REFUSES_KEY)
    then = function_then(case, *refused, "function/server-error", "function/boot-error")
    weight = weigh(then, now=True, case=case)
    if weight is None:
        return None
    return weight.found(
        f"The function has no secret {listed(lacking)}, "
        + ("which it reads." if _read_by_function(case) else "nor another that could be its key."),
        (
            *(exhibit("key of the function", name, how, None) for name, how in lacking.items()),
            exhibit(
                "the function's secrets",
                sorted(one.name for one in there),
                "Management API",
                list_command(case),
            ),
            exhibit("the pipeline calls it", shown.by, "workflow", None),
            *log_lines(case, "answer of the function", function_call(case)),
        ),
        new_api_key(case, in_function=next(iter(lacking)) if len(lacking) == 1 else None),
    )


_NAMED = re.compile(r"\b([A-Z][A-Z0-9]*_[A-Z0-9_]*)\b")
_NOT_SET = re.compile(
    r"not (?:set|configured|found|defined)|missing|undefined|no secret", re.IGNORECASE
)
# Given to every function by the platform.
_PLATFORMS = re.compile(r"^(?:SUPABASE|DENO|SB|UNAUTHORIZED)_")
_IS_KEY = re.compile(r"KEY|SECRET|TOKEN")
_MAY_BE_KEY = re.compile(r"KEY|SECRET|TOKEN|PASS|AUTH|SIGN")


def _lacking(seen: SecretsEvidence, case: Case) -> dict[str, str]:
    """The keys that the function reads and has not, and what shows that it reads them."""
    if isinstance(seen.function_secrets, Unseen):
        return {}
    there = {secret.name for secret in seen.function_secrets}
    read = _read_by_function(case) or _has_none_at_all(case, there)
    return {name: how for name, how in read.items() if name not in there}


def _has_none_at_all(case: Case, there: set[str]) -> dict[str, str]:
    """The guide's name for it, where the pipeline sends a key and no secret of the function can be one.

    Only where its source cannot be seen, and the function itself refuses the key.
    """
    unseen_source = case.function is None or isinstance(case.function.reads, Unseen)
    refused = function_said(case)
    own = refused.own_words is True and bool(codes_with(Trait.REFUSES_KEY) & {*refused.codes})
    keys = [name for name in there if _MAY_BE_KEY.search(name) and not _PLATFORMS.match(name)]
    if not unseen_source or not own or keys or logged_for(case, Use.FUNCTION_KEY) is None:
        return {}
    (guides,) = GUIDES_NAMES[Use.FUNCTION_KEY]
    return {guides: "the pipeline sends a key, and none of its secrets can be one"}


def _read_by_function(case: Case) -> dict[str, str]:
    """The keys that the function is shown to read, and what shows it."""
    told = case.names.secrets.get(Use.FUNCTION_KEY)
    if told:
        return {told: f"the setting {Use.FUNCTION_KEY.setting}"}
    read = case.function.reads if case.function else ()
    known = () if isinstance(read, Unseen) else read
    by_source = {
        name: "its source in the repository" for name in known if use_of(name) is Use.FUNCTION_KEY
    }
    said = {
        name: f"its own words: {line.strip()[:200]}"
        for line in function_told(case).splitlines()
        if _NOT_SET.search(line)
        for name in _NAMED.findall(line)
        if _IS_KEY.search(name) and not _PLATFORMS.match(name)
    }
    return by_source | said
