"""What the rules of this step share: the proof, the role, the policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.evidence.rls import Proof, Reach, RlsEvidence
from backup_doctor.evidence.row import Policy, Table
from backup_doctor.evidence.sql import identifier, literal
from backup_doctor.judge.history import fallback_call, function_call
from backup_doctor.judge.history.roles import role_refused
from backup_doctor.judge.show import exhibit, listed, log_lines, table

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Exhibit


TABLES = ("table", "partitioned table")


def proof_of(seen: RlsEvidence, role: str | None = None) -> Proof | None:
    """What PostgreSQL says of the update as the writing role, or as another where it was asked."""
    for one in (seen.proof, seen.key_proof):
        if isinstance(one, Proof) and role in (None, one.role):
            return one
    return None


def table_of(case: Case) -> Table | None:
    """The table, where the catalogue could be seen and has it."""
    known = case.row.table if case.row else None
    return known if isinstance(known, Table) else None


def role_of(case: Case) -> str:
    """The role that the log shows to be refused, else the one that the pipeline writes with."""
    return role_refused(case) or case.names.writer_role


def exhibits(seen: RlsEvidence, case: Case) -> tuple[Exhibit, ...]:
    """The log's lines and the proof, by which a person sees the same."""
    proof = proof_of(seen, role_of(case)) or proof_of(seen)
    logged = (
        *log_lines(case, "answer of the function", function_call(case)),
        *log_lines(case, "answer to the update", fallback_call(case)),
    )
    if proof is None:
        return logged
    how = "EXPLAIN as that role" if proof.strong else "the catalogue only: the weaker proof"
    said = f"{proof.reach}: {proof.message}" if proof.message else str(proof.reach)
    return (
        *logged,
        exhibit(f"UPDATE as {proof.role}", said, f"database, {how}", _by_hand(proof, case)),
    )


def _by_hand(proof: Proof, case: Case) -> str:
    """What shows a person the same: the plan, the grant, or the policies."""
    if proof.strong and proof.statement:
        return (
            f"BEGIN READ ONLY; SET LOCAL ROLE {identifier(proof.role)}; EXPLAIN {proof.statement}; "
            "ROLLBACK;"
        )
    if proof.reach is Reach.REFUSED:
        return (
            f"SELECT has_table_privilege({literal(proof.role)}, {literal(table(case))}, 'UPDATE'), "
            f"has_schema_privilege({literal(proof.role)}, {literal(case.names.schema)}, 'USAGE');"
        )
    return f"SELECT * FROM pg_policies WHERE tablename = {literal(case.names.table_name)};"


def policy_for(case: Case, role: str) -> str:
    """SQL for a policy that lets a role read and write the table."""
    name = identifier(f"backup pipeline writes as {role}")
    return (
        f"DROP POLICY IF EXISTS {name} ON {table(case)};\n"
        f"CREATE POLICY {name} ON {table(case)} FOR ALL TO {identifier(role)} "
        "USING (true) WITH CHECK (true);"
    )


def policy_exhibits(case: Case) -> tuple[Exhibit, ...]:
    """The table's policies, as evidence."""
    known = table_of(case)
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
