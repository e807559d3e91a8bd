"""Whether others than the pipeline may write the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.rls.view import TABLES, policy_exhibits, policy_for, table_of
from backup_doctor.evidence.findings import Fix, Risk
from backup_doctor.evidence.rls import RlsEvidence
from backup_doctor.evidence.sql import identifier
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.history.roles import PUBLIC_ROLES
from backup_doctor.judge.openness import PUBLIC, lets_write, writes, writes_through
from backup_doctor.judge.show import listed, manual, sql, table

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.open_to_all import OpenView
    from backup_doctor.evidence.row import Table


rules = Rules[RlsEvidence]()


@rules.warning("rls/disabled")
def disabled(seen: RlsEvidence, case: Case) -> Found | None:
    """RLS is off: the table is open to every key that has a grant, the public ones included.

    Detected: relrowsecurity is false; anon and authenticated are named if they have a grant on the
    table, and on its schema.
    Cause: the table was made by raw SQL, or RLS was turned off for a test and never on again.
    Fix: turn it on; service_role bypasses it, and another role needs a policy first.
    By hand: `SELECT relrowsecurity FROM pg_class WHERE relname = 'backup_history';`
    Source: guide, row-level security; Supabase's linter, rls_disabled_in_public.
    """
    known = table_of(case)
    if known is None or known.rls_enabled or known.kind not in TABLES:
        return None
    public = [
        grants.role
        for grants in known.grants
        if grants.role in ("anon", "authenticated")
        and grants.schema_usage
        and (grants.select or grants.update or grants.insert)
    ]
    whom = f"it is open to {listed(public)}" if public else "only missing grants protect it"
    return Found(
        summary=f"Row-level security is off on {case.names.table}: {whom}.",
        fixes=(_turn_on(case, known),),
    )


def _turn_on(case: Case, known: Table) -> Fix:
    """Turn it on; whom it would keep out then has a policy first, but for a public role."""
    role, on = case.names.writer_role, f"ALTER TABLE {table(case)} ENABLE ROW LEVEL SECURITY;"
    grants = known.grants_of(role)
    owns = role == known.owner and not known.rls_forced
    if grants is None or not grants.exists or grants.bypasses_rls or grants.superuser or owns:
        return sql("Turn it on", on)
    if role in PUBLIC_ROLES:
        return manual(
            "Give the pipeline a key that is not public, then turn it on",
            f"The pipeline writes as {role}, which row-level security keeps out. Then: {on}",
        )
    return sql(f"Turn it on, with a policy for {role}", f"{policy_for(case, role)}\n{on}")


@rules.warning("rls/open")
def open_to_all(seen: RlsEvidence, case: Case) -> Found | None:
    """A public key may write the table: its policies and grants let it, or a function does.

    Detected: anon or authenticated has the grant, and a permissive policy lets it whose expression
    does not depend on who asks; or a SECURITY DEFINER function that writes the table may be called
    by anon; or a view without security_invoker, whose owner row-level security does not bind, may be
    written by a public role.
    Cause: a policy `USING (true)` for everyone, made to get the pipeline through; a function whose
    EXECUTE was never taken from PUBLIC; a view that got Supabase's usual grants.
    Fix: take the writing away from the public roles; service_role needs no policy.
    By hand: `SELECT * FROM pg_policies WHERE tablename = 'backup_history';`
    Source: Supabase's linter, rls_policy_always_true and security_definer_view; PostgreSQL, SECURITY
    DEFINER functions.
    """
    known = table_of(case)
    if known is None:
        return None
    roles = tuple(role for role in PUBLIC if lets_write(known, role))
    functions = tuple(one.name for one in known.open_functions if writes(one, known.name))
    views = tuple(one for one in known.open_views if writes_through(one, known))
    if not (roles or functions or views):
        return None
    said = (
        f"{listed(roles)} may write {case.names.table}: its policies and grants let every public key."
        if roles
        else "",
        f"anon may call {listed(functions)}, which writes {case.names.table} with its owner's rights."
        if functions
        else "",
        *(_by_view(one, case) for one in views),
    )
    return Found(
        summary=" ".join(filter(None, said)),
        evidence=policy_exhibits(case) if roles else (),
        fixes=(
            *((_take_back(case, roles),) if roles else ()),
            *(_take_back_function(case, name) for name in functions),
            *(_take_back_view(case, one) for one in views),
        ),
    )


def _by_view(view: OpenView, case: Case) -> str:
    named = _named(view)
    what = "" if named == table(case) else f", a view of {case.names.table}"
    return (
        f"{listed(view.roles)} may write {named}{what}: it has no security_invoker, so that it writes "
        "with its owner's rights, which row-level security does not bind."
    )


def _named(view: OpenView) -> str:
    return identifier(view.schema, view.name)


def _take_back_view(case: Case, view: OpenView) -> Fix:
    is_own = _named(view) == table(case)
    names = ", ".join(("PUBLIC", *(identifier(role) for role in view.roles)))
    return sql(
        f"Take the writing away from {listed(view.roles)} (anything else that writes through the view "
        "loses it too)",
        f"REVOKE INSERT, UPDATE, DELETE ON {_named(view)} FROM {names};{_keep(case) if is_own else ''}",
        Risk.HIGH,
    )


def _take_back(case: Case, roles: tuple[str, ...]) -> Fix:
    # What everybody may do, these roles may too.
    names = ", ".join(("PUBLIC", *(identifier(role) for role in roles)))
    return sql(
        f"Take the writing away from {listed(roles)} (anything else that writes with that key loses it too)",
        f"REVOKE INSERT, UPDATE, DELETE ON {table(case)} FROM {names};{_keep(case)}",
        Risk.HIGH,
    )


def _keep(case: Case) -> str:
    """SQL that leaves the pipeline's role what it has, also if it has that as everybody does."""
    known, writer = table_of(case), case.names.writer_role
    grants = known.grants_of(writer) if known else None
    if grants is None or writer in PUBLIC_ROLES:
        return ""
    held = [right for right, has in (("INSERT", grants.insert), ("UPDATE", grants.update)) if has]
    if not held:
        return ""
    return f"\nGRANT {', '.join(held)} ON {table(case)} TO {identifier(writer)};"


def _take_back_function(case: Case, name: str) -> Fix:
    writer = case.names.writer_role
    keep = (
        ""
        if writer in PUBLIC_ROLES
        else f"\nGRANT EXECUTE ON FUNCTION {name} TO {identifier(writer)};"
    )
    return sql(
        f"Let only the writing role call {name}",
        f"REVOKE EXECUTE ON FUNCTION {name} FROM PUBLIC, anon, authenticated;{keep}",
        Risk.HIGH,
    )
