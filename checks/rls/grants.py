"""Whether the writing role may touch the table at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.rls.view import exhibits, proof_of, role_of, table_of
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.rls import Reach, RlsEvidence
from backup_doctor.evidence.sql import identifier
from backup_doctor.judge.advice import set_on_github
from backup_doctor.judge.framework import Found, Resolved, Rules
from backup_doctor.judge.history import (
    BOTH_WRITES,
    database_then,
    stopped_at_look_up,
    weigh,
)
from backup_doctor.judge.history.calls import answers_told, update_ways
from backup_doctor.judge.history.early import early_text
from backup_doctor.judge.history.roles import PUBLIC_ROLES, is_by_sql, role_refused
from backup_doctor.judge.show import either, listed, manual, setting, sql, table
from backup_doctor.judge.traits import Trait
from backup_doctor.services.meaning import denied_object, table_to_grant
from backup_doctor.services.secret_uses import Use

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix


rules = Rules[RlsEvidence]()

REFUSED_GRANT = "42501"
# Who Supabase's SQL editor and its migrations are.
USUAL_OWNER = "postgres"
# The role of the key; who connects with another user may name its role by `writer_role`.
USUAL_WRITER = "service_role"
_RELATIONS = ("table", "relation", "view")


@rules.cause(
    "rls/no-grant",
    breaks=BOTH_WRITES,
    yields_to=("secrets/wrong-role", "row/table-missing"),
    traits=(Trait.AFTER_KEY, Trait.HIDES_ROW, Trait.FAILS_LOOK_UP, Trait.NAMED_BY_STEP),
)
def no_grant(seen: RlsEvidence, case: Case) -> Found | None:
    """The role that writes has no grant on the table.

    Detected: PostgreSQL refuses the role's UPDATE with 42501 when it plans it (EXPLAIN in a
    read-only transaction), or the log says "permission denied for table".
    Cause: new tables in `public` get no grants any more (Supabase, existing projects since
    2026-10-30); service_role included, for BYPASSRLS is not a grant.
    Fix: grant what the pipeline needs.
    By hand: `SELECT has_table_privilege('service_role', 'public.backup_history', 'UPDATE');`
    Source: PostgreSQL 42501; Supabase changelog on default grants.
    """
    role, denied = role_of(case), _denied(seen, case)
    proof = proof_of(seen, role)
    refused = proof is not None and proof.reach is Reach.REFUSED
    then = database_then(case, "rls/no-grant")
    # Who asks for the changed row back (RETURNING) reads every column; the plan of the update alone does not.
    unread = _unread(case, role) if True in then.values() else ()
    denied_now = refused and proof is not None and proof.sqlstate == REFUSED_GRANT
    weight = weigh(then, now=True if denied_now or unread else None, case=case)
    if weight is None:
        return None
    if denied and not _is_ours(denied, case):
        who = "A step before the update" if early_text(case) else "The update"
        return weight.found(
            f"{who} is refused what it needs beside {case.names.table}: permission denied for "
            f"{denied[0]} {denied[1]}.",
            exhibits(seen, case),
            _allow_beside(denied, role, case),
        )
    if denied and _is_of_client(then, case):
        return weight.found(
            f"The database user with which the update connects had no grant to update {case.names.table}.",
            exhibits(seen, case),
            (_grant_client(case),),
        )
    other = _other_table(case) if denied else None
    if other is not None:
        return weight.found(
            f"{role} has no grant to update {other}; the doctor looks at another table, "
            f"{case.names.table}.",
            exhibits(seen, case),
            _grant_other(other, role),
        )
    # Where a rule takes the update's place, its plan asks for no grant: then the catalogue tells.
    granted = proof is not None and not refused and not _has_none(case, role)
    resolved = Resolved(by=f"{role} has the grants that the update needs") if granted else None
    only_unread = (
        unread if not denied_now else _unread(case, role) if _may_update(case, role) else ()
    )
    return weight.found(
        f"{role} {'had' if weight.is_over(resolved) else 'has'} no grant to {_reading(case, only_unread) or _writing(seen, case, role)} "
        f"{case.names.table}.",
        exhibits(seen, case),
        (_grant(case, role),),
        resolved=resolved,
    )


def _is_of_client(then: Mapping[Link, bool | None], case: Case) -> bool:
    """Whether it was another user than the key's role that was refused: one that connects by itself."""
    alone = [link for link, shown in then.items() if shown] == [Link.FALLBACK_UPDATES]
    told = role_refused(case) is not None or case.names.writer_role != USUAL_WRITER
    return alone and is_by_sql(case) and not told


def _grant_client(case: Case) -> Fix:
    return manual(
        "Grant that user what the update needs",
        "It is the user in the connection string of the update step. In the SQL editor, grant it USAGE on "
        f"the schema {case.names.schema} and SELECT, INSERT and UPDATE on {case.names.table}; or give the "
        "step the connection string of a user that has them.",
    )


def _unread(case: Case, role: str) -> tuple[str, ...]:
    """The columns of the table that the role may not read, where the catalogue tells."""
    known = table_of(case)
    grants = known.grants_of(role) if known else None
    if known is None or grants is None or not grants.exists or grants.select or grants.superuser:
        return ()
    return tuple(one.name for one in known.columns if one.name not in grants.select_columns)


def _may_update(case: Case, role: str) -> bool:
    """Whether the catalogue shows the grant to update: what refuses the update is then what it reads."""
    known = table_of(case)
    grants = known.grants_of(role) if known else None
    return grants is not None and grants.schema_usage and grants.update


def _has_none(case: Case, role: str) -> bool:
    """Whether the catalogue shows that the role may update no column of the table."""
    known = table_of(case)
    grants = known.grants_of(role) if known else None
    if grants is None or not grants.exists or grants.superuser:
        return False
    return not (grants.update or grants.update_columns)


def _reading(case: Case, unread: tuple[str, ...]) -> str:
    known = table_of(case)
    some = known is not None and len(unread) < len(known.columns)
    return f"read {listed(unread)} of" if unread and some else "read" if unread else ""


def _writing(seen: RlsEvidence, case: Case, role: str) -> str:
    """What it may not update: the columns, where it has others of those that the pipeline writes."""
    known = table_of(case)
    if known is None and stopped_at_look_up(case):
        return "read"  # No more than that was tried.
    grants = known.grants_of(role) if known else None
    may = set(grants.update_columns) if grants and not grants.update else set()
    written = [case.names.column(name) for name in seen.written]
    lacking = [name for name in written if name and name not in may]
    return f"update {listed(lacking)} of" if may.intersection(written) and lacking else "update"


def _denied(seen: RlsEvidence, case: Case) -> tuple[str, str] | None:
    """What PostgreSQL names as denied: in the log, else now."""
    proof = proof_of(seen, role_of(case))
    texts = (*answers_told(case), early_text(case), proof.message if proof else "")
    told = (denied_object(text) for text in texts)
    return next((one for one in told if one), None)


def _is_ours(denied: tuple[str, str], case: Case) -> bool:
    """Whether it is the table of the backups, or its schema."""
    kind, name = denied
    bare = name.rpartition(".")[2]
    if kind == "schema":
        return bare == case.names.schema
    known = table_of(case)
    if kind == "table" and known is not None and known.kind == "view":
        return False  # One of the same name, in another schema, that the view reads.
    return kind in _RELATIONS and bare == case.names.table_name


def _is_procedure(denied: tuple[str, str], case: Case) -> bool:
    """Whether it is the procedure by which the script updates the row."""
    kind, name = denied
    called = [one.target for one in update_ways(case) if one.kind == "rpc"]
    return kind == "function" and name.rpartition(".")[2] in called


def _let_call(name: str, role: str, case: Case) -> tuple[Fix, ...]:
    if role in PUBLIC_ROLES:
        return (set_on_github(case, Use.SERVICE_KEY, "a key that is not public"),)
    procedure = identifier(case.names.schema, name.rpartition(".")[2])
    return (
        sql(
            f"Let {role} call {name}",
            f"GRANT EXECUTE ON FUNCTION {procedure} TO {identifier(role)};",
        ),
    )


# What PostgreSQL calls the right to use something that is no table.
_USES = {"function": ("call", "EXECUTE"), "sequence": ("use", "USAGE"), "schema": ("use", "USAGE")}


def _allow_beside(denied: tuple[str, str], role: str, case: Case) -> tuple[Fix, ...]:
    """What lets a trigger, or a step before, use another object than the table of the backups."""
    kind, name = denied
    if early_text(case):
        grant = f"Its user needs the grant on the {kind} {name}, or the step must leave it out."
        return (manual(f"Let the step that failed use the {kind} {name}", grant),)
    if _is_procedure(denied, case):
        return _let_call(name, role, case)
    known = table_of(case)
    policies = [
        one.name for one in (known.policies if known else ()) if name in f"{one.using} {one.check}"
    ]
    if policies:
        word = "policy" if len(policies) == 1 else "policies"
        use, right = _USES.get(kind, ("read", "SELECT"))
        allow = manual(
            f"Let {role} {use} {name}",
            f"The {word} {listed(policies)} of {case.names.table} asks the {kind} {name} as {role}: "
            f"grant {role} {right} on it.",
        )
        if kind == "function":
            return (allow,)
        return either(
            allow,
            manual(
                f"Or let the {word} ask through a function",
                f"Move what is asked of the {kind} {name} into a function that is SECURITY DEFINER, "
                "with its own search_path.",
            ),
        )
    triggers = [one.name for one in (known.triggers if known else ()) if name in one.source]
    if known is not None and known.kind == "view" and not triggers and kind in _RELATIONS:
        return (
            manual(
                f"Grant {role} what the pipeline needs on {name} too",
                f"{case.names.table} is a view that reads and writes {name} with the rights of who asks "
                f"(security_invoker): grant {role} SELECT, INSERT and UPDATE on {name}. Or let the view use "
                f"its owner's rights, past the policies of {name}: ALTER VIEW … RESET (security_invoker).",
            ),
        )
    by = f" (the trigger {listed(triggers)} uses it)" if triggers else ""
    grant = f"exactly what the function does with the {kind} {name}"
    return either(
        manual(
            f"Let the trigger's function use {name} with its owner's rights",
            f"Make the function that uses the {kind} {name}{by} SECURITY DEFINER, with its own "
            "search_path.",
        ),
        manual(
            f"Or grant {role} what it needs on {name}",
            f"Grant {role} {f'{_USES[kind][1]} on it' if kind in _USES else grant}.",
        ),
    )


def _other_table(case: Case) -> str | None:
    """The table of this name in another schema, where the database's own hint names that one."""
    own = f"{case.names.schema}.{case.names.table_name}"
    told = (table_to_grant(text) for text in (*answers_told(case), early_text(case)))
    hinted = next((one for one in told if one), None)
    if hinted is None or hinted.count(".") != 1 or hinted == own:
        return None
    return hinted if hinted.endswith(f".{case.names.table_name}") else None


def _grant_other(other: str, role: str) -> tuple[Fix, ...]:
    """The grant on the table that the pipeline writes, which the doctor was not told of."""
    schema, name = other.split(".")
    tell = setting(
        "Name the pipeline's table to the doctor",
        f"Set table to {other} (BACKUP_DOCTOR_TABLE), then diagnose again.",
    )
    if role in PUBLIC_ROLES:
        return (tell,)
    grant = sql(
        f"Grant {role} what the pipeline needs",
        f"GRANT USAGE ON SCHEMA {identifier(schema)} TO {identifier(role)};\n"
        f"GRANT SELECT, INSERT, UPDATE ON {identifier(schema, name)} TO {identifier(role)};",
    )
    return (grant, tell)


def _grant(case: Case, role: str) -> Fix:
    """A grant for the writing role; a role of everybody's gets none: the key is then the fault."""
    if role in PUBLIC_ROLES:
        return set_on_github(case, Use.SERVICE_KEY, "a key that is not public")
    if case.row is not None and case.row.table is None:
        return manual(
            f"Grant {role} what the pipeline needs, on the pipeline's own table",
            f"There is no {case.names.table} in the database that the doctor asks: name the right one to it "
            "first (table, BACKUP_DOCTOR_TABLE).",
        )
    usage = f"GRANT USAGE ON SCHEMA {identifier(case.names.schema)} TO {identifier(role)};\n"
    known = table_of(case)
    # Of anybody else PostgreSQL takes a GRANT with a mere warning, and grants nothing.
    owner = known.owner if known and known.owner not in ("", USUAL_OWNER) else ""
    by = f" (as {owner}, who owns the table)" if owner else ""
    return sql(
        f"Grant {role} what the pipeline needs{by}",
        f"{usage}GRANT SELECT, INSERT, UPDATE ON {table(case)} TO {identifier(role)};",
    )
