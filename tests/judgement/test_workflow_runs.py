"""A run that never came to its steps, and an update step that was not there or not run."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Asked, Case
from backup_doctor.evidence.findings import Role
from backup_doctor.evidence.log import NOT_SAID
from backup_doctor.evidence.workflow import (
    MissedFollowUp,
    Run,
    WorkflowEvidence,
    WorkflowFile,
    WorkflowState,
    WorkflowStep,
)
from backup_doctor.judge.diagnosis import Diagnosis, diagnose
from backup_doctor.judge.history import update_ran
from backup_doctor.judge.history.probing import why_not_posted
from backup_doctor.judge.judgement import judge
from backup_doctor.judge.registry import load_checks
from tests.judgement import asking
from tests.judgement.asking import codes, finding
from tests.judgement.cases import (
    CREATED,
    ENDED,
    NOT_THERE,
    ROW_ID,
    a_row,
    case,
    function,
    log,
    no_run,
    row,
    the_object,
    workflow,
)

PATH = ".github/workflows/backup.yml"
BROKEN = WorkflowFile(path=PATH, problem="Line 7 is no YAML.")
SILENT = log(NOT_SAID, NOT_SAID, update_seen=False, uploaded=(), assignments={})


def diagnosed(seen: WorkflowEvidence, **changes: Any) -> Diagnosis:
    one = case(seen, **changes)
    return diagnose(one, judge(one, (loaded.check for loaded in load_checks().checks)).findings)


def causes(seen: WorkflowEvidence | Case) -> list[str]:
    if isinstance(seen, Case):
        return asking.causes(seen)
    return [cause.code for cause in diagnosed(seen).causes]


def summary_of(seen: WorkflowEvidence, code: str) -> str:
    one = case(seen)
    found = judge(one, (loaded.check for loaded in load_checks().checks)).findings
    (summary,) = [each.found.summary for each in found if each.code == code]
    return summary


def a_run(conclusion: str | None, status: str = "completed", **changes: Any) -> Run:
    base = {"id": 42, "path": PATH, "created_at": CREATED, "updated_at": ENDED}
    return Run(status=status, conclusion=conclusion, **{**base, **changes})


def without_jobs(run: Run | None, **changes: Any) -> WorkflowEvidence:
    return workflow(None, run=run, jobs=(), job=None, update_step=None, **changes)


EMPTY = the_object(expected_key=None, key_source=None, head=None, tail=None)
NO_RUN = no_run()


@pytest.mark.parametrize("conclusion", ["failure", "startup_failure"])
def test_a_run_that_failed_without_a_job_had_no_usable_file(conclusion: str) -> None:
    seen = without_jobs(a_run(conclusion), file=BROKEN)

    assert causes(seen) == ["workflow/invalid-file"]
    assert "Line 7 is no YAML." in summary_of(seen, "workflow/invalid-file")


def test_a_run_without_a_job_leaves_nothing_open_that_the_function_could_answer() -> None:
    judged = case(row(), function(), without_jobs(a_run("startup_failure")))

    assert update_ran(judged) is False
    assert isinstance(why_not_posted(judged), Unseen)


def test_jobs_that_could_not_be_listed_are_not_taken_for_none() -> None:
    assert causes(replace(without_jobs(a_run("failure")), jobs=NOT_THERE)) == []


def test_a_run_that_was_cancelled_before_its_first_job_was_cancelled() -> None:
    seen = without_jobs(a_run("cancelled"))

    assert causes(seen) == ["workflow/cancelled"]
    assert "before any step ran" in summary_of(seen, "workflow/cancelled")


def waiting(status: str, **changes: Any) -> WorkflowEvidence:
    """A job that has not begun."""
    seen = workflow(None)
    assert seen.job
    job = replace(
        seen.job,
        status=status,
        conclusion=None,
        started_at=None,
        completed_at=None,
        runner_name="",
        steps=(),
        **changes,
    )
    return replace(seen, run=a_run(None, status), jobs=(job,), job=job, update_step=None, log=None)


@pytest.mark.parametrize("status", ["queued", "waiting"])
def test_a_job_that_has_waited_for_hours_never_started(status: str) -> None:
    seen = waiting(status)

    assert causes(seen) == ["workflow/not-started"]
    assert f"it has been {status} for 5 h" in summary_of(seen, "workflow/not-started")


def test_a_job_that_has_waited_for_a_minute_is_going() -> None:
    found = diagnosed(waiting("queued"), now=CREATED + timedelta(minutes=1))

    assert found.causes == ()


def test_a_job_that_github_ended_without_a_runner_says_what_github_says() -> None:
    seen = waiting("completed", annotations=("The spending limit is reached.",))
    assert seen.job
    job = replace(seen.job, conclusion="failure")
    seen = replace(seen, run=a_run("failure"), jobs=(job,), job=job)

    assert causes(seen) == ["workflow/not-started"]
    assert "GitHub says: The spending limit is reached." in summary_of(seen, "workflow/not-started")


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("The spending limit is reached.", "Settle the account's minutes and payments"),
        ("Deployment to production was rejected by octocat", "rejected the deployment"),
        ("The runner group was deleted.", "bring a runner with the job's labels online"),
    ],
)
def test_what_lets_a_job_start_follows_from_what_github_says(said: str, advice: str) -> None:
    seen = waiting("completed", annotations=(said,))
    assert seen.job
    job = replace(seen.job, conclusion="failure")
    seen = replace(seen, run=a_run("failure"), jobs=(job,), job=job)

    (fix,) = finding(case(seen), "workflow/not-started").found.fixes

    assert advice in fix.text


def test_a_job_of_which_github_says_that_it_was_not_started_was_not() -> None:
    seen = waiting("completed", annotations=("The job was not started because payments failed.",))
    assert seen.job
    job = replace(seen.job, conclusion="failure", runner_name="GitHub Actions 21")
    seen = replace(seen, run=a_run("failure"), jobs=(job,), job=job)

    assert causes(seen) == ["workflow/not-started"]


def test_a_job_whose_runner_was_lost_failed_in_the_step_that_it_was_at() -> None:
    lost = "The self-hosted runner lost communication with the server."
    seen = overdue(annotations=("Process completed with exit code 1.", lost))
    assert seen.job
    job = replace(seen.job, status="completed", conclusion="failure", completed_at=ENDED)
    seen = replace(seen, run=a_run("failure"), jobs=(job,), job=job)

    assert causes(seen) == ["workflow/failed-before-update"]
    summary = summary_of(seen, "workflow/failed-before-update")
    assert summary == (
        f"The step {job.steps[1].name!r} failed: GitHub lost the machine that ran the job."
        f" GitHub says: {lost}"
    )


def overdue(**changes: Any) -> WorkflowEvidence:
    """A job that is at its second step since hours ago."""
    seen = workflow(None)
    assert seen.job
    steps = (
        seen.job.steps[0],
        replace(seen.job.steps[1], status="in_progress", conclusion=None, completed_at=None),
    )
    job = replace(
        seen.job, status="in_progress", conclusion=None, completed_at=None, steps=steps, **changes
    )
    return replace(
        seen, run=a_run(None, "in_progress"), jobs=(job,), job=job, update_step=None, log=None
    )


def test_a_job_that_runs_for_hours_is_overdue_in_the_step_that_it_is_at() -> None:
    seen = overdue()

    assert causes(seen) == ["workflow/overdue"]
    assert "in the step 'Create backup archive'" in summary_of(seen, "workflow/overdue")


def test_a_job_within_three_times_its_usual_time_is_going() -> None:
    seen = replace(overdue(), usual_s=(7200.0, 7000.0, 7400.0))

    assert diagnosed(seen).causes == ()
    assert "is still going for 5 h" in summary_of(seen, "workflow/still-running")


def test_a_step_over_its_own_limit_timed_out_and_not_failed() -> None:
    seen = workflow(replace(SILENT, errors=("The action has timed out after 5 minutes.",)))
    assert seen.job
    steps = (seen.job.steps[0], replace(seen.job.steps[1], conclusion="failure"))
    job = replace(seen.job, conclusion="failure", steps=steps)

    found = causes(replace(seen, job=job, jobs=(job,), update_step=None))

    assert found == ["workflow/timed-out"]


def succeeded(**changes: Any) -> WorkflowEvidence:
    """A job that ended well, and a log that says nothing of an update."""
    return workflow(SILENT, update="success", **changes)


def test_a_green_job_without_the_update_step_has_none() -> None:
    assert causes(succeeded(update_step=None)) == ["workflow/step-missing"]


@pytest.mark.parametrize(
    ("state", "follows", "words", "advice"),
    [
        (
            "active",
            ("Backup",),
            "no run of .github/workflows/finish.yml began then.",
            "default branch",
        ),
        ("disabled_inactivity", ("Backup",), "it is disabled now", "gh workflow enable finish.yml"),
        ("active", ("Backup DB",), "it waits for runs of 'Backup DB'", "write the name 'Backup'"),
    ],
)
def test_a_workflow_that_was_to_update_the_row_afterwards_and_never_started_is_named(
    state: str, follows: tuple[str, ...], words: str, advice: str
) -> None:
    finish = WorkflowState(id=2, name="Finish", path=".github/workflows/finish.yml", state=state)
    missed = MissedFollowUp(workflow=finish, follows=follows, name="Backup")

    found = finding(case(succeeded(update_step=None, missed=missed)), "workflow/step-missing").found

    assert words in found.summary
    assert advice in found.fixes[0].text
    assert not found.weak


def test_an_update_step_that_was_skipped_tells_its_condition() -> None:
    step = WorkflowStep(name="Update", condition="inputs.update == 'yes'")
    seen = succeeded(file=WorkflowFile(path=PATH, job="backup", update_step=step))
    assert seen.update_step

    seen = replace(seen, update_step=replace(seen.update_step, conclusion="skipped"))

    assert causes(seen) == ["workflow/step-skipped"]
    assert "its condition is \"inputs.update == 'yes'\"" in summary_of(
        seen, "workflow/step-skipped"
    )


def test_a_job_that_was_skipped_as_a_whole_is_named() -> None:
    seen = succeeded()
    assert seen.job
    job = replace(seen.job, conclusion="skipped", steps=())

    seen = replace(seen, job=job, jobs=(job,), update_step=None, log=None)

    assert causes(seen) == ["workflow/step-skipped"]
    assert summary_of(seen, "workflow/step-skipped") == "'backup' was skipped."


@pytest.mark.parametrize("how", ["cancelled", "timed_out"])
def test_a_job_that_was_skipped_because_an_earlier_one_was_stopped_needs_no_other_condition(
    how: str,
) -> None:
    seen = succeeded()
    assert seen.job
    record = replace(seen.job, conclusion="skipped", steps=(), started_at=ENDED)
    dump = replace(seen.job, id=8, name="dump", conclusion=how)

    seen = replace(seen, job=record, jobs=(dump, record), update_step=None, log=None)

    assert "workflow/step-skipped" not in codes(case(seen))


def state(path: str, state: str = "disabled_manually") -> WorkflowState:
    return WorkflowState(id=1, name="A workflow", path=path, state=state)


def test_a_disabled_workflow_without_a_run_is_the_cause() -> None:
    one = case(no_run(workflows=(state(PATH),)), the_object(head=None, tail=None))

    assert causes(one) == ["workflow/disabled"]
    (fix,) = finding(one, "workflow/disabled").found.fixes
    assert fix.text.startswith("gh workflow enable backup.yml ")


def test_a_workflow_disabled_after_the_run_threatens_only_the_next_backup() -> None:
    seen = succeeded(workflows=(state(PATH),))
    one = case(seen)

    findings = judge(one, (loaded.check for loaded in load_checks().checks)).findings

    (found,) = [each.found for each in findings if each.code == "workflow/disabled"]
    assert found.role is Role.CONTEXT
    assert found.summary.endswith("The next backup will not start.")


def test_another_disabled_workflow_is_none_of_this_backups() -> None:
    others = (state(".github/workflows/lint.yml"), state(".github/workflows/deploy.yml"))

    assert causes(case(no_run(workflows=others), EMPTY)) == ["workflow/run-not-found"]


def test_a_run_was_started_where_its_file_is_in_the_bucket() -> None:
    assert causes(case(NO_RUN, EMPTY)) == ["workflow/run-not-found"]
    assert causes(case(NO_RUN, the_object())) == []
    assert "its file is in the bucket" in summary_of(NO_RUN, "workflow/run-not-found")


def test_the_file_of_a_backup_that_is_asked_for_by_its_id_is_known_by_the_rows_dispatch() -> None:
    by_row = case(NO_RUN, the_object(), asked=Asked(backup_id=ROW_ID))
    by_question = case(NO_RUN, the_object(), row(a_row(dispatch_id=None)))

    assert causes(by_row) == []
    assert causes(by_question) == []


def test_a_run_that_may_be_it_is_named_and_nothing_is_said_not_to_have_started() -> None:
    unseen = Unseen(why=Why.NOT_FOUND, what="Which run made this backup cannot be told.")
    open_one = without_jobs(None, candidates=(a_run("failure"),))
    one = case(replace(open_one, run=unseen), EMPTY)

    assert causes(one) == []
    assert finding(one, "workflow/run-not-found").role is Role.CONTEXT
