"""Whether the function's side of BACKUP_API_KEY is there and the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checks.secrets.view import (
    FUNCTION_REFUSES_KEY,
    list_command,
    new_api_key,
    own_copy,
)
from doctor.chain import Link
from doctor.evidence.base import Unseen
from doctor.evidence.log import Outcome
from doctor.evidence.secrets import (
    FunctionKey,
    KeyMatch,
    SecretsEvidence,
)
from doctor.framework import Found, Rules
from doctor.show import (
    exhibit,
    log_lines,
    ref_flag,
    shell,
)
from doctor.story import (
    API_KEY,
    function_call,
    function_key_worked,
    function_then,
    weigh,
)

if TYPE_CHECKING:
    from datetime import datetime

    from doctor.case import Case


rules = Rules[SecretsEvidence]()


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
        return own_copy(f"{key.setting}, as the doctor was given it, is not the function's.")
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
            exhibit("SHA-256 of the two", "different", "Management API", list_command(case)),
            *log_lines(case, "answer of the function", function_call(case)),
        ),
        new_api_key(case),
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


@rules.cause(
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
                list_command(case),
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
