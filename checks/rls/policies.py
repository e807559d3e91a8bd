"""Whether row-level policies let the writing role reach the row."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.checks.rls.refused_row import (
    let_write_beside,
    other_refused,
    ran_as_another,
    run_as,
)
from backup_doctor.checks.rls.view import (
    TABLES,
    exhibits,
    policy_exhibits,
    policy_for,
    proof_of,
    role_of,
    table_of,
)
from backup_doctor.evidence.findings import Fix, Risk, Role, Severity
from backup_doctor.evidence.rls import Proof, Reach, RlsEvidence
from backup_doctor.evidence.sql import identifier
from backup_doctor.judge.advice import set_on_github
from backup_doctor.judge.framework import Found, Resolved, Rules
from backup_doctor.judge.history import BOTH_WRITES, database_then, weigh
from backup_doctor.judge.history.calls import answers_told
from backup_doctor.judge.history.roles import PUBLIC_ROLES
from backup_doctor.judge.show import either, listed, manual, sql, table
from backup_doctor.judge.traits import Trait
from backup_doctor.services.secret_uses import Use

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case


rules = Rules[RlsEvidence]()

SERVICE_ROLE = "service_role"
# SQLSTATE of "infinite recursion detected in policy for relation".
RECURSION = "42P17"
_RECURSIVE = re.compile(r'in policy for relation \\?"([^"\\]+)')


@rules.cause(
    "rls/update-blocked",
    breaks=BOTH_WRITES,
    yields_to=("rls/role-without-bypass", "secrets/wrong-role", "row/missing"),
    traits=(Trait.AFTER_KEY, Trait.HIDES_ROW, Trait.FAILS_LOOK_UP, Trait.NAMED_BY_STEP),
)
def update_blocked(seen: RlsEvidence, case: Case) -> Found | None:
    """Row-level policies leave the row out of the writing role's reach.

    Detected: the role's UPDATE plans to no row at all (one-time filter false), its SELECT does not
    see the row, or a policy's WITH CHECK refuses the row as it would be written. Such an update is
    a success that changes nothing. Or PostgreSQL says 42P17: a policy asks the very table.
    Cause: RLS is on, and no policy lets this role update this row (an UPDATE needs a SELECT policy
    as well); or the request ran as another role than meant, for a user's JWT stood in Authorization.
    Fix: a policy for the writing role; or write with a role that bypasses RLS.
    By hand: `SELECT * FROM pg_policies WHERE tablename = 'backup_history';`
    Source: guide, row-level security; PostgreSQL, row security policies.
    """
    role = role_of(case)
    proof = proof_of(seen, role)
    blocked = proof is not None and _is_blocked(proof, case)
    weight = weigh(
        database_then(case, "rls/update-blocked", silent=True), now=blocked or None, case=case
    )
    if weight is None:
        return None
    names = f" ({listed(proof.blocking)})" if proof and proof.blocking else ""
    resolved = _let_through(proof, case)
    if _is_recursive(proof) or _recursion_told(case):
        summary = f"PostgreSQL refuses {role}: {_leads_back(case, proof)}."
        way = _ask_by_function(case, proof)
    elif other := other_refused(case):
        return weight.found(
            f"Row-level security refuses what is written to {other} beside {case.names.table}.",
            exhibits(seen, case),
            let_write_beside(other, case),
        )
    elif ran_as_another(proof, case):
        summary = (
            f"Row-level security refused the update, and it does not bind {role}: the request ran as "
            f"another role, or {role} has BYPASSRLS only since."
        )
        return weight.found(summary, (*exhibits(seen, case), *policy_exhibits(case)), run_as(role))
    else:
        keeps = "kept" if weight.is_over(resolved) else "keeps"
        summary = f"Row-level security {keeps} the row out of {role}'s reach{names}."
        way = _policy_fix(case, role, proof.blocking if proof else ())
    return weight.found(
        summary,
        (*exhibits(seen, case), *policy_exhibits(case)),
        either(way, *_disable(case)),
        resolved=resolved,
    )


def _is_blocked(proof: Proof, case: Case) -> bool:
    if proof.reach is Reach.REFUSED:
        return _is_recursive(proof)
    if _is_ruled(proof, case):
        return False
    hidden = proof.row_visible is False and case.backup is not None
    return proof.reach is Reach.NO_ROW or hidden or proof.new_row_allowed is False


def _is_ruled(proof: Proof, case: Case) -> bool:
    """Whether a rewrite rule takes the row from an update that row-level security does not bind."""
    known = table_of(case)
    rules_of = known.triggers if known else ()
    return _is_free(proof, case) and any(one.is_rule and one.enabled for one in rules_of)


def _is_free(proof: Proof, case: Case) -> bool:
    """Whether row-level security does not bind the role on this table."""
    known = table_of(case)
    if known is None:
        return False
    grants = known.grants_of(proof.role)
    free = grants is not None and (grants.bypasses_rls or grants.superuser)
    return free or not known.rls_enabled


def _is_recursive(proof: Proof | None) -> bool:
    """Whether a policy leads back to its own table, which PostgreSQL refuses without looking at a row."""
    return proof is not None and proof.sqlstate == RECURSION


def _recursion_told(case: Case) -> bool:
    return any(RECURSION in text for text in answers_told(case))


def _circle(case: Case, proof: Proof | None) -> tuple[str, str]:
    """The table whose policies go round in a circle, and those of them that ask it themselves."""
    named = _RECURSIVE.search("\n".join((proof.message if proof else "", *answers_told(case))))
    name = named[1] if named else case.names.table_name
    known = table_of(case)
    if known is None or name != known.name:
        return name, f"a policy of {name}"
    asks = re.compile(rf"\bfrom\s+[^;]*\b{re.escape(name)}\b", re.IGNORECASE)
    own = [one.name for one in known.policies if asks.search(f"{one.using} {one.check}")]
    return name, f"the policy {listed(own)} of {name}" if own else f"a policy of {name}"


def _leads_back(case: Case, proof: Proof | None) -> str:
    name, policies = _circle(case, proof)
    return f"{policies} leads back to {name} (infinite recursion)"


def _ask_by_function(case: Case, proof: Proof | None) -> Fix:
    name, policies = _circle(case, proof)
    return manual(
        f"Let {policies} ask through a function",
        f"Move what it asks of {name} into a function that is SECURITY DEFINER, with its own "
        "search_path: its owner is not bound by the policies.",
    )


def _let_through(proof: Proof | None, case: Case) -> Resolved | None:
    """The policies, evaluated as that role, let the row be read and written now; or bind it not at all."""
    if proof is None or not proof.strong or proof.reach is not Reach.NO_OBSTACLE:
        return None
    if proof.row_visible is False or proof.new_row_allowed is False:
        return None
    known = table_of(case)
    if known is not None and known.kind not in TABLES:
        return None  # What binds the table behind a view is not known.
    if _is_free(proof, case):
        return Resolved(by=f"row-level security does not bind {proof.role}")
    if proof.new_row_allowed is None:
        return None
    return Resolved(by=f"the policies, evaluated as {proof.role}, let the update through")


def _policy_fix(case: Case, role: str, blocking: tuple[str, ...]) -> Fix:
    """A policy for the writing role; a role of everybody's gets none: the key is then the fault."""
    known = table_of(case)
    if role in PUBLIC_ROLES:
        return set_on_github(case, Use.SERVICE_KEY, "a key that is not public")
    if known is not None and known.kind not in TABLES:
        of_base = f"{known.name} is a {known.kind}: its rows are guarded by the policies of the table below it."
        return manual(f"Let {role} reach the row in the table below", of_base)
    refusing = _restrictive(case, blocking)
    if refusing:
        return sql(
            f"Drop {listed(refusing)}: restrictive, so that no other policy lets {role} past it",
            "\n".join(
                f"DROP POLICY IF EXISTS {identifier(one)} ON {table(case)};" for one in refusing
            ),
            Risk.HIGH,
        )
    return sql(f"A policy that lets {role} read and update the table", policy_for(case, role))


def _restrictive(case: Case, blocking: tuple[str, ...]) -> tuple[str, ...]:
    """The refusing policies that hold whatever the others allow."""
    known = table_of(case)
    policies = known.policies if known else ()
    return tuple(one.name for one in policies if one.name in blocking and not one.permissive)


def _disable(case: Case) -> tuple[Fix, ...]:
    known = table_of(case)
    if known is not None and known.kind not in TABLES:
        return ()
    off = sql(
        "For a short test only: turn RLS off (NOT recommended for production)",
        f"ALTER TABLE {table(case)} DISABLE ROW LEVEL SECURITY;\n"
        f"-- On again: ALTER TABLE {table(case)} ENABLE ROW LEVEL SECURITY;",
        Risk.HIGH,
    )
    return (off,)


@rules.cause(
    "rls/role-without-bypass",
    breaks=BOTH_WRITES,
    yields_to=("secrets/wrong-role", "row/missing"),
    traits=(Trait.HIDES_ROW, Trait.FAILS_LOOK_UP, Trait.NAMED_BY_STEP),
)
def role_without_bypass(seen: RlsEvidence, case: Case) -> Found | None:
    """service_role has lost BYPASSRLS, and no policy lets it through.

    Detected: the role's rolbypassrls is false, RLS is on, and the role's UPDATE reaches no row.
    Cause: the role was altered or made anew (a self-hosted project, a restored dump).
    Fix: give it BYPASSRLS back, or a policy.
    By hand: `SELECT rolbypassrls FROM pg_roles WHERE rolname = 'service_role';`
    Source: Supabase, service_role; PostgreSQL, BYPASSRLS.
    """
    role, known = role_of(case), table_of(case)
    proof = proof_of(seen, role)
    grants = known.grants_of(role) if known else None
    if proof is None or known is None or grants is None or not grants.exists:
        return None
    if role != SERVICE_ROLE or grants.bypasses_rls or grants.superuser or not known.rls_enabled:
        return None
    if not _is_blocked(proof, case):
        return None
    then = database_then(case, "rls/role-without-bypass", "rls/update-blocked", silent=True)
    weight = weigh(then, now=True, case=case)
    if weight is None:
        return None
    recursive = _is_recursive(proof)
    why = _leads_back(case, proof) if recursive else "no policy lets it update the row"
    return weight.found(
        f"{role} lacks BYPASSRLS, and {why}.",
        (*exhibits(seen, case), *policy_exhibits(case)),
        either(
            sql(f"Give {role} BYPASSRLS back", f"ALTER ROLE {identifier(role)} BYPASSRLS;"),
            _ask_by_function(case, proof) if recursive else _policy_fix(case, role, proof.blocking),
            *_disable(case),
        ),
    )


@rules.context("rls/forced", traits=(Trait.NAMED_BY_STEP,))
def forced(seen: RlsEvidence, case: Case) -> Found | None:
    """RLS is forced: it binds the table's owner too.

    Detected: relforcerowsecurity. Roles with BYPASSRLS and superusers still bypass it.
    Cause: `ALTER TABLE … FORCE ROW LEVEL SECURITY`.
    Fix: none, unless the pipeline writes as the owner.
    By hand: `SELECT relforcerowsecurity FROM pg_class WHERE relname = 'backup_history';`
    Source: PostgreSQL, ALTER TABLE.
    """
    known, proof = table_of(case), proof_of(seen)
    if known is None or not known.rls_forced:
        return None
    summary = f"RLS is forced on {case.names.table}: it binds the owner ({known.owner}) too."
    blocks = proof is not None and proof.role == known.owner and proof.reach is Reach.NO_ROW
    if not blocks:
        return Found(summary=summary)
    return Found(
        summary=f"{summary} The pipeline writes as the owner, and no policy lets it through.",
        severity=Severity.FAIL,
        role=Role.CAUSE,
        breaks=BOTH_WRITES,
        fixes=(
            sql(
                "Let the owner bypass RLS again",
                f"ALTER TABLE {table(case)} NO FORCE ROW LEVEL SECURITY;",
            ),
        ),
    )
