"""Guide, Solution 4: whether policies and grants let the pipeline's role write the row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor.evidence.base import Unseen, Why
from doctor.evidence.rls import Proof, Reach, RlsEvidence
from doctor.evidence.row import Policy, Table
from doctor.framework import Check, Found
from doctor.model import Exhibit, Fix, Risk, Role, Severity
from doctor.show import exhibit, listed, log_lines, manual, sql, table
from doctor.sql import identifier, literal
from doctor.story import BOTH_WRITES, database_then, fallback_call, function_call, weigh

if TYPE_CHECKING:
    from doctor.case import Case

check = Check(
    name="rls",
    step=None,
    title="Row-level security and grants",
    evidence=RlsEvidence,
    needs=("row",),
    collected_by="doctor.collectors.rls:look",
    doc=__doc__,
)

REFUSED_GRANT = "42501"
SERVICE_ROLE = "service_role"


def _proof(seen: RlsEvidence) -> Proof | None:
    return seen.proof if isinstance(seen.proof, Proof) else None


def _table(case: Case) -> Table | None:
    known = case.row.table if case.row else None
    return known if isinstance(known, Table) else None


def _role(seen: RlsEvidence) -> str:
    proof = _proof(seen)
    return proof.role if proof else SERVICE_ROLE


def _evidence(seen: RlsEvidence, case: Case) -> tuple[Exhibit, ...]:
    """The log's lines and the proof, by which a person sees the same."""
    proof = _proof(seen)
    logged = (
        *log_lines(case, "answer of the function", function_call(case)),
        *log_lines(case, "answer to the update", fallback_call(case)),
    )
    if proof is None:
        return logged
    how = "EXPLAIN as that role" if proof.strong else "the catalogue only: the weaker proof"
    said = f"{proof.reach}: {proof.message}" if proof.message else str(proof.reach)
    command = (
        f"BEGIN READ ONLY; SET LOCAL ROLE {identifier(proof.role)}; EXPLAIN {proof.statement}; ROLLBACK;"
        if proof.strong and proof.statement
        else f"SELECT * FROM pg_policies WHERE tablename = {literal(case.names.table_name)};"
    )
    return (*logged, exhibit(f"UPDATE as {proof.role}", said, f"database, {how}", command))


@check.cause(
    "rls/no-grant", breaks=BOTH_WRITES, yields_to=("secrets/wrong-role", "row/table-missing")
)
def no_grant(seen: RlsEvidence, case: Case) -> Found | None:
    """The role that writes has no grant on the table.

    Detected: PostgreSQL refuses the role's UPDATE with 42501 when it plans it (EXPLAIN in a
    read-only transaction), or the log says "permission denied for table".
    Cause: new tables in `public` get no grants any more (Supabase, existing projects since
    2026-10-30); service_role included, for BYPASSRLS is no grant.
    Fix: grant what the pipeline needs.
    By hand: `SELECT has_table_privilege('service_role', 'public.backup_history', 'UPDATE');`
    Source: PostgreSQL 42501; Supabase changelog on default grants.
    """
    proof = _proof(seen)
    now = None
    if proof:
        now = proof.reach is Reach.REFUSED and proof.sqlstate == REFUSED_GRANT
    weight = weigh(database_then(case, "rls/no-grant"), now=now, case=case)
    if weight is None:
        return None
    role = _role(seen)
    return weight.found(
        f"{role} has no grant to update {case.names.table}.",
        _evidence(seen, case),
        (_grant(case, role),),
    )


def _grant(case: Case, role: str) -> Fix:
    usage = f"GRANT USAGE ON SCHEMA {identifier(case.names.schema)} TO {identifier(role)};\n"
    return sql(
        f"Grant {role} what the pipeline needs",
        f"{usage}GRANT SELECT, INSERT, UPDATE ON {table(case)} TO {identifier(role)};",
    )


@check.cause(
    "rls/update-blocked",
    breaks=BOTH_WRITES,
    yields_to=("rls/role-without-bypass", "secrets/wrong-role", "row/missing"),
)
def update_blocked(seen: RlsEvidence, case: Case) -> Found | None:
    """Row-level policies leave the row out of the writing role's reach.

    Detected: the role's UPDATE plans to no row at all (one-time filter false), its SELECT does not
    see the row, or a policy's WITH CHECK refuses the row as it would be written. Such an update is
    a success that changes nothing.
    Cause: RLS is on, and no policy lets this role update this row (an UPDATE needs a SELECT policy
    as well).
    Fix: a policy for the writing role; or write with a role that bypasses RLS.
    By hand: `SELECT * FROM pg_policies WHERE tablename = 'backup_history';`
    Source: guide, Solution 4; PostgreSQL, row security policies.
    """
    proof = _proof(seen)
    now = None
    if proof and proof.reach is not Reach.REFUSED:
        hidden = proof.row_visible is False and case.backup is not None
        now = proof.reach is Reach.NO_ROW or hidden or proof.new_row_allowed is False
    weight = weigh(database_then(case, "rls/update-blocked", silent=True), now=now, case=case)
    if weight is None or (now is False and not weight.by_log):
        return None
    role = _role(seen)
    names = f" ({listed(proof.blocking)})" if proof and proof.blocking else ""
    return weight.found(
        f"Row-level security keeps the row out of {role}'s reach{names}.",
        (*_evidence(seen, case), *_policies(case)),
        (*_policy_fix(case, role), *_disable(case)),
    )


def _policies(case: Case) -> tuple[Exhibit, ...]:
    known = _table(case)
    if known is None:
        return ()
    lines = [_policy_line(policy) for policy in known.policies]
    command = f"SELECT * FROM pg_policies WHERE tablename = {literal(case.names.table_name)};"
    return (exhibit("policies", lines or "none", "database", command),)


def _policy_line(policy: Policy) -> str:
    kind = "permissive" if policy.permissive else "restrictive"
    return (
        f"{policy.name}: {kind}, {policy.command} to {listed(policy.roles)}, "
        f"using {policy.using or '-'}, with check {policy.check or '-'}"
    )


def _policy_fix(case: Case, role: str) -> tuple[Fix, ...]:
    known = _table(case)
    if known is not None and known.kind not in ("table", "partitioned table"):
        of_base = f"{known.name} is a {known.kind}: its rows are guarded by the policies of the table below it."
        return (manual(f"Let {role} reach the row in the table below", of_base),)
    name = identifier(f"backup pipeline writes as {role}")
    return (
        sql(
            f"A policy that lets {role} read and update the table",
            f"DROP POLICY IF EXISTS {name} ON {table(case)};\n"
            f"CREATE POLICY {name} ON {table(case)} FOR ALL TO {identifier(role)} "
            "USING (true) WITH CHECK (true);",
        ),
    )


def _disable(case: Case) -> tuple[Fix, ...]:
    known = _table(case)
    if known is not None and known.kind not in ("table", "partitioned table"):
        return ()
    off = sql(
        "For a test only, as the guide has it: turn RLS off (NOT recommended for production)",
        f"ALTER TABLE {table(case)} DISABLE ROW LEVEL SECURITY;\n"
        f"-- On again: ALTER TABLE {table(case)} ENABLE ROW LEVEL SECURITY;",
        Risk.HIGH,
    )
    return (off,)


@check.cause(
    "rls/role-without-bypass", breaks=BOTH_WRITES, yields_to=("secrets/wrong-role", "row/missing")
)
def role_without_bypass(seen: RlsEvidence, case: Case) -> Found | None:
    """service_role has lost BYPASSRLS, and no policy lets it through.

    Detected: the role's rolbypassrls is false, RLS is on, and the role's UPDATE reaches no row.
    Cause: the role was altered or made anew (a self-hosted project, a restored dump).
    Fix: give it BYPASSRLS back, or a policy.
    By hand: `SELECT rolbypassrls FROM pg_roles WHERE rolname = 'service_role';`
    Source: Supabase, service_role; PostgreSQL, BYPASSRLS.
    """
    proof, known = _proof(seen), _table(case)
    role = _role(seen)
    grants = known.grants_of(role) if known else None
    if proof is None or known is None or grants is None or not grants.exists:
        return None
    if role != SERVICE_ROLE or grants.bypasses_rls or grants.superuser or not known.rls_enabled:
        return None
    blocked = (
        proof.reach is Reach.NO_ROW or proof.row_visible is False or proof.new_row_allowed is False
    )
    if not blocked:
        return None
    then = database_then(case, "rls/role-without-bypass", "rls/update-blocked", silent=True)
    weight = weigh(then, now=True, case=case)
    if weight is None:
        return None
    return weight.found(
        f"{role} lacks BYPASSRLS, and no policy lets it update the row.",
        (*_evidence(seen, case), *_policies(case)),
        (
            sql(f"Give {role} BYPASSRLS back", f"ALTER ROLE {identifier(role)} BYPASSRLS;"),
            *_policy_fix(case, role),
            *_disable(case),
        ),
    )


@check.context("rls/forced")
def forced(seen: RlsEvidence, case: Case) -> Found | None:
    """RLS is forced: it binds the table's owner too.

    Detected: relforcerowsecurity. Roles with BYPASSRLS and superusers still bypass it.
    Cause: `ALTER TABLE … FORCE ROW LEVEL SECURITY`.
    Fix: none, unless the pipeline writes as the owner.
    By hand: `SELECT relforcerowsecurity FROM pg_class WHERE relname = 'backup_history';`
    Source: PostgreSQL, ALTER TABLE.
    """
    known, proof = _table(case), _proof(seen)
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


@check.warning("rls/disabled")
def disabled(seen: RlsEvidence, case: Case) -> Found | None:
    """RLS is off: the table is open to every key that has a grant, the public ones included.

    Detected: relrowsecurity is false and anon or authenticated has a grant on the table.
    Cause: the table was made by raw SQL, or RLS was turned off for a test and never on again.
    Fix: turn it on; service_role bypasses it.
    By hand: `SELECT relrowsecurity FROM pg_class WHERE relname = 'backup_history';`
    Source: guide, Solution 4; Supabase's linter, rls_disabled_in_public.
    """
    known = _table(case)
    if known is None or known.rls_enabled or known.kind not in ("table", "partitioned table"):
        return None
    public = [
        grants.role
        for grants in known.grants
        if grants.role in ("anon", "authenticated")
        and (grants.select or grants.update or grants.insert)
    ]
    whom = f"it is open to {listed(public)}" if public else "only missing grants protect it"
    return Found(
        summary=f"Row-level security is off on {case.names.table}: {whom}.",
        fixes=(sql("Turn it on", f"ALTER TABLE {table(case)} ENABLE ROW LEVEL SECURITY;"),),
    )


@check.context("rls/unreachable")
def unreachable(seen: RlsEvidence, case: Case) -> Found | None:
    """The database could not be asked about grants and policies.

    Detected: no route that sees the catalogue worked.
    Cause: the doctor's own access.
    Fix: set SUPABASE_DB_URL, or SUPABASE_ACCESS_TOKEN for the Management API's SQL endpoint.
    By hand: connect with psql.
    Source: the doctor's own connection.
    """
    own = (Why.NOT_CONFIGURED, Why.NOT_ASKED, Why.NOT_TRUSTED)
    if not isinstance(seen.proof, Unseen) or seen.proof.why in own:
        return None
    return Found(summary=f"Grants and policies could not be seen. {seen.proof.what}")
