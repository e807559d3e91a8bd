"""What the body of the function's 2xx says is read: a failure, a refused key, another function."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backup_doctor.evidence.findings import Verdict
from tests.e2e.doctoring import diagnose_world
from tests.preflight.foresight import foresee

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.demo.world import World

SOURCE = "supabase/functions/update-backup/index.ts"
UNAUTHORIZED = '{ error: "Unauthorized" }'
TEMPLATE = '{ message: "Hello undefined!" }'
TAKEN = '{ success: false, error: "duplicate key value violates unique constraint" }'
OTHER = "{ invoices: [], page: 1 }"
INCOMPLETE = '{ ok: false, error: "backup_id is missing" }'


def answer_always(world: World, body: str) -> None:
    world.write(SOURCE, f"Deno.serve(() => new Response(JSON.stringify({body})));\n")


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        (UNAUTHORIZED, "function/key-rejected", "refuses the key"),
        (TAKEN, "row/constraint-rejects", "duplicate key value"),
        (INCOMPLETE, "function/server-error", "backup_id is missing"),
        (TEMPLATE, "function/false-success", "as the template does"),
        (OTHER, "function/false-success", '{"invoices":[],"page":1}, but the row is unchanged'),
    ],
    ids=["a key", "a constraint", "a field", "the template", "another"],
)
def test_what_a_success_in_the_log_says_decides_the_cause(
    world: World, tmp_path: Path, body: str, code: str, said: str
) -> None:
    answer_always(world, body)
    dispatch_id = world.insert_row()
    world.run_pipeline(dispatch_id)

    report = diagnose_world(world, dispatch_id, tmp_path)

    assert (report.verdict, report.root_cause) == (Verdict.FAILING, code)
    assert said in report.summary


@pytest.mark.parametrize(
    ("body", "verdict", "said"),
    [
        (UNAUTHORIZED, Verdict.FAILING, "refuses the key"),
        (TEMPLATE, Verdict.FAILING, "as the template does"),
        (OTHER, Verdict.HEALTHY, "It may be another function"),
        (INCOMPLETE, Verdict.HEALTHY, "reports a failure with HTTP 200"),
    ],
    ids=["a key", "the template", "another", "a field"],
)
def test_what_a_success_says_to_an_empty_body_is_told_before_the_next_backup(
    world: World, tmp_path: Path, body: str, verdict: Verdict, said: str
) -> None:
    answer_always(world, body)

    report = foresee(world, tmp_path)

    assert report.verdict is verdict
    assert said in report.summary
    assert ("accepts the key" in report.summary) is (verdict is Verdict.HEALTHY)
