"""The proof of a write without writing: the pipeline's UPDATE, planned by PostgreSQL as the writer.

EXPLAIN executes nothing, checks the role's privileges, and plans with its policies. It proves
"blocked", never "will work". Where the doctor may not take on the role, the catalogue is the weaker
proof.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from backup_doctor.collect.database.answers import CANCELLED, DENIED, LOCKED, Refusal, Reply
from backup_doctor.collect.database.plan import reaches_no_row
from backup_doctor.collect.database.policies import PolicyVerdict, applying, judge_policies
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.rls import Proof, Reach
from backup_doctor.evidence.sql import regclass
from backup_doctor.services.meaning import refuses_values

if TYPE_CHECKING:
    from backup_doctor.collect.database.direct import Direct
    from backup_doctor.collect.database.expressions import Run
    from backup_doctor.collect.database.update import Update
    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.row import RoleGrants

EXPLAIN = "EXPLAIN (FORMAT JSON) "
# invalid_parameter_value: what SET ROLE says of a role that is not there.
NO_ROLE = "22023"
NO_SET_ROLE = "permission denied to set role"
NEW_ROW = "new row violates row-level security policy (evaluated, not executed)"
NOTHING_LEFT = "A rewrite rule leaves nothing of the update."
NOT_LOOKED_AT = Unseen(
    why=Why.NOT_ASKED,
    what="The grants of the writing role were not looked at.",
    dependency="PostgreSQL",
)


def prove(ask: Sources, direct: Direct, update: Update, role: str) -> Proof | Unseen:
    """Hold the update against the database as the role; falls back to the catalogue."""
    explained, active, visible = ask.at_once(
        lambda: _explain(direct, update, role),
        lambda: direct.run(_row_security_active(update), role=role),
        lambda: direct.run(_visible(update), role=role),
    )
    if isinstance(explained, Unseen):
        return explained
    if isinstance(explained, Refusal):
        return _refused(explained, direct.run, update, role)
    there = update.row is not None and not update.foreseen and not update.past
    seen = _truth(visible, "visible") if there else None
    policies = PolicyVerdict(None, None)
    if _truth(active, "active"):
        policies = _policies(direct, update, role)
    empty = reaches_no_row(explained)
    return Proof(
        role=role,
        reach=Reach.NO_ROW
        if empty or seen is False or policies.old_row is False
        else Reach.NO_OBSTACLE,
        strong=True,
        message=_message(policies, empty=empty),
        row_visible=seen,
        new_row_allowed=policies.new_row,
        blocking=policies.blocking,
        statement=update.statement(),
    )


def _explain(direct: Direct, update: Update, role: str) -> Reply:
    """The plan; of NULLs in place of the values where a value itself is refused."""
    answer = direct.run(EXPLAIN + update.statement(), role=role)
    # What a value or a column refuses says nothing of the role; see RlsEvidence.refused_values.
    if not (isinstance(answer, Refusal) and refuses_values(answer.sqlstate)):
        return answer
    return direct.run(EXPLAIN + update.statement(dict.fromkeys(update.written)), role=role)


def _row_security_active(update: Update) -> str:
    names = update.names
    relation = regclass(names.schema, names.table_name)
    return f"SELECT row_security_active({relation}) AS active"


def _visible(update: Update) -> str:
    return f"SELECT EXISTS (SELECT FROM {update.qualified} WHERE {update.where}) AS visible"


def _truth(reply: Reply, column: str) -> bool | None:
    if isinstance(reply, (Refusal, Unseen)) or not reply:
        return None
    return reply[0][column] is True


def _policies(direct: Direct, update: Update, role: str) -> PolicyVerdict:
    applied = applying(direct.run, role, update.table.policies)
    if isinstance(applied, Unseen):
        return PolicyVerdict(None, None)
    return judge_policies(lambda statement: direct.run(statement, role=role), update, applied)


def _message(policies: PolicyVerdict, *, empty: bool | None) -> str:
    if empty is None:
        return NOTHING_LEFT
    return NEW_ROW if policies.new_row is False and policies.old_row is not False else ""


def _refused(refusal: Refusal, run: Run, update: Update, role: str) -> Proof | Unseen:
    if refusal.sqlstate in (LOCKED, CANCELLED):
        return refusal.unseen()
    if refusal.message.startswith(NO_SET_ROLE):
        return weak_proof(run, update, role)
    if refusal.sqlstate == NO_ROLE:
        return no_such_role(role)
    return Proof(
        role=role,
        reach=Reach.REFUSED,
        strong=True,
        sqlstate=refusal.sqlstate,
        message=refusal.message,
        statement=update.statement(),
    )


def no_such_role(role: str) -> Unseen:
    """The role that the pipeline is said to write as is not there."""
    return Unseen(
        why=Why.NOT_FOUND,
        what=f"The role {role} does not exist in this database.",
        remedy="Set writer_role to the role that the pipeline writes as.",
        dependency="PostgreSQL",
    )


def weak_proof(run: Run, update: Update, role: str) -> Proof | Unseen:
    """The proof from the catalogue, where the doctor cannot take on the role.

    Policies are evaluated by the doctor's own role: those that depend on who asks are left open.
    """
    grants = update.table.grants_of(role)
    if grants is None:
        return NOT_LOOKED_AT
    if not grants.exists:
        return no_such_role(role)
    missing = _missing_grant(update, grants)
    policies = PolicyVerdict(None, None)
    if not missing and _is_bound(update, grants):
        policies = _policies_from_outside(run, update, role)
    out_of_reach = Reach.NO_ROW if policies.old_row is False else Reach.NO_OBSTACLE
    return Proof(
        role=role,
        reach=Reach.REFUSED if missing else out_of_reach,
        strong=False,
        sqlstate=DENIED if missing else None,
        message=missing or _message(policies, empty=False),
        new_row_allowed=policies.new_row,
        blocking=policies.blocking,
        statement=update.statement(),
    )


def _missing_grant(update: Update, grants: RoleGrants) -> str | None:
    if grants.superuser:
        return None
    if not grants.schema_usage:
        return f"permission denied for schema {update.table.schema}"
    looked_up = update.names.column("id")
    lacking = set(update.written) - set(grants.update_columns)
    unread = looked_up not in grants.select_columns and update.table.column(looked_up)
    return f"permission denied for table {update.table.name}" if lacking or unread else None


def _is_bound(update: Update, grants: RoleGrants) -> bool:
    """Whether row-level security binds the role."""
    table = update.table
    owns = grants.role == table.owner and not table.rls_forced
    return table.rls_enabled and not (grants.bypasses_rls or grants.superuser or owns)


def _policies_from_outside(run: Run, update: Update, role: str) -> PolicyVerdict:
    applied = applying(run, role, update.table.policies)
    if isinstance(applied, Unseen):
        # Which roles the role is in is not known: only the want of any policy is certain.
        return judge_policies(run, replace(update, row=None), update.table.policies)
    return judge_policies(run, update, applied, by_another=True)
