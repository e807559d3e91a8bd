"""The proof of the pipeline's UPDATE against a real PostgreSQL, held against a real UPDATE.

Each situation is that of a table measured with EXPLAIN: its word, then what really happens.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest

from backup_doctor.collect.rls.collector import look
from backup_doctor.collect.row.collector import look as look_at_row
from backup_doctor.demo.supabase.keys import legacy_key
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.rls import Proof, Reach
from backup_doctor.evidence.row import Table
from backup_doctor.judge.openness import lets_write, writes, writes_through
from backup_doctor.settings.model import Secret
from tests.database.lab import DISPATCH, ROW_ID, Lab
from tests.database.proving import KEY, T, proof, seen, update


def policy(stuck: Lab, name: str, rest: str) -> None:
    stuck.sql(f"CREATE POLICY {name} ON {T} {rest}")


def test_service_role_with_grants_meets_no_obstacle(stuck: Lab) -> None:
    found = proof(stuck)

    assert (found.reach, found.strong, found.row_visible) == (Reach.NO_OBSTACLE, True, True)
    assert (found.sqlstate, found.blocking) == (None, ())
    assert found.statement.startswith(f"UPDATE public.backup_history SET s3_key = '{KEY[:10]}")
    assert found.statement.endswith(f"WHERE id = '{ROW_ID}'")
    assert update(stuck, "service_role") == (1, None)


@pytest.mark.parametrize(
    "fault",
    [
        f"REVOKE ALL ON {T} FROM service_role",
        f"REVOKE UPDATE ON {T} FROM service_role",
        f"REVOKE SELECT ON {T} FROM service_role",
        f"REVOKE UPDATE ON {T} FROM service_role; GRANT UPDATE (status) ON {T} TO service_role",
    ],
    ids=["no grant", "no update", "no select", "some columns only"],
)
def test_a_role_that_bypasses_rls_still_needs_grants(stuck: Lab, fault: str) -> None:
    stuck.sql(fault)

    found = proof(stuck)

    assert (found.reach, found.sqlstate) == (Reach.REFUSED, "42501")
    assert found.message == "permission denied for table backup_history"
    assert update(stuck, "service_role") == (0, "42501")


def test_a_schema_without_usage_is_refused(stuck: Lab, writer: str) -> None:
    stuck.sql(f"REVOKE USAGE ON SCHEMA public FROM {writer}", "supabase_admin")
    stuck.sql("REVOKE USAGE ON SCHEMA public FROM public", "supabase_admin")

    found = proof(stuck, writer)

    assert (found.reach, found.message) == (Reach.REFUSED, "permission denied for schema public")


@pytest.mark.parametrize(
    ("policies", "blocking"),
    [
        ([], ()),
        ([("other", "FOR ALL TO anon USING (true)")], ()),
        ([("never", "FOR ALL USING (false)")], ("never",)),
        ([("read", "FOR SELECT USING (true)")], ()),
        ([("write", "FOR UPDATE USING (true)")], ()),
        (
            [("all", "USING (true)"), ("not_ours", "AS RESTRICTIVE USING (s3_key = 'x')")],
            ("not_ours",),
        ),
        ([("mine", "USING (dispatch_id = 'another')")], ("mine",)),
        ([("null_fails", "USING (s3_key = 'x')")], ("null_fails",)),
        (
            [
                ("read", "FOR SELECT USING (true)"),
                ("write", "FOR UPDATE USING (status = 'failed')"),
            ],
            ("write",),
        ),
        ([("by_claim", "USING (auth.role() = 'service_role')")], ("by_claim",)),
    ],
    ids=[
        "no policy",
        "for another role",
        "using false",
        "select only",
        "update only",
        "restrictive",
        "another row",
        "null",
        "update sees less",
        "by claim",
    ],
)
def test_a_row_out_of_reach_is_no_row_and_a_silent_update(
    stuck: Lab, writer: str, policies: list[tuple[str, str]], blocking: tuple[str, ...]
) -> None:
    stuck.sql(f"GRANT USAGE ON SCHEMA auth TO {writer}", "supabase_admin")
    for name, rest in policies:
        policy(stuck, f'"{name}"', rest)

    found = proof(stuck, writer)

    assert found.reach is Reach.NO_ROW
    assert found.sqlstate is None
    assert found.blocking == blocking
    assert update(stuck, writer) == (0, None)


@pytest.mark.parametrize(
    "policies",
    [
        [("all", "USING (true)")],
        [("mine", f"USING (dispatch_id = '{DISPATCH}')")],
        [("one", "USING (false)"), ("other", "USING (true)")],
        [
            ("read", "FOR SELECT USING (true)"),
            ("write", "FOR UPDATE USING (status = 'in_progress') WITH CHECK (true)"),
        ],
        [("claimed", "USING (auth.role() LIKE 'writer%')")],
    ],
    ids=["true", "this row", "one of two", "read and write", "by claim"],
)
def test_policies_that_let_the_row_through_are_no_obstacle(
    stuck: Lab, writer: str, policies: list[tuple[str, str]]
) -> None:
    stuck.sql(f"GRANT USAGE ON SCHEMA auth TO {writer}", "supabase_admin")
    for name, rest in policies:
        policy(stuck, f'"{name}"', rest)

    found = proof(stuck, writer)

    assert (found.reach, found.row_visible) == (Reach.NO_OBSTACLE, True)
    assert (found.new_row_allowed, found.blocking) == (True, ())
    if policies[0][0] != "claimed":  # a session without claims cannot tell
        assert update(stuck, writer) == (1, None)


@pytest.mark.parametrize(
    ("policies", "blocking"),
    [
        ([("check", "USING (true) WITH CHECK (status = 'in_progress')")], ("check",)),
        ([("only_open", "USING (status = 'in_progress')")], ("only_open",)),
        (
            [
                ("read", "FOR SELECT USING (status = 'in_progress')"),
                ("write", "FOR UPDATE USING (true)"),
            ],
            ("read",),
        ),
    ],
    ids=["with check", "using as check", "select hides the new row"],
)
def test_a_new_row_that_policies_refuse_is_seen_though_the_plan_is_normal(
    stuck: Lab, writer: str, policies: list[tuple[str, str]], blocking: tuple[str, ...]
) -> None:
    for name, rest in policies:
        policy(stuck, f'"{name}"', rest)

    found = proof(stuck, writer)

    assert (found.reach, found.row_visible) == (Reach.NO_OBSTACLE, True)
    assert found.new_row_allowed is False
    assert found.blocking == blocking
    assert "new row violates" in found.message
    assert update(stuck, writer) == (0, "42501")


def test_a_policy_on_a_value_that_nobody_told_proves_nothing(stuck: Lab, writer: str) -> None:
    policy(stuck, "keyed", "USING (true) WITH CHECK (s3_key LIKE 'prod/%')")

    assert proof(stuck, writer).new_row_allowed is None


def test_a_policy_of_a_group_applies_to_its_members(stuck: Lab, writer: str) -> None:
    group = f"group_{uuid4().hex[:8]}"
    stuck.sql(f"CREATE ROLE {group}; GRANT {group} TO {writer}", "supabase_admin")
    policy(stuck, "grouped", f"TO {group} USING (true)")
    try:
        found = proof(stuck, writer)
        assert (found.reach, found.new_row_allowed) == (Reach.NO_OBSTACLE, True)
        assert update(stuck, writer) == (1, None)
    finally:
        stuck.sql("DROP POLICY grouped ON backup_history")
        stuck.sql(f"DROP ROLE {group}", "supabase_admin")


def test_the_owner_is_bound_by_forced_rls_only(stuck: Lab, writer: str) -> None:
    stuck.sql(f"GRANT CREATE ON SCHEMA public TO {writer}", "supabase_admin")
    stuck.sql(f"ALTER TABLE {T} OWNER TO {writer}", "supabase_admin")
    stuck.sql(f"GRANT SELECT ON {T} TO backup_doctor, postgres", "supabase_admin")

    assert proof(stuck, writer).reach is Reach.NO_OBSTACLE
    assert update(stuck, writer) == (1, None)

    stuck.sql(f"ALTER TABLE {T} FORCE ROW LEVEL SECURITY", "supabase_admin")
    assert proof(stuck, writer).reach is Reach.NO_ROW
    assert update(stuck, writer) == (0, None)
    stuck.sql(f"ALTER TABLE {T} OWNER TO postgres", "supabase_admin")


def test_rls_turned_off_lets_the_role_through(stuck: Lab, writer: str) -> None:
    stuck.sql(f"ALTER TABLE {T} DISABLE ROW LEVEL SECURITY")

    assert proof(stuck, writer).reach is Reach.NO_OBSTACLE
    assert update(stuck, writer) == (1, None)


@pytest.mark.parametrize(
    ("view", "reach", "real"),
    [
        ("AS SELECT * FROM public.real", Reach.NO_OBSTACLE, (1, None)),
        ("WITH (security_invoker) AS SELECT * FROM public.real", Reach.REFUSED, (0, "42501")),
        (
            f"AS SELECT * FROM public.real WHERE dispatch_id <> '{DISPATCH}'",
            Reach.NO_OBSTACLE,
            (0, None),
        ),
    ],
    ids=["owner's rights", "invoker's rights", "where"],
)
def test_a_view_is_planned_with_the_rights_that_it_has(
    stuck: Lab, writer: str, view: str, reach: Reach, real: tuple[int, str | None]
) -> None:
    stuck.sql(f"REVOKE ALL ON {T} FROM {writer}", "supabase_admin")
    stuck.sql(f"ALTER TABLE {T} RENAME TO real; CREATE VIEW {T} {view}")
    stuck.sql(f"GRANT SELECT, UPDATE ON {T} TO {writer}")

    found = seen(stuck, writer).proof

    assert isinstance(found, Proof)
    assert found.reach is reach
    assert update(stuck, writer) == real


def test_a_policy_function_without_execute_is_refused(stuck: Lab, writer: str) -> None:
    stuck.sql("CREATE FUNCTION public.mine() RETURNS boolean LANGUAGE sql STABLE AS 'SELECT true'")
    stuck.sql("REVOKE EXECUTE ON FUNCTION public.mine() FROM public")
    policy(stuck, "by_function", "USING (public.mine())")

    found = proof(stuck, writer)

    assert (found.reach, found.sqlstate) == (Reach.REFUSED, "42501")
    assert update(stuck, writer) == (0, "42501")


def test_a_rule_that_does_nothing_instead_is_no_matter_of_rls(stuck: Lab) -> None:
    stuck.sql(f"CREATE RULE nothing AS ON UPDATE TO {T} DO INSTEAD NOTHING")

    found = proof(stuck)

    assert found.reach is Reach.NO_OBSTACLE
    assert found.message == "A rewrite rule leaves nothing of the update."
    assert update(stuck, "service_role") == (0, None)


def test_triggers_are_not_executed(stuck: Lab) -> None:
    stuck.sql(
        "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'no'; END $$"
    )
    stuck.sql(f"CREATE TRIGGER no BEFORE UPDATE ON {T} FOR EACH ROW EXECUTE FUNCTION refuse()")

    assert proof(stuck).reach is Reach.NO_OBSTACLE
    assert update(stuck, "service_role") == (0, "P0001")


def test_a_role_that_is_not_there_is_said_so(stuck: Lab) -> None:
    found = seen(stuck, "nobody_here").proof

    assert isinstance(found, Unseen)
    assert (found.why, found.what) == (
        Why.NOT_FOUND,
        "The role nobody_here does not exist in this database.",
    )


@pytest.mark.parametrize(
    ("fault", "reach"),
    [
        ("SELECT 1", Reach.NO_ROW),
        (f"CREATE POLICY p ON {T} USING (true)", Reach.NO_OBSTACLE),
        (f"CREATE POLICY p ON {T} FOR SELECT USING (true)", Reach.NO_ROW),
        (f"CREATE POLICY p ON {T} TO anon USING (true)", Reach.NO_ROW),
        (f"CREATE POLICY p ON {T} USING (workflow_run_id IS NOT NULL)", Reach.NO_ROW),
        (f"CREATE POLICY p ON {T} USING (status = 'in_progress')", Reach.NO_OBSTACLE),
        (f"CREATE POLICY p ON {T} USING (auth.role() = 'service_role')", Reach.NO_OBSTACLE),
        (f"CREATE POLICY p ON {T} USING (current_user = 'x')", Reach.NO_OBSTACLE),
        (f"ALTER TABLE {T} DISABLE ROW LEVEL SECURITY", Reach.NO_OBSTACLE),
    ],
)
def test_where_the_doctor_may_not_take_on_the_role_the_catalogue_is_the_weaker_proof(
    stuck: Lab, writer: str, fault: str, reach: Reach
) -> None:
    stuck.sql(f"REVOKE {writer} FROM backup_doctor", "supabase_admin")
    stuck.sql(fault)

    found = proof(stuck, writer)

    assert (found.reach, found.strong) == (reach, False)


def test_the_weaker_proof_sees_a_missing_grant(stuck: Lab, writer: str) -> None:
    stuck.sql(f"REVOKE {writer} FROM backup_doctor", "supabase_admin")
    stuck.sql(f"REVOKE UPDATE ON {T} FROM {writer}", "supabase_admin")

    found = proof(stuck, writer)

    assert (found.reach, found.sqlstate, found.strong) == (Reach.REFUSED, "42501", False)


def test_the_key_in_hand_is_held_against_the_table_too(stuck: Lab) -> None:
    key = legacy_key("ref", "anon", "secret", datetime.now(UTC))

    evidence = seen(stuck, service_key=Secret(key))

    assert isinstance(evidence.proof, Proof)
    assert evidence.proof.reach is Reach.NO_OBSTACLE
    assert isinstance(evidence.key_proof, Proof)
    assert (evidence.key_proof.role, evidence.key_proof.sqlstate) == ("anon", "42501")


def test_a_locked_table_leaves_the_weaker_proof(stuck: Lab) -> None:
    row = look_at_row(stuck.ask(), stuck.case())
    with psycopg.connect(stuck.uri()) as migration:
        migration.execute("LOCK TABLE backup_history IN ACCESS EXCLUSIVE MODE")

        evidence = look(stuck.ask(None, row), stuck.case())

        migration.rollback()
    assert isinstance(evidence.proof, Proof)
    assert evidence.proof.strong is False


def test_without_a_row_the_table_is_proved_all_the_same(stuck: Lab, writer: str) -> None:
    stuck.sql(f"DELETE FROM {T}")

    assert proof(stuck).reach is Reach.NO_OBSTACLE
    assert proof(stuck, writer).reach is Reach.NO_ROW


AS_IT_WAS = "FOR UPDATE USING (status = 'in_progress') WITH CHECK (true)"


@pytest.mark.parametrize("status", ["success", "failed"])
def test_a_policy_is_judged_on_the_row_as_the_pipeline_met_it(
    stuck: Lab, writer: str, status: str
) -> None:
    policy(stuck, "reads", "FOR SELECT USING (true)")
    policy(stuck, "unfinished", AS_IT_WAS)
    stuck.sql(f"UPDATE {T} SET status = '{status}', finished_at = now()")

    found = proof(stuck, writer)

    assert (found.reach, found.blocking) == (Reach.NO_OBSTACLE, ())


def test_a_policy_that_hid_the_row_then_hides_it_though_it_shows_the_finished_one(
    stuck: Lab, writer: str
) -> None:
    policy(stuck, "finished", "USING (status = 'success') WITH CHECK (true)")
    assert update(stuck, writer) == (0, None)
    stuck.sql(f"UPDATE {T} SET status = 'success', finished_at = now()")

    found = proof(stuck, writer)

    assert (found.reach, found.blocking) == (Reach.NO_ROW, ("finished",))


OPENER = """
    CREATE FUNCTION public.{name}(p_id uuid) RETURNS {returns} LANGUAGE plpgsql {rights} AS
    $$ BEGIN UPDATE public.backup_history SET status = 'success' WHERE id = p_id; END $$
"""


def test_functions_that_anon_may_call_with_their_owners_rights_are_listed(stuck: Lab) -> None:
    definer = "SECURITY DEFINER"
    stuck.sql(OPENER.format(name="finish", returns="void", rights=definer))
    stuck.sql(OPENER.format(name="guarded", returns="void", rights=definer))
    stuck.sql("REVOKE EXECUTE ON FUNCTION public.guarded(uuid) FROM PUBLIC, anon, authenticated")
    stuck.sql(OPENER.format(name="own_rights", returns="void", rights=""))
    stuck.sql(
        "CREATE FUNCTION public.on_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS "
        "$$ BEGIN UPDATE public.backup_history SET status = 'x'; RETURN NEW; END $$"
    )
    stuck.sql(
        "CREATE FUNCTION public.other() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS "
        "$$ BEGIN PERFORM 1; END $$"
    )

    table = look_at_row(stuck.ask(stuck.settings()), stuck.case()).table

    assert isinstance(table, Table)
    assert [one.name for one in table.open_functions] == ["public.finish(uuid)"]
    assert writes(table.open_functions[0], "backup_history")


def test_an_open_policy_is_seen_where_a_public_key_really_writes(stuck: Lab) -> None:
    stuck.sql(f"GRANT SELECT, UPDATE ON {T} TO anon")
    policy(stuck, "everyone", "USING (dispatch_id IS NOT NULL)")

    table = look_at_row(stuck.ask(stuck.settings()), stuck.case()).table

    assert isinstance(table, Table)
    assert update(stuck, "anon") == (1, None)
    assert lets_write(table, "anon")
    assert not lets_write(table, "authenticated")


def seen_table(stuck: Lab) -> Table:
    table = look_at_row(stuck.ask(stuck.settings()), stuck.case()).table
    assert isinstance(table, Table)
    return table


def through(view: str) -> str:
    return f"UPDATE public.{view} SET status = 'failed' WHERE dispatch_id = '{DISPATCH}'"


def changed(stuck: Lab, view: str, role: str = "anon") -> int:
    with psycopg.connect(stuck.uri()) as connection:
        connection.execute(f"SET LOCAL ROLE {role}".encode())
        try:
            return connection.execute(through(view).encode()).rowcount
        except (
            psycopg.errors.InsufficientPrivilege,
            psycopg.errors.ObjectNotInPrerequisiteState,
        ):
            return 0
        finally:
            connection.rollback()


@pytest.mark.parametrize(
    ("made", "grant", "is_open"),
    [
        ("SELECT * FROM public.backup_history", "SELECT, UPDATE", True),
        ("SELECT id, dispatch_id, status FROM public.backup_history", "ALL", True),
        ("SELECT * FROM public.backup_history", "SELECT", False),
        ("SELECT DISTINCT id, dispatch_id, status FROM public.backup_history", "ALL", False),
        (
            "SELECT n.* FROM public.notes AS n WHERE n.id IN (SELECT b.id FROM backup_history AS b)",
            "ALL",
            False,
        ),
    ],
)
def test_a_view_that_anon_may_write_opens_the_table_behind_it(
    stuck: Lab, made: str, grant: str, is_open: bool
) -> None:
    stuck.sql("CREATE TABLE public.notes (id uuid, dispatch_id text, status text)")
    stuck.sql(f"CREATE VIEW public.latest AS {made}")
    stuck.sql("REVOKE ALL ON public.latest FROM anon, authenticated")
    stuck.sql(f"GRANT {grant} ON public.latest TO anon")

    table = seen_table(stuck)
    found = [one for one in table.open_views if writes_through(one, table)]

    assert [(one.name, one.roles) for one in found] == ([("latest", ("anon",))] if is_open else [])
    assert bool(changed(stuck, "latest")) is is_open


def test_a_view_that_asks_with_the_rights_of_who_uses_it_opens_nothing(stuck: Lab) -> None:
    stuck.sql("CREATE VIEW public.mine WITH (security_invoker) AS SELECT * FROM backup_history")
    stuck.sql("CREATE VIEW public.theirs AS SELECT * FROM backup_history")
    stuck.sql("GRANT ALL ON public.mine, public.theirs TO anon")
    stuck.sql(f"ALTER TABLE {T} FORCE ROW LEVEL SECURITY")
    stuck.sql("CREATE ROLE plain NOLOGIN NOBYPASSRLS", "supabase_admin")
    try:
        stuck.sql("GRANT USAGE, CREATE ON SCHEMA public TO plain", "supabase_admin")
        stuck.sql(f"GRANT SELECT, UPDATE ON {T} TO plain", "supabase_admin")
        stuck.sql("ALTER VIEW public.theirs OWNER TO plain", "supabase_admin")

        assert seen_table(stuck).open_views == ()
        assert changed(stuck, "mine") + changed(stuck, "theirs") == 0
    finally:
        stuck.sql("DROP OWNED BY plain; DROP ROLE plain", "supabase_admin")


def test_a_view_in_the_tables_place_that_anon_may_write_is_open_itself(stuck: Lab) -> None:
    stuck.sql(f"ALTER TABLE {T} RENAME TO backups")
    stuck.sql(f"CREATE VIEW {T} AS SELECT * FROM public.backups")
    stuck.sql(f"GRANT SELECT, UPDATE ON {T} TO anon")

    table = seen_table(stuck)
    (view,) = table.open_views

    assert (view.name, "anon" in view.roles) == ("backup_history", True)
    assert writes_through(view, table)
    assert changed(stuck, "backup_history") == 1


def test_without_the_row_check_nothing_is_claimed(stuck: Lab) -> None:
    evidence = look(stuck.ask(), stuck.case())

    assert isinstance(evidence.proof, Unseen)
    assert isinstance(evidence.constraints, Unseen)


def test_without_a_table_there_is_nothing_to_prove(stuck: Lab) -> None:
    stuck.sql(f"DROP TABLE {T}")
    row = look_at_row(stuck.ask(), stuck.case())

    evidence = look(stuck.ask(None, row), stuck.case())

    assert isinstance(evidence.proof, Unseen)
    assert evidence.proof.why is Why.NOT_FOUND
