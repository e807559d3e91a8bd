"""Whether each secret is set, and not empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.secrets.view import (
    env_line,
    how_absent,
    list_command,
    logged_as,
    names_command,
)
from backup_doctor.checks.secrets.wanted import (
    SERVICE,
    Wanted,
    before_update,
    broken_elsewhere,
    says_it_lacks,
    wanted,
)
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Fix, Role, Severity
from backup_doctor.evidence.log import EnvShown, Outcome
from backup_doctor.evidence.secrets import SecretsEvidence
from backup_doctor.judge.advice import new_api_key, set_named, set_on_github
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.history import (
    BOTH_WRITES,
    RowState,
    address_then,
    began_after_failure,
    fallback_call,
    function_call,
    function_then,
    is_over,
    proved_where_open,
    row_state,
    run_read_secrets_at,
    service_key_then,
    update_ran,
    weigh,
)
from backup_doctor.judge.history.calls import FAILED, look_up_failed, update_ways
from backup_doctor.judge.history.secret_names import function_secret_name, workflow_file
from backup_doctor.judge.history.since import key_works
from backup_doctor.judge.registry import codes_with
from backup_doctor.judge.show import exhibit, log_lines, rfc3339, setting
from backup_doctor.judge.traits import Trait
from backup_doctor.services.secret_uses import GUIDES_NAMES, Use

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Exhibit


rules = Rules[SecretsEvidence]()


def _absent(seen: SecretsEvidence, one: Wanted, case: Case) -> bool | None:
    """Whether GitHub has no such secret at any level; None where that cannot be told."""
    if one.name is None:
        return None
    alike = () if workflow_file(case) or one.use is None else GUIDES_NAMES.get(one.use, ())
    if any(seen.stored(name) for name in (one.name, *alike)):
        return False
    return True if seen.all_levels_read() else None


@rules.cause(
    "secrets/missing",
    breaks=BOTH_WRITES,
    traits=(
        Trait.KEY_NOT_SHOWN,
        Trait.OF_ADDRESS,
        Trait.HIDES_ROW,
        Trait.FAILS_LOOK_UP,
        Trait.NAMED_BY_STEP,
    ),
)
def missing(seen: SecretsEvidence, case: Case) -> list[Found]:
    """A secret that the workflow needs is set at no level; GitHub then hands over an empty string.

    Detected: its name is absent at repository, organization and the job's environment, or its line
    in the log's `env:` block is empty; and the step that failed uses it, or the log says that it is
    not set. A level that may not be read makes absence unknown. One with a `||` default, or that
    only green steps read, is not required. A missing BACKUP_API_KEY is a warning: the fallback
    needs none.
    Cause: never set, set under another name, or in an environment that the job does not name.
    Fix: set it where the workflow reads it.
    By hand: GitHub → Settings → Secrets and variables → Actions, or `gh secret list`.
    Source: guide, step 2; GitHub, using secrets.
    """
    found = (_missing_one(seen, one, case) for one in wanted(case) if not one.optional)
    return [one for one in found if one]


def _missing_one(seen: SecretsEvidence, one: Wanted, case: Case) -> Found | None:
    absent, logged = _absent(seen, one, case), logged_as(case, one.written)
    empty_in_log = logged is not None and logged.shown is EnvShown.EMPTY
    made_later = empty_in_log and _made_after_run(seen, one, case)
    if one.withheld or (not empty_in_log and (logged is not None or absent is None)):
        return None
    if absent is False and not made_later:
        return None
    name = one.name or one.written
    listed = "made after the run" if made_later else "not listed"
    evidence = (
        exhibit(
            "secrets on GitHub",
            "may not be read" if absent is None else listed,
            "GitHub API",
            names_command(case),
        ),
        *env_line(case, logged),
    )
    summary = f"The secret {name} {how_absent(absent, made_later=made_later)}."
    if one.use is Use.FUNCTION_KEY:
        return _of_function(case, summary, evidence, *new_api_key(case))
    then = _broken_without(case, one, empty_in_log=empty_in_log)
    weight = weigh(then, now=not made_later, case=case)
    if weight is None or not weight.is_cause:
        return _of_the_next_run(summary, evidence, case, one)
    resolved = key_works(case, one.use) if one.use in SERVICE and made_later else None
    return weight.found(
        summary, evidence, () if made_later else (_set(case, one),), resolved=resolved
    )


def _of_function(case: Case, summary: str, evidence: tuple[Exhibit, ...], *fixes: Fix) -> Found:
    """The function's key, which a pipeline may do without: a cause only where this one could not."""
    return (
        _shown_empty(case, summary, evidence)
        or _only_way(case, summary, evidence)
        or _optional(case, summary, evidence, *fixes)
    )


def _shown_empty(case: Case, summary: str, evidence: tuple[Exhibit, ...]) -> Found | None:
    """The step calls the function all the same, which refuses the key that is none."""
    if function_call(case).outcome not in FAILED:
        return None
    weight = weigh(function_then(case, *codes_with(Trait.REFUSES_KEY)), now=True, case=case)
    if weight is None or not weight.is_cause:
        return None
    shown = (*evidence, *log_lines(case, "answer of the function", function_call(case)))
    return weight.found(summary, shown, new_api_key(case))


def _only_way(case: Case, summary: str, evidence: tuple[Exhibit, ...]) -> Found | None:
    """The whole script has no way to the row but the function, and did not call it without a key."""
    ways = update_ways(case) if case.log and case.log.whole_script else ()
    tried = function_call(case).outcome not in (Outcome.NOT_SAID, Outcome.NOT_MADE)
    if not ways or tried or look_up_failed(case) or not all(one.is_of_function for one in ways):
        return None
    if not update_ran(case) or row_state(case) is not RowState.IN_PROGRESS or not is_over(case):
        return None
    return Found(
        summary=f"{summary} The script updates the row in no other way.",
        evidence=evidence,
        fixes=new_api_key(case),
        breaks=(Link.FUNCTION_UPDATES,),
    )


def _optional(case: Case, summary: str, evidence: tuple[Exhibit, ...], *fixes: Fix) -> Found:
    """Not needed if the workflow updates the row directly too, as the guide's does."""
    direct = any(not one.is_of_function for one in update_ways(case))
    seen = direct or fallback_call(case).outcome not in (Outcome.NOT_SAID, Outcome.NOT_MADE)
    then = (
        "It is optional: the workflow then updates the row directly."
        if seen
        else "It is optional if the workflow can update the row directly, which was not seen."
    )
    return Found(
        summary=f"{summary} {then}",
        evidence=evidence,
        fixes=fixes,
        breaks=(),
        severity=Severity.WARN,
        role=Role.CONTEXT,
    )


def _of_the_next_run(
    summary: str, evidence: tuple[Exhibit, ...], case: Case, one: Wanted
) -> Found | None:
    """What may be missing on purpose is worth a note before the next backup, and no word after one."""
    if not case.is_preflight:
        return None
    return Found(
        summary=f"{summary} Whether the next backup needs it is not known.",
        evidence=evidence,
        fixes=(_set(case, one),),
        breaks=(),
        severity=Severity.WARN,
        role=Role.CONTEXT,
    )


def _set(case: Case, one: Wanted) -> Fix:
    if one.name is not None and workflow_file(case) is not None:
        return set_named(case, one.name)
    return set_on_github(case, one.use) if one.use else set_named(case, one.written)


def _made_after_run(seen: SecretsEvidence, one: Wanted, case: Case) -> bool:
    stored, read_at = seen.stored(one.name) if one.name else None, run_read_secrets_at(case)
    return bool(stored and stored.created_at and read_at and stored.created_at > read_at)


def _set_after_run(seen: SecretsEvidence, one: Wanted, case: Case) -> str:
    """When it was set again; empty where it was not, or nobody knows."""
    stored, read_at = seen.stored(one.name) if one.name else None, run_read_secrets_at(case)
    if not (stored and stored.updated_at and read_at and stored.updated_at > read_at):
        return ""
    return rfc3339(stored.updated_at)


def _service_key_then(case: Case) -> dict[Link, bool | None]:
    return service_key_then(case, "secrets/missing", "secrets/empty")


def _broken_without(case: Case, one: Wanted, *, empty_in_log: bool) -> Mapping[Link, bool | None]:
    """Which links cannot do without the secret, as far as the log tells."""
    if one.use not in SERVICE:
        return broken_elsewhere(case, one)
    then = address_then(case) if one.use is Use.URL else _service_key_then(case)
    if update_ran(case) is False:
        return before_update(case, one, then)
    return proved_where_open(then) if empty_in_log or says_it_lacks(case, one) else then


@rules.cause(
    "secrets/empty",
    breaks=BOTH_WRITES,
    yields_to=("secrets/bad-url",),
    traits=(
        Trait.KEY_NOT_SHOWN,
        Trait.OF_ADDRESS,
        Trait.HIDES_ROW,
        Trait.FAILS_LOOK_UP,
        Trait.NAMED_BY_STEP,
    ),
)
def empty(seen: SecretsEvidence, case: Case) -> list[Found]:
    """A secret is there, but it is empty.

    Detected: GitHub lists the name, and its line in the log's `env:` block is empty all the same; or
    a called workflow is not handed it by its caller; or the function's secret has the digest of the
    empty string.
    Cause: it was set from an empty variable, or the job runs where secrets are not handed over (a
    fork, a called workflow without `secrets: inherit`).
    Fix: set it again, and check where the job runs.
    By hand: read the `env:` block of the step in the log.
    Source: guide, step 2.
    """
    on_github = [
        found
        for one in wanted(case)
        if not one.optional and (found := _empty_on_github(seen, one, case))
    ]
    return on_github + _empty_in_function(seen, case)


def _empty_on_github(seen: SecretsEvidence, one: Wanted, case: Case) -> Found | None:
    logged = logged_as(case, one.written)
    if logged is None or logged.shown is not EnvShown.EMPTY:
        return None
    if not one.withheld and (
        _absent(seen, one, case) is not False or _made_after_run(seen, one, case)
    ):
        return None
    again = _set_after_run(seen, one, case)
    if one.withheld:
        state = "was empty in this run: the calling workflow does not pass it on"
    elif again:
        state = f"was empty in this run; it was set again later, {again}"
    else:
        state = "is set on GitHub but was empty in this run"
    summary, evidence = f"{one.name or one.written} {state}.", env_line(case, logged)
    if one.use is Use.FUNCTION_KEY:
        return _of_function(case, summary, evidence)
    weight = weigh(_broken_without(case, one, empty_in_log=True), now=not again, case=case)
    if weight is None or not weight.is_cause:
        return None
    resolved = key_works(case, one.use) if one.use in SERVICE and again else None
    fixes = () if again else (_pass_on(case, one) if one.withheld else _set(case, one),)
    return weight.found(summary, evidence, fixes, resolved=resolved)


def _pass_on(case: Case, one: Wanted) -> Fix:
    file = workflow_file(case)
    return setting(
        f"Let the calling workflow pass {one.written} on",
        f"In the workflow that calls {file.path if file else 'it'}: `secrets: inherit`, or a line of "
        f"its `secrets:` with the name {one.written}.",
    )


def _empty_in_function(seen: SecretsEvidence, case: Case) -> list[Found]:
    name = function_secret_name(case)
    listed = () if isinstance(seen.function_secrets, Unseen) else seen.function_secrets
    secret = next((one for one in listed if one.name == name and one.empty), None)
    if secret is None:
        return []
    then = function_then(case, *codes_with(Trait.REFUSES_KEY), "function/server-error")
    later = began_after_failure(case, secret.updated_at)
    if (weight := weigh({} if later else then, now=True, case=case)) is None:
        return []
    return [
        weight.found(
            f"The function's own {name} is empty.",
            (exhibit("digest", "that of the empty string", "Management API", list_command(case)),),
            new_api_key(case),
        )
    ]
