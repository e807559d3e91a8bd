"""A job that was stopped when all was decided: that is no cause of what had happened before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.log import NOT_SAID, LogReading
from backup_doctor.evidence.workflow import Run, Step, WorkflowEvidence
from tests.judgement.asking import causes, finding
from tests.judgement.cases import CREATED, ENDED, NOT_THERE, call, case, log, the_object, workflow
from tests.judgement.test_diagnosis import GATEWAY_404, GONE, NO_GRANT, NO_GRANT_NOW

if TYPE_CHECKING:
    from backup_doctor.evidence.object import ObjectEvidence

UPDATE = "Update backup_history via Edge Function"
LIMIT = "The job running on runner X has exceeded the maximum execution time of 30 minutes."
OF_STEP = "The action 'Clean up' has timed out after 5 minutes."
REFUSED = log(GATEWAY_404, NO_GRANT)
EARLY = log(
    NOT_SAID,
    NOT_SAID,
    update_seen=False,
    uploaded=(),
    assignments={},
    failed_step="Dump",
    errors=("pg_dump: error: connection failed",),
)


def of_steps(
    *ended: tuple[str, str], reading: LogReading, conclusion: str, annotations: tuple[str, ...] = ()
) -> WorkflowEvidence:
    """A job of these steps, which ended so."""
    steps = tuple(
        Step(
            name=name,
            number=number,
            status="completed",
            conclusion=how,
            started_at=CREATED,
            completed_at=ENDED,
        )
        for number, (name, how) in enumerate(ended, start=1)
    )
    seen = workflow(reading)
    assert seen.job
    job = replace(seen.job, steps=steps, conclusion=conclusion, annotations=annotations)
    update = next((one for one in steps if one.name == UPDATE), None)
    return replace(seen, job=job, jobs=(job,), update_step=update)


@pytest.mark.parametrize("annotations", [(), (LIMIT,)], ids=["cancelled", "timed out"])
def test_a_job_stopped_after_its_update_had_failed_is_no_cause(
    annotations: tuple[str, ...],
) -> None:
    late = of_steps(
        ("Upload", "success"),
        (UPDATE, "failure"),
        ("Clean up", "cancelled"),
        reading=REFUSED,
        conclusion="cancelled",
        annotations=annotations,
    )

    found = causes(case(late, GONE, NO_GRANT_NOW))

    assert found == ["function/not-deployed", "rls/no-grant"]


def test_a_job_over_its_limit_after_its_update_had_succeeded_is_no_cause() -> None:
    late = of_steps(
        ("Upload", "success"),
        (UPDATE, "success"),
        ("Clean up", "cancelled"),
        reading=log(call(200, '{"success":true}'), NOT_SAID),
        conclusion="cancelled",
        annotations=(LIMIT,),
    )

    assert causes(case(late)) == ["function/false-success"]


@pytest.mark.parametrize("said", [LIMIT, OF_STEP])
def test_what_failed_first_is_the_cause_though_the_job_was_stopped_later(said: str) -> None:
    late = of_steps(
        ("Dump", "failure"),
        (UPDATE, "skipped"),
        ("Clean up", "failure" if said is OF_STEP else "cancelled"),
        reading=EARLY,
        conclusion="failure" if said is OF_STEP else "cancelled",
        annotations=("Process completed with exit code 1.", said),
    )

    assert causes(case(late)) == ["workflow/failed-before-update"]


def test_a_step_over_its_limit_whose_failure_counts_for_nothing_is_no_cause() -> None:
    green = of_steps(
        ("Clean up", "success"),
        (UPDATE, "failure"),
        reading=REFUSED,
        conclusion="failure",
        annotations=(OF_STEP,),
    )

    assert causes(case(green, GONE, NO_GRANT_NOW)) == ["function/not-deployed", "rls/no-grant"]


def test_a_step_over_its_limit_broke_the_chain_where_it_stood_though_the_update_ran() -> None:
    even_so = of_steps(
        ("Clean up", "failure"),
        (UPDATE, "failure"),
        reading=REFUSED,
        conclusion="failure",
        annotations=(OF_STEP,),
    )

    found = finding(case(even_so, GONE, NO_GRANT_NOW), "workflow/timed-out")

    assert found.breaks == (Link.BACKUP_MADE,)
    assert "'Clean up'" in found.found.summary


def test_a_job_stopped_in_its_update_is_stopped_there() -> None:
    there = of_steps(
        ("Upload", "success"),
        (UPDATE, "cancelled"),
        ("Clean up", "cancelled"),
        reading=log(NOT_SAID, NOT_SAID),
        conclusion="cancelled",
    )

    found = finding(case(there), "workflow/cancelled")

    assert found.breaks == (Link.FUNCTION_UPDATES,)
    assert f"in the step {UPDATE!r}" in found.found.summary


@pytest.mark.parametrize(
    ("seen", "link"),
    [
        (the_object(), Link.FUNCTION_UPDATES),
        (the_object(head=None, tail=None), Link.BACKUP_MADE),
    ],
)
def test_of_a_cancelled_run_whose_jobs_nobody_saw_no_step_is_named(
    seen: ObjectEvidence, link: Link
) -> None:
    run = workflow(NOT_THERE)
    assert isinstance(run.run, Run)
    stopped = replace(run.run, conclusion="cancelled")
    blind = replace(run, run=stopped, jobs=NOT_THERE, job=None, update_step=None)

    found = finding(case(blind, seen), "workflow/cancelled")

    assert found.found.summary == "The run was cancelled."
    assert found.breaks == (link,)
