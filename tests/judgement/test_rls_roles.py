"""What PostgreSQL says of the writing role: who is kept from the row, and by what."""

from __future__ import annotations

from typing import Any

import pytest

from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.findings import Risk, Role
from backup_doctor.evidence.rls import Reach, RlsEvidence
from backup_doctor.evidence.row import Policy, RoleGrants, Table
from backup_doctor.judge.diagnosis import Diagnosis, diagnose
from backup_doctor.judge.judgement import Judged, judge
from backup_doctor.judge.registry import load_checks
from tests.judgement.cases import call, case, log, rls, row, table, workflow

REFUSED = log(call(404, '{"code":"NOT_FOUND"}'), call(200, "[]"))
BY_OWN_ROW = Policy(
    name="own rows",
    permissive=True,
    roles=("PUBLIC",),
    command="UPDATE",
    using="(owner = CURRENT_USER)",
)


def findings(seen: RlsEvidence, known: Table, **changes: Any) -> tuple[Judged, ...]:
    one = case(row(table=known), seen, workflow(REFUSED), **changes)
    return judge(one, (loaded.check for loaded in load_checks().checks)).findings


def diagnosed(seen: RlsEvidence, known: Table) -> Diagnosis:
    one = case(row(table=known), seen, workflow(REFUSED))
    return diagnose(one, findings(seen, known))


def of_code(code: str, seen: RlsEvidence, known: Table) -> Judged:
    (found,) = [one for one in findings(seen, known) if one.code == code]
    return found


def role(**changes: Any) -> RoleGrants:
    base = {"exists": True, "schema_usage": True, "select": True, "update": True}
    return RoleGrants(role="service_role", **{**base, **changes})


def test_a_role_that_lost_bypassrls_is_told_from_a_policy_that_is_missing() -> None:
    found = diagnosed(
        rls(Reach.NO_ROW, row_visible=False), table(grants=(role(),), policies=(BY_OWN_ROW,))
    )

    assert "rls/role-without-bypass" in [cause.code for cause in found.causes]
    assert "rls/update-blocked" not in [cause.code for cause in found.causes]


def test_a_blocked_update_shows_the_policies_and_a_test_without_them_is_of_high_risk() -> None:
    found = of_code(
        "rls/role-without-bypass",
        rls(Reach.NO_ROW, row_visible=False),
        table(grants=(role(),), policies=(BY_OWN_ROW,)),
    ).found

    (shown,) = [one.value for one in found.evidence if one.label == "policies"]
    assert shown == [
        "own rows: permissive, UPDATE to PUBLIC, using (owner = CURRENT_USER), with check -"
    ]
    assert [fix.risk for fix in found.fixes if "DISABLE ROW LEVEL" in fix.text] == [Risk.HIGH]


def test_behind_a_view_the_policy_of_the_table_below_is_what_to_mend() -> None:
    found = of_code(
        "rls/update-blocked", rls(Reach.NO_ROW, row_visible=False), table(kind="view")
    ).found

    assert not any("ALTER TABLE" in fix.text for fix in found.fixes)
    assert any("the policies of the table below it" in fix.text for fix in found.fixes)


def test_forced_rls_is_a_cause_only_where_the_pipeline_writes_as_the_owner() -> None:
    forced = table(rls_forced=True)

    aside = of_code("rls/forced", rls(), forced)
    blocking = of_code("rls/forced", rls(Reach.NO_ROW, role="postgres"), forced)

    assert aside.found.role in (None, Role.CONTEXT)
    assert blocking.found.role is Role.CAUSE
    assert "NO FORCE ROW LEVEL SECURITY" in blocking.found.fixes[0].text


@pytest.mark.parametrize(
    ("grants", "whom"),
    [
        (
            (RoleGrants(role="anon", exists=True, schema_usage=True, select=True),),
            "it is open to anon",
        ),
        ((RoleGrants(role="anon", exists=True, select=True),), "only missing grants protect it"),
        ((RoleGrants(role="anon", exists=True),), "only missing grants protect it"),
    ],
)
def test_a_table_without_rls_is_said_to_be_open_to_whom_it_is(
    grants: tuple[RoleGrants, ...], whom: str
) -> None:
    found = of_code("rls/disabled", rls(), table(rls_enabled=False, grants=grants))

    assert whom in found.found.summary


def test_a_database_that_refused_the_question_is_said_and_one_that_is_not_set_up_is_not() -> None:
    refused = Unseen(why=Why.DENIED, what="PostgreSQL refused.")
    unset = Unseen(why=Why.NOT_CONFIGURED, what="No database URL is set.")

    told = of_code("rls/unreachable", RlsEvidence(proof=refused), table())

    assert "PostgreSQL refused." in told.found.summary
    codes = [one.code for one in findings(RlsEvidence(proof=unset), table())]
    assert "rls/unreachable" not in codes
