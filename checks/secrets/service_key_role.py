"""Whether the service-role key is one of the role that the pipeline writes with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.secrets.view import own_copy, service_key_of, set_right_key
from backup_doctor.evidence.rls import Proof, Reach
from backup_doctor.evidence.secrets import KeyKind, SecretsEvidence, ServiceKey
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.history import (
    BOTH_WRITES,
    aside,
    fallback_call,
    pipeline_key_worked,
    service_key_then,
    weigh,
)
from backup_doctor.judge.history.roles import PUBLIC_ROLES, role_refused
from backup_doctor.judge.history.secret_names import opening
from backup_doctor.judge.history.since import as_stored, key_works
from backup_doctor.judge.show import exhibit, log_lines
from backup_doctor.judge.traits import Trait
from backup_doctor.services.secret_uses import Use

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.chain import Link
    from backup_doctor.evidence.findings import Exhibit


FORBIDDEN = 403

rules = Rules[SecretsEvidence]()


@rules.cause(
    "secrets/wrong-role",
    breaks=BOTH_WRITES,
    traits=(Trait.HIDES_ROW, Trait.FAILS_LOOK_UP, Trait.NAMED_BY_STEP),
)
def wrong_role(seen: SecretsEvidence, case: Case) -> Found | None:
    """The key in the service-role key's place is another one: anon, publishable, an access token.

    Detected: the key's own claim says another role than the one that the pipeline writes with, or
    its prefix says that it is a publishable key or an access token; or the log shows that PostgREST
    refused the role anon (42501 with 401). Where PostgreSQL lets that role make the update all the
    same, it is a warning.
    Cause: the wrong line of the API settings page was copied.
    Fix: set the service-role (or secret) key.
    By hand: decode the middle part of the JWT: `cut -d. -f2 | base64 -d`.
    Source: guide, step 1; Supabase, API keys; PostgREST,
    HTTP status codes.
    """
    key = service_key_of(seen)
    wanted = case.names.writer_role
    in_log = role_refused(case)
    if key is None or not _is_wrong(key, wanted):
        # A role of the team's own may well be the one that it writes with, and lack the grant.
        known = in_log in PUBLIC_ROLES or "writer_role" in case.names.given
        return _refused_in_log(case, in_log) if known and in_log not in (None, wanted) else None
    if key.role == "anon" and fallback_call(case).status == FORBIDDEN:
        # PostgREST answers 401 to anon: the pipeline's key has another role.
        return own_copy(
            f"{key.setting}, as the doctor was given it, is not a key of {wanted}.",
            "has another role",
        )
    article = "an" if str(key.kind).startswith("a") else "a"
    held = f"a key of the role {key.role!r}" if key.role else f"{article} {key.kind}"
    allowed = _may_write(case)
    weight = weigh(_then(case, key), now=None if allowed else True, case=case)
    if pipeline_key_worked(case) and (weight is None or not weight.is_cause):
        return own_copy(f"{key.setting} holds {held}, not one of {wanted}.")
    return (weight or aside(case)).found(
        f"{opening(case, Use.SERVICE_KEY)} holds {held}, not one of {wanted}.",
        (
            exhibit("key", held, f"the key's own shape, {key.setting}", None),
            *_reach_of_key(case),
            *as_stored(case, Use.SERVICE_KEY),
            *log_lines(case, "answer to the update", fallback_call(case)),
        ),
        (set_right_key(case),),
    )


def _then(case: Case, key: ServiceKey) -> dict[Link, bool | None]:
    """What the log tells of such a key; one for the public is no key that Supabase does not know."""
    if key.kind is not KeyKind.MANAGEMENT_TOKEN:
        return service_key_then(
            case, "secrets/wrong-role", "rls/update-blocked", "rls/no-grant", silent=True
        )
    return service_key_then(
        case,
        "secrets/wrong-role",
        "rls/update-blocked",
        "rls/no-grant",
        "secrets/revoked",
        silent=True,
    )


def _refused_in_log(case: Case, role: str | None) -> Found | None:
    """The log tells the role of the pipeline's key, whatever the doctor was given."""
    then = service_key_then(case, "secrets/wrong-role", "rls/no-grant", "rls/update-blocked")
    weight = weigh(then, now=None, case=case)
    if weight is None:
        return None
    return weight.found(
        f"{opening(case, Use.SERVICE_KEY)} is a key of the role {role!r} in this run, not one of "
        f"{case.names.writer_role}.",
        (
            *log_lines(case, "answer to the update", fallback_call(case)),
            *as_stored(case, Use.SERVICE_KEY),
        ),
        (set_right_key(case),),
        resolved=key_works(case, Use.SERVICE_KEY),
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


def _is_wrong(key: ServiceKey, wanted: str) -> bool:
    """Whether it is surely another key than one of the role that the pipeline writes with."""
    if key.kind is KeyKind.LEGACY_JWT:
        return key.role is not None and key.role != wanted
    return key.kind is KeyKind.MANAGEMENT_TOKEN or (
        key.kind is KeyKind.PUBLISHABLE and wanted != "anon"
    )
