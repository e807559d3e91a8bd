"""Finding the run and collecting what it says, from the GitHub stand-in."""

from __future__ import annotations

import json
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from backup_doctor.collect.deadline import Deadline
from backup_doctor.collect.sources import Sources
from backup_doctor.collect.workflow.collector import look
from backup_doctor.collect.workflow.next_run import look_ahead
from backup_doctor.collect.workflow.run_title import dispatch_of
from backup_doctor.demo.github.state import Job, Repository, Run, Step, Workflow
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Asked, Case, Names
from backup_doctor.evidence.log import Outcome
from backup_doctor.evidence.row import BackupRow, RowEvidence
from backup_doctor.evidence.workflow import FoundBy, WorkflowEvidence, WorkflowFile
from tests.clients.github_stand_in import (
    MAY_READ,
    NOW,
    PATH,
    job,
    repository,
    run,
    settings,
    stand_in,
)
from tests.collectors.github_scene import (
    FAILED_CALL,
    FILE,
    OTHER,
    Scene,
    files,
    found,
    log,
    rows_of,
    update_job,
)
from tests.log.logs import DISPATCH, UPDATE, step
from tests.log.logs import job as log_of

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


@pytest.fixture(autouse=True)
def _outside_of_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)


def test_the_log_of_the_run_whose_title_names_the_dispatch_is_read_while_the_row_is_awaited() -> (
    None
):
    known = repository(run(8, update_job(81), title=f"Backup {DISPATCH}"))
    row: Future[RowEvidence] = Future()
    case = Case(asked=Asked(dispatch_id=DISPATCH), names=Names(), now=NOW + timedelta(hours=3))
    with stand_in(known, *MAY_READ) as server, ThreadPoolExecutor() as pool:
        ask = Sources(settings(server.url), Deadline(30), {RowEvidence: row})
        looked = pool.submit(look, ask, case)
        patience = time.monotonic() + 10
        while not any("logs" in one.path for one in server.requests):
            assert time.monotonic() < patience
            time.sleep(0.02)
        row.set_result(rows_of(BackupRow(dispatch_id=DISPATCH, created_at=NOW)))
        evidence = looked.result(20)
        asked = [one.path for one in server.requests if one.path.endswith("/logs")]

    assert log(evidence).update_seen
    assert len(asked) == 1


def test_a_log_that_was_read_ahead_is_read_again_where_the_row_has_another_id() -> None:
    known = repository(run(8, update_job(81), title=f"Backup {DISPATCH}"))
    row = BackupRow(dispatch_id=OTHER, created_at=NOW, workflow_run_id="8")

    evidence = Scene(known, row).look()

    assert evidence == Scene(known, row, asked=Asked(dispatch_id=OTHER)).look()


def test_the_rows_run_comes_first() -> None:
    row = BackupRow(dispatch_id=DISPATCH, created_at=NOW, workflow_run_id="8")
    known = repository(run(7, update_job(), title="Nightly"), run(8, update_job(81), title="x"))

    assert found(Scene(known, row).look()) == (8, FoundBy.ROW)


def test_a_run_that_the_user_names_is_taken() -> None:
    known = repository(run(7, update_job(), title=f"Backup {DISPATCH}"), files=files())

    evidence = Scene(known, row=None, asked=Asked(run_id="7")).look()

    assert found(evidence) == (7, FoundBy.FLAG)
    assert evidence.run_title_dispatch == DISPATCH


def test_the_dispatch_of_a_named_run_is_read_from_its_log_where_the_title_is_silent() -> None:
    known = repository(run(7, update_job(output=f"DISPATCH_ID={DISPATCH}"), title="Nightly"))

    assert Scene(known, row=None, asked=Asked(run_id="7")).look().run_title_dispatch == DISPATCH


@pytest.mark.parametrize("run_id", ["99", "latest", "-1", "7/../8"])
def test_a_run_that_there_is_not_is_no_run(run_id: str) -> None:
    evidence = Scene(repository(run(7)), row=None, asked=Asked(run_id=run_id)).look()

    assert evidence.run is None
    assert run_id in evidence.searched


def test_the_title_names_the_dispatch() -> None:
    known = repository(
        run(6, title=f"Backup {OTHER}"),
        run(7, update_job(), title=f"Backup {DISPATCH}"),
        run(8, title="Backup"),
        files=files(),
    )

    evidence = Scene(known).look()

    assert found(evidence) == (7, FoundBy.TITLE)
    assert evidence.run_title_dispatch == DISPATCH


def test_a_title_that_names_a_longer_id_names_another() -> None:
    known = repository(run(7, title="Backup backup-12"), files=files())
    asked = Asked(dispatch_id="backup-1")

    assert Scene(known, BackupRow(dispatch_id="backup-1", created_at=NOW), asked).look().run is None


def test_the_only_run_is_not_taken_where_its_title_names_another_dispatch() -> None:
    known = repository(run(7, update_job(log_expired=True), title=f"Backup {OTHER}"))

    evidence = Scene(known).look()

    assert (evidence.run, evidence.candidates) == (None, ())


def test_a_run_of_another_dispatch_in_the_row_gives_way_to_the_right_one() -> None:
    row = BackupRow(dispatch_id=DISPATCH, created_at=NOW, workflow_run_id="6")
    known = repository(
        run(6, update_job(61), title=f"Backup {OTHER}"),
        run(7, update_job(), title=f"Backup {DISPATCH}"),
    )

    evidence = Scene(known, row).look()

    assert found(evidence) == (7, FoundBy.TITLE)
    assert evidence.run_title_dispatch == OTHER


def test_the_files_run_name_tells_that_a_title_names_another_dispatch() -> None:
    row = BackupRow(dispatch_id="mine-1", created_at=NOW, workflow_run_id="6")
    known = repository(run(6, update_job(61), title="Backup yours-2"), files=files())
    asked = Asked(dispatch_id="mine-1")

    evidence = Scene(known, row, asked).look()

    assert evidence.run is None
    assert evidence.run_title_dispatch == "yours-2"


def test_a_rows_run_that_was_deleted_is_looked_for_elsewhere() -> None:
    row = BackupRow(dispatch_id=DISPATCH, created_at=NOW, workflow_run_id="6")

    assert found(Scene(repository(run(7, title=DISPATCH)), row).look()) == (7, FoundBy.TITLE)


def test_a_steps_name_names_the_dispatch() -> None:
    named = job(71, steps=[Step(f"Back up {DISPATCH}", 1, started_at=NOW, completed_at=NOW)])

    assert found(Scene(repository(run(6, job(61)), run(7, named))).look()) == (7, FoundBy.STEP_NAME)


def leg(identity: int, dispatch_id: str, name: str = "dump", output: str = FAILED_CALL) -> Job:
    """One job of a matrix: it makes the file of one dispatch and updates that one's row."""
    steps = [
        Step("Dump", 2, started_at=NOW, completed_at=NOW),
        Step(UPDATE, 3, started_at=NOW, completed_at=NOW),
    ]
    key = f"s3://acme/backups/nw-{dispatch_id}.zip"
    shipped = step("bash dump.sh", f"upload: ./nw.zip to {key}")
    text = log_of(shipped, step("bash update.sh", output)).decode()
    return job(identity, text, name=name, steps=steps)


GOOD = "HTTP 200: the function updated the row"


@pytest.mark.parametrize("title", ["Nightly", DISPATCH])
def test_of_a_matrix_the_job_whose_name_names_the_dispatch_is_read(title: str) -> None:
    good = leg(71, OTHER, f"dump (eu, {OTHER})", GOOD)
    known = repository(run(7, good, leg(72, DISPATCH, f"dump (us, {DISPATCH})"), title=title))

    evidence = Scene(known).look()

    assert evidence.job is not None
    assert evidence.job.id == 72
    assert log(evidence).function_call.status == 404
    assert log(evidence).uploaded == (f"s3://acme/backups/nw-{DISPATCH}.zip",)


@pytest.mark.parametrize("title", ["Nightly", DISPATCH])
@pytest.mark.parametrize("told", ["", f"\nDISPATCH_ID={DISPATCH}"])
def test_of_a_matrix_whose_names_tell_nothing_the_job_whose_log_names_the_dispatch_is_read(
    title: str, told: str
) -> None:
    good = leg(71, OTHER, "dump (eu)", GOOD)
    known = repository(run(7, good, leg(72, DISPATCH, "dump (us)", FAILED_CALL + told)))
    known.runs[0].title = title

    evidence = Scene(known).look()

    assert evidence.job is not None
    assert evidence.job.id == 72
    assert log(evidence).uploaded == (f"s3://acme/backups/nw-{DISPATCH}.zip",)


def test_a_job_that_was_named_after_another_dispatch_is_not_the_one() -> None:
    known = repository(run(7, leg(71, OTHER, f"eu {OTHER}", GOOD), update_job(72), title=DISPATCH))

    evidence = Scene(known).look()

    assert evidence.job is not None
    assert evidence.job.id == 72
    assert log(evidence).uploaded == ()


def test_a_job_that_was_handed_another_dispatch_adds_nothing_to_the_log() -> None:
    upload = f"upload: ./b.zip to s3://acme/b.zip\nDISPATCH_ID={OTHER}"
    others = job(71, log_of(step("aws s3 cp", upload)).decode(), name="other")

    evidence = Scene(repository(run(7, others, update_job(72), title=DISPATCH))).look()

    assert log(evidence).uploaded == ()


def test_the_run_that_was_handed_the_dispatch_comes_before_one_that_speaks_of_it() -> None:
    handed = run(
        7, update_job(71, f"DISPATCH_ID={DISPATCH}"), created_at=NOW + timedelta(minutes=2)
    )
    speaking = run(6, update_job(61, f"keeping nw-{DISPATCH}.zip"))

    assert found(Scene(repository(speaking, handed)).look()) == (7, FoundBy.LOG)


def test_a_log_names_the_dispatch() -> None:
    known = repository(
        run(6, update_job(61, f"DISPATCH_ID={OTHER}")),
        run(7, update_job(71, f"DISPATCH_ID={DISPATCH}\n{FAILED_CALL}")),
    )

    evidence = Scene(known).look()

    assert found(evidence) == (7, FoundBy.LOG)
    assert log(evidence).function_call.status == 404


def unnamed(evidence: WorkflowEvidence) -> set[int]:
    """The runs that may be it, where it is not known which is."""
    assert isinstance(evidence.run, Unseen)
    assert evidence.run.remedy == "Name the run: --run-id."
    return {one.id for one in evidence.candidates}


def test_the_only_run_whose_log_is_silent_is_not_taken_for_it_and_may_be_it() -> None:
    soon = run(7, update_job(), created_at=NOW + timedelta(seconds=5))

    evidence = Scene(repository(soon)).look()

    assert unnamed(evidence) == {7}
    assert isinstance(evidence.run, Unseen)
    assert "7 ('Backup')" in evidence.run.what
    assert "the logs of 1 of them" in evidence.searched


@pytest.mark.parametrize(
    "another",
    [
        run(7, update_job(), created_at=NOW + timedelta(minutes=20)),
        run(7, update_job(), title=f"Backup {OTHER}"),
        run(7, update_job(output=f"DISPATCH_ID={OTHER}")),
        run(7, job(71), path=".github/workflows/ci.yml"),
    ],
    ids=["later", "another's title", "another's log", "another workflow"],
)
def test_a_silent_run_that_is_surely_anothers_is_none_that_may_be_it(another: Run) -> None:
    evidence = Scene(repository(another)).look()

    assert (evidence.run, evidence.candidates) == (None, ())


def test_the_only_run_whose_log_has_expired_is_taken_with_a_caution() -> None:
    evidence = Scene(repository(run(7, update_job(log_expired=True)))).look()

    assert found(evidence) == (7, FoundBy.ONLY_CANDIDATE)
    assert isinstance(evidence.log, Unseen)
    assert evidence.log.why is Why.GONE


def test_two_runs_whose_logs_have_expired_are_candidates() -> None:
    known = repository(*(run(n, update_job(n * 10, log_expired=True)) for n in (6, 7)))

    assert unnamed(Scene(known).look()) == {6, 7}


def test_a_run_from_another_time_is_never_the_one() -> None:
    known = repository(run(7, update_job(log_expired=True), created_at=NOW - timedelta(days=1)))

    assert Scene(known).look().run is None


@pytest.mark.parametrize(
    ("later_runs", "asked_again"), [(0, False), (98, False), (99, True), (100, True)]
)
def test_the_runs_around_the_row_are_asked_for_where_the_newest_do_not_reach_back_to_it(
    later_runs: int, asked_again: bool
) -> None:
    later = (
        run(100 + n, title="Nightly", created_at=NOW + timedelta(days=1, minutes=n))
        for n in range(later_runs)
    )
    known = repository(run(7, update_job(), title=f"Backup {DISPATCH}", created_at=NOW), *later)

    evidence, paths = Scene(known).look_with_requests()

    assert found(evidence) == (7, FoundBy.TITLE)
    assert any("created=" in path for path in paths) is asked_again


def test_a_run_of_another_workflow_is_no_candidate() -> None:
    known = repository(
        run(7, update_job(log_expired=True)),
        run(8, job(81, log_expired=True), path=".github/workflows/ci.yml"),
    )

    evidence = Scene(known, names=Names(workflow="backup.yml")).look()

    assert found(evidence) == (7, FoundBy.ONLY_CANDIDATE)


def test_without_a_row_the_newest_runs_are_searched() -> None:
    known = repository(run(7, update_job(), title=f"Backup {DISPATCH}"))

    assert found(Scene(known, row=None).look()) == (7, FoundBy.TITLE)


@pytest.mark.parametrize("row", [None, BackupRow(id="1", created_at=NOW)])
def test_without_a_dispatch_id_it_is_not_said_that_there_is_no_run(row: BackupRow | None) -> None:
    known = repository(run(7, update_job(), title=f"Backup {OTHER}"))

    evidence = Scene(known, row, asked=Asked(backup_id="1")).look()

    assert isinstance(evidence.run, Unseen)
    assert evidence.run.remedy == "Name the run: --run-id."


def test_the_doctors_own_run_is_the_one_if_it_was_dispatched_for_this_backup(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"inputs": {"dispatch_id": DISPATCH}}))
    for name, value in {
        "GITHUB_ACTIONS": "true",
        "GITHUB_RUN_ID": "7",
        "GITHUB_REPOSITORY": "acme/app",
        "GITHUB_EVENT_PATH": str(event),
        "RUNNER_NAME": "runner-2",
    }.items():
        monkeypatch.setenv(name, value)
    diagnosing = job(
        72, None, name="check", status="in_progress", conclusion=None, runner_name="runner-2"
    )
    known = repository(
        run(7, update_job(), diagnosing, title="Nightly", status="in_progress", conclusion=None)
    )

    evidence = Scene(known).look()

    assert found(evidence) == (7, FoundBy.ENVIRONMENT)
    assert not isinstance(evidence.jobs, Unseen)
    assert [one.name for one in evidence.jobs] == ["backup"]
    assert log(evidence).function_call.outcome is Outcome.REFUSED


def test_the_doctors_own_run_is_not_the_one_of_another_backup(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_RUN_ID", "7")
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/app")
    known = repository(run(7, job(), title="Doctor"), run(8, title=f"Backup {DISPATCH}"))

    assert found(Scene(known).look()) == (8, FoundBy.TITLE)


def test_the_doctors_job_is_known_by_the_workflows_file() -> None:
    waiting = job(72, None, name="diagnose", status="queued", conclusion=None, steps=[])
    known = repository(run(7, update_job(), waiting, title=DISPATCH), files=files())

    evidence = Scene(known).look()

    assert not isinstance(evidence.jobs, Unseen)
    assert [one.name for one in evidence.jobs] == ["backup"]


def test_the_latest_attempt_counts() -> None:
    earlier = run(7, update_job(71), title=DISPATCH)
    later = replace(
        earlier,
        attempt=2,
        previous_attempts=[earlier],
        jobs=[update_job(72, "HTTP 204 direct update")],
    )

    evidence = Scene(repository(later)).look()

    assert evidence.job is not None
    assert evidence.job.id == 72


@pytest.mark.parametrize(
    ("name", "names"),
    [
        (UPDATE, Names()),
        (UPDATE.upper(), Names()),
        ("Write backup_history", Names()),
        ("call update-backup", Names()),
        ("Finish", Names(step="Finish")),
    ],
)
def test_the_update_step_is_found_by_name(name: str, names: Names) -> None:
    steps = [Step(name, 2, started_at=NOW, completed_at=NOW)]
    text = log_of(step("bash x.sh", FAILED_CALL)).decode()
    known = repository(run(7, job(71), job(72, text, name="report", steps=steps), title=DISPATCH))

    evidence = Scene(known, names=names).look()

    assert evidence.job is not None
    assert evidence.update_step is not None
    assert (evidence.job.id, evidence.update_step.name) == (72, name)
    assert log(evidence).function_call.status == 404


def test_an_update_step_of_any_name_is_found_by_its_script() -> None:
    steps = [Step("Finish", 2, started_at=NOW, completed_at=NOW)]
    text = log_of(step('curl "$URL/functions/v1/update-backup"', FAILED_CALL)).decode()
    known = repository(run(7, job(71, text, steps=steps), title=DISPATCH))

    evidence = Scene(known).look()

    assert evidence.update_step is not None
    assert evidence.update_step.name == "Finish"


def test_an_update_step_of_any_name_is_found_by_what_it_says() -> None:
    steps = [Step("Tell the control plane", 2, conclusion="failure", started_at=NOW)]
    steps[0].completed_at = NOW
    said = "calling update-backup\nEdge function call failed (HTTP 404)"
    text = log_of(step("python notify.py", said)).decode()
    known = repository(run(7, job(71, text, steps=steps), title=DISPATCH))

    evidence = Scene(known).look()

    assert evidence.update_step is not None
    assert evidence.update_step.name == "Tell the control plane"


@pytest.mark.parametrize(
    ("columns", "conclusion", "update"),
    [
        ('{"s3_key":"$S3_KEY"}', "failure", "Finish"),
        ('{"s3_key":"$S3_KEY","status":"success"}', "failure", "Save"),
        ('{"s3_key":"$S3_KEY"}', "skipped", "Save"),
    ],
)
def test_of_two_steps_that_write_the_row_the_one_that_sets_the_status_is_the_update(
    columns: str, conclusion: str, update: str
) -> None:
    steps = [
        Step("Save the key in backup_history", 2, started_at=NOW, completed_at=NOW),
        Step("Finish", 3, conclusion=conclusion, started_at=NOW, completed_at=NOW),
    ]
    patch = "curl -sw '%{http_code}' -X PATCH \"$U/rest/v1/backup_history?id=eq.$ID\" -d '"
    save = step(f"{patch}{columns}'", "204")
    finish = step(f'{patch}{{"status":"done"}}\'', REFUSED)
    ran = (save, finish) if conclusion != "skipped" else (save,)
    known = repository(run(7, job(71, log_of(*ran).decode(), steps=steps), title=DISPATCH))

    evidence = Scene(known).look()

    assert evidence.update_step is not None
    assert evidence.update_step.name.startswith(update)
    assert ("23514" in log(evidence).fallback_call.body) is (update == "Finish")


@pytest.mark.parametrize(
    ("output", "minutes", "taken"),
    [
        (f"DISPATCH_ID={DISPATCH}\n{FAILED_CALL}", 1, True),
        (f"DISPATCH_ID={OTHER}\n{FAILED_CALL}", 1, False),
        (FAILED_CALL, 1, False),
        (f"DISPATCH_ID={DISPATCH}\n{FAILED_CALL}", 40, False),
    ],
)
def test_a_run_that_updates_what_the_backups_own_leaves_off_is_judged(
    output: str, minutes: int, *, taken: bool
) -> None:
    steps = [Step("Upload to S3", 2, started_at=NOW, completed_at=NOW)]
    packs = job(71, log_of(step("./ship.sh", f"DISPATCH_ID={DISPATCH}")).decode(), steps=steps)
    later = NOW + timedelta(minutes=minutes)
    finishes = run(
        8, update_job(81, output), title="Finish", event="workflow_run", created_at=later
    )
    finishes.path = ".github/workflows/finish.yml"
    known = repository(run(7, packs, title=DISPATCH), finishes)

    evidence = Scene(known).look()

    assert found(evidence)[0] == (8 if taken else 7)
    assert (evidence.update_step is not None) is taken


FOLLOWER = """
on: {workflow_run: {workflows: [Backup], types: [completed]}}
jobs: {finish: {steps: [{name: Finish, run: "curl -X POST $U/functions/v1/update-backup"}]}}
"""


@pytest.mark.parametrize(("minutes", "missed"), [(None, True), (1, False), (40, True), (-5, True)])
def test_the_workflow_that_follows_is_missed_if_no_run_of_it_began_then(
    minutes: int | None, *, missed: bool
) -> None:
    steps = [Step("Upload to S3", 2, started_at=NOW, completed_at=NOW)]
    own = run(7, job(71, steps=steps), title=DISPATCH)
    later = NOW + timedelta(minutes=minutes or 0)
    other = run(8, update_job(81, "for another"), title="Finish", created_at=later, workflow_id=2)
    path = ".github/workflows/finish.yml"
    other.path = path
    backup = b"name: Backup\njobs: {backup: {steps: [{name: Upload to S3, run: ./ship.sh}]}}"
    known = repository(
        *([] if minutes is None else [other]),
        own,
        workflows=[Workflow(1, "Backup", PATH), Workflow(2, "Finish", path)],
        files={PATH: backup, path: FOLLOWER.encode()},
    )

    evidence = Scene(known).look()

    assert evidence.update_step is None
    assert (evidence.missed is not None) is missed
    if evidence.missed:
        assert evidence.missed.listens
        assert evidence.missed.workflow.path == path


REFUSED = '{"code":"23514","message":"violates check constraint"}400'
QUIET = """
jobs:
  backup:
    steps:
      - {name: Dump, run: ./dump.sh, env: {SUPABASE_DB_URL: "${{ secrets.SUPABASE_DB_URL }}"}}
      - {name: Ship, run: ./ship.sh, env: {AWS_ACCESS_KEY_ID: "${{ secrets.AWS_ACCESS_KEY_ID }}"}}
      - {name: Tell, run: make tell, env: {BACKUP_API_KEY: "${{ secrets.BACKUP_API_KEY }}"}}
      - {name: Chat, run: ./chat.sh}
"""


@pytest.mark.parametrize("failed", ["Tell", "Dump", "Ship", "Chat"])
def test_the_one_step_behind_the_upload_with_supabases_keys_is_the_update_whichever_failed(
    failed: str,
) -> None:
    steps = [
        Step(name, n, conclusion="failure" if name == failed else "success")
        for n, name in enumerate(("Dump", "Ship", "Tell", "Chat"), start=1)
    ]
    known = repository(run(7, job(71, "exit 22", steps=steps), title=DISPATCH), files=files(QUIET))

    found_step = Scene(known).look().update_step

    assert found_step
    assert found_step.name == "Tell"


def test_other_jobs_of_the_run_complete_what_the_log_says() -> None:
    upload = log_of(
        step("aws s3 cp", "upload: ./b.zip to s3://acme/backups/b.zip\nS3_KEY=backups/b.zip")
    ).decode()
    trigger = log_of(step("bash trigger.sh", "Could not create the row (HTTP 403)")).decode()
    known = repository(
        run(
            7,
            job(70, trigger, name="trigger-backup"),
            job(71, upload),
            update_job(72),
            title=DISPATCH,
        )
    )

    seen = log(Scene(known).look())

    assert seen.uploaded == ("s3://acme/backups/b.zip",)
    assert seen.assignments["S3_KEY"] == "backups/b.zip"
    assert "Could not create the row (HTTP 403)" in seen.trigger_lines
    assert seen.function_call.status == 404


REFUSED_UPLOAD = "upload failed: ./b.zip to s3://acme/b.zip An error occurred (AccessDenied)"


def with_checks_before(*others: Job) -> Repository:
    """A run in which these jobs are the last of many."""
    checks = (job(50 + n, log_of(step("lint", "ok")).decode(), name=f"lint {n}") for n in range(6))
    return repository(run(7, *checks, *others, title=DISPATCH))


def red_upload(ended: datetime) -> Job:
    text = log_of(
        step("aws s3 cp", f"{REFUSED_UPLOAD}\n##[error]Process completed with exit code 1.")
    )
    steps = [Step("Upload", 2, conclusion="failure", started_at=NOW, completed_at=ended)]
    return job(
        71, text.decode(), name="upload", steps=steps, conclusion="failure", completed_at=ended
    )


def test_of_many_jobs_the_one_that_failed_is_read() -> None:
    known = with_checks_before(red_upload(NOW), update_job(72))

    assert log(Scene(known).look()).upload_errors == (REFUSED_UPLOAD,)


def test_of_many_jobs_the_one_that_uploads_is_read() -> None:
    upload = log_of(step("make", "upload: ./b.zip to s3://acme/backups/b.zip")).decode()
    steps = [Step("Upload to S3", 2, started_at=NOW, completed_at=NOW)]

    known = with_checks_before(job(71, upload, name="files", steps=steps), update_job(72))

    assert log(Scene(known).look()).uploaded == ("s3://acme/backups/b.zip",)


@pytest.mark.parametrize(
    ("began_after", "failed_step"), [(timedelta(seconds=1), "Upload"), (-timedelta(1), UPDATE)]
)
def test_of_two_jobs_that_failed_the_error_is_that_of_the_first(
    began_after: timedelta, failed_step: str
) -> None:
    """An update that runs whatever came before it (`if: always()`) may fail for that reason."""
    began = NOW + began_after
    output = f"{FAILED_CALL}\n##[error]Process completed with exit code 1."
    update = update_job(72, output, conclusion="failure", started_at=began, completed_at=began)
    update.steps[0].conclusion = "failure"

    seen = log(Scene(with_checks_before(red_upload(NOW), update)).look())

    assert seen.failed_step == failed_step
    assert (seen.errors[0] == REFUSED_UPLOAD) is (failed_step == "Upload")
    assert seen.function_call.status == 404


def test_an_update_job_that_was_skipped_beside_a_good_one_is_the_one() -> None:
    skipped = job(72, "", name="backup", steps=[], conclusion="skipped")
    known = repository(run(7, job(71, "", name="upload"), skipped, title=DISPATCH), files=files())

    found_job = Scene(known).look().job

    assert found_job
    assert (found_job.name, found_job.conclusion) == ("backup", "skipped")


def test_what_each_of_several_jobs_uploaded_is_known() -> None:
    def leg_with(number: int, name: str) -> Any:
        upload = step("aws s3 cp", f"upload: ./b.zip to s3://acme/{DISPATCH}/{name}.zip")
        return job(number, log_of(upload).decode(), name=f"tenant ({name})")

    legs = leg_with(70, "alpha"), leg_with(71, "beta")
    known = repository(run(7, *legs, update_job(72), title=DISPATCH))

    assert set(log(Scene(known).look()).uploaded) == {
        f"s3://acme/{DISPATCH}/alpha.zip",
        f"s3://acme/{DISPATCH}/beta.zip",
    }


@pytest.mark.parametrize("told", ["", f"DISPATCH_ID={DISPATCH}\n"])
def test_what_each_leg_of_a_matrix_of_one_dispatch_uploaded_is_known(told: str) -> None:
    def leg_with(number: int, tenant: str) -> Any:
        upload = step("aws s3 cp", f"upload: ./b.zip to s3://acme/{tenant}/{DISPATCH}.zip")
        text = log_of(upload, step("bash update.sh", told + FAILED_CALL)).decode()
        steps = [Step(UPDATE, 3, conclusion="failure", started_at=NOW, completed_at=NOW)]
        return job(number, text, name=f"backup ({tenant})", steps=steps)

    known = repository(run(7, leg_with(70, "a"), leg_with(71, "b"), title=DISPATCH))

    assert log(Scene(known).look()).uploaded == (
        f"s3://acme/a/{DISPATCH}.zip",
        f"s3://acme/b/{DISPATCH}.zip",
    )


def test_a_job_that_has_not_ended_has_no_log_and_a_usual_time() -> None:
    going = update_job(status="in_progress", conclusion=None, completed_at=None)
    past = [run(n, created_at=NOW - timedelta(days=n), title="old") for n in (1, 2)]
    known = repository(run(7, going, title=DISPATCH, status="in_progress", conclusion=None), *past)

    evidence = Scene(known).look()

    assert evidence.log is None
    assert evidence.gaps() == ()
    assert evidence.usual_s == (60.0, 60.0)


def test_a_job_over_its_time_has_githubs_own_words() -> None:
    said = "The job running on runner X has exceeded the maximum execution time of 30 minutes."
    known = repository(
        run(7, update_job(conclusion="cancelled", annotations=[said]), title=DISPATCH)
    )

    job_seen = Scene(known).look().job

    assert job_seen is not None
    assert job_seen.annotations == (said,)


def test_a_run_without_jobs_is_a_run_all_the_same() -> None:
    evidence = Scene(repository(run(7, title=DISPATCH, conclusion="failure"))).look()

    assert found(evidence) == (7, FoundBy.TITLE)
    assert (evidence.jobs, evidence.job, evidence.log) == ((), None, None)


def test_the_file_at_the_runs_commit_is_read() -> None:
    file = Scene(repository(run(7, update_job(), title=DISPATCH), files=files())).look().file

    assert isinstance(file, WorkflowFile)
    assert file.job_timeout_minutes == 30


def test_the_workflows_state_is_told_where_there_is_no_run() -> None:
    known = repository()
    known.workflows[0].state = "disabled_manually"

    evidence = Scene(known).look()

    assert evidence.run is None
    assert not isinstance(evidence.workflows, Unseen)
    assert [one.state for one in evidence.workflows] == ["disabled_manually"]


def test_a_token_that_may_not_look_makes_it_unseen_and_never_no_run() -> None:
    scene = Scene(repository(run(7, title=DISPATCH)), permissions=frozenset({"metadata:read"}))

    evidence = scene.look()

    assert isinstance(evidence.run, Unseen)
    assert evidence.run.why is Why.DENIED
    assert evidence.gaps() == (evidence.run,)


def test_a_silent_github_is_unseen() -> None:
    case = Case(asked=Asked(dispatch_id=DISPATCH), names=Names(), now=NOW)
    ask = Sources(settings("http://127.0.0.1:9"), Deadline(10), {})

    evidence = look(ask, case)

    assert isinstance(evidence.run, Unseen)
    assert evidence.run.why is Why.UNREACHABLE


HOSTILE = ['"; DROP TABLE x', "$(reboot)", "`id`", "a\nb", "::error::x", "ä" * 500, ".*", "[", "1"]


@pytest.mark.parametrize("dispatch_id", HOSTILE)
def test_any_text_may_be_a_dispatch_id(dispatch_id: str) -> None:
    row = BackupRow(dispatch_id=dispatch_id, created_at=NOW)
    known = repository(run(6, job(61), title="Backup x"), run(7, title=f"Backup {dispatch_id}"))

    evidence = Scene(known, row, Asked(dispatch_id=dispatch_id)).look()

    assert found(evidence) == (7, FoundBy.TITLE)


FORMATTED = "${{ inputs.dispatch_id && format('dump {0}', inputs.dispatch_id) || 'dump' }}"


@pytest.mark.parametrize(
    ("title", "run_name", "dispatch_id"),
    [
        ("Backup x-1", "Backup ${{ inputs.dispatch_id }}", "x-1"),
        (
            "x-1 by me",
            "${{ github.event.client_payload.dispatch_id }} by ${{ github.actor }}",
            "x-1",
        ),
        (f"Backup {OTHER}", None, OTHER),
        ("Nightly", None, None),
        ("Backup x", "Backup ${{ inputs.name }}", None),
        ("Other title", "Backup ${{ inputs.dispatch_id }}", None),
        ("Backup ", "Backup ${{ inputs.dispatch_id }}", None),
        (f"dump {OTHER}", FORMATTED, OTHER),
        ("dump", FORMATTED, None),
        ("Backup manual", "Backup ${{ inputs.dispatch_id || 'manual' }}", None),
        ("Backup x-1", "Backup ${{ inputs.dispatch_id || 'manual' }}", "x-1"),
    ],
)
def test_a_title_tells_its_dispatch(
    title: str, run_name: str | None, dispatch_id: str | None
) -> None:
    assert dispatch_of(title, run_name) == dispatch_id


def test_a_uuid_in_a_title_is_no_dispatch_where_ids_look_otherwise() -> None:
    assert dispatch_of(f"Tenant {OTHER}", like="nightly-42") is None
    assert dispatch_of(f"Backup {OTHER}", like=DISPATCH) == OTHER


DOCTORS = "jobs: {sweep: {steps: [{run: backup-doctor sweep}]}}"
CALLER = """
run-name: Backup ${{ inputs.dispatch_id }}
jobs:
  lint: {uses: ./.github/workflows/lint.yml}
  backup: {uses: ./.github/workflows/job.yml}
"""


def test_an_update_step_in_a_called_workflow_is_found_there() -> None:
    called = FILE.replace("run-name: Backup ${{ inputs.dispatch_id }}\n", "")
    known = repository(
        run(7, update_job(), title=f"Backup {DISPATCH}"),
        files={
            PATH: CALLER.encode(),
            ".github/workflows/lint.yml": b"jobs: {lint: {steps: [{run: lint}]}}",
            ".github/workflows/job.yml": called.encode(),
        },
    )

    file = Scene(known).look().file

    assert isinstance(file, WorkflowFile)
    assert (file.path, file.job_timeout_minutes) == (".github/workflows/job.yml", 30)
    assert file.run_name == "Backup ${{ inputs.dispatch_id }}"


@pytest.mark.parametrize(
    ("others", "named", "chosen"),
    [
        ({}, None, PATH),
        ({"backup-weekly.yml": FILE}, None, PATH),
        ({"backup-weekly.yml": "jobs: {}"}, None, PATH),
        ({"backup-weekly.yml": FILE}, "backup-weekly.yml", ".github/workflows/backup-weekly.yml"),
    ],
)
def test_the_workflow_of_the_next_backup_is_the_one_that_updates_the_row(
    others: dict[str, str], named: str | None, chosen: str
) -> None:
    assert ahead({"backup.yml": FILE, **others}, named) == chosen


@pytest.mark.parametrize(
    ("files", "named", "said"),
    [
        ({"nightly.yml": "jobs: {}"}, None, ".github/workflows/nightly.yml"),
        (
            {"nightly.yml": "jobs: {}", "backup-doctor.yml": DOCTORS},
            None,
            ".github/workflows/nightly.yml",
        ),
        ({"a.yml": "jobs: {}", "b.yml": "jobs: {}"}, None, "Could not determine"),
        ({"backup.yml": FILE}, "gone.yml", "The repository has no workflow gone.yml."),
    ],
)
def test_without_such_a_workflow_only_a_single_one_is_taken(
    files: dict[str, str], named: str | None, said: str
) -> None:
    assert said in ahead(files, named)


BY_FUNCTION = "Edge function call succeeded (HTTP 200)"
DIRECTLY = "Edge function call failed (HTTP 404)\nDirect update succeeded (HTTP 200)"


@pytest.mark.parametrize(
    ("output", "changes", "way"),
    [
        (BY_FUNCTION, {}, "the function update-backup"),
        (DIRECTLY, {}, "the direct update"),
        (FAILED_CALL, {}, None),
        ("done", {}, None),
        (BY_FUNCTION, {"conclusion": "failure"}, None),
    ],
)
def test_before_a_backup_the_newest_run_tells_how_its_row_was_updated(
    output: str, changes: dict[str, Any], way: str | None
) -> None:
    older = run(6, update_job(61, BY_FUNCTION), created_at=NOW - timedelta(days=1))
    newest = run(7, update_job(71, output), **changes)
    seen = ahead_of(repository(newest, older, files={PATH: FILE.encode()}))

    assert (seen.held and seen.held.way) == way
    assert way is None or (seen.held.run_id, seen.held.at) == (7, NOW + timedelta(minutes=1))


def test_before_a_backup_a_log_that_may_not_be_read_shows_nothing() -> None:
    known = repository(
        run(7, update_job(71, BY_FUNCTION, log_expired=True)), files={PATH: FILE.encode()}
    )

    assert isinstance(ahead_of(known).held, Unseen)


def ahead_of(known: Repository, named: str | None = None) -> Any:
    """What is seen before a backup."""
    case = Case(asked=Asked(), names=Names(workflow=named), now=NOW)
    with stand_in(known, *MAY_READ) as server:
        return look_ahead(Sources(settings(server.url), Deadline(30), {}), case)


def ahead(texts: dict[str, str], named: str | None) -> str:
    """The path of the workflow that makes the backups, or why there is none."""
    paths = {f".github/workflows/{name}": text.encode() for name, text in texts.items()}
    known = repository(
        workflows=[Workflow(at, path, path) for at, path in enumerate(paths, start=1)], files=paths
    )
    seen = ahead_of(known, named)
    assert seen.ours
    return seen.ours.what if isinstance(seen.ours, Unseen) else seen.ours.path


FINISH = """
code=$(curl -s -o /dev/null -w '%{http_code}' -X POST "$BASE/functions/v1/update-backup" -d x || true)
echo "es kam $code"
"""


def test_a_script_of_the_repository_tells_whose_the_lines_are() -> None:
    known = repository(
        run(7, update_job(output="es kam 503"), title=DISPATCH),
        files={**files(), "update.sh": FINISH.encode()},
    )

    call = log(Scene(known).look()).function_call

    assert (call.outcome, call.status) == (Outcome.REFUSED, 503)
    assert call.known.startswith("update.sh:3 prints this after")


def test_a_script_is_looked_for_where_the_step_runs() -> None:
    text = FILE.replace(
        f"steps: [{{name: {UPDATE}",
        f"defaults: {{run: {{working-directory: tools}}}}\n    steps: [{{name: {UPDATE}",
    )
    known = repository(
        run(7, update_job(output="es kam 503"), title=DISPATCH),
        files={**files(text), "tools/update.sh": FINISH.encode()},
    )

    assert log(Scene(known).look()).function_call.known.startswith("tools/update.sh:3 prints")


def test_no_file_is_asked_for_where_the_update_step_runs_none() -> None:
    steps = [Step(UPDATE, 2, started_at=NOW, completed_at=NOW)]
    own = job(71, log_of(step("echo done", "done")).decode(), steps=steps)
    known = repository(
        run(7, own, title=DISPATCH), files=files(FILE.replace("bash update.sh", "echo done"))
    )

    _, requests = Scene(known).look_with_requests()

    assert [path for path in requests if "contents/" in path and PATH not in path] == []
