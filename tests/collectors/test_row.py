"""The row's collector against a real PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from backup_doctor.collect.row.collector import look
from backup_doctor.collect.row.newest import newest_rows
from backup_doctor.demo.supabase.gateway import Gateway
from backup_doctor.demo.supabase.state import Project
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.log import LogReading
from backup_doctor.evidence.reuse import period_of
from backup_doctor.evidence.row import Route, RowEvidence, Server, Table
from backup_doctor.evidence.workflow import WorkflowEvidence
from backup_doctor.settings.model import Secret, Settings
from tests.database.lab import DISPATCH, ROW_ID, Lab

ANOTHER_ID = "11111111-2222-4333-8444-555555555555"


def seen(lab: Lab, **asked: str) -> RowEvidence:
    return look(lab.ask(), lab.case(**asked))


def table_of(evidence: RowEvidence) -> Table:
    assert isinstance(evidence.table, Table)
    return evidence.table


def test_the_stuck_row_is_seen_directly(lab: Lab) -> None:
    evidence = seen(lab.migrate())

    assert evidence.route is Route.DIRECT
    assert evidence.newest is not None
    assert evidence.newest.id == ROW_ID
    assert evidence.newest.status == "in_progress"
    assert evidence.newest.s3_key is None
    assert evidence.newest.created_at == datetime(2026, 1, 15, 2, 3, 4, tzinfo=UTC)
    assert evidence.failures == ()
    assert evidence.locks == ()


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "UTC"])
@pytest.mark.parametrize("of_app", [False, True], ids=["now()", "UTC of the app"])
def test_a_row_without_a_zone_is_not_taken_for_older_than_it_is(
    lab: Lab, zone: str, *, of_app: bool
) -> None:
    lab.migrate().sql("ALTER TABLE public.backup_history ALTER created_at TYPE timestamp")
    lab.sql(f"ALTER DATABASE {lab.name} SET timezone = '{zone}'", "supabase_admin")
    made = "now() AT TIME ZONE 'UTC'" if of_app else "DEFAULT"
    lab.sql(f"INSERT INTO public.backup_history (dispatch_id, created_at) VALUES ('fresh', {made})")

    newest = seen(lab, dispatch_id="fresh").newest
    told = newest_rows(lab.ask(), lab.names, None, (), 20)

    assert newest is not None
    assert newest.created_at is not None
    assert abs(datetime.now(UTC) - newest.created_at) < timedelta(minutes=5)
    assert not isinstance(told, Unseen)
    assert newest.created_at in [one.created_at for one in told.rows]


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "UTC"])
@pytest.mark.parametrize("of_app", [False, True], ids=["now()", "UTC of the app"])
def test_nor_is_it_where_the_data_api_alone_tells(lab: Lab, zone: str, *, of_app: bool) -> None:
    lab.migrate().sql("ALTER TABLE public.backup_history ALTER created_at TYPE timestamp")
    lab.sql(f"ALTER DATABASE {lab.name} SET timezone = '{zone}'", "supabase_admin")
    made = "now() AT TIME ZONE 'UTC'" if of_app else "DEFAULT"
    lab.sql(f"INSERT INTO public.backup_history (dispatch_id, created_at) VALUES ('fresh', {made})")

    with Gateway(Project(lab.uri("supabase_admin"))) as gateway:
        key = Secret(gateway.project.keys.secret)
        ask = lab.ask(Settings(names=lab.names, supabase_url=gateway.url, service_key=key))
        newest = look(ask, lab.case(dispatch_id="fresh")).newest
        told = newest_rows(ask, lab.names, None, (), 20)

    assert newest is not None
    assert newest.created_at is not None
    assert abs(datetime.now(UTC) - newest.created_at) < timedelta(minutes=5)
    assert not isinstance(told, Unseen)
    assert newest.created_at in [one.created_at for one in told.rows]


def test_a_dispatch_id_that_is_a_rows_id_finds_the_row(lab: Lab) -> None:
    evidence = seen(lab.migrate(), dispatch_id=ROW_ID)

    assert evidence.newest is not None
    assert evidence.newest.dispatch_id == DISPATCH


def test_of_an_id_that_is_used_again_it_is_seen_when_the_next_backup_was_made(lab: Lab) -> None:
    lab.migrate().sql(
        "INSERT INTO public.backup_history (dispatch_id, created_at)"
        f" SELECT '{DISPATCH}', created_at + make_interval(hours => n)"
        " FROM public.backup_history, generate_series(0, 2) AS n"
    )

    by_row, by_dispatch = seen(lab, backup_id=ROW_ID), seen(lab, dispatch_id=DISPATCH)

    assert isinstance(by_dispatch.rows, tuple)
    assert by_row.newest is not None
    assert by_row.newest.created_at is not None
    assert by_row.period == period_of(by_row.newest, by_dispatch.rows)
    assert by_row.period is not None
    assert by_row.period.until is not None
    assert by_row.period.until < by_row.newest.created_at + timedelta(hours=1)
    assert by_dispatch.period == period_of(by_dispatch.rows[0], by_dispatch.rows)


def test_a_backup_id_that_is_no_uuid_finds_no_row_and_no_error(lab: Lab) -> None:
    assert seen(lab.migrate(), backup_id="17").rows == ()


@pytest.mark.parametrize(
    "asked",
    ["", "'; DROP TABLE backup_history; --", "x" * 10_000, "a\nb", "\x1b[31m", "a\0b", "\udcff"],
)
def test_an_id_of_any_kind_finds_no_row_and_no_error(lab: Lab, asked: str) -> None:
    assert seen(lab.migrate(), dispatch_id=asked).rows == ()


@pytest.mark.parametrize("odd", ["it's", 'a"b', "back\\slash", "line\nbreak", "ü ∞", "$(id)"])
def test_an_odd_dispatch_id_is_found(lab: Lab, odd: str) -> None:
    lab.migrate()
    with psycopg.connect(lab.uri()) as connection:
        connection.execute("UPDATE backup_history SET dispatch_id = %s", (odd,))

    evidence = seen(lab, dispatch_id=odd)

    assert evidence.newest is not None
    assert evidence.newest.dispatch_id == odd


def test_several_rows_come_newest_first(lab: Lab) -> None:
    lab.migrate()
    lab.sql(f"INSERT INTO backup_history (dispatch_id, status) VALUES ('{DISPATCH}', 'failed')")

    rows = seen(lab).rows

    assert isinstance(rows, tuple)
    assert [row.status for row in rows] == ["failed", "in_progress"]


def test_the_sizes_of_successful_backups_before_this_one_are_seen(lab: Lab) -> None:
    lab.migrate()
    lab.sql(
        "INSERT INTO backup_history (dispatch_id, status, size_bytes, created_at) VALUES "
        "('a', 'success', 10, '2026-01-13Z'), ('b', 'success', 20, '2026-01-14Z'),"
        "('c', 'failed', 30, '2026-01-14Z'), ('d', 'success', 40, '2026-01-16Z')"
    )

    assert seen(lab).earlier_sizes == (20, 10)


def test_other_names_types_and_orders_of_columns_are_read(lab: Lab) -> None:
    lab = lab.renamed(
        id="number", dispatch_id="Dispatch", size_bytes="bytes", created_at="made", status="state"
    )
    lab.sql("CREATE TYPE public.phase AS ENUM ('in_progress', 'done')")
    lab.sql(
        "CREATE TABLE public.backup_history (extra text[], bytes text, state public.phase, "
        'made timestamp, "Dispatch" uuid, number bigint GENERATED ALWAYS AS IDENTITY)'
    )
    lab.sql("GRANT SELECT ON public.backup_history TO backup_doctor")
    lab.sql(
        "INSERT INTO public.backup_history VALUES "
        f"('{{a}}', '3000000000', 'in_progress', '2026-01-15 02:03:04', '{ROW_ID}')"
    )

    evidence = seen(lab, dispatch_id=ROW_ID)

    assert evidence.newest is not None
    assert evidence.newest.id == "1"
    assert evidence.newest.size_bytes == 3_000_000_000
    assert evidence.newest.status == "in_progress"
    assert evidence.newest.created_at == datetime(2026, 1, 15, 2, 3, 4, tzinfo=UTC)
    assert evidence.newest.values["extra"] == ["a"]
    column = table_of(evidence).column("number")
    assert column is not None
    assert column.default == "generated always as identity"


@pytest.mark.parametrize("asked", ["not-a-uuid", "17", ROW_ID])
def test_an_id_of_another_type_than_the_column_is_no_row(lab: Lab, asked: str) -> None:
    lab.sql(
        "CREATE TABLE public.backup_history "
        "(id bigint, dispatch_id uuid, status text, created_at text)"
    )

    evidence = seen(lab, dispatch_id=asked)

    assert evidence.rows == ()
    assert evidence.route is Route.DIRECT


@pytest.mark.parametrize("kind", ["text", "bigint", "varchar(20)", "numeric", "char(2)"])
def test_an_id_that_is_no_uuid_is_found_where_the_column_is_none(lab: Lab, kind: str) -> None:
    lab.sql(f"CREATE TABLE public.backup_history (id {kind}, dispatch_id text, status text)")
    lab.sql("INSERT INTO public.backup_history VALUES ('17', 'a')")

    evidence = seen(lab, dispatch_id="17")

    assert evidence.newest is not None
    assert evidence.newest.id == "17"


def test_a_status_of_a_type_that_is_filled_up_with_blanks_is_read_without_them(lab: Lab) -> None:
    lab.migrate()
    lab.sql(
        "ALTER TABLE backup_history DROP CONSTRAINT IF EXISTS backup_history_status_check,"
        " ALTER status TYPE char(20)"
    )

    evidence = seen(lab, dispatch_id=DISPATCH)

    assert evidence.newest is not None
    assert evidence.newest.status == "in_progress"
    assert evidence.newest.values["status"] == "in_progress         "


def test_a_table_without_the_guides_columns_is_described(lab: Lab) -> None:
    lab.sql("CREATE TABLE public.backup_history (job text, dispatch text)")

    evidence = seen(lab)

    assert isinstance(evidence.rows, Unseen)
    assert "no column dispatch_id" in evidence.rows.what
    assert evidence.rows.remedy is not None
    assert "columns.dispatch_id (BACKUP_DOCTOR_COLUMNS_DISPATCH_ID)" in evidence.rows.remedy
    assert "dispatch, job" in evidence.rows.remedy
    assert [column.name for column in table_of(evidence).columns] == ["job", "dispatch"]


def test_a_missing_table_is_certain_and_its_likes_are_named(lab: Lab) -> None:
    lab.sql("CREATE SCHEMA app")
    lab.sql("CREATE TABLE app.backup_history (id uuid)")
    lab.sql("CREATE TABLE public.backups_history (id uuid)")
    lab.sql("CREATE TABLE public.invoices (id uuid)")

    evidence = seen(lab)

    assert evidence.table is None
    assert isinstance(evidence.rows, Unseen)
    assert "app.backup_history, public.backups_history" in evidence.rows.what
    assert evidence.rows.remedy is not None
    assert "BACKUP_DOCTOR_TABLE" in evidence.rows.remedy
    assert isinstance(evidence.server, Server)
    assert evidence.server.similar_tables == ("app.backup_history", "public.backups_history")


def test_a_view_is_looked_through(lab: Lab) -> None:
    lab.migrate()
    lab.sql("ALTER TABLE public.backup_history RENAME TO backups")
    lab.sql("CREATE VIEW public.backup_history AS SELECT * FROM public.backups")

    evidence = seen(lab)

    assert evidence.newest is not None
    assert evidence.newest.id == ROW_ID
    assert table_of(evidence).kind == "view"


def test_the_catalogue_tells_what_an_update_meets(lab: Lab) -> None:
    lab.migrate()
    lab.sql(
        "CREATE FUNCTION public.guard() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RETURN NULL; END $$"
    )
    lab.sql(
        "CREATE TRIGGER frozen BEFORE UPDATE ON public.backup_history "
        "FOR EACH ROW EXECUTE FUNCTION public.guard()"
    )
    lab.sql(
        "CREATE TRIGGER born BEFORE INSERT ON public.backup_history "
        "FOR EACH ROW EXECUTE FUNCTION public.guard()"
    )
    lab.sql("CREATE RULE nothing AS ON UPDATE TO public.backup_history DO INSTEAD NOTHING")
    lab.sql(
        "CREATE UNIQUE INDEX one_key ON public.backup_history (s3_key) WHERE status = 'success'"
    )
    lab.sql(
        "CREATE POLICY own ON public.backup_history FOR UPDATE TO authenticated "
        "USING (status = 'in_progress')"
    )
    lab.sql("GRANT UPDATE (status) ON public.backup_history TO anon")

    table = table_of(seen(lab))

    assert [(one.name, one.before) for one in table.triggers] == [
        ("frozen", True),
        ("nothing", True),
    ]
    assert "RETURN NULL" in table.triggers[0].source
    assert table.rls_enabled
    assert not table.rls_forced
    assert table.owner == "postgres"
    policy = table.policies[0]
    assert (policy.name, policy.command, policy.roles) == ("own", "UPDATE", ("authenticated",))
    assert policy.using == "(status = 'in_progress'::text)"
    anon, service = table.grants_of("anon"), table.grants_of("service_role")
    assert anon is not None
    assert (anon.update, anon.update_columns) == (False, ("status",))
    assert service is not None
    assert (service.exists, service.update, service.bypasses_rls) == (True, True, True)
    partial = next(one for one in table.constraints if one.name == "one_key")
    assert (partial.kind, partial.columns) == ("u", ("s3_key",))
    assert partial.expression == "(status = 'success'::text)"
    check = next(one for one in table.constraints if one.kind == "c")
    assert check.columns == ("status",)


def test_a_role_that_is_not_there_is_said_so(lab: Lab) -> None:
    lab.migrate()

    evidence = look(lab.ask(lab.settings(writer_role="nobody_here")), lab.case())

    grants = table_of(evidence).grants_of("nobody_here")
    assert grants is not None
    assert not grants.exists


def test_the_transaction_that_holds_the_row_is_named(lab: Lab) -> None:
    lab.migrate()
    with psycopg.connect(lab.uri(), application_name="console") as console:
        console.execute("UPDATE backup_history SET error_text = 'x'")

        locks = seen(lab).locks

        assert isinstance(locks, tuple)
        assert [(one.application, one.mode, one.state) for one in locks] == [
            ("console", "row", "idle in transaction")
        ]
        assert locks[0].pid == console.info.backend_pid
        assert locks[0].query == "UPDATE backup_history SET error_text = 'x'"
        assert locks[0].transaction_start is not None
        console.rollback()
    assert seen(lab).locks == ()


def test_two_transactions_that_share_the_row_are_both_seen(lab: Lab) -> None:
    lab.migrate()
    row = f"SELECT FROM backup_history WHERE dispatch_id = '{DISPATCH}'"

    def locked(how: str) -> list[str]:
        with (
            psycopg.connect(lab.uri(), application_name="one") as one,
            psycopg.connect(lab.uri(), application_name="two") as two,
        ):
            for each in (one, two):
                each.execute(f"{row} {how}".encode())
            locks = seen(lab).locks
        assert isinstance(locks, tuple)
        return sorted(holder.application or "" for holder in locks)

    def left_alone() -> list[str | None]:
        with psycopg.connect(lab.uri(), application_name="left") as left:
            with psycopg.connect(lab.uri()) as ended:
                ended.execute(f"{row} FOR SHARE".encode())
                left.execute(f"{row} FOR SHARE".encode())
            locks = seen(lab).locks
        assert isinstance(locks, tuple)
        return [holder.application for holder in locks]

    assert locked("FOR SHARE") == ["one", "two"]
    assert left_alone() == ["left"]
    # A foreign key that points at the row keeps nobody from updating it.
    assert locked("FOR KEY SHARE") == []
    assert seen(lab).locks == ()


def test_a_lock_that_a_foreign_key_may_have_taken_is_marked(lab: Lab) -> None:
    lab.migrate()
    lab.sql("ALTER TABLE backup_history ADD UNIQUE (dispatch_id)")
    lab.sql("CREATE TABLE backup_files (dispatch_id text REFERENCES backup_history (dispatch_id))")
    refer = f"INSERT INTO backup_files VALUES ('{DISPATCH}')"
    update = "UPDATE backup_history SET error_text = 'x'"
    lock = f"SELECT FROM backup_history WHERE dispatch_id = '{DISPATCH}' FOR UPDATE"

    def marked(*statements: str) -> list[bool]:
        with psycopg.connect(lab.uri()) as console:
            for each in statements:
                console.execute(each.encode())
            locks = seen(lab).locks
            console.rollback()
        assert isinstance(locks, tuple)
        return [one.may_be_for_key for one in locks]

    assert marked(refer) == [True]
    assert marked(lock) == [False]
    assert marked(update) == [False]
    assert marked(refer, update) == [False]


def test_a_mark_that_an_ended_transaction_left_in_the_row_is_no_lock(lab: Lab) -> None:
    lab.migrate()
    row = f"SELECT FROM backup_history WHERE dispatch_id = '{DISPATCH}' FOR UPDATE"
    lab.sql(row)
    lab.sql("INSERT INTO backup_history (dispatch_id) VALUES ('other-1'), ('other-2')")

    with psycopg.connect(lab.uri()) as one, psycopg.connect(lab.uri()) as two:
        for number, each in enumerate((one, two), start=1):
            other = f"SELECT FROM backup_history WHERE dispatch_id = 'other-{number}' FOR UPDATE"
            each.execute(other.encode())

        assert seen(lab).locks == ()


def test_a_lock_on_the_whole_table_is_seen_though_the_row_is_not(lab: Lab) -> None:
    lab.migrate()
    with psycopg.connect(lab.uri(), application_name="migration") as migration:
        migration.execute("LOCK TABLE backup_history IN ACCESS EXCLUSIVE MODE")

        evidence = seen(lab)

        assert isinstance(evidence.rows, Unseen)
        assert evidence.rows.code == "55P03"
        assert isinstance(evidence.locks, tuple)
        assert [(one.application, one.mode) for one in evidence.locks] == [
            ("migration", "AccessExclusiveLock")
        ]
        migration.rollback()


def test_whoever_keeps_a_migration_waiting_keeps_the_update_waiting_behind_it(lab: Lab) -> None:
    lab.migrate()
    alter = "ALTER TABLE backup_history ADD COLUMN later int"
    with (
        ThreadPoolExecutor(1) as pool,
        psycopg.connect(lab.uri(), autocommit=True) as migration,
        psycopg.connect(lab.uri(), application_name="console") as console,
    ):
        console.execute("SELECT FROM backup_history")
        altered = pool.submit(migration.execute, alter)
        process = migration.info.backend_pid
        while not lab.sql(f"SELECT 1 FROM pg_locks WHERE pid = {process} AND NOT granted"):
            assert not altered.done()

        evidence = seen(lab)

        console.rollback()
        altered.result()

    assert isinstance(evidence.rows, Unseen)
    assert isinstance(evidence.locks, tuple)
    assert [(one.application, one.mode) for one in evidence.locks] == [
        ("console", f"AccessShareLock (process {process} waits for AccessExclusiveLock)")
    ]


def test_the_doctors_own_read_only_setting_is_not_the_databases(lab: Lab) -> None:
    evidence = seen(lab.migrate())

    assert isinstance(evidence.server, Server)
    assert evidence.server.default_read_only is None
    directly = look(lab.ask(lab.settings("postgres")), lab.case())
    assert isinstance(directly.server, Server)
    assert directly.server.default_read_only is False


@pytest.mark.parametrize("role", ["backup_doctor", "postgres"])
def test_a_database_that_is_read_only_is_seen(lab: Lab, role: str) -> None:
    lab.migrate()
    lab.sql(f"ALTER DATABASE {lab.name} SET default_transaction_read_only = on")

    evidence = look(lab.ask(lab.settings(role)), lab.case())

    assert isinstance(evidence.server, Server)
    assert evidence.server.default_read_only is True


@pytest.mark.parametrize(("role", "is_on"), [("authenticator", True), ("service_role", False)])
def test_a_roles_own_default_counts_where_it_logs_in(lab: Lab, role: str, *, is_on: bool) -> None:
    lab.migrate()
    lab.sql(
        f"ALTER ROLE {role} IN DATABASE {lab.name} SET default_transaction_read_only = on",
        "supabase_admin",
    )

    server = look(lab.ask(lab.settings("postgres")), lab.case()).server

    assert isinstance(server, Server)
    assert server.default_read_only is is_on


def test_no_row_behind_row_level_security_proves_nothing(lab: Lab) -> None:
    lab.migrate()
    lab.sql("GRANT SELECT ON public.backup_history TO authenticator")

    evidence = look(lab.ask(lab.settings("authenticator")), lab.case())

    assert isinstance(evidence.rows, Unseen)
    assert evidence.rows.why is Why.DENIED
    assert "row-level security" in evidence.rows.what
    assert table_of(evidence).rls_enabled


def test_a_user_without_grant_is_told_what_to_grant(lab: Lab) -> None:
    lab.migrate()

    evidence = look(lab.ask(lab.settings("authenticator")), lab.case())

    assert isinstance(evidence.rows, Unseen)
    assert (evidence.rows.why, evidence.rows.code) == (Why.DENIED, "42501")
    assert evidence.rows.remedy is not None
    assert isinstance(evidence.table, Table)
    assert [failure.route for failure in evidence.failures] == [Route.DIRECT]


def test_without_a_backup_in_hand_the_table_is_seen_and_no_row_asked_for(lab: Lab) -> None:
    lab.migrate()
    case = lab.case()
    asked = type(case.asked)()

    evidence = look(lab.ask(), type(case)(asked=asked, names=case.names, now=case.now))

    assert isinstance(evidence.rows, Unseen)
    assert evidence.rows.why is Why.NOT_ASKED
    assert evidence.route is Route.DIRECT
    assert table_of(evidence).name == "backup_history"


def test_a_run_id_finds_the_row_that_names_the_run(lab: Lab) -> None:
    lab.migrate()
    lab.sql("UPDATE backup_history SET workflow_run_id = '4711'")

    evidence = seen(lab, run_id="4711")

    assert evidence.newest is not None
    assert evidence.newest.id == ROW_ID


@pytest.mark.parametrize(
    "workflow",
    [
        WorkflowEvidence(run=None, run_title_dispatch=DISPATCH),
        WorkflowEvidence(run=None, log=LogReading(source="log", assignments={"BACKUP_ID": ROW_ID})),
    ],
)
def test_a_run_that_no_row_names_tells_the_dispatch_id_itself(
    lab: Lab, workflow: WorkflowEvidence
) -> None:
    lab.migrate()

    evidence = look(lab.ask(None, workflow), lab.case(run_id="4711"))

    assert evidence.newest is not None
    assert evidence.newest.id == ROW_ID


def said(*ids: str) -> WorkflowEvidence:
    """A run without a telling title, whose log has these UUIDs in it."""
    return WorkflowEvidence(run=None, log=LogReading(source="log", ids=ids))


def test_a_run_whose_log_names_the_dispatch_of_one_row_made_that_backup(lab: Lab) -> None:
    lab.migrate()

    evidence = look(lab.ask(None, said(ANOTHER_ID, DISPATCH)), lab.case(run_id="4711"))

    assert evidence.newest is not None
    assert evidence.newest.id == ROW_ID


def test_a_run_whose_log_names_no_backup_or_several_is_not_taken_for_a_missing_row(
    lab: Lab,
) -> None:
    lab.migrate()
    lab.sql(f"INSERT INTO backup_history (dispatch_id) VALUES ('{ANOTHER_ID}')")

    several = look(lab.ask(None, said(ANOTHER_ID, DISPATCH)), lab.case(run_id="4711")).rows
    none = look(lab.ask(None, said(ROW_ID)), lab.case(run_id="4711")).rows

    for rows, reason in ((several, "names several backups"), (none, "names none")):
        assert isinstance(rows, Unseen)
        assert reason in rows.what
        assert rows.remedy == "Give --dispatch-id."


def test_a_run_that_tells_nothing_is_not_taken_for_a_missing_row(lab: Lab) -> None:
    evidence = seen(lab.migrate(), run_id="4711")

    assert isinstance(evidence.rows, Unseen)
    assert evidence.rows.remedy == "Give --dispatch-id."


def test_nothing_configured_is_said_and_nothing_is_called_a_failure(lab: Lab) -> None:
    evidence = look(lab.ask(Settings()), lab.case())

    assert isinstance(evidence.rows, Unseen)
    assert evidence.rows.why is Why.NOT_CONFIGURED
    assert evidence.failures == ()
    assert evidence.route is None


def test_looking_changes_nothing(lab: Lab) -> None:
    lab.migrate()
    before = lab.sql("SELECT xmin, xmax, ctid::text, * FROM backup_history")

    seen(lab)

    assert lab.sql("SELECT xmin, xmax, ctid::text, * FROM backup_history") == before


def test_what_uses_a_column_keeps_its_type_from_being_changed(stuck: Lab) -> None:
    stuck.sql("CREATE VIEW public.latest AS SELECT id, size_bytes FROM public.backup_history")
    stuck.sql("CREATE POLICY big ON public.backup_history USING (size_bytes > 0)")
    stuck.sql(
        "ALTER TABLE public.backup_history ADD COLUMN megabytes bigint "
        "GENERATED ALWAYS AS (size_bytes / 1000000) STORED"
    )
    stuck.sql(
        "CREATE FUNCTION public.keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
    )
    stuck.sql(
        "CREATE TRIGGER keep BEFORE UPDATE OF size_bytes ON public.backup_history "
        "FOR EACH ROW EXECUTE FUNCTION public.keep()"
    )

    known = table_of(seen(stuck))

    used = {one.name: one.used_by for one in known.columns}
    assert used["size_bytes"] == (
        "generated column megabytes",
        "policy big",
        "trigger keep",
        "view public.latest",
    )
    assert used["megabytes"] == used["s3_key"] == ()


def test_a_trigger_tells_the_columns_for_which_it_fires(stuck: Lab) -> None:
    stuck.sql(
        "CREATE FUNCTION public.keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
    )
    for name, of in (("every", ""), ("few", "OF status, s3_key ")):
        stuck.sql(
            f"CREATE TRIGGER {name} BEFORE INSERT OR UPDATE {of}ON public.backup_history "
            "FOR EACH ROW EXECUTE FUNCTION public.keep()"
        )
    stuck.sql("CREATE RULE also AS ON UPDATE TO public.backup_history DO ALSO NOTIFY changed")

    fired = {one.name: one.columns for one in table_of(seen(stuck)).triggers}

    assert fired == {"also": (), "every": (), "few": ("s3_key", "status")}
