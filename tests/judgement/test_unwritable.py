"""What can only be tried by a write, and what no update of the table can write at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from backup_doctor.evidence.findings import FixKind
from backup_doctor.evidence.log import NOT_SAID
from backup_doctor.evidence.rls import Reach, RlsEvidence
from backup_doctor.evidence.row import Constraint
from backup_doctor.evidence.trigger import Trigger
from tests.judgement import cases
from tests.judgement.asking import causes, codes, finding
from tests.judgement.cases import (
    NOT_THERE,
    call,
    case,
    finished_row,
    log,
    rls,
    row,
    the_object,
    workflow,
)
from tests.judgement.test_refused_sql import FINE, first_line, refused_by, settled

if TYPE_CHECKING:
    from backup_doctor.evidence.findings import Fix

REFUSED = "-- This statement will fail until row/constraint-rejects is fixed (step 1)"
EXCLUDE = Constraint(
    name="one",
    kind="x",
    definition="EXCLUDE USING btree (status WITH =)",
    columns=("status",),
)
CONFLICTS = (
    '{"code":"23P01","message":"conflicting key value violates exclusion constraint \\"one\\""}'
)
COMPUTED = '{"code":"428C9","message":"column \\"finished_at\\" can only be updated to DEFAULT"}'
NOT_IN_VIEW = (
    '{"code":"44000","message":"new row violates check option for view \\"backup_history\\""}'
)
MATERIALIZED = '{"code":"42809","message":"cannot change materialized view \\"backup_history\\""}'


def having(*constraints: Constraint, **changes: Any) -> Any:
    return row(table=cases.table(constraints=constraints, **changes))


def computing(column: str, **changes: Any) -> Any:
    """A table that computes this column."""
    columns = tuple(replace(one, generated=one.name == column) for one in cases.COLUMNS)
    return row(table=cases.table(columns=columns, **changes))


def advised(one: Any) -> tuple[Fix, ...]:
    return finding(one, "row/constraint-rejects").found.fixes


# Only a write can try it --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "refuses"),
    [
        ({}, True),
        ({"kind": "f"}, True),
        ({"kind": "u", "columns": ()}, True),
        ({"kind": "f", "columns": ("workflow_run_id",)}, False),
        ({"name": "another"}, False),
        ({"kind": "c"}, False),
    ],
)
def test_what_only_a_write_can_try_is_named_in_the_first_line_where_it_is_still_there(
    changes: dict[str, Any], refuses: bool
) -> None:
    one = refused_by(CONFLICTS, having(replace(EXCLUDE, **changes)))

    assert (first_line(settled(one, FINE)) == REFUSED) is refuses


def test_it_does_not_refuse_a_failure() -> None:
    one = refused_by(CONFLICTS, having(EXCLUDE), the_object(head=None, tail=None))

    assert first_line(settled(one, FINE)) == "BEGIN;"


def test_an_exclude_is_not_to_be_added_again_as_not_valid() -> None:
    _, again = advised(refused_by(CONFLICTS, having(EXCLUDE)))
    _, foreign = advised(refused_by(CONFLICTS, having(replace(EXCLUDE, kind="f"))))

    assert "NOT VALID" not in again.text
    assert "NOT VALID" in foreign.text


def test_a_check_option_refuses_while_the_table_is_a_view() -> None:
    view = refused_by(NOT_IN_VIEW, having(kind="view"))

    assert first_line(settled(view, FINE)) == REFUSED
    assert first_line(settled(refused_by(NOT_IN_VIEW, having()), FINE)) == "BEGIN;"
    assert [fix.kind for fix in advised(view)] == [FixKind.MANUAL, FixKind.SQL]
    assert advised(view)[1].text == "ALTER VIEW public.backup_history RESET (check_option);"
    assert advised(refused_by(NOT_IN_VIEW, having())) == ()


# What is computed -------------------------------------------------------------------------------


def test_a_computed_column_is_left_out_by_the_pipeline_and_by_the_sql() -> None:
    one = refused_by(COMPUTED, computing("finished_at"))
    made = settled(one, FINE)

    assert causes(one) == ["row/constraint-rejects"]
    assert [fix.title.partition(" finished_at")[0] for fix in advised(one)] == [
        "Let the function and the update step leave",
        "Make",
    ]
    assert advised(one)[1].alternative
    assert first_line(made) == "BEGIN;"
    assert "finished_at =" not in (made.sql or "")
    assert "status = 'success'" in (made.sql or "")


@pytest.mark.parametrize("column", ["size_bytes", "s3_key"])
def test_what_a_file_tells_is_not_left_to_the_table(column: str) -> None:
    made = settled(refused_by(COMPUTED, computing(column)), FINE)

    assert f"{column} = " in (made.sql or "")


def test_a_column_that_is_plain_now_is_said_to_work() -> None:
    found = finding(refused_by(COMPUTED), "row/constraint-rejects").found

    assert found.resolved
    assert found.resolved.by == "finished_at is a plain column"


# Views --------------------------------------------------------------------------------------------


def test_nobody_updates_a_materialized_view() -> None:
    one = refused_by(MATERIALIZED, having(kind="materialized view"))

    assert causes(one) == ["row/constraint-rejects"]
    assert settled(one, FINE).sql is None
    assert "materialized view" in " ".join(settled(one, FINE).notes)
    assert "behind the materialized view" in advised(one)[0].title


def instead_of(source: str, event: str = "INSTEAD OF INSERT OR UPDATE") -> Any:
    """A view whose trigger writes in its place; the function answered success."""
    trigger = Trigger(
        name="ins",
        definition=f"CREATE TRIGGER ins {event} ON public.backup_history FOR EACH ROW",
        function="ins",
        source=source,
    )
    answer = call(200, '{"success":true}')
    return case(having(kind="view", triggers=(trigger,)), workflow(log(answer, NOT_SAID)))


@pytest.mark.parametrize(
    ("source", "blamed"),
    [
        ("BEGIN IF TG_OP = 'UPDATE' THEN RETURN NEW; END IF; RETURN NEW; END", True),
        (
            "BEGIN UPDATE public.raw SET status = NEW.status WHERE id = NEW.id; RETURN NEW; END",
            False,
        ),
        ("BEGIN UPDATE raw AS r SET status = NEW.status; RETURN NEW; END", False),
        ("BEGIN EXECUTE 'x'; RETURN NEW; END", False),
    ],
)
def test_a_trigger_in_the_place_of_the_write_that_updates_nothing_is_the_cause(
    source: str, blamed: bool
) -> None:
    one = instead_of(source)

    assert ("row/trigger-interferes" in causes(one)) is blamed
    assert "row/trigger-interferes" not in causes(instead_of(source, "AFTER UPDATE"))
    if blamed:
        (fix,) = finding(one, "row/trigger-interferes").found.fixes
        assert fix.kind is FixKind.MANUAL
        assert "cannot be switched off" in fix.text


def test_a_right_row_blames_no_trigger_of_a_view() -> None:
    right = instead_of("BEGIN RETURN NEW; END")
    finished = row(finished_row(), table=right.row.table)

    assert "row/trigger-interferes" not in causes(case(finished, right.workflow))
    assert "row/trigger-interferes" in codes(case(finished, right.workflow))


NO_IDENTITY = 'cannot update table "backup_history" because it does not have a replica identity and publishes updates'
UNPUBLISHABLE = call(500, '{"code":"55000","message":"' + NO_IDENTITY.replace('"', '\\"') + '"}')


@pytest.mark.parametrize(
    "proof",
    [
        rls(Reach.REFUSED, sqlstate="55000", message=NO_IDENTITY),
        RlsEvidence(proof=NOT_THERE),
    ],
)
def test_a_published_table_without_a_replica_identity_takes_no_update(proof: RlsEvidence) -> None:
    one = case(workflow(log(UNPUBLISHABLE, UNPUBLISHABLE)), proof)
    found = finding(one, "row/constraint-rejects").found
    made = settled(one)

    assert causes(one) == ["row/constraint-rejects"]
    assert "has no primary key or other replica identity" in found.summary
    assert found.fixes[0].text == "ALTER TABLE public.backup_history REPLICA IDENTITY FULL;"
    assert first_line(made).startswith("-- This statement will fail until row/constraint-rejects")


def test_a_replica_identity_that_is_there_now_is_told_as_past() -> None:
    one = case(workflow(log(UNPUBLISHABLE, UNPUBLISHABLE)))
    found = finding(one, "row/constraint-rejects").found

    assert found.resolved is not None
    assert "will fail" not in first_line(settled(one))
