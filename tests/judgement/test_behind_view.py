"""A view shows nothing of what the table behind it has, or refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backup_doctor.evidence.findings import FixKind
from backup_doctor.evidence.log import NOT_SAID, Attempt
from backup_doctor.evidence.rls import Reach
from backup_doctor.evidence.row import Column, Constraint, Policy
from backup_doctor.evidence.trigger import Trigger
from tests.judgement import cases
from tests.judgement.asking import causes, codes, finding
from tests.judgement.cases import call, case, log, rls, row, workflow
from tests.judgement.test_refused_sql import refused_by

if TYPE_CHECKING:
    from backup_doctor.judge.framework import Found

REJECTS, INTERFERES = "row/constraint-rejects", "row/trigger-interferes"
CHECKED = (
    '{"code":"23514","message":"new row for relation \\"backup_history\\" violates check '
    'constraint \\"c\\""}'
)
RAISED = '{"code":"P0001","message":"no such transition"}'
NEW_ROW = '{"code":"42501","message":"new row violates row-level security policy for table \\"backup_history\\""}'
DENIED = '{"code":"42501","message":"permission denied for table backup_history"}'


def of(kind: str, **changes: Any) -> Any:
    return row(table=cases.table(kind=kind, **changes))


def trigger(**changes: Any) -> Trigger:
    base = {
        "name": "guard",
        "definition": "CREATE TRIGGER guard BEFORE UPDATE ON public.backup_history FOR EACH ROW",
        "function": "guard",
        "source": "BEGIN NEW.status := 'in_progress'; RETURN NEW; END",
        "before": True,
    }
    return Trigger(**{**base, **changes})


# What the doctor sees of a view ---------------------------------------------------------------------


def test_a_constraint_that_a_view_has_not_is_not_gone() -> None:
    of_table = finding(refused_by(CHECKED, of("table")), REJECTS).found
    of_view = finding(refused_by(CHECKED, of("view")), REJECTS).found

    assert of_table.resolved
    assert of_view.resolved is None
    assert "pg_get_constraintdef" in of_view.fixes[0].text


def test_a_table_that_a_view_reads_is_not_the_view_whatever_its_name() -> None:
    found = finding(refused_by(DENIED, of("view")), "rls/no-grant").found
    of_table = finding(refused_by(DENIED, of("table")), "rls/no-grant").found

    assert "is refused what it needs beside public.backup_history" in found.summary
    assert found.fixes[0].kind is FixKind.MANUAL
    assert of_table.summary.startswith("service_role had no grant to update")


@pytest.mark.parametrize(("kind", "over"), [("table", True), ("view", False)])
def test_row_level_security_of_the_table_behind_a_view_is_not_said_to_bind_nobody(
    kind: str, *, over: bool
) -> None:
    one = refused_by(NEW_ROW, of(kind, rls_enabled=False), rls(Reach.NO_OBSTACLE))

    assert bool(finding(one, "rls/update-blocked").found.resolved) is over


def test_the_constraint_that_the_log_names_is_not_put_behind_one_that_refuses_now() -> None:
    named = Constraint(name="c", kind="f", definition="FOREIGN KEY (status) …", columns=("status",))
    later = Constraint(name="later", kind="c", definition="CHECK (false)", accepts=False)
    seen, judged = row(table=cases.table(constraints=(named, later))), rls(constraints=(later,))

    def said(answer: str) -> str:
        return finding(refused_by(answer, seen, judged), REJECTS).found.summary

    assert said(CHECKED) == "The update that the pipeline makes violates c and later."
    assert "violates c of the table audit, which is written beside" in said(
        CHECKED.replace("backup_history", "audit")
    )


# What may still raise ------------------------------------------------------------------------------


def raised(seen: Any, **reading: Any) -> Found:
    answered = workflow(log(call(500, RAISED), call(400, RAISED), **reading))
    return finding(case(answered, seen), INTERFERES).found


def by(kind: str) -> dict[str, Any]:
    made = Attempt(kind=kind, name="it", place="up.sh:1", updates=True, call=call(400, RAISED))
    return {"attempts": (made,)}


def test_no_trigger_is_left_that_could_raise() -> None:
    gone, off = raised(of("table")), raised(of("table", triggers=(trigger(enabled=False),)))

    assert gone.resolved
    assert gone.resolved.by == "the table has no trigger any more"
    assert off.resolved
    assert off.resolved.by == "no trigger of the table fires at the update"


def test_where_a_trigger_may_be_that_was_not_seen_nothing_is_said_to_work() -> None:
    computed = Column(name="x", type="text", default="compute(status)", generated=True)
    asks = Policy(name="p", permissive=True, roles=("public",), command="ALL", using="f(id)")

    for seen in (
        of("view"),
        of("partitioned table"),
        of("table", columns=(*cases.COLUMNS, computed)),
        of("table", policies=(asks,)),
    ):
        assert raised(seen).resolved is None
    assert raised(of("table"), **by("upsert")).resolved is None
    assert raised(of("table"), **by("table-update")).resolved


# What a trigger does -------------------------------------------------------------------------------


def silent(*triggers: Trigger, kind: str = "table") -> Any:
    """The function answered success, and the row is as it was."""
    done = workflow(log(call(200, '{"success":true}'), NOT_SAID))
    return case(of(kind, triggers=triggers), done)


def test_a_trigger_of_other_columns_is_not_fired() -> None:
    one = silent(trigger(columns=("archived_at",)))

    assert INTERFERES not in codes(one)
    assert INTERFERES in causes(silent(trigger(columns=("status", "archived_at"))))


def test_a_trigger_of_other_columns_is_blamed_for_its_own_words() -> None:
    says = trigger(
        columns=("archived_at",), source="BEGIN RAISE EXCEPTION 'no such transition'; END"
    )

    assert "trigger guard" in raised(of("table", triggers=(says,))).summary.lower()


@pytest.mark.parametrize(
    ("source", "blamed"),
    [
        ("BEGIN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END", False),
        ("BEGIN IF (tg_op = 'INSERT') THEN NEW.status := 'x'; END IF; RETURN NEW; END", False),
        ("BEGIN IF TG_OP = 'UPDATE' OR TG_OP = 'DELETE' THEN RETURN OLD; END IF; END", True),
        ("BEGIN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NULL; END", True),
    ],
)
def test_what_a_trigger_does_at_another_event_is_not_done_to_the_update(
    source: str, *, blamed: bool
) -> None:
    assert (INTERFERES in causes(silent(trigger(source=source)))) is blamed


@pytest.mark.parametrize(
    ("action", "blamed"),
    [
        ("UPDATE public.real SET status = new.status WHERE real.id = old.id;", False),
        ("UPDATE public.real SET label = new.label WHERE real.id = old.id;", True),
        ("INSERT INTO public.queue (id) VALUES (new.id);", True),
        ("NOTHING;", True),
    ],
)
def test_a_rule_that_makes_the_update_in_its_place_is_not_blamed(
    action: str, *, blamed: bool
) -> None:
    made = f"CREATE RULE up AS ON UPDATE TO public.backup_history DO INSTEAD  {action}"
    rule = trigger(name="up", definition=made, source="")

    assert (INTERFERES in causes(silent(rule, kind="view"))) is blamed
