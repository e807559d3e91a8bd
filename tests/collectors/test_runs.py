"""All runs and attempts of a dispatch, which of them is judged, and what proves that there is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from backup_doctor.demo.github.state import Job, PendingDeployment, Run, Step, Workflow
from backup_doctor.evidence.base import Shown, Unseen, Why
from backup_doctor.evidence.case import Asked, Names
from backup_doctor.evidence.row import BackupRow, Period
from backup_doctor.evidence.workflow import FoundBy, WorkflowEvidence, WorkflowFile
from backup_doctor.evidence.workflow import Run as FoundRun
from tests.clients.github_stand_in import NOW, PATH, job, repository, run
from tests.collectors.github_scene import FILE, OTHER, Scene, files, found, update_job
from tests.log.logs import DISPATCH, UPDATE, step
from tests.log.logs import job as log_of

if TYPE_CHECKING:
    from pathlib import Path

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TITLE = f"Backup {DISPATCH}"
GOING: dict[str, Any] = {"status": "in_progress", "conclusion": None}


@pytest.fixture(autouse=True)
def _outside_of_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)


def a_row(status: str = "in_progress", **changes: Any) -> BackupRow:
    fields: dict[str, Any] = {
        "dispatch_id": DISPATCH,
        "created_at": NOW,
        "status": status,
        **changes,
    }
    return BackupRow(**fields)


def working_job(identity: int = 71, **changes: Any) -> Job:
    """A job that is at its dump; the update is to come."""
    steps = [
        Step("Dump", 2, "in_progress", None, NOW),
        Step(UPDATE, 3, "queued", None),
    ]
    return job(identity, None, steps=steps, completed_at=None, **{**GOING, **changes})


def a_run(identity: int, *jobs: Job, at: timedelta = timedelta(0), **changes: Any) -> Run:
    moment = NOW + at
    times = {"created_at": moment, "run_started_at": moment, "updated_at": moment + MINUTE}
    return run(identity, *jobs, **{"title": TITLE, **times, **changes})


def again(first: Run, *jobs: Job, at: timedelta = HOUR, **changes: Any) -> Run:
    """The run, after it was run again."""
    moment = NOW + at
    later = replace(
        first,
        attempt=first.attempt + 1,
        jobs=list(jobs),
        previous_attempts=first.attempts(),
        run_started_at=moment,
        updated_at=moment + MINUTE,
    )
    for name, value in changes.items():
        setattr(later, name, value)
    return later


def judged(evidence: WorkflowEvidence) -> tuple[int, int]:
    assert isinstance(evidence.run, FoundRun), evidence
    return evidence.run.id, evidence.run.attempt


def seen(evidence: WorkflowEvidence) -> list[tuple[int, int]]:
    return [(one.run.id, one.run.attempt) for one in evidence.attempts]


def writing(evidence: WorkflowEvidence) -> list[tuple[int, int]]:
    """The attempts that may still write the row."""
    return [(one.run.id, one.run.attempt) for one in evidence.attempts if one.may_write]


# Several runs ------------------------------------------------------------------------------------


def test_a_second_run_of_the_dispatch_that_is_going_is_the_one_to_judge() -> None:
    known = repository(a_run(7, update_job(71)), a_run(8, working_job(81), at=HOUR, **GOING))

    evidence = Scene(known, a_row()).look()

    assert judged(evidence) == (8, 1)
    assert seen(evidence) == [(8, 1), (7, 1)]
    assert writing(evidence) == [(8, 1)]


def test_a_first_run_that_is_still_going_comes_before_a_second_that_is_over() -> None:
    known = repository(a_run(7, working_job(71), **GOING), a_run(8, update_job(81), at=HOUR))

    assert judged(Scene(known, a_row()).look()) == (7, 1)


def test_of_runs_that_are_over_the_newest_is_judged_and_the_others_are_kept() -> None:
    known = repository(
        a_run(7, update_job(71)),
        a_run(8, update_job(81), at=HOUR),
        a_run(9, update_job(91), at=MINUTE),
    )

    evidence = Scene(known, a_row()).look()

    assert judged(evidence) == (8, 1)
    assert seen(evidence) == [(8, 1), (9, 1), (7, 1)]


def test_a_run_that_never_ran_a_step_left_no_row_as_it_is() -> None:
    queued = job(81, None, status="completed", conclusion="cancelled", steps=[], runner_name=None)
    known = repository(a_run(7, update_job(71)), a_run(8, queued, at=HOUR, conclusion="cancelled"))

    evidence = Scene(known, a_row()).look()

    assert judged(evidence) == (7, 1)
    assert seen(evidence) == [(8, 1), (7, 1)]


def test_a_newer_run_is_found_beside_the_one_that_the_row_names() -> None:
    known = repository(a_run(7, update_job(71), title="Nightly"), a_run(8, update_job(81), at=HOUR))

    evidence = Scene(known, a_row(workflow_run_id="7")).look()

    assert judged(evidence) == (8, 1)
    assert [one.found_by for one in evidence.attempts] == [FoundBy.TITLE, FoundBy.ROW]


@pytest.mark.parametrize("named", ["7", None])
def test_a_retry_days_later_is_found_where_the_newest_runs_do_not_reach_back(
    named: str | None,
) -> None:
    others = [
        a_run(
            100 + n, title="CI", at=DAY + n * MINUTE, path=".github/workflows/ci.yml", workflow_id=2
        )
        for n in range(100)
    ]
    first = a_run(7, update_job(71), at=-9 * MINUTE)
    retry = a_run(8, working_job(81), at=4 * HOUR, **GOING)
    known = repository(first, retry, *others)
    known.workflows.append(Workflow(2, "CI", ".github/workflows/ci.yml"))

    evidence = Scene(known, a_row(workflow_run_id=named)).look()

    assert seen(evidence) == [(8, 1), (7, 1)]
    assert judged(evidence) == (8, 1)


def test_nothing_but_its_script_is_asked_of_github_besides_for_a_dispatch_with_one_run() -> None:
    known = repository(a_run(7, update_job(71)), files=files())

    _, paths = Scene(known, a_row()).look_with_requests()

    asked = sorted(
        path.split("/acme/app/")[-1].split("?")[0] for path in paths if "/acme/app/" in path
    )
    assert asked == [
        "actions/jobs/71/logs",
        "actions/runs",
        "actions/runs/7/jobs",
        "actions/workflows",
        f"contents/{PATH}",
        "contents/update.sh",
    ]


# Several attempts --------------------------------------------------------------------------------


def test_a_new_attempt_whose_jobs_are_not_listed_yet_is_going() -> None:
    first = a_run(7, update_job(71))

    evidence = Scene(repository(again(first, status="queued", conclusion=None)), a_row()).look()

    assert judged(evidence) == (7, 2)
    assert (evidence.job, evidence.jobs) == (None, ())
    assert writing(evidence) == [(7, 2)]


def test_a_rerun_of_a_good_backup_that_was_cancelled_is_the_one_to_judge() -> None:
    first = a_run(7, update_job(71, "HTTP 200: updated"))
    stopped = job(
        72,
        log_of(step("pg_dump", "dumping")).decode(),
        conclusion="cancelled",
        started_at=NOW + HOUR,
        completed_at=NOW + HOUR,
        steps=[
            Step("Dump", 2, "completed", "cancelled", NOW, NOW),
            Step(UPDATE, 3, "completed", "skipped"),
        ],
    )
    known = repository(again(first, stopped, conclusion="cancelled"))

    evidence = Scene(known, a_row()).look()

    assert judged(evidence) == (7, 2)
    assert evidence.job is not None
    assert evidence.job.id == 72
    assert seen(evidence) == [(7, 2), (7, 1)]


def test_where_the_row_says_success_the_attempt_that_wrote_it_is_judged() -> None:
    first = a_run(7, update_job(71))
    waiting = job(72, None, conclusion="cancelled", steps=[], runner_name=None)
    known = repository(again(first, waiting, conclusion="cancelled"))
    row = a_row("success", finished_at=NOW + MINUTE)

    evidence = Scene(known, row).look()

    assert judged(evidence) == (7, 1)
    assert isinstance(evidence.run, FoundRun)
    assert (evidence.run.status, evidence.run.conclusion) == ("completed", "success")
    assert evidence.run.started_at == NOW


def test_of_two_runs_that_both_wrote_the_one_is_judged_in_whose_time_the_row_was_finished() -> None:
    later: dict[str, Any] = {"started_at": NOW + HOUR, "completed_at": NOW + HOUR + MINUTE}
    known = repository(a_run(7, update_job(71)), a_run(8, update_job(81, **later), at=HOUR))

    def by(finished: timedelta) -> tuple[int, int]:
        return judged(Scene(known, a_row("success", finished_at=NOW + finished)).look())

    assert by(MINUTE) == (7, 1)
    assert by(HOUR) == (8, 1)


def test_where_the_row_says_failed_the_newest_attempt_that_failed_is_judged() -> None:
    first = a_run(7, update_job(71, conclusion="failure"), conclusion="failure")
    known = repository(first, a_run(8, update_job(81), at=HOUR))

    assert judged(Scene(known, a_row("failed")).look()) == (7, 1)


def test_a_rerun_of_the_doctors_job_alone_runs_no_backup_again() -> None:
    diagnosing = job(79, None, name="diagnose", completed_at=None, **GOING)
    known = repository(again(a_run(7, update_job(71)), diagnosing, **GOING), files=files())

    evidence = Scene(known, a_row()).look()

    assert writing(evidence) == []
    assert judged(evidence) == (7, 1)


def test_a_job_that_github_shows_again_in_a_rerun_of_others_was_not_run_again() -> None:
    shown_again = update_job(72, started_at=NOW, completed_at=NOW + MINUTE)
    notify = job(73, "sent\n", name="notify", created_at=NOW + HOUR, started_at=NOW + HOUR)
    known = repository(again(a_run(7, update_job(71)), shown_again, notify))

    evidence = Scene(known, a_row()).look()

    assert [one.wrote for one in evidence.attempts] == [False, True]
    assert judged(evidence) == (7, 1)


def test_a_rerun_whose_first_job_is_at_work_may_come_to_the_backup() -> None:
    prepare = job(72, None, name="prepare", completed_at=None, **GOING)
    known = repository(again(a_run(7, update_job(71)), prepare, **GOING), files=files())

    assert writing(Scene(known, a_row()).look()) == [(7, 2)]


def test_a_backups_job_that_waits_for_another_one_is_to_come() -> None:
    prepare = job(70, "ready\n", name="prepare")
    known = repository(a_run(7, prepare, **GOING), files=files())

    assert writing(Scene(known, a_row()).look()) == [(7, 1)]


def test_a_backups_job_that_needs_one_that_failed_does_not_come() -> None:
    prepare = job(70, "oh\n", name="prepare", conclusion="failure")
    known = repository(a_run(7, prepare, **GOING), files=files())

    assert writing(Scene(known, a_row()).look()) == []


def test_a_run_whose_jobs_cannot_be_read_counts_by_its_own_state() -> None:
    known = repository(a_run(7, working_job(71), **GOING))
    scene = Scene(known, a_row())

    with pytest.MonkeyPatch.context() as patch:
        gone = Unseen(why=Why.TIMED_OUT, what="GitHub did not answer in time.")
        patch.setattr("backup_doctor.collect.clients.github.GitHub.jobs", lambda _self, _run: gone)
        evidence = scene.look()

    assert writing(evidence) == [(7, 1)]
    assert evidence.jobs == gone


def test_the_run_that_was_asked_about_is_judged_unless_another_of_its_dispatch_is_going() -> None:
    over = repository(a_run(7, update_job(71)), a_run(8, update_job(81), at=HOUR))
    going = repository(a_run(7, update_job(71)), a_run(8, working_job(81), at=HOUR, **GOING))
    asked = Asked(run_id="7")

    assert judged(Scene(over, None, asked).look()) == (7, 1)
    assert judged(Scene(going, None, asked).look()) == (8, 1)


# Which workflow ----------------------------------------------------------------------------------

VERIFY = ".github/workflows/verify.yml"
VERIFYING = {
    PATH: FILE.encode(),
    VERIFY: b"jobs: {verify: {steps: [{name: Restore it, run: ./restore.sh}]}}",
}


def test_a_run_that_only_verifies_the_backup_is_none_that_wrote_it() -> None:
    verify = a_run(
        8, job(81, None, **GOING), at=HOUR, path=VERIFY, title=f"Verify {DISPATCH}", **GOING
    )
    known = repository(a_run(7, update_job(71)), verify, files=VERIFYING)

    evidence = Scene(known, a_row()).look()

    assert seen(evidence) == [(7, 1)]


def test_where_a_workflow_is_configured_runs_of_others_are_none_of_it() -> None:
    other = a_run(8, update_job(81), at=HOUR, path=VERIFY)
    known = repository(a_run(7, update_job(71)), other)

    assert seen(Scene(known, a_row(), names=Names(workflow="backup.yml")).look()) == [(7, 1)]
    assert seen(Scene(known, a_row()).look()) == [(8, 1), (7, 1)]


def test_a_run_that_prunes_and_speaks_of_the_backup_is_not_taken_for_it_nor_for_none() -> None:
    prune = ".github/workflows/prune.yml"
    said = log_of(step("./prune.sh", f"keeping {DISPATCH}.zip")).decode()

    def look(secret: str) -> WorkflowEvidence:
        text = f"jobs: {{prune: {{steps: [{{run: ./prune.sh, env: {{X: '${{{{ secrets.{secret} }}}}'}}}}]}}}}"
        known = repository(
            a_run(7, job(71, said), title="Prune", path=prune, at=HOUR),
            files={PATH: FILE.encode(), prune: text.encode()},
        )
        return Scene(known, a_row()).look()

    pruned = look("AWS_ACCESS_KEY_ID")
    assert isinstance(pruned.run, Unseen)
    assert [run.id for run in pruned.candidates] == [7]
    assert found(look("SUPABASE_SERVICE_ROLE_KEY")) == (7, FoundBy.LOG)


DIAGNOSE = ".github/workflows/diagnose.yml"
DOCTORS = {
    PATH: FILE.encode(),
    DIAGNOSE: b"""
run-name: Diagnose ${{ inputs.dispatch_id }}
jobs: {look: {steps: [{uses: actions/checkout@v4}, {name: Look, run: backup-doctor sweep}]}}
""",
}


def doctors_run(*jobs: Job, **changes: Any) -> Run:
    """A run of the workflow that diagnoses."""
    return a_run(9, *jobs, at=HOUR, path=DIAGNOSE, workflow_id=2, **{**GOING, **changes})


def looking(step: str = "Look") -> Job:
    steps = [Step(step, 3, "in_progress", None, NOW)]
    return job(91, None, name="look", steps=steps, completed_at=None, **GOING)


def a_sweep() -> Run:
    """A sweep that is over, made when the backup was, whose log names it."""
    said = log_of(step("backup-doctor sweep", f"DISPATCH_ID={DISPATCH}")).decode()
    over = doctors_run(job(91, said, name="look"), title="Sweep", status="completed")
    over.conclusion, over.created_at = "success", NOW
    return over


def test_the_run_of_a_workflow_that_diagnoses_is_no_run_of_the_backup() -> None:
    known = repository(
        a_run(7, update_job(71)),
        doctors_run(looking(), title=f"Diagnose {DISPATCH}"),
        files=DOCTORS,
    )

    evidence = Scene(known, a_row()).look()

    assert (seen(evidence), writing(evidence)) == ([(7, 1)], [])


def test_nor_is_it_where_it_was_dispatched_with_the_id_and_the_doctor_runs_in_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    event = tmp_path / "event.json"
    event.write_text(f'{{"inputs": {{"dispatch_id": "{DISPATCH}"}}}}')
    for name, value in {
        "GITHUB_ACTIONS": "true",
        "GITHUB_RUN_ID": "9",
        "GITHUB_REPOSITORY": "acme/app",
        "GITHUB_EVENT_PATH": str(event),
        "RUNNER_NAME": "GitHub Actions 1",
    }.items():
        monkeypatch.setenv(name, value)
    known = repository(
        a_run(7, update_job(71)), doctors_run(looking(), title="Look"), files=DOCTORS
    )

    evidence = Scene(known, a_row()).look()

    assert found(evidence) == (7, FoundBy.TITLE)
    assert seen(evidence) == [(7, 1)]


def test_nor_is_a_sweep_whose_log_names_every_backup() -> None:
    backup = a_run(7, update_job(71, f"DISPATCH_ID={DISPATCH}"), title="Nightly")

    evidence = Scene(repository(backup, a_sweep(), files=DOCTORS), a_row()).look()

    assert found(evidence) == (7, FoundBy.LOG)
    assert seen(evidence) == [(7, 1)]


def test_a_sweep_alone_leaves_the_backup_without_a_run() -> None:
    evidence = Scene(repository(a_sweep(), files=DOCTORS), a_row()).look()

    assert (evidence.run, evidence.candidates) == (None, ())


def test_the_doctors_workflow_is_known_by_its_steps_where_its_file_cannot_be_read() -> None:
    diagnose = doctors_run(looking("Run acme/backup-doctor@v1"), title=f"Diagnose {DISPATCH}")

    assert seen(Scene(repository(a_run(7, update_job(71)), diagnose), a_row()).look()) == [(7, 1)]


# The doctor beside the backup --------------------------------------------------------------------

WITH_DOCTOR = f"""
jobs:
  backup:
    steps:
      - {{name: Dump, run: pg_dump}}
      - {{name: {UPDATE}, run: bash update.sh}}
      - {{name: Look, if: always(), run: backup-doctor}}
      - {{name: Record, if: failure(), run: psql -c "UPDATE backup_history SET status = 'failed'"}}
"""


def with_doctor(update: str, *later: Step) -> Job:
    steps = [
        Step("Dump", 2, "completed", "success", NOW, NOW),
        Step(UPDATE, 3, "completed", update, NOW, NOW),
        Step("Look", 4, "in_progress", None, NOW),
        *later,
    ]
    return job(71, None, steps=steps, completed_at=None, **GOING)


def test_a_job_whose_update_has_ended_is_judged_though_the_doctor_is_a_step_of_it() -> None:
    known = repository(a_run(7, with_doctor("success"), **GOING), files=files(WITH_DOCTOR))

    evidence = Scene(known, a_row()).look()

    assert evidence.job is not None
    assert evidence.job.id == 71
    assert writing(evidence) == []
    assert isinstance(evidence.log, Unseen)
    assert "in a separate job" in (evidence.log.remedy or "")


def test_a_handler_of_the_failure_that_is_to_come_keeps_it_going() -> None:
    record = Step("Record", 5, "queued", None)
    known = repository(a_run(7, with_doctor("failure", record), **GOING), files=files(WITH_DOCTOR))

    evidence = Scene(known, a_row()).look()

    assert writing(evidence) == [(7, 1)]
    assert evidence.log is None


@pytest.mark.parametrize("name", ["record", "Record the failure"])
def test_so_does_another_job_that_writes_the_row(name: str) -> None:
    text = f"""
jobs:
  backup: {{steps: [{{name: {UPDATE}, run: bash update.sh}}]}}
  record:
    name: {name}
    needs: backup
    if: failure()
    steps: [{{run: "psql -c \\"UPDATE backup_history SET status = 'failed'\\""}}]
"""
    record = job(72, None, name=name, status="queued", conclusion=None, steps=[], runner_name=None)
    failed = update_job(71, conclusion="failure")

    waiting = Scene(
        repository(a_run(7, failed, record, **GOING), files=files(text)), a_row()
    ).look()
    record.status, record.conclusion = "completed", "success"
    over = Scene(repository(a_run(7, failed, record, **GOING), files=files(text)), a_row()).look()

    assert (writing(waiting), writing(over)) == ([(7, 1)], [])
    assert waiting.job is not None
    assert waiting.job.id == 71


def test_an_update_of_another_name_keeps_its_job_from_being_the_doctors() -> None:
    steps = [
        Step("Write backup_history", 2, "completed", "failure", NOW, NOW),
        Step("Run backup-doctor", 3, "in_progress", None, NOW),
    ]
    known = repository(a_run(7, job(71, None, steps=steps, completed_at=None, **GOING), **GOING))

    evidence = Scene(known, a_row()).look()

    assert evidence.update_step is not None
    assert evidence.update_step.name == "Write backup_history"
    assert writing(evidence) == []


# Which job ---------------------------------------------------------------------------------------


def leg(identity: int, update: str | None, name: str, **changes: Any) -> Job:
    status = "completed" if update else "queued"
    steps = [Step("Dump", 2, started_at=NOW, completed_at=NOW), Step(UPDATE, 3, status, update)]
    return job(identity, "hello\n", name=name, steps=steps, **changes)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_legs_the_one_that_came_to_its_update_is_taken(order: tuple[int, int]) -> None:
    legs = (leg(71, "skipped", "eu"), leg(72, "failure", "us", conclusion="failure"))
    known = repository(a_run(7, *(legs[at] for at in order), conclusion="failure"))

    evidence = Scene(known, a_row()).look()

    assert evidence.job is not None
    assert evidence.job.id == 72


def test_a_leg_that_is_going_comes_before_one_that_failed() -> None:
    going = leg(72, None, "us", completed_at=None, **GOING)
    known = repository(a_run(7, leg(71, "failure", "eu", conclusion="failure"), going, **GOING))

    evidence = Scene(known, a_row()).look()

    assert evidence.job is not None
    assert evidence.job.id == 72
    assert writing(evidence) == [(7, 1)]


def test_a_leg_whose_log_is_this_dispatchs_is_over_though_another_goes_on() -> None:
    going = leg(72, None, "us", completed_at=None, **GOING)
    mine = update_job(71, f"DISPATCH_ID={DISPATCH}", name="eu")
    known = repository(a_run(7, going, mine, **GOING))

    evidence = Scene(known, a_row()).look()

    assert evidence.job is not None
    assert evidence.job.id == 71
    assert writing(evidence) == []


ORIGIN = (
    "Update workflow_run_id in backup_history",
    "Export database (pg_dump)",
    "Upload to S3",
    "Update backup_history and system_settings",
    "Handle backup failure",
)


def test_of_steps_that_name_the_table_the_one_after_the_upload_is_taken() -> None:
    steps = [Step(name, n, started_at=NOW, completed_at=NOW) for n, name in enumerate(ORIGIN, 2)]
    known = repository(a_run(7, job(71, "hello\n", steps=steps)))

    step_seen = Scene(known, a_row()).look().update_step

    assert step_seen is not None
    assert step_seen.name == "Update backup_history and system_settings"


# By whose id -------------------------------------------------------------------------------------


@pytest.mark.parametrize("title", [DISPATCH, DISPATCH.upper()])
@pytest.mark.parametrize("asked", [DISPATCH, DISPATCH.upper(), f" {DISPATCH} "])
def test_the_run_is_looked_for_with_the_rows_own_id(title: str, asked: str) -> None:
    known = repository(a_run(7, update_job(71), title=f"Backup {title}"))

    evidence = Scene(known, a_row(), Asked(dispatch_id=asked)).look()

    assert found(evidence) == (7, FoundBy.TITLE)


def test_without_a_row_a_uuid_is_found_in_any_case() -> None:
    known = repository(a_run(7, update_job(71)))

    assert found(Scene(known, None, Asked(dispatch_id=DISPATCH.upper())).look()) == (
        7,
        FoundBy.TITLE,
    )


def test_an_id_that_is_no_uuid_is_another_one_in_other_case() -> None:
    known = repository(a_run(7, update_job(71), title="Backup nightly-Eu-West", at=HOUR))
    row = a_row(dispatch_id="nightly-eu-west")

    assert Scene(known, row, Asked(dispatch_id="nightly-eu-west")).look().run is None


@pytest.mark.parametrize("listed", [True, False])
def test_an_id_that_is_the_runs_own_number_names_it(listed: bool) -> None:
    number = 19_400_000_001
    scheduled = a_run(number, update_job(71), title="Backup", event="schedule", at=-2 * DAY)
    newer = [a_run(n, title="Other") for n in range(1, 1 if listed else 101)]
    known = repository(scheduled, *newer)

    evidence = Scene(known, None, Asked(dispatch_id=str(number))).look()

    assert found(evidence) == (number, FoundBy.NUMBER)


def test_a_short_number_is_no_runs() -> None:
    known = repository(a_run(42, update_job(71), title="Other", at=HOUR))

    assert Scene(known, a_row(dispatch_id="42"), Asked(dispatch_id="42")).look().run is None


# The row names another dispatch's run -------------------------------------------------------------


def test_a_run_whose_log_was_handed_another_dispatch_is_not_this_ones() -> None:
    others = a_run(6, update_job(61, f"DISPATCH_ID={OTHER}"), title="Backup", at=-MINUTE)
    own = a_run(7, update_job(71, f"DISPATCH_ID={DISPATCH}"), title="Backup", at=MINUTE)

    evidence = Scene(repository(others, own), a_row(workflow_run_id="6")).look()

    assert found(evidence) == (7, FoundBy.LOG)
    assert evidence.run_title_dispatch == OTHER


@pytest.mark.parametrize(
    ("title", "said"), [("Backup", f"DISPATCH_ID={OTHER}"), (f"Backup {OTHER}", "hello")]
)
def test_where_its_own_is_not_there_the_dispatch_has_no_run(title: str, said: str) -> None:
    others = a_run(6, update_job(61, said), title=title, at=-MINUTE)

    evidence = Scene(repository(others, files=files()), a_row(workflow_run_id="6")).look()

    assert evidence.run is None
    assert evidence.run_title_dispatch == OTHER
    assert isinstance(evidence.absence, Shown)


@pytest.mark.parametrize("said", ["hello", "DISPATCH_ID=***", f"DISPATCH_ID={OTHER} {DISPATCH}"])
def test_a_log_that_does_not_tell_leaves_the_rows_run_as_it_is(said: str) -> None:
    known = repository(a_run(6, update_job(61, said), title="Backup"))

    assert found(Scene(known, a_row(workflow_run_id="6")).look()) == (6, FoundBy.ROW)


# No run ------------------------------------------------------------------------------------------

LINT = ".github/workflows/lint.yml"


def absence(scene: Scene) -> Shown | Unseen | None:
    evidence = scene.look()
    assert evidence.run is None
    return evidence.absence


def test_that_there_is_no_run_is_shown_by_other_runs_of_the_backups_workflow() -> None:
    others = [a_run(n, title=f"Backup {OTHER}", at=-DAY) for n in (5, 6)]

    assert absence(Scene(repository(*others), a_row())) == Shown(
        by=f"the same token lists 2 other runs of acme/app, and its workflow {PATH}"
    )


def test_that_there_is_no_run_is_shown_by_the_workflow_that_updates_the_row() -> None:
    evidence = Scene(repository(files=files()), a_row()).look()

    assert evidence.absence == Shown(by=f"acme/app has the workflow that updates the row, {PATH}")
    assert evidence.ours is not None
    assert isinstance(evidence.ours_file, WorkflowFile)


@pytest.mark.parametrize("runs", [(), (5,)])
def test_a_repository_without_a_workflow_that_makes_backups_shows_nothing(
    runs: tuple[int, ...],
) -> None:
    known = repository(
        *(a_run(n, title="Lint", path=LINT, at=-DAY) for n in runs),
        workflows=[Workflow(1, "Lint", LINT)],
        files={LINT: b"on: push\njobs: {lint: {steps: [{run: lint}]}}"},
    )

    found_none = absence(Scene(known, a_row()))

    assert isinstance(found_none, Unseen)
    assert "GITHUB_REPOSITORY" in (found_none.remedy or "")


def test_an_empty_repository_shows_nothing() -> None:
    assert isinstance(absence(Scene(repository(workflows=[]), a_row())), Unseen)
    assert isinstance(absence(Scene(repository(), a_row())), Unseen)


def test_where_the_files_cannot_be_read_other_runs_are_proof_enough() -> None:
    known = repository(
        a_run(5, title="Nightly", path=LINT, at=-DAY), workflows=[Workflow(1, "Nightly", LINT)]
    )
    scene = Scene(known, a_row(), permissions=frozenset({"actions:read"}))

    assert absence(scene) == Shown(by="the same token lists another run of acme/app")


def test_a_run_that_was_asked_for_and_is_not_there_is_no_dispatch_without_a_run() -> None:
    found_none = absence(Scene(repository(a_run(7)), None, Asked(run_id="99")))

    assert isinstance(found_none, Unseen)
    assert found_none.what == "GitHub shows no run 99 of this repository."


def test_the_workflow_of_the_default_branch_is_read_where_there_is_no_run() -> None:
    text = "on: {repository_dispatch: {types: [backup]}}\n" + FILE
    evidence = Scene(repository(a_run(5, title="x", at=-DAY), files=files(text)), a_row()).look()

    assert isinstance(evidence.ours_file, WorkflowFile)
    assert evidence.ours_file.dispatch_types == ("backup",)
    assert evidence.file is None


def test_no_run_proves_nothing_of_a_row_that_is_older_than_all_runs() -> None:
    def proof(row_age: timedelta, *run_ages: timedelta) -> Shown | Unseen | None:
        runs = (a_run(n, title="Backup other", at=-age) for n, age in enumerate(run_ages, start=1))
        return Scene(repository(*runs), a_row(created_at=NOW - row_age)).look().absence

    deleted = proof(100 * DAY, DAY, 2 * DAY)

    assert isinstance(deleted, Unseen)
    assert "runs that old may have been deleted" in deleted.what
    assert isinstance(proof(100 * DAY, DAY, 101 * DAY), Shown)
    assert isinstance(proof(100 * DAY, DAY, 150 * DAY), Shown)
    assert isinstance(proof(80 * DAY, DAY), Shown)


def test_the_runs_of_other_backups_with_the_same_id_are_not_the_rows() -> None:
    known = repository(*(a_run(n, update_job(10 * n), at=(n - 7) * DAY) for n in (6, 7, 8)))
    day = Period(since=NOW - HOUR, until=NOW + HOUR)
    later = Period(since=NOW + 2 * DAY)

    own = Scene(known, a_row(), period=day).look()
    none = Scene(known, a_row(), period=later).look()
    named = Scene(known, a_row(workflow_run_id="6"), period=later).look()

    assert found(own) == (7, FoundBy.TITLE)
    assert [one.run.id for one in own.attempts] == [7]
    assert (none.run, isinstance(none.absence, Shown)) == (None, True)
    assert found(named) == (6, FoundBy.ROW)


# Waiting -----------------------------------------------------------------------------------------


def test_what_a_waiting_job_waits_for_is_asked() -> None:
    waiting = job(71, None, status="waiting", conclusion=None, steps=[], runner_name=None)
    gate = PendingDeployment("production", ["octocat"], 30, NOW)
    known = repository(
        a_run(7, waiting, status="waiting", conclusion=None, pending_deployments=[gate])
    )

    evidence = Scene(known, a_row()).look()

    assert isinstance(evidence.approvals, tuple)
    (approval,) = evidence.approvals
    assert (approval.environment, approval.reviewers) == ("production", ("octocat",))
    assert (approval.wait_minutes, approval.waits_since) == (30, NOW)


@pytest.mark.parametrize("status", ["queued", "waiting", "pending"])
def test_a_job_that_no_runner_took_did_not_start_whatever_time_github_gives(status: str) -> None:
    waiting = job(71, None, status=status, conclusion=None, steps=[], runner_name=None)
    known = repository(a_run(7, waiting, status=status, conclusion=None))

    job_seen = Scene(known, a_row()).look().job

    assert job_seen is not None
    assert (job_seen.started_at, job_seen.created_at) == (None, NOW)


@pytest.mark.parametrize(
    ("how", "chosen"), [("cancelled", "dump"), ("failure", "dump"), ("success", "record")]
)
def test_the_configured_job_gives_way_to_the_one_that_kept_it_from_running(
    how: str, chosen: str
) -> None:
    dump = job(71, None, name="dump", conclusion=how, steps=[Step("Dump", 2, "completed", how)])
    record = job(72, None, name="record", conclusion="skipped", steps=[])

    known = repository(a_run(7, dump, record, conclusion=how))

    evidence = Scene(known, a_row(), names=Names(job="record")).look()
    assert evidence.job is not None
    assert evidence.job.name == chosen


def test_while_the_jobs_before_it_are_run_again_the_update_job_of_the_attempt_before_may_write() -> (
    None
):
    dump = job(71, None, name="dump", conclusion="failure", steps=[Step("Dump", 2)])
    first = a_run(7, dump, update_job(72, name="record"))
    dumping = working_job(73, name="dump")
    dumping.steps[1:] = []

    evidence = Scene(repository(again(first, dumping, **GOING)), a_row()).look()

    assert writing(evidence) == [(7, 2)]
    assert judged(evidence) == (7, 2)
    assert (evidence.job.name, evidence.job.attempt) == ("record", 1) if evidence.job else False
