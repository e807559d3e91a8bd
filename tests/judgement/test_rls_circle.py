"""A policy that leads back to its own table, and a role that may update some columns only."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from backup_doctor.evidence.findings import FixKind
from backup_doctor.evidence.rls import Reach
from backup_doctor.evidence.row import Policy, RoleGrants
from tests.judgement.asking import causes, finding
from tests.judgement.cases import NOT_THERE, call, case, log, rls, row, table, workflow

CIRCLE = 'infinite recursion detected in policy for relation "{}"'
BOUND = RoleGrants(role="service_role", exists=True, bypasses_rls=False, update=True)
OWN = Policy(
    name="p",
    permissive=True,
    roles=("service_role",),
    command="ALL",
    using="(EXISTS ( SELECT 1\n   FROM backup_history b\n  WHERE (b.id = backup_history.id)))",
)


def refused(of: str = "backup_history", **changes: Any) -> Any:
    """Both updates, and the plan of now, are refused for a policy of this table."""
    said = CIRCLE.format(of)
    escaped = said.replace('"', '\\"')
    answer = f'{{"code":"42P17","message":"{escaped}"}}'
    run = workflow(log(call(500, f'{{"error":{answer}}}'), call(500, answer)))
    proof = changes.get("proof", rls(Reach.REFUSED, sqlstate="42P17", message=said))
    known = table(policies=(OWN,), grants=(changes.get("grants", BOUND),))
    return case(run, proof, row(table=changes.get("table", known)))


def test_a_role_without_bypass_is_refused_by_a_policy_that_leads_back() -> None:
    one = refused()
    found = finding(one, "rls/role-without-bypass").found

    assert causes(one) == ["rls/role-without-bypass"]
    assert "the policy p of backup_history leads back to backup_history" in found.summary
    assert [fix.kind for fix in found.fixes] == [FixKind.SQL, FixKind.MANUAL, FixKind.SQL]
    assert "CREATE POLICY" not in "".join(fix.text for fix in found.fixes)


def test_it_may_be_the_policy_of_another_table_that_leads_back() -> None:
    found = finding(refused("members"), "rls/role-without-bypass").found

    assert "a policy of members leads back to members" in found.summary


@pytest.mark.parametrize(
    "changes",
    [
        {"proof": replace(rls(), proof=NOT_THERE), "table": NOT_THERE},
        {"grants": replace(BOUND, role="writer"), "proof": replace(rls(), proof=NOT_THERE)},
    ],
)
def test_the_log_alone_tells_it(changes: Any) -> None:
    one = refused(**changes)
    found = finding(one, "rls/update-blocked").found

    assert causes(one) == ["rls/update-blocked"]
    assert "(infinite recursion)" in found.summary
    assert found.fixes[0].kind is FixKind.MANUAL


def test_the_columns_are_named_that_the_role_may_not_update() -> None:
    denied = '{"code":"42501","message":"permission denied for table backup_history"}'
    run = workflow(log(call(500), call(403, denied)))
    proof = replace(
        rls(Reach.REFUSED, sqlstate="42501", message="permission denied"),
        written={"status": "success", "size_bytes": "1", "s3_key": "k"},
    )

    def said(**grants: Any) -> str:
        role = RoleGrants(
            role="service_role", exists=True, schema_usage=True, select=True, **grants
        )
        one = case(run, proof, row(table=table(grants=(role,))))
        return finding(one, "rls/no-grant").found.summary

    some = said(update_columns=("status", "s3_key"))
    assert "no grant to update size_bytes of public.backup_history" in some
    assert "no grant to update public.backup_history" in said()
    assert "no grant to update public.backup_history" in said(update_columns=("label",))
