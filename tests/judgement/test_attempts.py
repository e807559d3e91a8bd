"""Several runs and attempts of a dispatch, and a run that nobody saw: what may be said of them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Asked, Names
from backup_doctor.evidence.collected import Collected
from backup_doctor.evidence.findings import Role, Severity, Verdict
from backup_doctor.evidence.log import NOT_SAID
from backup_doctor.evidence.workflow import (
    Approval,
    FoundBy,
    Job,
    Run,
    RunAttempt,
    WorkflowEvidence,
    WorkflowFile,
    WorkflowState,
)
from backup_doctor.judge.diagnosis import diagnose
from backup_doctor.judge.fix_sql import repair
from backup_doctor.judge.history import (
    RunProgress,
    dispatch_began,
    dispatch_runs,
    is_over,
    progress,
)
from backup_doctor.judge.judgement import judge
from backup_doctor.judge.registry import load_checks
from backup_doctor.report.compose import write
from tests.judgement.asking import codes, finding
from tests.judgement.cases import (
    CREATED,
    ENDED,
    NOT_THERE,
    SHOWN,
    a_row,
    case,
    finished_row,
    log,
    no_run,
    row,
    stored,
    the_object,
    workflow,
)

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Report
    from backup_doctor.evidence.row import RowEvidence

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
DAY = timedelta(days=1)
PATH = ".github/workflows/backup.yml"
NO_LOG = workflow(None)
NOTHING = the_object(head=None, tail=None)
NOBODY_NAMES_IT = the_object(expected_key=None, key_source=None, head=None, tail=None)
HIDDEN = Unseen(why=Why.NOT_FOUND, what="The repository may be another one.", remedy="Check it.")


def attempt(
    identity: int = 42,
    number: int = 1,
    *,
    at: timedelta = timedelta(0),
    may_write: bool = False,
    **changes: Any,
) -> RunAttempt:
    """An attempt that began so long after the row was made; over, unless it may write."""
    began = CREATED + at
    status = "in_progress" if may_write else "completed"
    job = Job(
        id=identity * 10 + number,
        name="backup",
        status=status,
        conclusion=None if may_write else "failure",
        created_at=began,
        started_at=began,
        completed_at=None if may_write else began + MINUTE,
    )
    run = Run(
        id=identity, attempt=number, status=status, created_at=CREATED, started_at=began, path=PATH
    )
    return RunAttempt(**{"run": run, "job": job, "may_write": may_write, **changes})


def with_attempts(*attempts: RunAttempt) -> WorkflowEvidence:
    """A dispatch with these, of which the first is judged."""
    first = attempts[0]
    return replace(NO_LOG, run=first.run, job=first.job, attempts=attempts, found_by=FoundBy.TITLE)


def report_of(one: Case) -> Report:
    return write(Collected(case=one), load_checks())


def sql_of(one: Case) -> str | None:
    found = judge(one, (loaded.check for loaded in load_checks().checks)).findings
    return repair(one, diagnose(one, found)).sql


# How far -----------------------------------------------------------------------------------------


def test_while_any_attempt_is_going_the_backup_is() -> None:
    going = attempt(43, at=HOUR, may_write=True)

    assert (
        progress(case(with_attempts(attempt(), going), now=CREATED + 2 * HOUR)) is RunProgress.GOING
    )
    assert (
        progress(case(with_attempts(going, attempt()), now=CREATED + 2 * HOUR)) is RunProgress.GOING
    )
    assert progress(case(with_attempts(attempt(), attempt(43)))) is RunProgress.OVER


def test_nothing_is_written_under_a_retry_that_is_going() -> None:
    retry = with_attempts(attempt(43, at=HOUR, may_write=True), attempt())
    one = case(retry, NOTHING, now=CREATED + 2 * HOUR)

    assert not is_over(one)
    assert sql_of(one) is None
    assert report_of(one).verdict is Verdict.RUNNING
    assert sql_of(case(with_attempts(attempt()), NOTHING, now=CREATED + 2 * HOUR)) is not None


def test_time_counts_from_the_attempts_own_start() -> None:
    again = attempt(number=2, at=3 * HOUR, may_write=True)
    queued = replace(again, job=None, run=replace(again.run, status="queued"))

    def far(one: RunAttempt, now: timedelta) -> RunProgress:
        return progress(case(with_attempts(one), now=CREATED + now))

    assert far(again, 5 * HOUR) is RunProgress.GOING
    assert far(again, 5 * HOUR + SECOND) is RunProgress.OVERDUE
    assert far(queued, 3 * HOUR + 15 * MINUTE) is RunProgress.GOING
    assert far(queued, 3 * HOUR + 16 * MINUTE) is RunProgress.NOT_STARTED


def test_a_run_that_is_at_work_and_shows_no_job_yet_may_take_its_usual_time() -> None:
    bare = replace(attempt(may_write=True), job=None)

    assert progress(case(with_attempts(bare), now=CREATED + 2 * HOUR)) is RunProgress.GOING
    assert progress(case(with_attempts(bare), now=CREATED + 3 * HOUR)) is RunProgress.OVERDUE


def test_a_job_that_goes_on_though_nothing_of_it_can_write_is_over() -> None:
    job = replace(attempt(may_write=True).job or Job(id=1, name="", status=""), completed_at=None)

    assert progress(case(with_attempts(attempt(job=job)), now=CREATED + MINUTE)) is RunProgress.OVER


def test_a_handler_in_another_job_is_waited_for_a_quarter_of_an_hour() -> None:
    ended = attempt().job
    waiting = with_attempts(attempt(job=ended, may_write=True))

    assert progress(case(waiting, now=CREATED + 16 * MINUTE)) is RunProgress.GOING
    assert progress(case(waiting, now=CREATED + 17 * MINUTE)) is RunProgress.OVER


def test_no_run_lasts_longer_than_github_lets_it() -> None:
    forever = with_attempts(attempt(may_write=True))

    assert progress(case(forever, now=CREATED + 35 * DAY)) is RunProgress.OVERDUE
    assert progress(case(forever, now=CREATED + 35 * DAY + SECOND)) is RunProgress.OVER


def waits(*approvals: Approval, now: timedelta) -> RunProgress:
    one = attempt(may_write=True)
    assert one.job
    waiting = replace(one, job=replace(one.job, status="waiting", started_at=None))
    return progress(case(replace(with_attempts(waiting), approvals=approvals), now=CREATED + now))


def test_a_timer_of_an_environment_lets_the_job_begin_by_itself() -> None:
    timer = Approval(environment="production", wait_minutes=60, waits_since=CREATED)

    assert waits(timer, now=HOUR) is RunProgress.GOING
    assert waits(timer, now=HOUR + SECOND) is RunProgress.NOT_STARTED
    assert waits(replace(timer, reviewers=("octocat",)), now=HOUR) is RunProgress.NOT_STARTED
    assert waits(replace(timer, waits_since=None), now=HOUR) is RunProgress.NOT_STARTED
    assert waits(now=HOUR) is RunProgress.NOT_STARTED


# Which runs --------------------------------------------------------------------------------------


def test_all_runs_of_the_dispatch_are_known_and_when_the_first_began() -> None:
    first, retry = attempt(), attempt(43, at=HOUR)
    retry = replace(retry, run=replace(retry.run, created_at=CREATED + HOUR))

    assert dispatch_runs(case(with_attempts(retry, first))) == (retry, first)
    assert dispatch_began(case(with_attempts(retry, first))) == CREATED
    assert dispatch_began(case(with_attempts(retry))) == CREATED + HOUR


def test_where_only_the_judged_run_was_kept_it_is_the_only_one() -> None:
    (only,) = dispatch_runs(case(NO_LOG))

    assert (only.run, only.job, only.update_step) == (NO_LOG.run, NO_LOG.job, NO_LOG.update_step)
    assert not only.may_write
    assert dispatch_began(case(NO_LOG)) == CREATED


def test_a_dispatch_without_a_run_has_none_that_began() -> None:
    for one in (no_run(), WorkflowEvidence(run=HIDDEN)):
        assert dispatch_runs(case(one)) == ()
        assert dispatch_began(case(one)) is None


def test_the_others_are_named_in_the_report() -> None:
    found = finding(
        case(with_attempts(attempt(number=2, at=HOUR), attempt(43), attempt())),
        "workflow/several-runs",
    )

    assert found.role is Role.CONTEXT
    assert found.found.summary == (
        "This dispatch has 3 runs or attempts. Judged is run 42, attempt 2; the others: "
        "run 43, attempt 1 (failure) and run 42, attempt 1 (failure)."
    )
    assert "workflow/several-runs" not in codes(case(with_attempts(attempt())))
    assert "workflow/several-runs" not in codes(case(NO_LOG))


def test_every_finding_on_the_run_shows_the_others() -> None:
    seen = with_attempts(attempt(43, at=HOUR), attempt())
    assert seen.job
    cancelled = replace(seen.job, conclusion="cancelled")

    evidence = finding(
        case(replace(seen, job=cancelled, update_step=None)), "workflow/cancelled"
    ).found.evidence

    (others,) = [one for one in evidence if one.label.startswith("other runs")]
    assert others.label == "other runs and attempts (judged: 43, attempt 1)"
    assert others.value == ["run 42, attempt 1 (failure), started 2026-11-20T02:00:00Z"]


# No run ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("age", [70 * SECOND, 15 * MINUTE])
def test_no_failure_is_written_for_a_young_row_without_a_run(age: timedelta) -> None:
    one = case(no_run(), NOTHING, now=CREATED + age)

    assert report_of(one).verdict is Verdict.RUNNING
    assert codes(one) & {"workflow/run-not-found", "row/stuck"} == set()
    assert sql_of(one) is None
    told = finding(one, "workflow/still-running").found.summary
    assert told == "The row is younger than 15 minutes: its run may still come."


def test_a_run_that_would_have_been_seen_is_missing_with_its_proof() -> None:
    found = finding(case(no_run(), NOTHING), "workflow/run-not-found")

    assert found.role is Role.CAUSE
    (proof,) = [one for one in found.found.evidence if one.label == "would have been seen"]
    assert proof.value == SHOWN.by
    assert sql_of(case(no_run(), NOTHING)) is not None


def test_where_nothing_shows_it_no_run_is_missing_and_nothing_is_written() -> None:
    one = case(no_run(absence=HIDDEN), NOTHING)
    report = report_of(one)

    assert "workflow/run-not-found" not in codes(one)
    assert sql_of(one) is None
    (workflow_check,) = [each for each in report.results if each.check == "workflow"]
    assert workflow_check.status == "unknown"
    assert HIDDEN.what in "\n".join(report.cannot_tell)


def test_a_young_row_that_nothing_shows_to_be_without_a_run_is_unknown_and_says_what_to_give() -> (
    None
):
    report = report_of(case(no_run(absence=HIDDEN), NOTHING, now=CREATED + HOUR))

    assert report.verdict is Verdict.UNKNOWN
    assert "Check it." in "\n".join(report.cannot_tell)


@pytest.mark.parametrize(
    ("seen", "told", "give"),
    [
        (no_run(), "no run of it was seen", "columns.created_at"),
        (no_run(absence=HIDDEN), HIDDEN.what, "Check it."),
        (workflow(None, run=HIDDEN), HIDDEN.what, "Check it."),
    ],
)
def test_a_row_of_unknown_age_without_a_run_may_just_have_been_inserted(
    seen: WorkflowEvidence, told: str, give: str
) -> None:
    report = report_of(case(seen, NOTHING, row(a_row(created_at=None))))

    assert (report.verdict, report.fix_sql) == (Verdict.UNKNOWN, None)
    (open_one,) = report.cannot_tell
    assert "nothing tells how old it is" in open_one
    assert "younger" not in open_one
    assert told in open_one
    assert give in open_one


def test_a_row_of_unknown_age_is_as_old_as_the_file_that_names_it() -> None:
    undated = row(a_row(created_at=None))
    late = the_object(head=stored(modified_at=CREATED + 4 * HOUR))

    assert report_of(case(no_run(absence=HIDDEN), undated)).verdict is Verdict.FAILING
    assert report_of(case(no_run(absence=HIDDEN), undated, late)).verdict is Verdict.UNKNOWN


def test_without_a_row_nothing_tells_how_old_the_run_would_be() -> None:
    one = case(no_run(), NOTHING, row(rows=()))

    assert "workflow/run-not-found" not in codes(one)
    (workflow_check,) = [each for each in report_of(one).results if each.check == "workflow"]
    assert workflow_check.status == "unknown"
    assert "its run may be an older one" in "\n".join(workflow_check.notes)


def test_what_an_older_bundle_did_not_look_for_is_not_shown() -> None:
    one = case(no_run(absence=None), NOTHING)

    assert "workflow/run-not-found" not in codes(one)
    assert sql_of(one) is None


def test_a_run_number_that_is_not_there_is_said_to_be_so() -> None:
    gone = replace(HIDDEN, what="GitHub shows no run 99 of this repository.")
    one = case(no_run(absence=gone), row(rows=HIDDEN), asked=Asked(run_id="99"))

    assert "workflow/run-not-found" not in codes(one)


def state(is_now: str) -> WorkflowState:
    return WorkflowState(id=1, name="Backup", path=PATH, state=is_now)


def test_a_disabled_workflow_explains_only_a_run_that_is_shown_to_be_missing() -> None:
    off = {"workflows": (state("disabled_manually"),), "ours": state("disabled_manually")}
    shown = finding(case(no_run(**off), NOTHING), "workflow/disabled")
    hidden = finding(case(no_run(absence=HIDDEN, **off), NOTHING), "workflow/disabled")
    young = finding(case(no_run(**off), now=CREATED + MINUTE), "workflow/disabled")
    made = finding(case(no_run(**off), the_object()), "workflow/disabled")

    assert shown.role is Role.CAUSE
    # Its file is there: some run made it.
    assert (made.role, made.severity) == (Role.CONTEXT, Severity.WARN)
    assert (hidden.role, hidden.severity) == (Role.CONTEXT, Severity.WARN)
    assert (young.role, young.severity) == (Role.CONTEXT, Severity.WARN)


def heard(file: WorkflowFile | Unseen | None) -> tuple[str, list[str]]:
    """What run-not-found says of the workflow, and its fixes' titles."""
    seen = no_run(ours=state("active"), ours_file=file)
    found = finding(case(seen, NOTHING), "workflow/run-not-found").found
    return found.summary.partition("not started. ")[2], [fix.title for fix in found.fixes]


def listening(*events: str, types: tuple[str, ...] = ()) -> WorkflowFile:
    return WorkflowFile(path=PATH, job="backup", events=events, dispatch_types=types)


def test_a_missing_run_says_what_the_workflow_listens_to() -> None:
    calls = "Look at the app's dispatch call"

    assert heard(listening("workflow_dispatch", "schedule")) == (
        f"{PATH} listens to workflow_dispatch.",
        [calls],
    )
    told, fixes = heard(listening("repository_dispatch", types=("backup", "nightly")))
    assert told.endswith(
        "repository_dispatch with the event_type 'backup' or 'nightly', and to no other."
    )
    assert fixes == [calls]
    assert heard(listening("repository_dispatch")) == (
        f"{PATH} listens to repository_dispatch.",
        [calls],
    )


def test_a_workflow_that_listens_to_no_dispatch_is_told_with_its_fix() -> None:
    told, fixes = heard(listening("push", "schedule"))

    assert told == f"{PATH} listens to push and schedule: no dispatch starts it."
    assert fixes[0] == "Let the workflow be dispatched"


def test_a_workflow_that_is_not_on_the_default_branch_is_told_with_its_fix() -> None:
    told, fixes = heard(None)

    assert "the default branch has no such file" in told
    assert fixes[0] == "Bring the workflow to the default branch"


@pytest.mark.parametrize(
    "file", [HIDDEN, WorkflowFile(path=PATH, problem="Line 3."), WorkflowFile(path=PATH)]
)
def test_of_a_file_that_does_not_tell_nothing_is_said(file: WorkflowFile | Unseen) -> None:
    assert heard(file) == ("", ["Look at the app's dispatch call"])


# How it stopped ----------------------------------------------------------------------------------


def stopped(
    conclusion: str, *states: tuple[str, str], annotations: tuple[str, ...] = (), **said: Any
) -> Case:
    """A job that ended so, after these steps; its update was skipped."""
    seen = workflow(
        log(NOT_SAID, NOT_SAID, update_seen=False, uploaded=(), assignments={}, **said),
        update="skipped",
    )
    assert seen.job
    assert seen.update_step
    steps = tuple(
        replace(seen.job.steps[1], name=name, number=number, conclusion=how)
        for number, (name, how) in enumerate(states, start=1)
    )
    update = replace(seen.update_step, number=9)
    job = replace(seen.job, conclusion=conclusion, steps=(*steps, update), annotations=annotations)
    return case(
        replace(seen, job=job, jobs=(job,), update_step=update),
        NOTHING,
        names=Names(repository="acme/app"),
    )


HIGHER = "Canceling since a higher priority waiting request for 'backup' exists"


def test_a_cancelled_run_quotes_why_github_says_it_was() -> None:
    one = stopped(
        "cancelled", ("Dump", "cancelled"), annotations=("The operation was canceled.", HIGHER)
    )

    found = finding(one, "workflow/cancelled").found
    assert found.summary == f"The run was cancelled in the step 'Dump'. GitHub says: {HIGHER}"


def test_that_an_operation_was_cancelled_is_no_reason() -> None:
    one = stopped("cancelled", ("Dump", "cancelled"), annotations=("The operation was canceled.",))

    found = finding(one, "workflow/cancelled").found
    assert found.summary == "The run was cancelled in the step 'Dump'."


SHUT_DOWN = (
    "The runner has received a shutdown signal. This can happen when the runner service is stopped, "
    "or a manually started runner is canceled."
)


@pytest.mark.parametrize(
    "told",
    [
        {"annotations": (SHUT_DOWN, "The operation was canceled.")},
        {
            "annotations": ("The operation was canceled.",),
            "errors": (SHUT_DOWN, "The operation was canceled."),
        },
        {
            "annotations": ("Process completed with exit code 143.",),
            "errors": ("The operation was canceled.", SHUT_DOWN),
        },
    ],
    ids=["in an annotation", "in the log", "last in the log"],
)
def test_a_runner_that_was_shut_down_failed_the_step_that_it_was_at(told: dict[str, Any]) -> None:
    one = stopped("failure", ("Checkout", "success"), ("Dump", "cancelled"), **told)

    assert "workflow/step-skipped" not in codes(one)
    found = finding(one, "workflow/failed-before-update")
    assert found.role is Role.CAUSE
    assert found.found.reason == "runner/shut-down"
    assert found.found.summary == (
        f"The step 'Dump' failed: the machine that ran the job was shut down. GitHub says: {SHUT_DOWN}"
    )


def test_a_steps_own_time_limit_is_not_called_the_jobs() -> None:
    said = "The action 'Dump' has timed out after 5 minutes."
    found = finding(
        stopped("failure", ("Dump", "failure"), annotations=(said,)), "workflow/timed-out"
    ).found

    assert found.summary == "The step 'Dump' of the job 'backup' ran into its own time limit."
    assert found.fixes[0].text == "Raise `timeout-minutes` of the step 'Dump'."


def test_a_jobs_time_limit_is_not_called_the_steps() -> None:
    said = "The job running on runner X has exceeded the maximum execution time of 30 minutes."
    found = finding(
        stopped("cancelled", ("Dump", "cancelled"), annotations=(said,)), "workflow/timed-out"
    ).found

    assert found.summary == "The job 'backup' ran into its time limit in the step 'Dump'."
    assert found.fixes[0].text == "Raise `timeout-minutes` of the job 'backup'."


def test_only_failed_jobs_are_run_again_as_failed() -> None:
    def command(one: Case, code: str) -> str:
        return finding(one, code).found.fixes[-1].text

    cancelled = stopped("cancelled", ("Dump", "cancelled"))
    failed = stopped("failure", ("Dump", "failure"))

    assert command(cancelled, "workflow/cancelled") == "gh run rerun 42 --repo acme/app"
    assert (
        command(failed, "workflow/failed-before-update")
        == "gh run rerun 42 --failed --repo acme/app"
    )


def beside(other: Job) -> Case:
    """A backup whose update step was skipped, with another job in its run."""
    one = stopped("success", ("Dump", "success"))
    seen = one.workflow
    assert seen
    assert seen.job
    return replace(
        one, evidence={**one.evidence, "workflow": replace(seen, jobs=(seen.job, other))}
    )


def another_job(name: str, **changes: Any) -> Job:
    step = replace(NO_LOG.job.steps[1], name=name, conclusion="failure") if NO_LOG.job else None
    assert step
    times = {"started_at": CREATED - HOUR, "completed_at": CREATED}
    fields: dict[str, Any] = {"status": "completed", "conclusion": "failure", "steps": (step,)}
    return Job(**{"id": 8, "name": "other", **fields, **times, **changes})


def test_a_step_of_an_earlier_job_that_failed_came_before_the_update() -> None:
    found = finding(beside(another_job("Build")), "workflow/failed-before-update").found

    assert found.summary.startswith("The step 'Build' failed")


@pytest.mark.parametrize(
    "other",
    [
        another_job("Update backup_history via Edge Function"),
        another_job("Notify", started_at=ENDED, completed_at=ENDED + MINUTE),
    ],
    ids=["another leg's update", "a later job's step"],
)
def test_what_failed_beside_or_after_it_is_no_earlier_step(other: Job) -> None:
    one = beside(other)

    assert "workflow/failed-before-update" not in codes(one)
    assert "workflow/step-skipped" in codes(one)


# Waiting -----------------------------------------------------------------------------------------


def not_started(*approvals: Approval, status: str = "waiting") -> tuple[str, str]:
    one = attempt(may_write=True)
    assert one.job
    job = replace(one.job, status=status, started_at=None)
    run = replace(one.run, status=status, html_url="https://github.com/acme/app/actions/runs/42")
    seen = replace(
        with_attempts(replace(one, job=job, run=run)), update_step=None, approvals=approvals
    )
    found = finding(case(seen, NOTHING), "workflow/not-started").found
    return found.summary, found.fixes[0].text


def test_an_approval_that_is_waited_for_names_the_environment_and_who_must_give_it() -> None:
    gate = Approval(environment="production", reviewers=("octocat", "dba-team"))

    summary, advice = not_started(gate)

    assert summary == (
        "The job 'backup' never started: it has been waiting for 5 h for the approval of the "
        "environment 'production' by octocat and dba-team."
    )
    assert advice.startswith("On the run's page, `Review deployments`: octocat and dba-team must")
    assert "runner" not in advice


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        ("waiting", "protected environment"),
        ("pending", "concurrency group"),
        ("queued", "bring a runner"),
    ],
)
def test_a_job_that_waits_is_helped_by_what_it_waits_for(status: str, advice: str) -> None:
    assert advice in not_started(status=status)[1]


def test_a_job_that_never_started_did_not_start() -> None:
    one = attempt(may_write=True)
    assert one.job
    job = replace(one.job, status="queued", started_at=None)
    report = report_of(
        case(replace(with_attempts(replace(one, job=job)), update_step=None), NOTHING)
    )

    assert report.root_cause == "workflow/not-started"
    assert "job started" not in [moment.what for moment in report.timeline]


def test_a_right_row_needs_no_run() -> None:
    found = finding(case(no_run(), row(finished_row())), "workflow/run-not-found")

    assert (found.role, found.severity) == (Role.CONTEXT, Severity.INFO)
    assert report_of(case(no_run(absence=HIDDEN), row(finished_row()))).verdict is Verdict.HEALTHY


def test_a_row_of_many_days_whose_run_nobody_can_see_is_over() -> None:
    old = row(a_row(created_at=CREATED - 36 * DAY))

    assert sql_of(case(WorkflowEvidence(run=HIDDEN), old, NOBODY_NAMES_IT, now=CREATED)) is None
    assert progress(case(WorkflowEvidence(run=HIDDEN), old, now=CREATED)) is RunProgress.OVER


def test_a_run_that_failed_early_beside_anothers_file_says_whose_the_file_is() -> None:
    failed = workflow(log(NOT_SAID, NOT_SAID, uploaded=()), upload="failure", update="skipped")
    beside = replace(failed, attempts=(attempt(42, 2, at=HOUR), attempt()))

    def told(*evidence: Any) -> str:
        return finding(case(*evidence), "workflow/failed-before-update").found.summary

    left = "failed. The file that is there was left by another run or attempt of this dispatch."
    assert told(beside, the_object()).endswith(left)
    assert "was left by" not in told(beside, NOTHING) + told(failed, the_object())


@pytest.mark.parametrize("how", ["failed", "cancelled"])
def test_beside_anothers_whole_file_what_a_run_did_not_come_to_is_the_update(how: str) -> None:
    ended = workflow(log(NOT_SAID, NOT_SAID, uploaded=()), upload="failure", update="skipped")
    if how == "cancelled":
        ended = workflow(NOT_THERE, upload="cancelled", update="skipped")
        assert ended.job is not None
        assert isinstance(ended.run, Run)
        job = replace(ended.job, conclusion="cancelled")
        ended = replace(ended, job=job, jobs=(job,), run=replace(ended.run, conclusion="cancelled"))
    report = report_of(case(replace(ended, attempts=(attempt(42, 2, at=HOUR), attempt()))))
    alone = report_of(case(ended, NOTHING))

    stages = {one.link: one.state for one in report.chain}
    assert (stages["file-uploaded"], stages["first-update"]) == ("ok", "failed")
    assert report.root_cause == alone.root_cause
    assert report.fix_sql is not None
    assert "'success'" in report.fix_sql
    assert {one.link: one.state for one in alone.chain}["file-uploaded"] != "ok"


@pytest.mark.parametrize(
    "unfinished",
    [
        row(a_row(status="failed", error_text="the first attempt failed")),
        row(finished_row(size_bytes=None)),
        row(rows=()),
    ],
    ids=["failed", "incomplete", "absent"],
)
def test_whatever_the_row_says_but_success_a_run_that_is_going_may_change_it(
    unfinished: RowEvidence,
) -> None:
    going = with_attempts(attempt(43, at=HOUR, may_write=True), attempt())

    def verdict(seen: WorkflowEvidence) -> Verdict:
        return report_of(case(seen, unfinished, now=CREATED + 2 * HOUR)).verdict

    assert verdict(going) is Verdict.RUNNING
    assert verdict(with_attempts(attempt())) is Verdict.FAILING


def test_a_right_row_is_right_though_its_run_is_started_again() -> None:
    going = with_attempts(attempt(43, at=HOUR, may_write=True), attempt())
    one = case(going, row(finished_row()), now=CREATED + 2 * HOUR)

    assert report_of(one).verdict is Verdict.HEALTHY


def test_a_row_that_the_app_called_failed_at_once_needs_no_run() -> None:
    one = case(no_run(), row(a_row(status="failed")), NOTHING, now=CREATED + MINUTE)

    assert report_of(one).verdict is Verdict.FAILING


def test_a_run_that_is_not_there_yet_is_not_said_to_be_going() -> None:
    report = report_of(case(no_run(), NOTHING, now=CREATED + 2 * MINUTE))

    assert report.summary == (
        "No run of this backup is there yet, 2 min after its row was made; it may still come."
    )


def test_a_disabled_workflow_of_the_doctors_is_none_of_the_backups() -> None:
    lint = WorkflowState(id=1, name="Lint", path=".github/workflows/lint.yml", state="active")
    off = WorkflowState(
        id=2, name="Look", path=".github/workflows/backup-doctor.yml", state="disabled_manually"
    )

    assert "workflow/disabled" not in codes(case(no_run(workflows=(lint, off)), NOTHING))
