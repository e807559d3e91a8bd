"""Grants and policies: what keeps the row out of the writing role's reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Names
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Fix, FixKind, Risk, Role, Severity
from backup_doctor.evidence.log import NOT_SAID, Attempt
from backup_doctor.evidence.open_to_all import OpenFunction, OpenView
from backup_doctor.evidence.rls import Reach, RlsEvidence
from backup_doctor.evidence.row import Policy, RoleGrants, Table
from backup_doctor.evidence.trigger import Trigger
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
    from backup_doctor.evidence.log import Call

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
        assert (finding(one, "rls/no-grant").found.resolved is not None) is healed


def test_a_role_that_may_not_read_what_the_update_returns_lacks_that_grant_still() -> None:
    some = RoleGrants(
        role="service_role", exists=True, update=True, select_columns=("id", "dispatch_id")
    )
    found = finding(denied(rls(), row(table=table(grants=(some,)))), "rls/no-grant").found
    silent = case(workflow(log(call(500), call(403))), row(table=table(grants=(some,))))

    assert "to read s3_key, status" in found.summary
    assert found.resolved is None
    assert found.fixes
    assert "rls/no-grant" not in codes(silent)


def test_a_role_that_may_update_and_not_read_is_said_to_lack_the_reading() -> None:
    def summary(**changes: Any) -> str:
        base = {"role": "service_role", "exists": True, "schema_usage": True, "update": True}
        grants = RoleGrants(**{**base, **changes})
        return finding(
            denied(REFUSED, row(table=table(grants=(grants,)))), "rls/no-grant"
        ).found.summary

    assert "has no grant to read public.backup_history." in summary()
    assert "has no grant to update public" in summary(update=False)
    assert "has no grant to update public" in summary(schema_usage=False)
    assert "has no grant to update public" in summary(select=True)
    assert "to read s3_key, " in summary(select_columns=("id", "dispatch_id"))


def test_a_policy_that_asks_a_table_which_is_denied_is_named_and_no_trigger_is() -> None:
    body = '{"code":"42501","message":"permission denied for table members"}'
    asks = Policy(
        name="mine",
        permissive=True,
        roles=("service_role",),
        command="ALL",
        using="EXISTS (SELECT FROM members)",
    )
    one = case(workflow(log(call(500), call(403, body))), row(table=table(policies=(asks,))))

    fixes = finding(one, "rls/no-grant").found.fixes

    assert "The policy mine" in fixes[0].text
    assert not any("trigger" in f"{fix.title} {fix.text}" for fix in fixes)


def test_a_function_that_a_policy_may_not_call_is_granted_to_be_called_and_not_read() -> None:
    body = '{"code":"42501","message":"permission denied for function is_ours"}'
    asks = Policy(
        name="mine", permissive=True, roles=("service_role",), command="ALL", using="is_ours(id)"
    )
    one = case(workflow(log(call(500), call(403, body))), row(table=table(policies=(asks,))))

    (fix,) = finding(one, "rls/no-grant").found.fixes

    assert fix.title == "Let service_role call is_ours"
    assert "grant service_role EXECUTE on it" in fix.text


@pytest.mark.parametrize(
    ("owner", "said"), [("prisma", " (as prisma, who owns the table)"), ("postgres", ""), ("", "")]
)
def test_a_grant_that_only_another_owner_can_give_says_so(owner: str, said: str) -> None:
    one = denied(REFUSED, row(table=table(owner=owner)))

    (fix,) = finding(one, "rls/no-grant").found.fixes

    assert fix.title == f"Grant service_role what the pipeline needs{said}"


def test_a_grant_that_a_view_passes_on_to_its_table_is_not_looked_for_in_a_trigger() -> None:
    body = '{"code":"42501","message":"permission denied for table all_backups"}'
    one = case(workflow(log(call(500), call(403, body))), row(table=table(kind="view")))

    (fix,) = finding(one, "rls/no-grant").found.fixes

    assert "security_invoker" in fix.text
    assert "trigger" not in f"{fix.title} {fix.text}"


HINTED = (
    '{"code":"42501","hint":"Grant the required privileges to the current role with: GRANT SELECT, '
    'UPDATE ON %s TO service_role;","message":"permission denied for table backup_history"}'
)


@pytest.mark.parametrize(
    ("named", "granted"),
    [
        (
            "ops.backup_history",
            '"service_role";\nGRANT SELECT, INSERT, UPDATE ON "ops".backup_history',
        ),
        ("public.backup_history", "UPDATE ON public.backup_history"),
        ('\\"public\\".\\"backup_history\\"', "UPDATE ON public.backup_history"),
    ],
)
def test_the_grant_is_on_the_table_that_the_hint_names(named: str, granted: str) -> None:
    one = case(workflow(log(call(500), call(403, HINTED % named))), row(), UNPROVED)
    found = finding(one, "rls/no-grant").found

    assert granted in found.fixes[0].text
    assert ("another table" in found.summary) is named.startswith("ops")
    assert (len(found.fixes) > 1) is named.startswith("ops")


@pytest.mark.parametrize(
    ("changes", "healed"),
    [({}, False), ({"update": True}, True), ({"update_columns": ("status",)}, True)],
)
def test_a_plan_without_a_refusal_gives_no_grant_that_the_catalogue_does_not_have(
    changes: Any, healed: bool
) -> None:
    base = {"role": "service_role", "exists": True, "schema_usage": True, "select": True}
    grants = RoleGrants(**{**base, **changes})
    one = denied(rls(Reach.NO_ROW), row(table=table(grants=(grants,))))

    assert (finding(one, "rls/no-grant").found.resolved is not None) is healed


def test_no_grant_is_printed_on_a_table_that_is_not_there() -> None:
    (fix,) = finding(denied(UNPROVED, row(table=None)), "rls/no-grant").found.fixes

    assert fix.kind is FixKind.MANUAL
    assert "BACKUP_DOCTOR_TABLE" in fix.text


def test_the_role_that_writes_is_the_configured_one_unless_the_log_shows_another() -> None:
    refused = rls(Reach.REFUSED, sqlstate="42501", role="writer")
    as_writer = case(workflow(log(call(500), DENIED)), refused, names=Names(writer_role="writer"))
    hinted = call(
        403,
        '{"code":"42501","hint":"Grant the required privileges to the current role with: GRANT UPDATE '
        'ON public.backup_history TO app;","message":"permission denied for table backup_history"}',
    )

    def summary(one: Any) -> str:
        return finding(one, "rls/no-grant").found.summary

    assert "writer has no grant" in summary(as_writer)
    assert "service_role has no grant" in summary(denied(UNPROVED))
    assert "app has no grant" in summary(case(workflow(log(call(500), hinted)), UNPROVED))


def test_a_role_of_the_teams_own_lacks_the_grant_unless_another_one_is_configured() -> None:
    hinted = call(
        403,
        '{"code":"42501","hint":"Grant the required privileges to the current role with: GRANT UPDATE '
        'ON public.backup_history TO app;","message":"permission denied for table backup_history"}',
    )
    seen = workflow(log(call(500), hinted))
    told = Names(writer_role="service_role", given=("writer_role",))

    assert "secrets/wrong-role" not in codes(case(seen, UNPROVED))
    assert "secrets/wrong-role" in codes(case(seen, UNPROVED, names=told))


def test_a_policy_and_a_way_round_the_policies_are_alternatives() -> None:
    blocked = finding(case(HIDDEN, rls(Reach.NO_ROW)), "rls/update-blocked").found.fixes
    bound = case(HIDDEN, rls(Reach.NO_ROW), row(table=table(grants=(BOUND,), policies=(OPEN,))))
    lost = finding(bound, "rls/role-without-bypass").found.fixes

    assert [fix.alternative for fix in blocked] == [False, True]
    assert [fix.alternative for fix in lost] == [False, True, True]
    assert "BYPASSRLS" in lost[0].text


PUBLIC = call(401, '{"code":"42501","message":"permission denied for table backup_history"}')


def test_that_another_role_may_write_says_nothing_of_the_one_that_was_refused() -> None:
    one = case(workflow(log(call(500), PUBLIC)), rls())
    found = finding(one, "rls/no-grant").found

    assert found.resolved is None
    assert "works now" not in found.summary
    assert "anon has no grant" in found.summary


@pytest.mark.parametrize("role_name", ["anon", "authenticated", "public"])
@pytest.mark.parametrize("code", ["rls/no-grant", "rls/update-blocked"])
def test_no_grant_and_no_policy_is_ever_printed_for_a_role_of_everybody(
    role_name: str, code: str
) -> None:
    refused = rls(
        Reach.REFUSED if code == "rls/no-grant" else Reach.NO_ROW, role=role_name, sqlstate="42501"
    )
    names = Names(writer_role=role_name, repository="acme/app")
    fixes = finding(case(HIDDEN, refused, names=names), code).found.fixes

    assert not any("GRANT" in fix.text or "CREATE POLICY" in fix.text for fix in fixes)
    assert any("a key that is not public" in fix.title for fix in fixes)


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ("permission denied for table audit_log", "table audit_log"),
        ("permission denied for function notify_backup", "function notify_backup"),
        ("permission denied for sequence audit_log_id_seq", "sequence audit_log_id_seq"),
        ("permission denied for schema internal", "schema internal"),
        ("permission denied for table backup_history", None),
        ("permission denied for schema public", None),
        ('permission denied for table \\"backup_history\\"', None),
    ],
)
def test_a_denial_speaks_of_the_object_that_it_names(message: str, named: str | None) -> None:
    refused = call(403, f'{{"code":"42501","message":"{message}"}}')
    found = finding(case(workflow(log(call(500), refused)), UNPROVED), "rls/no-grant").found

    if named is None:
        assert "has no grant to update public.backup_history" in found.summary
        assert any("GRANT" in fix.text for fix in found.fixes)
    else:
        assert named in found.summary
        assert "no grant to update" not in found.summary
        assert not any(fix.kind == "sql" for fix in found.fixes)


def test_the_proof_is_shown_with_the_statement_that_repeats_it_where_there_is_one() -> None:
    def shown(seen: Any) -> Any:
        return finding(denied(seen), "rls/no-grant").found.evidence[-1]

    strong = shown(rls(Reach.REFUSED, sqlstate="42501", message="no", statement="UPDATE x"))
    weak = shown(rls(Reach.REFUSED, sqlstate="42501", strong=False, statement="UPDATE x"))
    bare = shown(REFUSED)

    assert "EXPLAIN UPDATE x" in strong.command
    assert strong.value == "refused: no"
    assert weak.value == "refused"
    assert "weaker" in weak.source
    for without_a_plan in (weak, bare):
        assert without_a_plan.command == (
            "SELECT has_table_privilege('service_role', 'public.backup_history', 'UPDATE'), "
            "has_schema_privilege('service_role', 'public', 'USAGE');"
        )
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
    violated = workflow(log(call(500), VIOLATED))
    bound = table(grants=(RoleGrants(role="service_role", exists=True, update=True),))

    def works(seen: Any, known: Any = bound) -> bool:
        found = finding(case(violated, seen, row(table=known)), "rls/update-blocked").found
        assert ("kept the row out" in found.summary) is (found.resolved is not None)
        return found.resolved is not None

    assert works(rls(new_row_allowed=True))
    assert works(rls(), table(rls_enabled=False))
    assert not works(rls(), table())
    assert not works(rls(new_row_allowed=None))
    assert not works(rls(new_row_allowed=True, strong=False))
    assert not works(UNPROVED)


@pytest.mark.parametrize("free", ["bypasses_rls", "superuser"])
def test_a_role_that_no_policy_binds_was_not_the_one_that_a_policy_refused(free: str) -> None:
    changes: dict[str, Any] = {free: True}
    grants = RoleGrants(role="service_role", exists=True, **changes)
    violated = workflow(log(call(500), VIOLATED))

    found = finding(case(violated, rls(), row(table=table(grants=(grants,)))), "rls/update-blocked")

    assert found.role is Role.CAUSE
    assert "ran as another role" in found.found.summary
    assert [fix.kind for fix in found.found.fixes] == [FixKind.MANUAL]
    assert "Authorization" in found.found.fixes[0].text


def test_a_procedure_that_the_role_may_not_call_is_granted() -> None:
    answer = call(403, '{"code":"42501","message":"permission denied for function close_backup"}')

    def fixes(kind: str, status: int = 403) -> tuple[Fix, ...]:
        refused = replace(answer, status=status)
        way = Attempt(
            kind=kind, name="it", target="close_backup", place="x:1", updates=True, call=refused
        )
        seen = workflow(log(NOT_SAID, refused, attempts=(way,)))
        return finding(case(seen), "rls/no-grant").found.fixes

    (grant,) = fixes("rpc")
    _, by_trigger = fixes("table-update")
    (public,) = fixes("rpc", 401)

    assert grant.text == ('GRANT EXECUTE ON FUNCTION public."close_backup" TO "service_role";')
    assert by_trigger.text == "Grant service_role EXECUTE on it."
    assert "GRANT" not in public.text


def test_a_look_up_that_is_denied_shows_that_the_role_may_not_read() -> None:
    answer = call(403, '{"code":"42501","message":"permission denied for table backup_history"}')
    stopped = workflow(log(NOT_SAID, NOT_SAID, lookup_call=answer))

    def said(seen: Any) -> str:
        return finding(case(stopped, seen, UNPROVED), "rls/no-grant").found.summary

    assert said(row(table=NOT_THERE)).startswith("service_role has no grant to read public.")
    assert said(row()).startswith("service_role has no grant to update public.")


def test_a_policy_of_another_table_is_told_as_that() -> None:
    words = 'new row violates row-level security policy \\"own\\" for table \\"audit\\"'
    answer = call(403, f'{{"code":"42501","message":"{words}"}}')
    writes = Trigger(name="log", definition="", function="log", source="INSERT INTO audit …")

    def found(**changes: Any) -> Any:
        seen = row(table=table(**changes))
        one = case(workflow(log(call(500), answer)), rls(), seen)
        return finding(one, "rls/update-blocked").found

    assert found().resolved is None
    assert found().summary.startswith("Row-level security refuses what is written to audit beside")
    assert "the trigger log" in found(triggers=(writes,)).fixes[0].text
    assert "a trigger or the function" in found().fixes[0].text


OPEN = Policy(name="all", permissive=True, roles=("anon",), command="ALL", using="true")


def test_no_policy_is_offered_where_a_restrictive_one_would_still_refuse() -> None:
    closed = replace(OPEN, name="finished only", permissive=False)
    seen = row(table=table(policies=(OPEN, closed)))

    def first(*blocking: str) -> Fix:
        one = case(HIDDEN, rls(Reach.NO_ROW, blocking=blocking), seen)
        return finding(one, "rls/update-blocked").found.fixes[0]

    dropped = first("finished only")
    assert dropped.text == 'DROP POLICY IF EXISTS "finished only" ON public.backup_history;'
    assert dropped.risk is Risk.HIGH
    assert "CREATE POLICY" in first("all").text


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


ANON = RoleGrants(role="anon", exists=True, schema_usage=True)


@pytest.mark.parametrize(
    ("grants", "whom"),
    [
        ((replace(ANON, select=True),), "anon"),
        ((replace(ANON, update=True),), "anon"),
        ((replace(ANON, insert=True),), "anon"),
        ((replace(ANON, role="authenticated", select=True),), "authenticated"),
        ((ANON,), "only missing grants"),
        ((replace(ANON, schema_usage=False, select=True),), "only missing grants"),
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
    ("writer", "known", "title"),
    [
        ("service_role", {"bypasses_rls": True}, "Turn it on"),
        ("backup_writer", {"bypasses_rls": True}, "Turn it on"),
        ("backup_writer", {"superuser": True}, "Turn it on"),
        ("postgres", {}, "Turn it on"),
        ("backup_writer", {}, "Turn it on, with a policy for backup_writer"),
        ("anon", {}, "Give the pipeline a key that is not public, then turn it on"),
    ],
)
def test_row_level_security_is_turned_on_so_that_it_does_not_keep_the_pipeline_out(
    writer: str, known: dict[str, Any], title: str
) -> None:
    grants = RoleGrants(role=writer, exists=True, **known)
    off = case(
        row(table=table(rls_enabled=False, grants=(grants,))), names=Names(writer_role=writer)
    )

    (fix,) = finding(off, "rls/disabled").found.fixes

    assert fix.title == title
    assert ("CREATE POLICY" in fix.text) is title.endswith("backup_writer")
    assert "ENABLE ROW LEVEL SECURITY" in fix.text


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


# Open to everybody -------------------------------------------------------------------------------


ANON = RoleGrants(
    role="anon",
    exists=True,
    schema_usage=True,
    select=True,
    insert=True,
    update=True,
    select_columns=("id",),
    update_columns=("status",),
)
TO_ALL = Policy(name="all", permissive=True, roles=("public",), command="ALL", using="true")
WRITER = "BEGIN UPDATE backup_history SET status = 'success' WHERE id = p_id; END"


def guarded(*policies: Policy, grants: RoleGrants = ANON, **changes: Any) -> Any:
    return case(row(table=table(policies=policies, grants=(grants,), **changes)))


@pytest.mark.parametrize(
    ("one", "is_open"),
    [
        (guarded(TO_ALL), True),
        (guarded(replace(TO_ALL, using="(status = 'in_progress'::text)")), True),
        (guarded(replace(TO_ALL, command="INSERT", using=None, check="true")), True),
        (guarded(replace(TO_ALL, roles=("anon",))), True),
        (guarded(TO_ALL, grants=replace(ANON, role="authenticated")), True),
        (guarded(), False),
        (guarded(replace(TO_ALL, using="false")), False),
        (guarded(replace(TO_ALL, using="(auth.uid() = user_id)")), False),
        (guarded(replace(TO_ALL, using="(owner = CURRENT_USER)")), False),
        (guarded(replace(TO_ALL, check="(auth.role() = 'service_role'::text)")), False),
        (guarded(replace(TO_ALL, roles=("service_role",))), False),
        (guarded(replace(TO_ALL, command="SELECT")), False),
        # An update must find its row.
        (guarded(replace(TO_ALL, command="UPDATE")), False),
        (guarded(TO_ALL, replace(TO_ALL, name="no", permissive=False, using="false")), False),
        (
            guarded(TO_ALL, grants=replace(ANON, insert=False, update=False, update_columns=())),
            False,
        ),
        (guarded(TO_ALL, grants=replace(ANON, schema_usage=False)), False),
        # What is said of a table without row-level security is rls/disabled.
        (guarded(TO_ALL, rls_enabled=False), False),
    ],
)
def test_a_table_is_open_where_policies_and_grants_let_a_public_key_write_it(
    one: Any, is_open: bool
) -> None:
    assert ("rls/open" in codes(one)) is is_open


@pytest.mark.parametrize(
    ("source", "is_open"),
    [
        (WRITER, True),
        ('INSERT INTO public."backup_history" (dispatch_id) VALUES (1)', True),
        ("DELETE FROM public.backup_history", True),
        ("SELECT status FROM backup_history", False),
        ("-- UPDATE backup_history\nSELECT 1 FROM backup_history", False),
        ("UPDATE backup_history_archive SET x = 1", False),
    ],
)
def test_a_table_is_open_where_anon_may_call_what_writes_it_with_its_owners_rights(
    source: str, is_open: bool
) -> None:
    opener = OpenFunction(name="public.update_backup_history(uuid,text)", source=source)
    one = guarded(open_functions=(opener,))

    assert ("rls/open" in codes(one)) is is_open


def test_an_open_table_is_a_warning_and_its_fix_takes_rights_away_and_gives_nobody_any() -> None:
    opener = OpenFunction(name="public.finish(uuid)", source=WRITER)
    found = finding(guarded(TO_ALL, open_functions=(opener,)), "rls/open")
    texts = [fix.text for fix in found.found.fixes]

    assert (found.severity, found.role) == (Severity.WARN, Role.CONTEXT)
    assert "anon may write public.backup_history" in found.found.summary
    assert "anon may call public.finish(uuid)" in found.found.summary
    assert texts[0] == 'REVOKE INSERT, UPDATE, DELETE ON public.backup_history FROM PUBLIC, "anon";'
    assert texts[1].endswith('GRANT EXECUTE ON FUNCTION public.finish(uuid) TO "service_role";')


def test_a_view_that_public_roles_may_write_is_named_and_taken_back() -> None:
    view = OpenView(
        schema="public",
        name="latest",
        roles=("anon", "authenticated"),
        source=" SELECT id FROM backup_history;",
    )
    found = finding(guarded(open_views=(view,)), "rls/open").found

    assert 'anon and authenticated may write public."latest", a view of' in found.summary
    assert "security_invoker" in found.summary
    (fix,) = found.fixes
    assert fix.text == (
        'REVOKE INSERT, UPDATE, DELETE ON public."latest" FROM PUBLIC, "anon", "authenticated";'
    )


@pytest.mark.parametrize(
    ("rights", "kept"),
    [
        ({}, ""),
        ({"update": True}, 'GRANT UPDATE ON public.backup_history TO "service_role";'),
        (
            {"insert": True, "update": True},
            'GRANT INSERT, UPDATE ON public.backup_history TO "service_role";',
        ),
    ],
)
def test_what_everybody_may_do_is_taken_from_all_but_the_pipeline(
    rights: dict[str, Any], kept: str
) -> None:
    writer = RoleGrants(role="service_role", exists=True, **rights)
    known = guarded(TO_ALL).row.table
    seen = row(table=replace(known, grants=(*known.grants, writer)))

    (fix,) = finding(case(seen), "rls/open").found.fixes

    assert "FROM PUBLIC" in fix.text
    assert fix.text.partition(";")[2].strip() == kept
