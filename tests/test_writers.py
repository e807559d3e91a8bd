"""Whether something of a job can still write the row: a backup is over only where nothing can."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backup_doctor.collect.workflow.file import read_workflow
from backup_doctor.evidence.case import Names
from backup_doctor.evidence.workflow import Job, Step, WorkflowFile, WorkflowStep
from backup_doctor.services.writers import could_run, could_write, handler_is_due, may_still_write

NAMES = Names()
UPDATE = NAMES.step
SECRET = "${{ secrets.SUPABASE_SERVICE_ROLE_KEY }}"
WRITE = 'curl -X PATCH "$SUPABASE_URL/rest/v1/backup_history?id=eq.$ID"'


def file(*later: dict[str, Any], env: dict[str, str] | None = None) -> WorkflowFile:
    """A job whose update step is followed by these."""
    steps = [{"name": "Dump", "run": "pg_dump"}, {"name": UPDATE, "run": "./update.sh"}, *later]
    # JSON is YAML.
    text = json.dumps({"jobs": {"backup": {"env": env or {}, "steps": steps}}})
    return read_workflow("backup.yml", text.encode(), step=UPDATE, function=NAMES.function)


def job(*states: tuple[str, str, str | None], update: str = "failure", **changes: Any) -> Job:
    """A job that goes on: its update has ended, and these steps follow (name, status, conclusion)."""
    first = (
        ("Set up job", "completed", "success"),
        ("Dump", "completed", "success"),
        (UPDATE, "completed", update),
    )
    steps = tuple(
        Step(name=name, number=number, status=status, conclusion=conclusion)
        for number, (name, status, conclusion) in enumerate((*first, *states), start=1)
    )
    return Job(**{"id": 1, "name": "backup", "status": "in_progress", "steps": steps, **changes})


def still(one: Job, known: WorkflowFile | None, *, here: bool = False) -> bool:
    update = next((step for step in one.steps if step.name == UPDATE), None)
    return may_still_write(one, update, known, NAMES, doctor_is_here=here)


DOCTOR = {"name": "Diagnose", "if": "always()", "run": "backup-doctor --dispatch-id x"}
DIAGNOSING = ("Diagnose", "in_progress", None)


def test_a_job_that_has_ended_writes_nothing_more() -> None:
    assert not still(job(("Handle failure", "queued", None), status="completed"), None)


def test_a_job_whose_update_has_not_ended_goes_on() -> None:
    going = job()
    steps = (*going.steps[:-1], Step(name=UPDATE, number=3, status="in_progress"))

    assert still(Job(id=1, name="backup", status="in_progress", steps=steps), file())


def test_a_job_in_which_only_the_doctor_is_left_is_judged() -> None:
    assert not still(job(DIAGNOSING), file(DOCTOR))
    assert not still(job(("Run backup-doctor", "in_progress", None)), None)
    assert not still(job(("Diagnose", "in_progress", None)), None, here=True)


def test_what_the_runner_adds_at_the_end_writes_nothing() -> None:
    epilogue = [(name, "queued", None) for name in ("Post Dump", "Complete job")]

    assert not still(job(DIAGNOSING, *epilogue), file(DOCTOR))


def test_a_step_that_somebody_called_post_writes_like_any_other() -> None:
    post = {"name": "Post the result", "if": "always()", "run": WRITE}
    waiting = job(DIAGNOSING, ("Post the result", "queued", None))

    assert still(waiting, file(DOCTOR, post))


@pytest.mark.parametrize(
    ("script", "writes"),
    [
        (WRITE, True),
        ("psql -c \"UPDATE backups SET status = 'failed'\" $DATABASE_URL", True),
        ("curl $URL/functions/v1/update-backup -d '{\"ok\":false}'", True),
        ("echo 'status=failed' >> $GITHUB_OUTPUT", True),
        ('curl $SLACK -d \'{"text":"Backup failed"}\'', False),
        ("rm -rf dump", False),
        ("tar czf logs.tgz logs", False),
    ],
)
def test_a_later_step_counts_where_it_names_the_table_the_function_or_a_status(
    script: str, writes: bool
) -> None:
    later = {"name": "Afterwards", "if": "always()", "run": script}

    assert still(job(DIAGNOSING, ("Afterwards", "queued", None)), file(DOCTOR, later)) is writes


@pytest.mark.parametrize("script", ["./ops/failed.sh", "bash ops/failed.sh", "npm run -s record"])
def test_a_script_that_does_not_show_counts_where_it_is_given_the_keys(script: str) -> None:
    hidden = {"name": "Afterwards", "if": "always()", "run": script}
    given = {**hidden, "env": {"SUPABASE_SERVICE_ROLE_KEY": SECRET}}
    waiting = job(DIAGNOSING, ("Afterwards", "queued", None))

    assert still(waiting, file(DOCTOR, given))
    assert still(waiting, file(DOCTOR, hidden, env={"KEY": SECRET}))
    assert not still(waiting, file(DOCTOR, hidden))


@pytest.mark.parametrize(
    ("uses", "writes"),
    [
        ("./.github/actions/record", True),
        ("supabase/setup-cli@v1", True),
        ("actions/upload-artifact@v4", False),
    ],
)
def test_an_action_of_the_repository_counts_and_a_strangers_does_not(
    uses: str, writes: bool
) -> None:
    later = {"name": "Afterwards", "if": "always()", "uses": uses}
    known = file(DOCTOR, later, env={"KEY": SECRET})

    assert still(job(DIAGNOSING, ("Afterwards", "queued", None)), known) is writes


def test_a_step_that_the_file_does_not_show_counts() -> None:
    assert still(job(DIAGNOSING, ("Something else", "queued", None)), file(DOCTOR))
    assert still(job(("Something else", "queued", None)), None)


def test_a_step_of_the_file_that_github_does_not_list_yet_counts() -> None:
    record = {"name": "Record", "if": "failure()", "run": WRITE}

    assert still(job(DIAGNOSING), file(DOCTOR, record))
    assert not still(job(DIAGNOSING), file(DOCTOR, {**record, "if": "cancelled()"}))


def test_where_nothing_tells_what_is_to_come_the_job_counts() -> None:
    assert still(job(), None)
    assert not still(job(), file())


def test_without_an_update_step_everything_but_the_doctor_counts() -> None:
    def unnamed(*states: tuple[str, str, str | None]) -> Job:
        steps = tuple(
            Step(name=name, number=number, status=status, conclusion=conclusion)
            for number, (name, status, conclusion) in enumerate(states, start=1)
        )
        return Job(id=1, name="backup", status="in_progress", steps=steps)

    assert still(unnamed(("Dump", "in_progress", None), ("Tell", "queued", None)), file(DOCTOR))
    assert not still(unnamed(("Dump", "completed", "success"), DIAGNOSING), file(DOCTOR))
    assert still(unnamed(("Dump", "completed", "success")), file(DOCTOR))


@pytest.mark.parametrize(
    ("condition", "failed", "may_fail", "runs"),
    [
        (None, False, False, True),
        (None, True, False, False),
        ("inputs.record == 'yes'", True, False, False),
        ("failure()", True, False, True),
        ("failure()", False, False, False),
        ("failure()", False, True, True),
        ("always()", False, False, True),
        ("${{ always() && steps.x.outcome == 'failure' }}", True, False, True),
        ("!cancelled()", True, False, True),
        ("! success()", True, False, True),
        ("success() || failure()", False, False, True),
        ("cancelled()", True, True, False),
        ("failure() || cancelled()", False, False, False),
    ],
)
def test_whether_a_condition_can_still_be_true(
    condition: str | None, failed: bool, may_fail: bool, runs: bool
) -> None:
    assert could_run(condition, failed=failed, may_fail=may_fail) is runs


@pytest.mark.parametrize(
    ("condition", "runs"),
    [
        (None, False),
        ("cancelled()", True),
        ("failure() || cancelled()", True),
        ("always()", True),
        ("failure()", False),
    ],
)
def test_in_a_job_that_is_being_cancelled_its_handlers_can_run(
    condition: str | None, runs: bool
) -> None:
    assert could_run(condition, failed=False, may_fail=False, cancelled=True) is runs


def test_a_handler_of_a_cancellation_is_waited_for() -> None:
    handler = {"name": "Record", "if": "cancelled()", "run": WRITE}
    states = (DIAGNOSING, ("Record", "queued", None))

    assert still(job(*states, update="cancelled"), file(DOCTOR, handler))
    assert not still(job(*states, update="failure"), file(DOCTOR, handler))


def test_a_handler_of_failures_is_not_due_where_only_the_doctor_could_fail_before_it() -> None:
    handler = {"name": "Record", "if": "failure()", "run": WRITE}
    check = {"name": "Check", "run": "test -f dump"}
    waiting = (DIAGNOSING, ("Check", "queued", None), ("Record", "queued", None))

    assert not still(job(waiting[0], waiting[2], update="success"), file(DOCTOR, handler))
    assert still(job(*waiting, update="success"), file(DOCTOR, check, handler))
    assert still(job(waiting[0], waiting[2], update="failure"), file(DOCTOR, handler))


def test_a_handler_that_runs_now_counts_whatever_its_condition() -> None:
    handler = {"name": "Record", "if": "cancelled()", "run": WRITE}

    assert still(job(("Record", "in_progress", None)), file(handler))


def test_a_configured_table_and_function_are_looked_for_as_whole_words() -> None:
    names = Names(table="ops.exports", function="finish-export")

    def writes(script: str) -> bool:
        return could_write(WorkflowStep(name="Afterwards", script=script), names)

    assert writes("psql -c 'UPDATE ops.exports SET done = true'")
    assert writes("curl $URL/functions/v1/finish-export")
    assert not writes("ls my_exports_folder")


def test_another_job_of_the_run_that_writes_the_row_is_waited_for() -> None:
    known = WorkflowFile(path="backup.yml", job="backup", writing_jobs=("record", "Record it"))
    ended = Job(id=1, name="backup", status="completed")

    def due(name: str, status: str = "queued") -> bool:
        return handler_is_due((ended, Job(id=2, name=name, status=status)), ended, known)

    assert due("record")
    assert due("caller / Record it", "in_progress")
    assert not due("record", "completed")
    assert not due("notify")
    assert not handler_is_due((ended,), ended, None)
