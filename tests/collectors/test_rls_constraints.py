"""Types and constraints, held against the row as the pipeline would write it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from backup_doctor.collect.row.collector import look as look_at_row
from backup_doctor.evidence.log import NOT_SAID, Attempt, LogReading
from backup_doctor.evidence.object import ObjectEvidence, StoredObject
from backup_doctor.evidence.rls import Proof, Reach, RlsEvidence
from backup_doctor.evidence.row import Table
from backup_doctor.evidence.workflow import Step, WorkflowEvidence
from tests.database.proving import KEY, T, seen, update

if TYPE_CHECKING:
    from backup_doctor.evidence.row import Constraint
    from tests.database.lab import Lab

SIZE = 3_000_000_000
OBJECT = ObjectEvidence(
    bucket="b",
    head=StoredObject(key=KEY, size=SIZE, modified_at=datetime(2026, 1, 15, 2, 4, tzinfo=UTC)),
)
LOG = WorkflowEvidence(
    run=None, log=LogReading(source="log", assignments={"S3_KEY": KEY, "BACKUP_SIZE": str(SIZE)})
)


def constraint(evidence: RlsEvidence, name: str) -> Constraint:
    assert isinstance(evidence.constraints, tuple)
    return next(one for one in evidence.constraints if one.name == name)


def test_the_reference_table_accepts_the_update(stuck: Lab) -> None:
    evidence = seen(stuck, "service_role", OBJECT)

    assert isinstance(evidence.constraints, tuple)
    assert [one.accepts for one in evidence.constraints] == [True]
    assert evidence.refused_values == ()
    assert evidence.written["s3_key"] == KEY
    assert evidence.written["size_bytes"] == str(SIZE)
    assert evidence.assumed == ("workflow_run_id",)


def test_a_check_that_does_not_know_success_rejects(stuck: Lab) -> None:
    stuck.sql(f"ALTER TABLE {T} DROP CONSTRAINT backup_history_status_check")
    stuck.sql(f"ALTER TABLE {T} ADD CONSTRAINT old CHECK (status IN ('in_progress', 'completed'))")

    assert constraint(seen(stuck), "old").accepts is False
    assert update(stuck, "service_role") == (0, "23514")


def test_a_check_is_held_against_the_word_that_the_steps_script_writes(stuck: Lab) -> None:
    stuck.sql(f"ALTER TABLE {T} DROP CONSTRAINT backup_history_status_check")
    stuck.sql(f"ALTER TABLE {T} ADD CONSTRAINT old CHECK (status IN ('in_progress', 'completed'))")
    update_call = Attempt(
        kind="table-update",
        name="direct update",
        place="up.sh:7",
        updates=True,
        call=NOT_SAID,
        writes={"status": "completed"},
    )
    read = LogReading(source="log", attempts=(update_call,))
    evidence = seen(stuck, "service_role", WorkflowEvidence(run=None, log=read))

    assert constraint(evidence, "old").accepts is True
    assert evidence.written["status"] == "completed"


def test_a_constraint_that_is_not_enforced_refuses_nothing(stuck: Lab) -> None:
    if int(stuck.sql("SHOW server_version_num")[0]["server_version_num"]) < 180_000:
        pytest.skip("PostgreSQL knows NOT ENFORCED since version 18")
    stuck.sql(f"ALTER TABLE {T} ADD CONSTRAINT idle CHECK (status <> 'success') NOT ENFORCED")
    stuck.sql(f"ALTER TABLE {T} ADD CONSTRAINT old CHECK (status <> 'success') NOT VALID")

    evidence = seen(stuck, "service_role", OBJECT)

    assert isinstance(evidence.constraints, tuple)
    assert [one.name for one in evidence.constraints if one.accepts is False] == ["old"]


def test_a_check_that_comes_out_null_accepts(stuck: Lab) -> None:
    stuck.sql(f"ALTER TABLE {T} ADD CONSTRAINT silent CHECK (error_text <> 'x')")

    assert constraint(seen(stuck), "silent").accepts is True
    assert update(stuck, "service_role") == (1, None)


def test_a_check_on_the_objects_key_is_judged_by_the_log(stuck: Lab) -> None:
    stuck.sql(f"ALTER TABLE {T} ADD CONSTRAINT prod CHECK (s3_key LIKE 'prod/%')")

    assert constraint(seen(stuck, "service_role", LOG), "prod").accepts is False
    guessed = constraint(seen(stuck), "prod")
    assert guessed.accepts is None
    assert guessed.problem == "What will be written to s3_key is not known."


def test_a_check_on_a_generated_column_is_left_open(stuck: Lab) -> None:
    stuck.sql(f"ALTER TABLE {T} ADD mb bigint GENERATED ALWAYS AS (size_bytes / 1000000) STORED")
    stuck.sql(f"ALTER TABLE {T} ADD CONSTRAINT small CHECK (mb < 10)")

    assert constraint(seen(stuck, "service_role", OBJECT), "small").accepts is None


def test_a_key_that_another_row_has_violates_unique(stuck: Lab) -> None:
    stuck.sql(f"ALTER TABLE {T} ADD CONSTRAINT one_key UNIQUE (s3_key)")
    assert constraint(seen(stuck, "service_role", OBJECT), "one_key").accepts is True

    (other,) = stuck.sql(
        f"INSERT INTO {T} (dispatch_id, s3_key) VALUES ('other', '{KEY}') RETURNING id::text"
    )

    taken = constraint(seen(stuck, "service_role", OBJECT), "one_key")
    assert (taken.accepts, taken.holder) == (False, other["id"])
    assert update(stuck, "service_role") == (0, "23505")


@pytest.mark.parametrize(
    ("condition", "accepts", "real"),
    [("status = 'success'", False, (0, "23505")), ("status = 'failed'", True, (1, None))],
)
def test_a_partial_unique_index_counts_where_its_condition_holds(
    stuck: Lab, condition: str, *, accepts: bool, real: tuple[int, str | None]
) -> None:
    stuck.sql(f"INSERT INTO {T} (dispatch_id, s3_key, status) VALUES ('o', '{KEY}', 'success')")
    stuck.sql(f"CREATE UNIQUE INDEX once ON {T} (s3_key) WHERE {condition}")

    assert constraint(seen(stuck, "service_role", OBJECT), "once").accepts is accepts
    assert update(stuck, "service_role") == real


def test_a_partial_unique_index_counts_where_the_update_writes_its_condition(stuck: Lab) -> None:
    stuck.sql(f"ALTER TABLE {T} ADD label text DEFAULT 'nightly'")
    stuck.sql(f"CREATE UNIQUE INDEX once ON {T} (label) WHERE status = 'success'")
    assert constraint(seen(stuck), "once").accepts is True

    stuck.sql(f"INSERT INTO {T} (dispatch_id, status) VALUES ('other', 'success')")

    assert constraint(seen(stuck), "once").accepts is False
    assert update(stuck, "service_role") == (0, "23505")


def test_a_check_on_the_time_is_held_against_the_time_of_the_update(stuck: Lab) -> None:
    stuck.sql(
        f"ALTER TABLE {T} ADD CONSTRAINT soon CHECK (finished_at < created_at + '1 h'::interval)"
    )
    ended = datetime(2026, 1, 15, 2, 20, tzinfo=UTC)
    step = Step(name="update", number=1, status="completed", completed_at=ended)

    evidence = seen(stuck, "service_role", WorkflowEvidence(run=None, update_step=step))

    assert constraint(evidence, "soon").accepts is True


def test_what_the_script_never_names_is_held_against_nothing(stuck: Lab) -> None:
    stuck.sql(f"ALTER TABLE {T} ALTER error_text SET DEFAULT ''; UPDATE {T} SET error_text = ''")
    stuck.sql(f"ALTER TABLE {T} ALTER error_text SET NOT NULL")
    stuck.sql(f"ALTER TABLE {T} ADD CONSTRAINT small CHECK (size_bytes < 5)")
    writes = Attempt(
        kind="table-update",
        name="direct update",
        place="up.sh:7",
        updates=True,
        call=NOT_SAID,
        columns=("status", "s3_key"),
    )
    read = LogReading(source="log", attempts=(writes,))

    evidence = seen(stuck, "service_role", OBJECT, WorkflowEvidence(run=None, log=read))

    assert isinstance(evidence.constraints, tuple)
    assert [one.name for one in evidence.constraints if one.accepts is False] == []
    assert {"error_text", "size_bytes"} <= set(evidence.assumed)


def test_a_unique_index_on_an_expression_is_left_open(stuck: Lab) -> None:
    stuck.sql(f"CREATE UNIQUE INDEX folded ON {T} (s3_key, lower(status))")

    assert constraint(seen(stuck, "service_role", OBJECT), "folded").accepts is None


def test_a_foreign_key_is_left_open(stuck: Lab) -> None:
    stuck.sql("CREATE TABLE public.runs (id text PRIMARY KEY)")
    stuck.sql(f"ALTER TABLE {T} ADD CONSTRAINT run FOREIGN KEY (workflow_run_id) REFERENCES runs")

    assert constraint(seen(stuck), "run").accepts is None


def test_a_column_that_refuses_null_is_named(stuck: Lab) -> None:
    stuck.sql(f"ALTER TABLE {T} ALTER error_text SET DEFAULT ''; UPDATE {T} SET error_text = ''")
    stuck.sql(f"ALTER TABLE {T} ALTER error_text SET NOT NULL")

    evidence = seen(stuck)

    assert isinstance(evidence.constraints, tuple)
    assert [(one.kind, one.columns) for one in evidence.constraints if one.accepts is False] == [
        ("n", ("error_text",))
    ]
    assert update(stuck, "service_role") == (0, "23502")


def test_a_size_that_the_column_cannot_hold_is_refused_and_hides_nothing_else(stuck: Lab) -> None:
    stuck.sql(f"ALTER TABLE {T} ALTER size_bytes TYPE integer")
    stuck.sql(f"ALTER TABLE {T} ADD CONSTRAINT old CHECK (status <> 'success')")
    stuck.sql(f"REVOKE UPDATE ON {T} FROM service_role")

    evidence = seen(stuck, "service_role", OBJECT)

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
            (
                f"ALTER TABLE {T} DROP CONSTRAINT backup_history_status_check;"
                f"ALTER TABLE {T} ALTER status DROP DEFAULT;"
                "CREATE TYPE phase AS ENUM ('in_progress', 'done');"
                f"ALTER TABLE {T} ALTER status TYPE phase USING status::phase"
            ),
            "status",
            "22P02",
        ),
        (
            (
                "CREATE DOMAIN short AS text CHECK (length(value) < 10);"
                f"ALTER TABLE {T} ALTER s3_key TYPE short"
            ),
            "s3_key",
            "23514",
        ),
    ],
    ids=["too narrow", "enum", "domain"],
)
def test_a_value_that_the_type_refuses_is_named_and_the_role_proved_all_the_same(
    stuck: Lab, fault: str, column: str, sqlstate: str
) -> None:
    stuck.sql(fault)

    evidence = seen(stuck, "service_role", OBJECT)

    assert isinstance(evidence.refused_values, tuple)
    assert [(one.column, one.sqlstate) for one in evidence.refused_values] == [(column, sqlstate)]
    assert isinstance(evidence.proof, Proof)
    assert evidence.proof.reach is Reach.NO_OBSTACLE


PARTITIONED = """
ALTER TABLE public.backup_history RENAME TO real;
CREATE TABLE public.backup_history (LIKE public.real INCLUDING DEFAULTS) PARTITION BY RANGE (created_at);
CREATE TABLE public.of_2026 PARTITION OF public.backup_history
  FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE public.later PARTITION OF public.backup_history DEFAULT;
INSERT INTO public.backup_history SELECT * FROM public.real;
GRANT ALL ON public.backup_history TO service_role;
DROP TABLE public.real
"""
FIRED = """
CREATE FUNCTION public.guard() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'guarded'; END $$;
CREATE TRIGGER {0} BEFORE UPDATE OF status ON public.{0} FOR EACH ROW EXECUTE FUNCTION public.guard()
"""


@pytest.mark.parametrize(("partition", "accepts"), [("of_2026", False), ("later", True)])
def test_a_check_of_one_partition_holds_for_the_rows_that_it_takes(
    stuck: Lab, partition: str, *, accepts: bool
) -> None:
    stuck.sql(PARTITIONED)
    stuck.sql(
        f"ALTER TABLE public.{partition} ADD CONSTRAINT own_rule CHECK (status = 'in_progress')"
    )

    found = constraint(seen(stuck), "own_rule")

    assert (found.accepts, found.partitions) == (accepts, (f"public.{partition}",))
    assert found.columns == ("status",)
    assert update(stuck, "service_role") == ((1, None) if accepts else (0, "23514"))


def test_a_check_that_the_table_gives_its_partitions_is_told_once(stuck: Lab) -> None:
    stuck.sql(PARTITIONED)
    stuck.sql(f"ALTER TABLE {T} ADD CONSTRAINT whole CHECK (status <> 'x')")
    stuck.sql("ALTER TABLE public.of_2026 ADD CONSTRAINT off CHECK (status = 'x') NOT ENFORCED")
    evidence = seen(stuck)

    assert isinstance(evidence.constraints, tuple)
    names = [one.name for one in evidence.constraints]
    assert (names.count("whole"), names.count("off")) == (1, 0)
    assert constraint(evidence, "whole").partitions == ()


@pytest.mark.parametrize(("partition", "fires"), [("of_2026", True), ("later", False)])
def test_a_trigger_of_one_partition_fires_for_its_rows_alone(
    stuck: Lab, partition: str, *, fires: bool
) -> None:
    stuck.sql(PARTITIONED)
    stuck.sql(FIRED.format(partition))

    table = look_at_row(stuck.ask(stuck.settings()), stuck.case()).table

    assert isinstance(table, Table)
    told = [(one.name, one.partition, one.columns) for one in table.triggers]
    assert told == ([(partition, f"public.{partition}", ("status",))] if fires else [])
    assert update(stuck, "service_role") == ((0, "P0001") if fires else (1, None))
