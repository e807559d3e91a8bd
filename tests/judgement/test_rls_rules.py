"""Grants and policies: what keeps the row out of the writing role's reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from doctor.chain import Link
from doctor.evidence.base import Unseen, Why
from doctor.evidence.rls import Reach, RlsEvidence
from doctor.evidence.row import Policy, RoleGrants, Table
from doctor.model import Role, Severity
from tests.judgement.asking import codes, finding
from tests.judgement.cases import (
    NOT_THERE,
    ahead,
    call,
    case,
    log,
    rls,
    row,
    table,
    workflow,
)

if TYPE_CHECKING:
    from doctor.evidence.log import Call

BOTH = (Link.FUNCTION_UPDATES, Link.FALLBACK_UPDATES)
HIDDEN = workflow(log(call(200), call(200, "[]", rows=0)))
DENIED = call(403, '{"code":"42501","message":"permission denied for table backup_history"}')
VIOLATED = call(403, '{"code":"42501","message":"new row violates row-level security policy"}')
UNPROVED = RlsEvidence(proof=NOT_THERE)
REFUSED = rls(Reach.REFUSED, sqlstate="42501", message="permission denied")
ASKED_NOBODY = Unseen(why=Why.NOT_ASKED, what="Nobody asked.")


def role(one: Any, code: str) -> Role | None:
    """The role of the finding of this code, None where there is none."""
    return finding(one, code).role if code in codes(one) else None


def denied(*evidence: Any) -> Any:
    return case(workflow(log(call(500), DENIED)), *evidence)


# Grants ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "seen", "expected", "healed"),
    [
        (DENIED, REFUSED, Role.CAUSE, False),
        (DENIED, rls(), Role.CAUSE, True),
        (DENIED, UNPROVED, Role.CAUSE, False),
        (DENIED, replace(REFUSED, proof=NOT_THERE), Role.CAUSE, False),
        (call(403), REFUSED, Role.CAUSE, False),
        (call(403), rls(Reach.REFUSED, sqlstate="22003"), None, False),
        (call(403), rls(Reach.NO_ROW, sqlstate="42501"), None, False),
        (call(403), UNPROVED, None, False),
    ],
)
def test_a_grant_is_missing_by_postgresqls_own_refusal_then_or_now(
    answer: Call, seen: Any, expected: Role | None, healed: bool
) -> None:
    one = case(workflow(log(call(500), answer)), seen)

    assert role(one, "rls/no-grant") is expected
    if expected:
        assert finding(one, "rls/no-grant").found.healed is healed


def test_the_role_that_writes_is_the_proofs_else_service_role() -> None:
    proved = finding(denied(rls(Reach.REFUSED, sqlstate="42501", role="writer")), "rls/no-grant")
    guessed = finding(denied(UNPROVED), "rls/no-grant")

    assert "writer has no grant" in proved.found.summary
    assert "service_role has no grant" in guessed.found.summary


def test_the_proof_is_shown_with_the_statement_that_repeats_it_where_there_is_one() -> None:
    def shown(seen: Any) -> Any:
        return finding(denied(seen), "rls/no-grant").found.evidence[-1]

    strong = shown(rls(Reach.REFUSED, sqlstate="42501", message="no", statement="UPDATE x"))
    weak = shown(rls(Reach.REFUSED, sqlstate="42501", strong=False, statement="UPDATE x"))
    bare = shown(REFUSED)

    assert "EXPLAIN UPDATE x" in strong.command
    assert strong.value == "refused: no"
    assert weak.value == "refused"
    assert "pg_policies" in weak.command
    assert "weaker" in weak.source
    assert "pg_policies" in bare.command
    assert len(finding(denied(UNPROVED), "rls/no-grant").found.evidence) == 2


# Policies ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "seen", "expected"),
    [
        (HIDDEN, rls(Reach.NO_ROW), Role.CAUSE),
        (HIDDEN, rls(row_visible=False), Role.CAUSE),
        (HIDDEN, rls(new_row_allowed=False), Role.CAUSE),
        (HIDDEN, rls(row_visible=None), None),
        (HIDDEN, rls(new_row_allowed=True), None),
        (HIDDEN, rls(Reach.REFUSED, row_visible=False), None),
        (HIDDEN, UNPROVED, None),
        (workflow(log(call(500), VIOLATED)), UNPROVED, Role.CAUSE),
        (workflow(log(call(500), VIOLATED)), rls(), Role.CAUSE),
        (workflow(log(call(500, '{"code":"23514"}'), DENIED)), rls(Reach.NO_ROW), Role.CONTEXT),
    ],
)
def test_a_row_is_blocked_where_policies_let_the_role_see_or_write_none(
    answer: Any, seen: Any, expected: Role | None
) -> None:
    assert role(case(answer, seen), "rls/update-blocked") is expected


def test_a_row_that_is_not_there_is_not_hidden() -> None:
    assert "rls/update-blocked" not in codes(case(HIDDEN, rls(row_visible=False), row(rows=())))


def test_a_policy_that_lets_the_row_through_now_was_mended() -> None:
    one = case(workflow(log(call(500), VIOLATED)), rls())

    assert finding(one, "rls/update-blocked").found.healed


OPEN = Policy(name="all", permissive=True, roles=("anon",), command="ALL", using="true")


def test_the_policies_are_shown_and_the_blocking_ones_named() -> None:
    closed = replace(OPEN, name="none", permissive=False, using=None, check="false")
    seen = row(table=table(policies=(OPEN, closed)))

    named = finding(case(HIDDEN, rls(Reach.NO_ROW, blocking=("none",)), seen), "rls/update-blocked")
    unnamed = finding(case(HIDDEN, rls(Reach.NO_ROW)), "rls/update-blocked").found
    untold = finding(case(HIDDEN, rls(Reach.NO_ROW), row(table=NOT_THERE)), "rls/update-blocked")

    (policies,) = (one for one in named.found.evidence if one.label == "policies")
    assert policies.value == [
        "all: permissive, ALL to anon, using true, with check -",
        "none: restrictive, ALL to anon, using -, with check false",
    ]
    assert "(none)" in named.found.summary
    assert "(" not in unnamed.summary
    assert any(one.value == "none" for one in unnamed.evidence)
    assert all(one.label != "policies" for one in untold.found.evidence)


@pytest.mark.parametrize(
    ("known", "kinds"),
    [
        (table(), ["sql", "sql"]),
        (table(kind="partitioned table"), ["sql", "sql"]),
        (table(kind="view"), ["manual"]),
        (NOT_THERE, ["sql", "sql"]),
    ],
)
def test_a_view_has_no_policies_of_its_own_to_add_or_switch_off(
    known: Any, kinds: list[str]
) -> None:
    fixes = finding(
        case(HIDDEN, rls(Reach.NO_ROW), row(table=known)), "rls/update-blocked"
    ).found.fixes

    assert [fix.kind for fix in fixes] == kinds


# A role that lost its way round ------------------------------------------------------------------


BOUND = RoleGrants(role="service_role", exists=True, bypasses_rls=False, update=True)


def bound(known: Table | Unseen | None, seen: Any = None, answer: Any = HIDDEN) -> Any:
    return case(answer, seen or rls(Reach.NO_ROW), row(table=known))


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (bound(table(grants=(BOUND,))), Role.CAUSE),
        (bound(table(grants=(BOUND,)), rls(row_visible=False)), Role.CAUSE),
        (bound(table(grants=(BOUND,)), rls(new_row_allowed=False)), Role.CAUSE),
        (bound(table(grants=(BOUND,)), rls()), None),
        (bound(table(grants=(BOUND,)), UNPROVED), None),
        (bound(table(grants=(replace(BOUND, exists=False),))), None),
        (bound(table(grants=(replace(BOUND, bypasses_rls=True),))), None),
        (bound(table(grants=(replace(BOUND, superuser=True),))), None),
        (bound(table(grants=())), None),
        (bound(table(grants=(BOUND,), rls_enabled=False)), None),
        (bound(NOT_THERE), None),
        (bound(None), None),
        (
            bound(table(grants=(replace(BOUND, role="writer"),)), rls(Reach.NO_ROW, role="writer")),
            None,
        ),
        (
            bound(
                table(grants=(BOUND,)), None, workflow(log(call(500, '{"code":"23514"}'), DENIED))
            ),
            Role.CONTEXT,
        ),
    ],
)
def test_service_role_has_lost_bypassrls_and_no_policy_lets_it_through(
    one: Any, expected: Role | None
) -> None:
    assert role(one, "rls/role-without-bypass") is expected


@pytest.mark.parametrize(
    ("known", "proof", "expected"),
    [
        (table(rls_forced=True), rls(Reach.NO_ROW, role="postgres"), Role.CAUSE),
        (table(rls_forced=True), rls(Reach.NO_ROW), Role.CONTEXT),
        (table(rls_forced=True), rls(role="postgres"), Role.CONTEXT),
        (table(rls_forced=True), UNPROVED, Role.CONTEXT),
        (table(), rls(Reach.NO_ROW, role="postgres"), None),
        (NOT_THERE, rls(Reach.NO_ROW, role="postgres"), None),
    ],
)
def test_forced_rls_blocks_only_an_owner_that_no_policy_lets_through(
    known: Any, proof: Any, expected: Role | None
) -> None:
    one = case(HIDDEN, proof, row(table=known))

    assert role(one, "rls/forced") is expected
    if expected is Role.CAUSE:
        assert finding(one, "rls/forced").breaks == BOTH


ANON = RoleGrants(role="anon", exists=True)


@pytest.mark.parametrize(
    ("grants", "whom"),
    [
        ((replace(ANON, select=True),), "anon"),
        ((replace(ANON, update=True),), "anon"),
        ((replace(ANON, insert=True),), "anon"),
        ((replace(ANON, role="authenticated", select=True),), "authenticated"),
        ((ANON,), "only missing grants"),
        ((replace(ANON, role="service_role", select=True),), "only missing grants"),
    ],
)
def test_a_table_without_rls_is_open_to_every_public_key_that_has_a_grant(
    grants: Any, whom: str
) -> None:
    found = finding(case(row(table=table(rls_enabled=False, grants=grants))), "rls/disabled")

    assert whom in found.found.summary
    assert found.severity is Severity.WARN


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (table(rls_enabled=False), True),
        (table(rls_enabled=False, kind="partitioned table"), True),
        (table(rls_enabled=False, kind="view"), False),
        (table(), False),
        (NOT_THERE, False),
    ],
)
def test_only_a_table_of_its_own_can_lack_rls(known: Any, told: bool) -> None:
    assert ("rls/disabled" in codes(case(row(table=known)))) is told


@pytest.mark.parametrize(
    ("proof", "told"),
    [
        (Unseen(why=Why.DENIED, what="x"), True),
        (Unseen(why=Why.TIMED_OUT, what="x"), True),
        (ASKED_NOBODY, False),
        (NOT_THERE, False),
        (replace(ASKED_NOBODY, why=Why.NOT_TRUSTED), False),
    ],
)
def test_a_database_that_could_not_be_asked_is_told_unless_nobody_wanted_to(
    proof: Unseen, told: bool
) -> None:
    assert ("rls/unreachable" in codes(case(RlsEvidence(proof=proof)))) is told
    assert "rls/unreachable" not in codes(case())


def test_without_the_check_of_the_row_the_table_is_not_known() -> None:
    one = case(HIDDEN, rls(Reach.NO_ROW))
    blind = replace(one, evidence={**one.evidence, "row": NOT_THERE})

    assert role(blind, "rls/update-blocked") is Role.CAUSE
    assert "rls/role-without-bypass" not in codes(blind)
    assert "rls/disabled" not in codes(blind)


def test_before_the_next_backup_a_missing_grant_breaks_both_ways() -> None:
    assert finding(ahead(REFUSED), "rls/no-grant").breaks == BOTH
