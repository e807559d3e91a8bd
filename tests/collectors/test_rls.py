"""The proof of the pipeline's UPDATE against a real PostgreSQL, held against a real UPDATE.

Each situation is that of facts/s3-and-postgres.md 4(a): EXPLAIN's word, then what really happens.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg
import pytest

from doctor.collectors.rls import look
from doctor.collectors.row import look as look_at_row
from doctor.demo.supabase.keys import legacy_key
from doctor.demo.supabase.postgres import PostgresServer
from doctor.evidence.base import Unseen, Why
from doctor.evidence.log import LogReading
from doctor.evidence.object import ObjectEvidence, StoredObject
from doctor.evidence.rls import Proof, Reach, RlsEvidence
from doctor.evidence.row import Constraint
from doctor.evidence.workflow import WorkflowEvidence
from doctor.settings.model import Secret
from tests.database.lab import DISPATCH, ROW_ID, Lab, lab_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from doctor.evidence.base import Evidence

T = "public.backup_history"
KEY = "backups/2026/01/15/backup-nightly-42.zip"
SIZE = 3_000_000_000
OBJECT = ObjectEvidence(
    bucket="b",
    head=StoredObject(key=KEY, size=SIZE, modified_at=datetime(2026, 1, 15, 2, 4, tzinfo=UTC)),
)
LOG = WorkflowEvidence(
    run=None, log=LogReading(source="log", assignments={"S3_KEY": KEY, "BACKUP_SIZE": str(SIZE)})
)


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with PostgresServer.start() as server:
        yield server


@pytest.fixture
def lab(postgres: PostgresServer) -> Iterator[Lab]:
    with lab_on(postgres) as made:
        yield made.migrate()


@pytest.fixture
def writer(postgres: PostgresServer, lab: Lab) -> Iterator[str]:
    """A role without BYPASSRLS that may read and update the table, and that the doctor may take on."""
    role = f"writer_{uuid4().hex[:8]}"
    admin = "supabase_admin"
    lab.sql(f"CREATE ROLE {role} NOLOGIN", admin)
    lab.sql(f"GRANT {role} TO backup_doctor WITH INHERIT FALSE, SET TRUE", admin)
    lab.sql(f"GRANT USAGE ON SCHEMA public TO {role}", admin)
    lab.sql(f"GRANT SELECT, UPDATE ON {T} TO {role}", admin)
    yield role
    lab.sql(f"DROP OWNED BY {role}; DROP ROLE {role}", admin)


def state(lab: Lab) -> list[dict[str, Any]]:
    """The rows with their places and writers, which any write would change; beneath a view, its table's."""
    beneath = lab.sql("SELECT to_regclass('public.real') IS NOT NULL AS there")[0]["there"]
    return lab.sql(f"SELECT t.xmin::text, t.ctid::text, t.* FROM {'public.real' if beneath else T} AS t")


def seen(lab: Lab, role: str = "service_role", *earlier: Evidence, **settings: Any) -> RlsEvidence:
    """What the collector sees, having changed nothing."""
    configured = lab.settings(writer_role=role, **settings)
    row = look_at_row(lab.ask(configured), lab.case())
    before = state(lab)
    evidence = look(lab.ask(configured, row, *earlier), lab.case())
    assert state(lab) == before
    return evidence


def proof(lab: Lab, role: str = "service_role", **settings: Any) -> Proof:
    found = seen(lab, role, **settings).proof
    assert isinstance(found, Proof)
    return found


def update(lab: Lab, role: str) -> tuple[int, str | None]:
    """What the pipeline's UPDATE really does: rows and SQLSTATE; rolled back."""
    with psycopg.connect(lab.uri("supabase_admin")) as connection:
        connection.execute(f"SET LOCAL ROLE {role}".encode())
        try:
            done = connection.execute(
                "UPDATE public.backup_history SET status = 'success', s3_key = %s, size_bytes = 1, "
                "finished_at = now(), error_text = NULL, workflow_run_id = '1' WHERE id = %s",
                (KEY, ROW_ID),
            ).rowcount
        except psycopg.Error as error:
            done, code = 0, error.sqlstate
        else:
            code = None
        connection.rollback()
        return done, code


def policy(lab: Lab, name: str, rest: str) -> None:
    lab.sql(f"CREATE POLICY {name} ON {T} {rest}")


def test_service_role_with_grants_meets_no_obstacle(lab: Lab) -> None:
    found = proof(lab)

    assert (found.reach, found.strong, found.row_visible) == (Reach.NO_OBSTACLE, True, True)
    assert (found.sqlstate, found.blocking) == (None, ())
    assert found.statement.startswith(f"UPDATE public.backup_history SET s3_key = '{KEY[:10]}")
    assert found.statement.endswith(f"WHERE id = '{ROW_ID}'")
    assert update(lab, "service_role") == (1, None)


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
def test_a_role_that_bypasses_rls_still_needs_grants(lab: Lab, fault: str) -> None:
    lab.sql(fault)

    found = proof(lab)

    assert (found.reach, found.sqlstate) == (Reach.REFUSED, "42501")
    assert found.message == "permission denied for table backup_history"
    assert update(lab, "service_role") == (0, "42501")


def test_a_schema_without_usage_is_refused(lab: Lab, writer: str) -> None:
    lab.sql(f"REVOKE USAGE ON SCHEMA public FROM {writer}", "supabase_admin")
    lab.sql("REVOKE USAGE ON SCHEMA public FROM public", "supabase_admin")

    found = proof(lab, writer)

    assert (found.reach, found.message) == (Reach.REFUSED, "permission denied for schema public")


@pytest.mark.parametrize(
    ("policies", "blocking"),
    [
        ([], ()),
        ([("other", "FOR ALL TO anon USING (true)")], ()),
        ([("never", "FOR ALL USING (false)")], ("never",)),
        ([("read", "FOR SELECT USING (true)")], ()),
        ([("write", "FOR UPDATE USING (true)")], ()),
        ([("all", "USING (true)"), ("not_ours", "AS RESTRICTIVE USING (s3_key = 'x')")], ("not_ours",)),
        ([("mine", "USING (dispatch_id = 'another')")], ("mine",)),
        ([("null_fails", "USING (s3_key = 'x')")], ("null_fails",)),
        ([("read", "FOR SELECT USING (true)"), ("write", "FOR UPDATE USING (status = 'failed')")], ("write",)),
        ([("by_claim", "USING (auth.role() = 'service_role')")], ("by_claim",)),
    ],
    ids=[
        "no policy", "for another role", "using false", "select only", "update only", "restrictive",
        "another row", "null", "update sees less", "by claim",
    ],
)  # fmt: skip
def test_a_row_out_of_reach_is_no_row_and_a_silent_update(
    lab: Lab, writer: str, policies: list[tuple[str, str]], blocking: tuple[str, ...]
) -> None:
    lab.sql(f"GRANT USAGE ON SCHEMA auth TO {writer}", "supabase_admin")
    for name, rest in policies:
        policy(lab, f'"{name}"', rest)

    found = proof(lab, writer)

    assert found.reach is Reach.NO_ROW
    assert found.sqlstate is None
    assert found.blocking == blocking
    assert update(lab, writer) == (0, None)


@pytest.mark.parametrize(
    "policies",
    [
        [("all", "USING (true)")],
        [("mine", f"USING (dispatch_id = '{DISPATCH}')")],
        [("one", "USING (false)"), ("other", "USING (true)")],
        [("read", "FOR SELECT USING (true)"), ("write", "FOR UPDATE USING (status = 'in_progress') WITH CHECK (true)")],
        [("claimed", "USING (auth.role() LIKE 'writer%')")],
    ],
    ids=["true", "this row", "one of two", "read and write", "by claim"],
)  # fmt: skip
def test_policies_that_let_the_row_through_are_no_obstacle(
    lab: Lab, writer: str, policies: list[tuple[str, str]]
) -> None:
    lab.sql(f"GRANT USAGE ON SCHEMA auth TO {writer}", "supabase_admin")
    for name, rest in policies:
        policy(lab, f'"{name}"', rest)

    found = proof(lab, writer)

    assert (found.reach, found.row_visible) == (Reach.NO_OBSTACLE, True)
    assert (found.new_row_allowed, found.blocking) == (True, ())
    if policies[0][0] != "claimed":  # a session without claims cannot tell
        assert update(lab, writer) == (1, None)


@pytest.mark.parametrize(
    ("policies", "blocking"),
    [
        ([("check", "USING (true) WITH CHECK (status = 'in_progress')")], ("check",)),
        ([("only_open", "USING (status = 'in_progress')")], ("only_open",)),
        ([("read", "FOR SELECT USING (status = 'in_progress')"), ("write", "FOR UPDATE USING (true)")], ("read",)),
    ],
    ids=["with check", "using as check", "select hides the new row"],
)  # fmt: skip
def test_a_new_row_that_policies_refuse_is_seen_though_the_plan_is_normal(
    lab: Lab, writer: str, policies: list[tuple[str, str]], blocking: tuple[str, ...]
) -> None:
    for name, rest in policies:
        policy(lab, f'"{name}"', rest)

    found = proof(lab, writer)

    assert (found.reach, found.row_visible) == (Reach.NO_OBSTACLE, True)
    assert found.new_row_allowed is False
    assert found.blocking == blocking
    assert "new row violates" in found.message
    assert update(lab, writer) == (0, "42501")


def test_a_policy_on_a_value_that_nobody_told_proves_nothing(lab: Lab, writer: str) -> None:
    policy(lab, "keyed", "USING (true) WITH CHECK (s3_key LIKE 'prod/%')")

    assert proof(lab, writer).new_row_allowed is None


def test_a_policy_of_a_group_applies_to_its_members(lab: Lab, writer: str) -> None:
    group = f"group_{uuid4().hex[:8]}"
    lab.sql(f"CREATE ROLE {group}; GRANT {group} TO {writer}", "supabase_admin")
    policy(lab, "grouped", f"TO {group} USING (true)")
    try:
        found = proof(lab, writer)
        assert (found.reach, found.new_row_allowed) == (Reach.NO_OBSTACLE, True)
        assert update(lab, writer) == (1, None)
    finally:
        lab.sql("DROP POLICY grouped ON backup_history")
        lab.sql(f"DROP ROLE {group}", "supabase_admin")


def test_the_owner_is_bound_by_forced_rls_only(lab: Lab, writer: str) -> None:
    lab.sql(f"GRANT CREATE ON SCHEMA public TO {writer}", "supabase_admin")
    lab.sql(f"ALTER TABLE {T} OWNER TO {writer}", "supabase_admin")
    lab.sql(f"GRANT SELECT ON {T} TO backup_doctor, postgres", "supabase_admin")

    assert proof(lab, writer).reach is Reach.NO_OBSTACLE
    assert update(lab, writer) == (1, None)

    lab.sql(f"ALTER TABLE {T} FORCE ROW LEVEL SECURITY", "supabase_admin")
    assert proof(lab, writer).reach is Reach.NO_ROW
    assert update(lab, writer) == (0, None)
    lab.sql(f"ALTER TABLE {T} OWNER TO postgres", "supabase_admin")


def test_rls_turned_off_lets_the_role_through(lab: Lab, writer: str) -> None:
    lab.sql(f"ALTER TABLE {T} DISABLE ROW LEVEL SECURITY")

    assert proof(lab, writer).reach is Reach.NO_OBSTACLE
    assert update(lab, writer) == (1, None)


@pytest.mark.parametrize(
    ("view", "reach", "real"),
    [
        ("AS SELECT * FROM public.real", Reach.NO_OBSTACLE, (1, None)),
        ("WITH (security_invoker) AS SELECT * FROM public.real", Reach.REFUSED, (0, "42501")),
        (f"AS SELECT * FROM public.real WHERE dispatch_id <> '{DISPATCH}'", Reach.NO_OBSTACLE, (0, None)),
    ],
    ids=["owner's rights", "invoker's rights", "where"],
)
def test_a_view_is_planned_with_the_rights_that_it_has(
    lab: Lab, writer: str, view: str, reach: Reach, real: tuple[int, str | None]
) -> None:
    lab.sql(f"REVOKE ALL ON {T} FROM {writer}", "supabase_admin")
    lab.sql(f"ALTER TABLE {T} RENAME TO real; CREATE VIEW {T} {view}")
    lab.sql(f"GRANT SELECT, UPDATE ON {T} TO {writer}")

    found = seen(lab, writer).proof

    assert isinstance(found, Proof)
    assert found.reach is reach
    assert update(lab, writer) == real


def test_a_policy_function_without_execute_is_refused(lab: Lab, writer: str) -> None:
    lab.sql("CREATE FUNCTION public.mine() RETURNS boolean LANGUAGE sql STABLE AS 'SELECT true'")
    lab.sql("REVOKE EXECUTE ON FUNCTION public.mine() FROM public")
    policy(lab, "by_function", "USING (public.mine())")

    found = proof(lab, writer)

    assert (found.reach, found.sqlstate) == (Reach.REFUSED, "42501")
    assert update(lab, writer) == (0, "42501")


def test_a_rule_that_does_nothing_instead_is_no_matter_of_rls(lab: Lab) -> None:
    lab.sql(f"CREATE RULE nothing AS ON UPDATE TO {T} DO INSTEAD NOTHING")

    found = proof(lab)

    assert found.reach is Reach.NO_OBSTACLE
    assert found.message == "A rewrite rule leaves nothing of the update."
    assert update(lab, "service_role") == (0, None)


def test_triggers_are_not_executed(lab: Lab) -> None:
    lab.sql(
        "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'no'; END $$"
    )
    lab.sql(f"CREATE TRIGGER no BEFORE UPDATE ON {T} FOR EACH ROW EXECUTE FUNCTION refuse()")

    assert proof(lab).reach is Reach.NO_OBSTACLE
    assert update(lab, "service_role") == (0, "P0001")


def test_a_role_that_is_not_there_is_said_so(lab: Lab) -> None:
    found = seen(lab, "nobody_here").proof

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
        (f"ALTER TABLE {T} DISABLE ROW LEVEL SECURITY", Reach.NO_OBSTACLE),
    ],
)
def test_where_the_doctor_may_not_take_on_the_role_the_catalogue_is_the_weaker_proof(
    lab: Lab, writer: str, fault: str, reach: Reach
) -> None:
    lab.sql(f"REVOKE {writer} FROM backup_doctor", "supabase_admin")
    lab.sql(fault)

    found = proof(lab, writer)

    assert (found.reach, found.strong) == (reach, False)


def test_the_weaker_proof_sees_a_missing_grant(lab: Lab, writer: str) -> None:
    lab.sql(f"REVOKE {writer} FROM backup_doctor", "supabase_admin")
    lab.sql(f"REVOKE UPDATE ON {T} FROM {writer}", "supabase_admin")

    found = proof(lab, writer)

    assert (found.reach, found.sqlstate, found.strong) == (Reach.REFUSED, "42501", False)


def test_the_key_in_hand_is_held_against_the_table_too(lab: Lab) -> None:
    key = legacy_key("ref", "anon", "secret", datetime.now(UTC))

    evidence = seen(lab, service_key=Secret(key))

    assert isinstance(evidence.proof, Proof)
    assert evidence.proof.reach is Reach.NO_OBSTACLE
    assert isinstance(evidence.key_proof, Proof)
    assert (evidence.key_proof.role, evidence.key_proof.sqlstate) == ("anon", "42501")


def test_a_locked_table_leaves_the_weaker_proof(lab: Lab) -> None:
    row = look_at_row(lab.ask(), lab.case())
    with psycopg.connect(lab.uri()) as migration:
        migration.execute("LOCK TABLE backup_history IN ACCESS EXCLUSIVE MODE")

        evidence = look(lab.ask(None, row), lab.case())

        migration.rollback()
    assert isinstance(evidence.proof, Proof)
    assert evidence.proof.strong is False


def constraint(evidence: RlsEvidence, name: str) -> Constraint:
    assert isinstance(evidence.constraints, tuple)
    return next(one for one in evidence.constraints if one.name == name)


def test_the_reference_table_accepts_the_update(lab: Lab) -> None:
    evidence = seen(lab, "service_role", OBJECT)

    assert isinstance(evidence.constraints, tuple)
    assert [one.accepts for one in evidence.constraints] == [True]
    assert evidence.refused_values == ()
    assert evidence.written["s3_key"] == KEY
    assert evidence.written["size_bytes"] == str(SIZE)
    assert evidence.assumed == ("workflow_run_id",)


def test_a_check_that_does_not_know_success_rejects(lab: Lab) -> None:
    lab.sql(f"ALTER TABLE {T} DROP CONSTRAINT backup_history_status_check")
    lab.sql(f"ALTER TABLE {T} ADD CONSTRAINT old CHECK (status IN ('in_progress', 'completed'))")

    assert constraint(seen(lab), "old").accepts is False
    assert update(lab, "service_role") == (0, "23514")


def test_a_check_that_comes_out_null_accepts(lab: Lab) -> None:
    lab.sql(f"ALTER TABLE {T} ADD CONSTRAINT silent CHECK (error_text <> 'x')")

    assert constraint(seen(lab), "silent").accepts is True
    assert update(lab, "service_role") == (1, None)


def test_a_check_on_the_objects_key_is_judged_by_the_log(lab: Lab) -> None:
    lab.sql(f"ALTER TABLE {T} ADD CONSTRAINT prod CHECK (s3_key LIKE 'prod/%')")

    assert constraint(seen(lab, "service_role", LOG), "prod").accepts is False
    guessed = constraint(seen(lab), "prod")
    assert guessed.accepts is None
    assert guessed.problem == "What will be written to s3_key is not known."


def test_a_check_on_a_generated_column_is_left_open(lab: Lab) -> None:
    lab.sql(f"ALTER TABLE {T} ADD mb bigint GENERATED ALWAYS AS (size_bytes / 1000000) STORED")
    lab.sql(f"ALTER TABLE {T} ADD CONSTRAINT small CHECK (mb < 10)")

    assert constraint(seen(lab, "service_role", OBJECT), "small").accepts is None


def test_a_key_that_another_row_has_violates_unique(lab: Lab) -> None:
    lab.sql(f"ALTER TABLE {T} ADD CONSTRAINT one_key UNIQUE (s3_key)")
    assert constraint(seen(lab, "service_role", OBJECT), "one_key").accepts is True

    lab.sql(f"INSERT INTO {T} (dispatch_id, s3_key) VALUES ('other', '{KEY}')")

    assert constraint(seen(lab, "service_role", OBJECT), "one_key").accepts is False
    assert update(lab, "service_role") == (0, "23505")


@pytest.mark.parametrize(
    ("condition", "accepts", "real"),
    [("status = 'success'", False, (0, "23505")), ("status = 'failed'", True, (1, None))],
)
def test_a_partial_unique_index_counts_where_its_condition_holds(
    lab: Lab, condition: str, accepts: bool, real: tuple[int, str | None]
) -> None:
    lab.sql(f"INSERT INTO {T} (dispatch_id, s3_key, status) VALUES ('o', '{KEY}', 'success')")
    lab.sql(f"CREATE UNIQUE INDEX once ON {T} (s3_key) WHERE {condition}")

    assert constraint(seen(lab, "service_role", OBJECT), "once").accepts is accepts
    assert update(lab, "service_role") == real


def test_a_unique_index_on_an_expression_is_left_open(lab: Lab) -> None:
    lab.sql(f"CREATE UNIQUE INDEX folded ON {T} (s3_key, lower(status))")

    assert constraint(seen(lab, "service_role", OBJECT), "folded").accepts is None


def test_a_foreign_key_is_left_open(lab: Lab) -> None:
    lab.sql("CREATE TABLE public.runs (id text PRIMARY KEY)")
    lab.sql(f"ALTER TABLE {T} ADD CONSTRAINT run FOREIGN KEY (workflow_run_id) REFERENCES runs")

    assert constraint(seen(lab), "run").accepts is None


def test_a_column_that_refuses_null_is_named(lab: Lab) -> None:
    lab.sql(f"ALTER TABLE {T} ALTER error_text SET DEFAULT ''; UPDATE {T} SET error_text = ''")
    lab.sql(f"ALTER TABLE {T} ALTER error_text SET NOT NULL")

    evidence = seen(lab)

    assert isinstance(evidence.constraints, tuple)
    assert [(one.kind, one.columns) for one in evidence.constraints if one.accepts is False] == [
        ("n", ("error_text",))
    ]
    assert update(lab, "service_role") == (0, "23502")


def test_a_size_that_the_column_cannot_hold_is_refused_and_hides_nothing_else(lab: Lab) -> None:
    lab.sql(f"ALTER TABLE {T} ALTER size_bytes TYPE integer")
    lab.sql(f"ALTER TABLE {T} ADD CONSTRAINT old CHECK (status <> 'success')")
    lab.sql(f"REVOKE UPDATE ON {T} FROM service_role")

    evidence = seen(lab, "service_role", OBJECT)

    assert isinstance(evidence.refused_values, tuple)
    assert [(one.column, one.type, one.sqlstate) for one in evidence.refused_values] == [
        ("size_bytes", "integer", "22003")
    ]
    assert constraint(evidence, "old").accepts is False
    assert isinstance(evidence.proof, Proof)
    assert evidence.proof.sqlstate == "42501"


@pytest.mark.parametrize(
    ("fault", "column", "sqlstate"),
    [
        (f"ALTER TABLE {T} ALTER s3_key TYPE varchar(10)", "s3_key", "22001"),
        (
            f"ALTER TABLE {T} DROP CONSTRAINT backup_history_status_check, ALTER status DROP DEFAULT;"
            "CREATE TYPE phase AS ENUM ('in_progress', 'done');"
            f"ALTER TABLE {T} ALTER status TYPE phase USING status::phase",
            "status",
            "22P02",
        ),
        (
            "CREATE DOMAIN short AS text CHECK (length(value) < 10);"
            f"ALTER TABLE {T} ALTER s3_key TYPE short",
            "s3_key",
            "23514",
        ),
    ],
    ids=["too narrow", "enum", "domain"],
)
def test_a_value_that_the_type_refuses_is_named_and_the_role_proved_all_the_same(
    lab: Lab, fault: str, column: str, sqlstate: str
) -> None:
    lab.sql(fault)

    evidence = seen(lab, "service_role", OBJECT)

    assert isinstance(evidence.refused_values, tuple)
    assert [(one.column, one.sqlstate) for one in evidence.refused_values] == [(column, sqlstate)]
    assert isinstance(evidence.proof, Proof)
    assert evidence.proof.reach is Reach.NO_OBSTACLE


def test_without_a_row_the_table_is_proved_all_the_same(lab: Lab, writer: str) -> None:
    lab.sql(f"DELETE FROM {T}")

    assert proof(lab).reach is Reach.NO_OBSTACLE
    assert proof(lab, writer).reach is Reach.NO_ROW


def test_without_the_row_check_nothing_is_claimed(lab: Lab) -> None:
    evidence = look(lab.ask(), lab.case())

    assert isinstance(evidence.proof, Unseen)
    assert isinstance(evidence.constraints, Unseen)


def test_without_a_table_there_is_nothing_to_prove(lab: Lab) -> None:
    lab.sql(f"DROP TABLE {T}")
    row = look_at_row(lab.ask(), lab.case())

    evidence = look(lab.ask(None, row), lab.case())

    assert isinstance(evidence.proof, Unseen)
    assert evidence.proof.why is Why.NOT_FOUND
