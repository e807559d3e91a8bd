"""A pipeline whose word for a success is not the configured one: nothing is written in its place."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from backup_doctor.evidence.case import Names
from backup_doctor.evidence.log import NOT_SAID, Attempt, Call
from backup_doctor.evidence.rls import RefusedValue
from backup_doctor.evidence.row import Constraint
from tests.judgement.asking import finding
from tests.judgement.cases import call, case, log, rls, row, table, the_object, workflow
from tests.judgement.test_refused_sql import FINE, settled

DENIED = call(403, '{"code":"42501","message":"permission denied for table backup_history"}')
REFUSED = call(400, '{"code":"23514","message":"violates check constraint \\"st\\""}')
WORDS = "CHECK (status = ANY (ARRAY['in_progress'::text, 'completed'::text]))"
CHECK = Constraint(
    name="st", kind="c", definition=WORDS, expression=WORDS[7:-1], columns=("status",), accepts=True
)
IN_ENUM = RefusedValue(
    column="status",
    type="public.bs",
    sqlstate="22P02",
    message='invalid input value for enum public.bs: "done"',
)


def update(word: str, answer: Call, kind: str = "table-update") -> Attempt:
    """The script's own update, which writes this word."""
    return Attempt(
        kind=kind, name=kind, place="up.sh:7", updates=True, call=answer, writes={"status": word}
    )


def stuck(word: str, answer: Call, *evidence: Any, kind: str = "table-update") -> Any:
    """A stuck backup whose script writes this word, and got this answer."""
    read = log(NOT_SAID, answer, attempts=(update(word, answer, kind),))
    return case(workflow(read), the_object(), *evidence)


def held_against(word: str, **changes: Any) -> Any:
    return replace(rls(), written={"status": word}, **changes)


def test_where_the_step_writes_another_word_than_the_configured_one_no_success_is_written() -> None:
    made = settled(stuck("completed", DENIED), FINE)

    assert made.sql is None
    assert "writes the status 'completed'" in made.notes[0]
    assert "BACKUP_DOCTOR_STATUS_SUCCESS" in made.notes[0]


@pytest.mark.parametrize(
    "one",
    [
        stuck("success", DENIED),
        # What a function is told may mean anything there.
        stuck("completed", DENIED, kind="function"),
        # The table refuses the word itself: there the step is wrong.
        stuck("completed", REFUSED),
        stuck("done", DENIED, held_against("done", refused_values=(IN_ENUM,))),
        stuck("done", DENIED, held_against("done", constraints=(replace(CHECK, accepts=False),))),
    ],
)
def test_the_configured_word_is_written_where_nothing_shows_another_that_the_table_takes(
    one: Any,
) -> None:
    assert settled(one, FINE).sql


def test_a_word_that_somebody_set_for_a_success_is_written_whatever_the_step_writes() -> None:
    names = Names(success="done", given=("status.success",))

    made = settled(replace(stuck("completed", DENIED), names=names), FINE)

    assert "'done'" in (made.sql or "")


def test_a_configured_word_is_written() -> None:
    one = replace(stuck("completed", DENIED), names=Names(success="completed"))

    assert "status = 'completed'" in (settled(one, FINE).sql or "")


def test_what_lets_a_status_pass_is_the_word_that_the_step_writes() -> None:
    refusing = replace(CHECK, accepts=False)
    seen = held_against("done", constraints=(refusing,))
    one = stuck("done", REFUSED, seen, row(table=table(constraints=(refusing,))))
    fixes = finding(one, "row/constraint-rejects").found.fixes

    assert any("OR status = 'done'" in fix.text for fix in fixes)
    assert not any("'success'" in fix.text for fix in fixes)
