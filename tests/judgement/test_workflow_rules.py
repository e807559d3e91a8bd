"""The run: whether it came about, how it ended, what its update step did, what its file leaves open."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from backup_doctor.checks.workflow.update_fixes import SEE_PROJECT
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Names
from backup_doctor.evidence.chain import Link
from backup_doctor.evidence.findings import Role, Severity
from backup_doctor.evidence.function import FunctionRecord
from backup_doctor.evidence.log import NOT_SAID, Attempt, Call, Outcome, SilentExit
from backup_doctor.evidence.rls import Reach, RlsEvidence
from backup_doctor.evidence.workflow import (
    FoundBy,
    Job,
    Run,
    RunAttempt,
    Step,
    WorkflowEvidence,
    WorkflowFile,
    WorkflowState,
    WorkflowStep,
)
from tests.judgement.asking import causes, codes, diagnosed, finding
from tests.judgement.cases import (
    CREATED,
    ENDED,
    NO_BACKUP,
    NOT_THERE,
    a_row,
    ahead,
    call,
    case,
    finished_row,
    function,
    log,
    no_run,
    rls,
    row,
    the_object,
    workflow,
)

FUNCTION, FALLBACK, STAYS = Link.FUNCTION_UPDATES, Link.FALLBACK_UPDATES, Link.STAYS_SO
MADE, UPLOADED, STARTS = Link.BACKUP_MADE, Link.FILE_UPLOADED, Link.RUN_STARTS
MINUTE, HOUR, SECOND = timedelta(minutes=1), timedelta(hours=1), timedelta(seconds=1)
NO_GRANT = call(403, '{"code":"42501","message":"permission denied for table x"}')
BOTH_FAILED = log(call(500), NO_GRANT)
UNREACHED = Unseen(why=Why.UNREACHABLE, what="GitHub did not answer.")
NO_RUN = no_run()
PATH = ".github/workflows/backup.yml"
FILE = WorkflowFile(path=PATH, job="backup", job_timeout_minutes=30, run_name="${{ inputs.id }}")


def role(one: Any, code: str) -> Role | None:
    """The role of the finding of this code, None where there is none."""
    return finding(one, code).role if code in codes(one) else None


def run_of(seen: WorkflowEvidence, **changes: Any) -> WorkflowEvidence:
    """The same evidence of another run."""
    assert isinstance(seen.run, Run)
    return replace(seen, run=replace(seen.run, **changes))


def job_of(seen: WorkflowEvidence, **changes: Any) -> WorkflowEvidence:
    """The same run, whose job differs."""
    assert seen.job
    job = replace(seen.job, **changes)
    return replace(seen, job=job, jobs=(job,))


def step(name: str, number: int, conclusion: str | None = "success", **changes: Any) -> Step:
    base = {"status": "completed" if conclusion else "queued", "conclusion": conclusion}
    return Step(name=name, number=number, **{**base, **changes})


def steps_of(*steps: Step, update: Step | None = None, **job: Any) -> WorkflowEvidence:
    """A job with these steps; the last one updates the row if no other does."""
    seen = job_of(workflow(None), steps=steps, conclusion="failure", **job)
    return replace(seen, update_step=update or (steps[-1] if steps else None))


# Whether it came about ---------------------------------------------------------------------------


OPEN_RUN = Run(id=9, title="Backup", status="completed")


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (case(NO_RUN, the_object(head=None, tail=None)), Role.CAUSE),
        (case(NO_RUN), Role.CONTEXT),
        (case(NO_RUN, now=CREATED + SECOND), None),
        (case(workflow(None)), None),
        (case(workflow(None, run=UNREACHED)), None),
        (case(replace(NO_RUN, candidates=(OPEN_RUN,))), Role.CONTEXT),
        (case(NO_RUN, row(finished_row())), Role.CONTEXT),
    ],
)
def test_no_run_belongs_to_the_dispatch(one: Any, expected: Role | None) -> None:
    assert role(one, "workflow/run-not-found") is expected


def test_runs_that_may_be_the_one_are_a_warning_and_a_right_row_needs_no_run() -> None:
    many = replace(NO_RUN, candidates=tuple(replace(OPEN_RUN, id=n) for n in range(12)))

    maybe = finding(case(many), "workflow/run-not-found")
    right = finding(case(NO_RUN, row(finished_row())), "workflow/run-not-found")

    assert (maybe.severity, maybe.breaks) == (Severity.WARN, ())
    assert (right.severity, right.breaks) == (Severity.INFO, ())
    assert len(maybe.found.evidence[1].value) == 10


def test_where_was_searched_is_told() -> None:
    def told(searched: str) -> Any:
        seen = replace(NO_RUN, searched=searched)
        return finding(case(seen), "workflow/run-not-found").found.evidence[0].value

    assert told("3 runs") == "3 runs"
    assert told("") == "GitHub's runs"


def state(path: str = PATH, is_now: str = "disabled_manually") -> WorkflowState:
    return WorkflowState(id=1, name="Backup", path=path, state=is_now)


OTHER = ".github/workflows/other.yml"


@pytest.mark.parametrize(
    ("seen", "names", "told"),
    [
        (replace(NO_RUN, workflows=(state(),)), {}, True),
        (replace(NO_RUN, workflows=(state(is_now="active"),)), {}, False),
        (replace(NO_RUN, workflows=UNREACHED), {}, False),
        (replace(NO_RUN, workflows=(state(OTHER),)), {}, True),
        (replace(NO_RUN, workflows=(state(OTHER), state(is_now="active"))), {}, False),
        (replace(NO_RUN, workflows=(state(), state(OTHER, "active"))), {}, True),
        (replace(NO_RUN, workflows=(state(OTHER),)), {"workflow": "backup.yml"}, False),
        (replace(NO_RUN, workflows=(state(OTHER),)), {"workflow": "x/other.yml"}, True),
        (replace(NO_RUN, workflows=(state(OTHER),), ours=state()), {}, False),
        (replace(NO_RUN, workflows=(state(),), ours=state()), {}, True),
        (workflow(None, workflows=(state(OTHER),)), {}, False),
        (workflow(None, workflows=(state(),)), {}, True),
        (run_of(workflow(None, workflows=(state(),)), path=f"{PATH}@main"), {}, True),
    ],
)
def test_the_backups_own_workflow_is_disabled(
    seen: WorkflowEvidence, names: dict[str, Any], told: bool
) -> None:
    one = case(seen, names=Names(repository="acme/app", **names))

    assert ("workflow/disabled" in codes(one)) is told


def test_a_workflow_that_was_disabled_after_the_run_stops_only_the_next_one() -> None:
    then = finding(case(replace(NO_RUN, workflows=(state(),)), NO_FILE), "workflow/disabled")
    since = finding(case(workflow(None, workflows=(state(),))), "workflow/disabled")
    next_one = WorkflowEvidence(run=NO_BACKUP, workflows=(state(),), ours=state())

    assert (then.role, then.breaks) == (Role.CAUSE, (STARTS,))
    assert (since.role, since.severity, since.breaks) == (Role.CONTEXT, Severity.WARN, ())
    assert finding(ahead(next_one), "workflow/disabled").role is Role.CAUSE


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (workflow(None, jobs=(), job=None), True),
        (run_of(workflow(None, jobs=(), job=None), conclusion="startup_failure"), True),
        (run_of(workflow(None, jobs=(), job=None), conclusion="cancelled"), False),
        (run_of(workflow(None, jobs=(), job=None), status="in_progress"), False),
        (workflow(None), False),
        (workflow(None, jobs=UNREACHED, job=None), False),
        (NO_RUN, False),
    ],
)
def test_a_run_that_failed_without_jobs_has_a_file_that_github_cannot_use(
    seen: WorkflowEvidence, told: bool
) -> None:
    assert ("workflow/invalid-file" in codes(case(seen))) is told


def test_what_is_wrong_with_the_file_is_told_where_it_is_known() -> None:
    broken = replace(FILE, problem="It has no jobs.")
    failed = workflow(None, jobs=(), job=None)

    def summary(file: Any) -> str:
        found = finding(case(replace(failed, file=file)), "workflow/invalid-file").found
        return found.summary

    assert summary(broken).endswith("It has no jobs.")
    assert summary(FILE).endswith("the workflow file.")
    assert summary(None).endswith("the workflow file.")


@pytest.mark.parametrize(
    ("file", "told"),
    [(replace(FILE, problem="x"), True), (FILE, False), (UNREACHED, False), (None, False)],
)
def test_before_the_next_backup_the_file_itself_is_read(file: Any, told: bool) -> None:
    one = ahead(WorkflowEvidence(run=NO_BACKUP, file=file))

    assert ("workflow/invalid-file" in codes(one)) is told


QUEUED = {"status": "queued", "conclusion": None, "started_at": None, "completed_at": None}
DEAD = {"steps": (), "runner_name": None}


@pytest.mark.parametrize(
    ("seen", "now", "told"),
    [
        (job_of(workflow(None), **QUEUED), 16 * MINUTE, True),
        (job_of(workflow(None), **QUEUED), 14 * MINUTE, False),
        (job_of(workflow(None), **DEAD), HOUR, True),
        (job_of(workflow(None), **DEAD, conclusion="startup_failure"), HOUR, True),
        (job_of(workflow(None), **DEAD, conclusion="cancelled"), HOUR, False),
        (job_of(workflow(None), **DEAD, status="in_progress"), HOUR, False),
        (job_of(workflow(None), steps=()), HOUR, False),
        (job_of(workflow(None), runner_name=None), HOUR, False),
        (run_of(workflow(None), conclusion="action_required"), HOUR, True),
        (run_of(workflow(None, job=None), conclusion="action_required"), HOUR, True),
        (workflow(None), HOUR, False),
        (workflow(None, job=None), HOUR, False),
        (NO_RUN, HOUR, False),
    ],
)
def test_a_job_never_started_that_waits_or_died_without_a_runner(
    seen: WorkflowEvidence, now: timedelta, told: bool
) -> None:
    assert ("workflow/not-started" in codes(case(seen, now=CREATED + now))) is told


def test_what_the_job_waits_for_is_told_as_far_as_github_says() -> None:
    waiting = job_of(workflow(None), **QUEUED, annotations=("No runner matches.",))
    run_waits = run_of(workflow(None, job=None, jobs=()), status="waiting", conclusion=None)

    def summary(seen: WorkflowEvidence) -> str:
        return finding(case(seen, now=CREATED + HOUR), "workflow/not-started").found.summary

    assert summary(waiting).endswith("it has been queued for 1 h. GitHub says: No runner matches.")
    assert summary(job_of(waiting, created_at=CREATED + 30 * MINUTE)).count("30 min") == 1
    assert "it has been waiting for 1 h." in summary(run_waits)
    assert "GitHub says" not in summary(run_waits)
    assert "over without" in summary(job_of(workflow(None), **DEAD))
    assert " for " not in summary(job_of(workflow(None), **DEAD))


# How it ended ------------------------------------------------------------------------------------


GOING = {"status": "in_progress", "conclusion": None, "completed_at": None}


def test_a_job_that_is_going_is_told_with_its_time() -> None:
    seen = job_of(workflow(None), **GOING)
    young = finding(case(seen, now=CREATED + HOUR), "workflow/still-running").found
    unstarted = finding(
        case(job_of(workflow(None), **QUEUED), now=CREATED + MINUTE), "workflow/still-running"
    ).found
    jobless = run_of(workflow(None, job=None, jobs=()), status="queued")
    run = finding(case(jobless, now=CREATED + MINUTE), "workflow/still-running").found

    assert "'backup' is still going for 1 h" in young.summary
    assert unstarted.summary == "The job 'backup' has not started yet."
    assert run.summary.startswith("The run is")
    assert "workflow/still-running" not in codes(case(workflow(None)))
    assert "workflow/still-running" not in codes(case(seen))


def test_a_job_that_is_over_is_not_said_to_be_going_while_its_handler_is_to_come() -> None:
    seen = workflow(None)
    assert isinstance(seen.run, Run)
    to_come = RunAttempt(run=seen.run, job=seen.job, update_step=seen.update_step, may_write=True)
    waiting = case(replace(seen, attempts=(to_come,)), now=ENDED + MINUTE)

    assert finding(waiting, "workflow/still-running").found.summary == (
        "The job 'backup' has ended; another job of its run may still write the row."
    )


def test_how_long_a_job_may_take_is_said_by_what_it_was_held_against() -> None:
    def said(**changes: Any) -> str:
        seen = replace(job_of(workflow(None), **GOING), **changes)
        return finding(case(seen), "workflow/overdue").found.summary

    limit = WorkflowFile(path=PATH, job="backup", job_timeout_minutes=30)

    assert said(file=limit).endswith("longer than its limit of 30 min.")
    given = finding(case(replace(job_of(workflow(None), **GOING), file=limit)), "workflow/overdue")
    assert "Give the job a limit" not in {fix.title for fix in given.found.fixes}
    assert said(usual_s=(600.0,)).endswith("much longer than usual.")
    assert said().endswith("longer than the 2 h after which a backup counts as stuck.")


def test_a_job_that_is_overdue_is_told_with_the_step_it_hangs_in() -> None:
    hangs = step("Upload backup to S3", 2, None, status="in_progress")
    seen = replace(steps_of(step("Set up job", 1), hangs, update=step("Update", 3, None)))
    seen = job_of(seen, **GOING)
    found = finding(case(seen), "workflow/overdue")
    plain = finding(case(job_of(workflow(None), **GOING)), "workflow/overdue")

    assert "in the step 'Upload backup to S3'" in found.found.summary
    assert found.breaks == (UPLOADED,)
    assert " in the step" not in plain.found.summary
    assert len(found.found.fixes) == 2
    assert "workflow/overdue" not in codes(case(seen, now=CREATED + HOUR))
    assert "workflow/overdue" not in codes(case(workflow(None)))


MAKE = step("Create backup archive", 1)
UPLOAD = step("Upload backup to S3", 2)
UPDATE = step("Update backup_history", 3, "skipped")


@pytest.mark.parametrize(
    ("seen", "reached"),
    [
        (steps_of(replace(MAKE, conclusion="cancelled"), UPDATE), MADE),
        (steps_of(MAKE, replace(UPLOAD, conclusion="cancelled"), UPDATE), UPLOADED),
        (steps_of(MAKE, UPLOAD, replace(UPDATE, conclusion="cancelled")), FUNCTION),
        (steps_of(MAKE, UPLOAD, replace(UPDATE, conclusion=None, status="in_progress")), FUNCTION),
        (
            steps_of(MAKE, replace(UPLOAD, conclusion="failure"), replace(UPDATE, conclusion=None)),
            UPLOADED,
        ),
        (steps_of(MAKE, UPLOAD, replace(UPDATE, conclusion=None, status="queued")), MADE),
        (steps_of(MAKE, UPLOAD, replace(UPDATE, conclusion="failure", status="queued")), MADE),
        (steps_of(MAKE, UPLOAD, UPDATE), MADE),
        (steps_of(), STARTS),
    ],
)
def test_a_cancelled_job_broke_the_link_that_its_steps_had_come_to(
    seen: WorkflowEvidence, reached: Link
) -> None:
    stopped = job_of(seen, conclusion="cancelled", annotations=("The run was cancelled.",))

    assert finding(case(stopped), "workflow/cancelled").breaks == (reached,)


def test_a_job_before_it_may_be_the_one_that_did_not_end_well() -> None:
    earlier = Job(
        id=1,
        name="make",
        status="completed",
        conclusion="failure",
        steps=(step("aws s3 cp", 1, "failure"),),
    )
    seen = job_of(steps_of(MAKE, UPDATE), conclusion="cancelled", annotations=("x",))
    assert seen.job
    both = replace(seen, jobs=(earlier, seen.job))

    assert finding(case(both), "workflow/cancelled").breaks == (UPLOADED,)


STOPPED = job_of(steps_of(replace(MAKE, conclusion="cancelled"), UPDATE), conclusion="cancelled")
LIMIT_SAID = "The job has exceeded the maximum execution time of 30 minutes."
STEP_SAID = "The action has timed out after 5 minutes."
DENIED = Unseen(why=Why.DENIED, what="annotations may not be read")


def lasting(duration: timedelta, **changes: Any) -> WorkflowEvidence:
    """A cancelled job that lasted so long, without a word of why."""
    return replace(job_of(STOPPED, completed_at=CREATED + duration), **changes)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (job_of(STOPPED, annotations=(LIMIT_SAID,)), "timed-out"),
        (job_of(STOPPED, annotations=(STEP_SAID,)), "timed-out"),
        (job_of(STOPPED, annotations=(STEP_SAID,), conclusion="success"), None),
        (job_of(STOPPED, annotations=("Cancelled by a person.",)), "cancelled"),
        (job_of(STOPPED, annotations=(LIMIT_SAID,), status="in_progress"), None),
        (job_of(STOPPED, conclusion="timed_out"), "timed-out"),
        (
            job_of(STOPPED, steps=(replace(MAKE, conclusion="timed_out"), UPDATE)),
            "timed-out",
        ),
        (replace(STOPPED, log=log(NOT_SAID, NOT_SAID, errors=(STEP_SAID,))), "timed-out"),
        (lasting(30 * MINUTE, file=FILE), "timed-out"),
        (lasting(30 * MINUTE - 5 * SECOND, file=FILE), "timed-out"),
        (lasting(30 * MINUTE - 6 * SECOND, file=FILE), "cancelled"),
        (lasting(6 * HOUR, file=replace(FILE, job_timeout_minutes=None)), "timed-out"),
        (lasting(HOUR, file=replace(FILE, job_timeout_minutes=None)), "cancelled"),
        (lasting(6 * HOUR, file=replace(FILE, job=None)), "cancelled"),
        (lasting(6 * HOUR), "cancelled"),
        (job_of(lasting(6 * HOUR, file=FILE), started_at=None), "cancelled"),
        (job_of(lasting(6 * HOUR, file=FILE), completed_at=None), "cancelled"),
        (job_of(lasting(HOUR, file=FILE), conclusion="failure"), None),
        (job_of(lasting(HOUR, file=FILE), annotations=("x",)), "cancelled"),
    ],
)
def test_a_job_that_was_stopped_timed_out_by_githubs_word_or_by_its_own_limit(
    seen: WorkflowEvidence, expected: str | None
) -> None:
    said = codes(case(seen)) & {"workflow/timed-out", "workflow/cancelled"}

    assert said == ({f"workflow/{expected}"} if expected else set())


def test_the_step_in_which_a_job_was_stopped_is_named() -> None:
    timed_out = finding(
        case(job_of(STOPPED, annotations=(LIMIT_SAID,))), "workflow/timed-out"
    ).found
    stepless = finding(
        case(job_of(STOPPED, annotations=(LIMIT_SAID,), steps=())), "workflow/timed-out"
    ).found
    cancelled = finding(case(lasting(MINUTE, file=FILE)), "workflow/cancelled").found
    before = finding(case(job_of(lasting(MINUTE), steps=())), "workflow/cancelled").found

    assert "in the step 'Create backup archive'" in timed_out.summary
    assert timed_out.evidence[-1].value == LIMIT_SAID
    assert " in the step" not in stepless.summary
    assert "in the step 'Create backup archive'" in cancelled.summary
    assert "before any step ran" in before.summary
    # A re-run would take the file of the same commit, with the old limit.
    assert all("gh run rerun" not in fix.text for fix in timed_out.fixes)
    assert not any(fix.after_row for fix in timed_out.fixes)


def test_a_job_is_run_again_only_where_it_left_no_whole_file_for_its_row() -> None:
    def again(*evidence: Any) -> bool:
        fixes = finding(
            case(lasting(MINUTE, file=FILE), *evidence), "workflow/cancelled"
        ).found.fixes
        return any("gh run rerun" in fix.text for fix in fixes)

    late = job_of(STOPPED, annotations=(LIMIT_SAID,))
    no_file = the_object(head=None, tail=None)
    assert finding(case(late, no_file), "workflow/timed-out").found.fixes[-1].after_row
    assert again(no_file)
    assert not again(the_object())
    assert again(the_object(), row(a_row(status="failed")))


@pytest.mark.parametrize(
    ("seen", "symptom"),
    [
        (lasting(HOUR, unread_annotations=DENIED), True),
        (lasting(MINUTE, unread_annotations=DENIED, file=FILE), False),
        (lasting(HOUR), False),
        (job_of(lasting(HOUR, unread_annotations=DENIED), steps=()), False),
    ],
)
def test_where_neither_annotations_nor_the_limit_can_be_read_a_cancelled_job_proves_nothing(
    seen: WorkflowEvidence, symptom: bool
) -> None:
    found = finding(case(seen), "workflow/cancelled")

    assert (found.role is Role.SYMPTOM) is symptom
    assert (found.breaks == ()) is symptom


def test_a_run_without_jobs_may_have_been_cancelled_and_an_update_that_ended_well_was_not() -> None:
    jobless = run_of(workflow(None, job=None, jobs=()), conclusion="cancelled")
    done = job_of(workflow(BOTH_FAILED, update="success"), conclusion="cancelled")

    assert "workflow/cancelled" in codes(case(jobless))
    assert "workflow/cancelled" not in codes(case(done))
    assert "workflow/cancelled" not in codes(case(NO_RUN))
    assert "workflow/cancelled" not in codes(case(workflow(None, job=None)))


# What failed before the update -------------------------------------------------------------------


RED = replace(MAKE, conclusion="failure")
DONE = replace(UPDATE, conclusion="success")


@pytest.mark.parametrize(
    ("seen", "breaks"),
    [
        (steps_of(RED, UPLOAD, UPDATE), (MADE,)),
        (steps_of(MAKE, replace(UPLOAD, conclusion="failure"), UPDATE), (UPLOADED,)),
        (steps_of(MAKE, UPLOAD, replace(UPDATE, conclusion="failure")), None),
        (steps_of(MAKE, DONE, step("Clean up", 4, "failure"), update=DONE), None),
        (steps_of(RED, DONE), (MADE,)),
        (workflow(None, job=None), None),
        (steps_of(MAKE, UPLOAD, UPDATE), None),
        (replace(steps_of(MAKE, RED), update_step=None), (MADE,)),
        (
            replace(
                steps_of(replace(RED, number=2), update=replace(UPDATE, number=2)),
            ),
            None,
        ),
    ],
)
def test_a_step_that_failed_before_the_update_kept_the_file_from_being_made_or_uploaded(
    seen: WorkflowEvidence, breaks: tuple[Link, ...] | None
) -> None:
    one = case(seen)
    code = "workflow/failed-before-update"

    assert (finding(one, code).breaks if code in codes(one) else None) == breaks


def test_a_step_that_failed_after_the_upload_kept_the_job_from_its_update_alone() -> None:
    between = step("Notify the team", 3, "failure")
    seen = steps_of(MAKE, UPLOAD, between, replace(UPDATE, number=4))
    told = log(NOT_SAID, NOT_SAID, update_seen=False, failed_step=between.name, errors=("boom",))
    uploaded = case(replace(seen, log=told))
    nothing = case(replace(seen, log=replace(told, uploaded=())))
    recorded = case(replace(seen, log=told), row(a_row(status="failed")))
    code = "workflow/failed-before-update"

    assert finding(uploaded, code).breaks == (Link.FUNCTION_UPDATES,)
    assert finding(nothing, code).breaks == (MADE,)
    assert causes(recorded) == [code]


EARLIER = Job(id=1, name="make", status="completed", conclusion="failure", steps=(RED,))


@pytest.mark.parametrize(
    ("earlier", "update", "told"),
    [
        (EARLIER, UPDATE, True),
        (EARLIER, replace(UPDATE, conclusion=None, status="queued"), True),
        (EARLIER, None, True),
        (EARLIER, DONE, False),
        (replace(EARLIER, conclusion="success"), UPDATE, False),
        (replace(EARLIER, steps=(MAKE,)), UPDATE, False),
        (replace(EARLIER, id=7), UPDATE, False),
    ],
)
def test_a_step_of_an_earlier_job_counts_where_the_update_was_not_reached(
    earlier: Job, update: Step | None, told: bool
) -> None:
    seen = job_of(workflow(None), steps=(UPDATE,), conclusion="skipped")
    assert seen.job
    both = replace(seen, update_step=update, jobs=(earlier, seen.job))

    assert ("workflow/failed-before-update" in codes(case(both))) is told


FAILED_UPLOAD = {"upload_errors": ("AccessDenied: no",), "uploaded": ()}
NO_FILE = the_object(head=None, tail=None)


@pytest.mark.parametrize(
    ("changes", "evidence", "told"),
    [
        (FAILED_UPLOAD, (NO_FILE,), True),
        (FAILED_UPLOAD, (), False),
        ({**FAILED_UPLOAD, "uploaded": ("x",)}, (NO_FILE,), False),
        ({"uploaded": ()}, (NO_FILE,), False),
    ],
)
def test_an_upload_that_failed_in_a_green_step_counts_where_there_is_no_file(
    changes: dict[str, Any], evidence: Any, told: bool
) -> None:
    one = case(workflow(log(call(500), NO_GRANT, **changes), update="success"), *evidence)
    code = "workflow/failed-before-update"

    assert (code in codes(one)) is told
    if told:
        assert finding(one, code).breaks == (UPLOADED,)
        assert "green all the same" in finding(one, code).found.summary


def test_an_upload_that_failed_in_the_red_update_step_is_no_green_one() -> None:
    name = "Update backup_history via Edge Function"
    red = {**FAILED_UPLOAD, "errors": FAILED_UPLOAD["upload_errors"], "failed_step": name}
    one = case(workflow(log(NOT_SAID, NOT_SAID, **red), update="failure"), NO_FILE)

    found = finding(one, "workflow/failed-before-update").found

    assert found.summary.startswith(f"The upload failed, in the step {name!r}: ")


def test_the_error_of_a_later_step_is_not_the_first_ones() -> None:
    later = step("Notify", 4, "failure")
    disk = "zip I/O error: No space left on device"
    told = log(NOT_SAID, NOT_SAID, errors=(disk,), told=(disk,), failed_step="Notify")

    found = finding(
        case(replace(steps_of(RED, UPDATE, later), log=told)), "workflow/failed-before-update"
    ).found

    assert found.reason is None
    assert disk not in found.summary


def test_without_a_look_into_the_bucket_the_logs_upload_error_counts() -> None:
    one = case(workflow(log(call(500), NO_GRANT, **FAILED_UPLOAD), update="success"))
    blind = replace(one, evidence={**one.evidence, "object": NOT_THERE})

    assert "workflow/failed-before-update" in codes(blind)


NOT_ALLOWED = (
    "upload failed: An error occurred (AccessDenied) when calling the PutObject operation: User: "
    "arn:aws:iam::1:user/ci is not authorized to perform: {} on resource: x because no "
    "identity-based policy allows the action"
)
REFUSED = (
    "An error occurred (AccessDenied) when calling the PutObject operation: User: "
    "arn:aws:iam::1:user/ci is not authorized to perform: s3:PutObject on resource: x"
)


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        ("An error occurred (AccessDenied) when calling the PutObject operation", "see whether"),
        (NOT_ALLOWED.format("s3:PutObject"), "Give the pipeline's AWS identity s3:PutObject on"),
        (NOT_ALLOWED.format("kms:GenerateDataKey"), "kms:GenerateDataKey on that key"),
        ("s3: AccessDenied: The ciphertext refers to a KMS key", "kms:GenerateDataKey and kms"),
        (
            f"{REFUSED} with an explicit deny in a resource-based policy",
            "resource-based policy that",
        ),
        (f"{REFUSED} with an explicit deny", "no permission helps against it"),
        (f"{REFUSED} because no service control policy allows it", "service control policy allow"),
        ("Not authorized to perform sts:AssumeRoleWithWebIdentity", "trust policy"),
        ("s3: Unable to locate credentials", "had no AWS credentials"),
        ("(ExpiredToken) when calling the PutObject operation", "had expired"),
        ("(InvalidAccessKeyId) when calling the PutObject operation", "does not accept"),
        ("(SignatureDoesNotMatch) when calling the PutObject operation", "does not accept"),
        ("(NoSuchBucket) when calling the PutObject operation", "bucket does not exist"),
        ("(NoSuchBucket) when calling PutObject: AccessDenied", "bucket does not exist"),
        ("(SlowDown) when calling the PutObject operation", "run the workflow again"),
        ("(PermanentRedirect) when calling the PutObject operation", "set AWS_REGION"),
        ("(RequestTimeTooSkewed) when calling the PutObject operation", "clock"),
        ("(InvalidPart) when calling the CompleteMultipartUpload operation", "Read the quoted"),
        ("disk full", "Read the quoted error"),
        ("remote: Invalid username or credentials", "Set the secret with the token again"),
        ("Login failed: invalid credential", "Read the quoted error"),
        ("docker: 403 Access Denied", "Read the quoted error"),
        ("Process completed with exit code 1.", "let the step say what goes wrong"),
    ],
)
def test_what_the_failed_step_says_is_quoted_with_advice(error: str, advice: str) -> None:
    seen = replace(steps_of(RED, UPDATE), log=log(NOT_SAID, NOT_SAID, errors=(error,)))

    found = finding(case(seen), "workflow/failed-before-update").found

    assert found.summary.endswith(f": {error}")
    assert advice in found.fixes[0].text
    assert found.evidence[-1].value == error


def test_a_failed_step_without_a_log_has_nothing_to_quote_and_the_uploads_error_comes_first() -> (
    None
):
    silent = finding(case(steps_of(RED, UPDATE)), "workflow/failed-before-update").found
    both = log(NOT_SAID, NOT_SAID, errors=("exit code 1",), upload_errors=("AccessDenied",))
    told = finding(case(replace(steps_of(RED, UPDATE), log=both)), "workflow/failed-before-update")

    assert silent.summary.endswith("failed")
    assert silent.fixes[0].text.startswith("See the step's log on the run's page")
    assert all(one.label != "error" for one in silent.evidence)
    assert told.found.summary.endswith(": AccessDenied")
    assert told.breaks == (UPLOADED,)


# What the update step did ------------------------------------------------------------------------


STEPLESS = replace(job_of(workflow(None), conclusion="success"), update_step=None)


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (STEPLESS, True),
        (replace(STEPLESS, log=log(NOT_SAID, NOT_SAID, update_seen=False)), True),
        (replace(STEPLESS, log=log(call(500), NOT_SAID)), False),
        (replace(STEPLESS, log=log(NOT_SAID, call(500))), False),
        (job_of(STEPLESS, conclusion="failure"), False),
        (job_of(STEPLESS, status="in_progress"), False),
        (job_of(STEPLESS, steps=()), False),
        (replace(STEPLESS, job=None), False),
        (workflow(None), False),
    ],
)
def test_a_green_job_without_an_update_step_and_without_its_calls_lacks_it(
    seen: WorkflowEvidence, told: bool
) -> None:
    assert ("workflow/step-missing" in codes(case(seen))) is told
    if told:
        assert finding(case(seen), "workflow/step-missing").found.weak


SKIPPED = workflow(None, update="skipped")


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (SKIPPED, True),
        (workflow(None), False),
        (workflow(None, upload="failure", update="skipped"), False),
        (job_of(SKIPPED, conclusion="cancelled"), False),
        (job_of(SKIPPED, conclusion="timed_out"), False),
        (job_of(workflow(None), conclusion="skipped"), True),
        (replace(job_of(workflow(None), conclusion="skipped", steps=()), update_step=None), True),
        (replace(SKIPPED, job=None), True),
        (replace(workflow(None), job=None, update_step=None), False),
    ],
)
def test_an_update_was_skipped_although_nothing_before_it_failed(
    seen: WorkflowEvidence, told: bool
) -> None:
    assert ("workflow/step-skipped" in codes(case(seen))) is told


def test_what_was_skipped_is_named_with_its_condition() -> None:
    conditional = replace(FILE, update_step=WorkflowStep(name="u", condition="inputs.on"))

    def summary(seen: WorkflowEvidence) -> str:
        return finding(case(seen), "workflow/step-skipped").found.summary

    assert "'Update backup_history via Edge Function' was skipped." in summary(SKIPPED)
    assert "'backup' was skipped." in summary(job_of(workflow(None), conclusion="skipped"))
    assert "its condition is 'inputs.on'" in summary(replace(SKIPPED, file=conditional))


@pytest.mark.parametrize(
    ("file", "missing", "skipped"),
    [
        (FILE, True, False),
        (replace(FILE, problem="x"), False, False),
        (UNREACHED, False, False),
        (None, False, False),
        (replace(FILE, update_step=WorkflowStep(name="u")), False, False),
        (replace(FILE, update_step=WorkflowStep(name="u", condition="always()")), False, False),
        (replace(FILE, update_step=WorkflowStep(name="u", condition="false")), False, True),
        (
            replace(FILE, update_step=WorkflowStep(name="u", condition="${{ false }}")),
            False,
            True,
        ),
        (
            replace(FILE, update_step=WorkflowStep(name="u", condition="false || x")),
            False,
            False,
        ),
    ],
)
def test_before_the_next_backup_the_file_tells_whether_its_update_step_can_run(
    file: Any, missing: bool, skipped: bool
) -> None:
    one = ahead(WorkflowEvidence(run=NO_BACKUP, file=file))

    assert ("workflow/step-missing" in codes(one)) is missing
    assert ("workflow/step-skipped" in codes(one)) is skipped
    if missing:
        assert finding(one, "workflow/step-missing").found.weak
        assert finding(one, "workflow/step-missing").breaks == (FUNCTION, FALLBACK)


def test_the_steps_that_the_file_has_are_shown_where_there_are_any() -> None:
    def shown(file: WorkflowFile) -> int:
        one = ahead(WorkflowEvidence(run=NO_BACKUP, file=file))
        return len(finding(one, "workflow/step-missing").found.evidence)

    assert shown(FILE) == 0
    assert shown(replace(FILE, steps=(WorkflowStep(name="a"),))) == 1


def test_a_look_up_that_found_nothing_is_told_of_a_row_that_is_not_right() -> None:
    seen = workflow(log(NOT_SAID, NOT_SAID, backup_id_not_found="Could not find backup_id"))
    code = "workflow/backup-id-not-found"

    assert code in codes(case(seen))
    assert code not in codes(case(seen, row(finished_row())))
    assert code not in codes(case(workflow(BOTH_FAILED)))
    assert code not in codes(case(workflow(None)))


@pytest.mark.parametrize(
    ("answer", "how"),
    [
        (call(500), "failed (HTTP 500)."),
        (Call(outcome=Outcome.TIMED_OUT), "failed: no answer in time."),
        (Call(outcome=Outcome.UNREACHABLE), "failed: nothing answered."),
        (Call(outcome=Outcome.REFUSED), "failed."),
    ],
)
def test_how_the_functions_call_failed_is_told(answer: Call, how: str) -> None:
    one = case(workflow(log(answer, NO_GRANT)))

    assert finding(one, "workflow/edge-call-failed").found.summary.endswith(how)


@pytest.mark.parametrize(
    ("seen", "asks"),
    [
        (function(), False),
        (function(key_sent=False), True),
        (function(record=NOT_THERE), True),
        (function(record=FunctionRecord(slug="x", status="ACTIVE")), False),
    ],
)
def test_more_access_is_asked_for_where_it_would_tell_whose_refusal_it_is(
    seen: Any, asks: bool
) -> None:
    one = case(workflow(BOTH_FAILED), seen)
    blind = replace(one, evidence={**one.evidence, "function": NOT_THERE})

    assert bool(finding(one, "workflow/edge-call-failed").found.fixes) is asks
    assert finding(blind, "workflow/edge-call-failed").found.fixes


def test_calls_that_did_not_fail_are_not_said_to() -> None:
    one = case(workflow(log(call(200), NOT_SAID)))

    assert "workflow/edge-call-failed" not in codes(one)
    assert "workflow/fallback-failed" not in codes(one)


def test_the_direct_update_failed_by_the_log_else_by_its_red_step() -> None:
    logged = finding(case(workflow(BOTH_FAILED)), "workflow/fallback-failed")
    unproved = case(workflow(BOTH_FAILED), RlsEvidence(proof=NOT_THERE))
    unread = finding(case(workflow(None)), "workflow/fallback-failed")

    assert (logged.role, logged.breaks) == (Role.CAUSE, (FALLBACK,))
    assert [fix.title for fix in logged.found.fixes] == [
        "Correct what the answer to the update names"
    ]
    assert finding(unproved, "workflow/fallback-failed").found.fixes
    assert (unread.role, unread.breaks) == (Role.SYMPTOM, ())
    assert "workflow/fallback-failed" not in codes(case(workflow(None, update="success")))
    assert "workflow/fallback-failed" not in codes(case(workflow(log(call(500), NOT_SAID))))
    assert "workflow/fallback-failed" not in codes(case(NO_RUN))


@pytest.mark.parametrize("status", [402, 502, 521, 522, 530, 540, 544])
def test_what_stands_before_the_database_is_not_taken_for_it(status: int) -> None:
    one = case(workflow(log(call(500, '{"error":"no"}'), call(status, "error code"))))

    found = finding(one, "workflow/fallback-failed").found

    assert [fix.title for fix in found.fixes] == [SEE_PROJECT.title]


def test_a_check_that_was_left_out_is_asked_for_rather_than_a_setting() -> None:
    one = replace(case(workflow(BOTH_FAILED)), skipped=("rls",))
    without = replace(one, evidence={**one.evidence, "rls": NOT_THERE})

    (fix,) = finding(without, "workflow/fallback-failed").found.fixes

    assert fix.text == "Run the check rls too, which was left out."


def test_a_direct_update_that_changed_no_row_failed_and_is_one_cause_with_a_function_that_misses_it() -> (
    None
):
    missed, unchanged = call(404, '{"error":"Backup not found"}'), call(200, "[]", rows=0)
    unseen = RlsEvidence(proof=NOT_THERE)
    both = case(workflow(log(missed, unchanged, lookup_call=call(200, rows=1))), unseen)
    only_direct = case(workflow(log(call(500, "it broke"), unchanged)), unseen)
    of_a_right_row = case(workflow(log(missed, unchanged)), row(finished_row()))

    assert causes(both) == ["workflow/fallback-failed"]
    assert finding(both, "workflow/fallback-failed").found.summary == (
        "The direct update changed no row (HTTP 200), which the step's own look-up had found."
    )
    assert causes(only_direct) == ["function/server-error", "workflow/fallback-failed"]
    assert "workflow/fallback-failed" not in codes(of_a_right_row)


def test_without_the_check_of_the_policies_the_direct_update_asks_for_it() -> None:
    one = case(workflow(BOTH_FAILED))
    blind = replace(one, evidence={**one.evidence, "rls": NOT_THERE})

    assert finding(blind, "workflow/fallback-failed").found.fixes


GREEN = workflow(log(NOT_SAID, NOT_SAID), update="success")
YOUNG: dict[str, Any] = {"now": CREATED + MINUTE}


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (case(GREEN), True),
        (case(GREEN, row(rows=())), True),
        (case(GREEN, row(finished_row())), False),
        (case(GREEN, row(a_row(status="failed"))), False),
        (case(GREEN, row(a_row(), finished_row(id="2"))), False),
        (case(workflow(BOTH_FAILED)), False),
        (case(replace(GREEN, run=UNREACHED), **YOUNG), False),
        (case(replace(GREEN, update_step=None)), False),
    ],
)
def test_a_green_step_that_did_not_update_the_row(one: Any, told: bool) -> None:
    assert ("workflow/green-but-failed" in codes(one)) is told


def test_the_green_steps_own_log_is_shown_and_how_long_the_row_waits() -> None:
    quoted = workflow(log(NOT_SAID, NOT_SAID, update_excerpt=("a", "b")), update="success")
    told = finding(case(quoted), "workflow/green-but-failed").found
    silent = finding(case(GREEN, row(a_row(created_at=None))), "workflow/green-but-failed").found

    assert told.evidence[-1].value == "a\nb"
    assert "was not updated in 5 h." in told.summary
    assert silent.summary.endswith("was not updated.")
    assert all(one.label != "log of the step" for one in silent.evidence)


# What of GitHub could not be seen ----------------------------------------------------------------


LAST = Run(id=5, title="Backup", status="completed", conclusion="failure")


@pytest.mark.parametrize(
    ("recent", "told"),
    [
        ((LAST,), True),
        ((replace(LAST, conclusion="timed_out"),), True),
        ((replace(LAST, conclusion="startup_failure"),), True),
        ((replace(LAST, conclusion="success"), LAST), False),
        ((LAST, replace(LAST, id=6, conclusion="success")), True),
        ((), False),
        (UNREACHED, False),
    ],
)
def test_the_last_run_failed(recent: Any, told: bool) -> None:
    one = ahead(WorkflowEvidence(run=NO_BACKUP, recent=recent))

    assert ("workflow/last-run-failed" in codes(one)) is told
    if told:
        assert "(5)" in finding(one, "workflow/last-run-failed").found.summary


@pytest.mark.parametrize(
    ("function", "direct", "told"),
    [
        (call(404), call(403), True),
        (NOT_SAID, call(403), True),
        (call(404), call(204), False),
        (call(200), call(403), False),
        # Whether another way was tried is not known.
        (call(404), NOT_SAID, False),
    ],
)
def test_a_green_last_run_failed_where_the_words_of_its_log_tell_that_no_update_got_through(
    function: Call, direct: Call, told: bool
) -> None:
    green = replace(LAST, conclusion="success")
    seen = WorkflowEvidence(run=NO_BACKUP, recent=(green,), recent_log=log(function, direct))

    assert ("workflow/last-run-failed" in codes(ahead(seen))) is told


def test_the_runs_are_listed_by_hand_for_their_workflow_where_it_is_known() -> None:
    def command(ours: Any) -> str:
        seen = WorkflowEvidence(run=NO_BACKUP, recent=(LAST,), ours=ours)
        return str(finding(ahead(seen), "workflow/last-run-failed").found.evidence[0].command)

    assert "--workflow backup.yml" in command(state())
    assert "--workflow" not in command(UNREACHED)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (workflow(Unseen(why=Why.GONE, what="x")), "logs-expired"),
        (workflow(Unseen(why=Why.DENIED, what="x")), "no-access"),
        (workflow(Unseen(why=Why.BAD_CREDENTIALS, what="x")), "no-access"),
        (workflow(Unseen(why=Why.UNREACHABLE, what="x")), None),
        (workflow(None, run=Unseen(why=Why.DENIED, what="x")), "no-access"),
        (workflow(None, jobs=Unseen(why=Why.DENIED, what="x")), "no-access"),
        (workflow(BOTH_FAILED), None),
    ],
)
def test_a_log_that_is_gone_or_may_not_be_read_is_a_note(
    seen: WorkflowEvidence, expected: str | None
) -> None:
    said = codes(case(seen)) & {"workflow/logs-expired", "workflow/no-access"}

    assert said == ({f"workflow/{expected}"} if expected else set())


def test_the_remedy_for_a_token_that_may_not_look_is_given_where_there_is_one() -> None:
    def fixes(remedy: str | None) -> int:
        seen = workflow(Unseen(why=Why.DENIED, what="x", remedy=remedy))
        return len(finding(case(seen), "workflow/no-access").found.fixes)

    assert fixes("Give it actions: read.") == 1
    assert fixes(None) == 0


# What its file leaves open -----------------------------------------------------------------------


STRICT = WorkflowStep(name="Update", script="curl --fail x", condition="always()")
FULL = replace(FILE, update_step=STRICT)
ADVICE = {
    "workflow/untitled-run",
    "workflow/no-timeout",
    "workflow/failure-unrecorded",
    "workflow/errors-swallowed",
}


def advised(file: Any, **changes: Any) -> set[str]:
    seen = workflow(None, **{"file": file, "found_by": FoundBy.LOG, **changes})
    return codes(case(seen)) & ADVICE


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (FULL, set()),
        (replace(FULL, run_name=None), {"workflow/untitled-run"}),
        (replace(FULL, run_name="Backup"), {"workflow/untitled-run"}),
        (replace(FULL, run_name="${{ inputs['id'] }}"), set()),
        (replace(FULL, run_name="${{ github.event.client_payload.id }}"), set()),
        (replace(FULL, job_timeout_minutes=None), {"workflow/no-timeout"}),
        (replace(FULL, job_timeout_minutes=0.0), set()),
        (replace(FULL, job=None, run_name=None, job_timeout_minutes=None), set()),
        (replace(FULL, problem="x", run_name=None), set()),
        (replace(FILE, run_name=None), {"workflow/untitled-run"}),
        (None, set()),
        (UNREACHED, set()),
    ],
)
def test_what_the_file_leaves_open_is_a_note(file: Any, expected: set[str]) -> None:
    assert advised(file) == expected


def test_a_failure_that_was_recorded_needs_no_step_that_records_one() -> None:
    bare = WorkflowStep(name="Update", script="bash backup.sh")
    seen = workflow(None, file=replace(FULL, update_step=bare))

    assert "workflow/failure-unrecorded" in codes(case(seen))
    assert "workflow/failure-unrecorded" not in codes(case(seen, row(a_row(status="failed"))))


def test_a_step_that_does_all_and_fails_to_upload_has_one_finding() -> None:
    error = "Failed to copy: AccessDenied: Access Denied"
    red = log(
        NOT_SAID,
        NOT_SAID,
        uploaded=(),
        upload_errors=(error,),
        errors=(error,),
        failed_step="Update backup_history via Edge Function",
    )
    other = replace(red, failed_step="Upload", errors=("psql: no such host",))

    one = codes(case(workflow(red), NO_FILE))

    assert {"workflow/failed-before-update"} == one & {
        "workflow/failed-before-update",
        "workflow/fallback-failed",
    }
    assert "workflow/fallback-failed" in codes(case(workflow(other), NO_FILE))


@pytest.mark.parametrize(
    ("why", "advice"), [(Why.GONE, "no longer has its log"), (Why.NOT_FOUND, "on the run's page")]
)
def test_a_log_that_is_gone_is_not_to_be_read(why: Why, advice: str) -> None:
    seen = workflow(Unseen(why=why, what="No log."), upload="failure", update="skipped")

    fixes = finding(case(seen, NO_FILE), "workflow/failed-before-update").found.fixes

    assert advice in fixes[0].text


def test_of_an_answer_in_xml_the_code_and_the_message_are_quoted() -> None:
    error = (
        "<Error><Code>AccessDenied</Code><Message>Access Denied</Message><RequestId>x0</RequestId>"
        "</Error>S3_KEY=backups/a.zip"
    )
    green = log(NOT_SAID, NOT_SAID, uploaded=(), upload_errors=(error,))

    found = finding(case(workflow(green), NO_FILE), "workflow/failed-before-update").found

    assert found.summary.endswith("It says: AccessDenied: Access Denied")
    assert any("RequestId" in str(one.value) for one in found.evidence)


NAMED = "Update backup_history via Edge Function"
CRASH = "NotFound: No such file or directory: '/tmp/meta.json'"


REFUSED = 'Error: 401: {"message": "No API key found in request"}'


@pytest.mark.parametrize(
    ("error", "complaints", "expected"),
    [
        (CRASH, (CRASH,), Role.CAUSE),
        (CRASH, (), Role.SYMPTOM),
        (REFUSED, (REFUSED,), Role.SYMPTOM),
    ],
)
def test_an_update_step_that_names_its_error_before_any_call_failed_of_that(
    error: str, complaints: tuple[str, ...], expected: Role
) -> None:
    told = log(NOT_SAID, NOT_SAID, failed_step=NAMED, errors=(error,), complaints=complaints)

    found = finding(case(workflow(told)), "workflow/fallback-failed")

    assert found.role is expected
    assert error in found.found.summary


def test_a_run_that_was_found_by_its_title_has_one() -> None:
    assert advised(replace(FULL, run_name=None), found_by=FoundBy.TITLE) == set()


@pytest.mark.parametrize(
    ("condition", "after_failure", "told"),
    [
        (None, (), True),
        ("success()", (), True),
        ("always()", (), False),
        ("${{ failure() }}", (), False),
        ("${{ cancelled() }}", (), False),
        (None, ("Record a failure",), False),
    ],
)
def test_a_failure_is_recorded_by_a_step_that_runs_all_the_same(
    condition: str | None, after_failure: tuple[str, ...], told: bool
) -> None:
    update = replace(STRICT, condition=condition)
    file = replace(FULL, update_step=update, after_failure=after_failure)

    assert ("workflow/failure-unrecorded" in advised(file)) is told


@pytest.mark.parametrize(
    ("update", "told"),
    [
        (STRICT, False),
        (replace(STRICT, continue_on_error=True), True),
        (replace(STRICT, script="curl --fail x || true"), True),
        (replace(STRICT, script="curl x"), True),
        (replace(STRICT, script="curl x", uses="some/action@v1"), False),
        (replace(STRICT, script=""), False),
    ],
)
def test_an_update_step_swallows_errors_that_is_green_whatever_happened(
    update: WorkflowStep, told: bool
) -> None:
    file = replace(FULL, update_step=update)

    assert ("workflow/errors-swallowed" in advised(file, update="success")) is told
    # In this run it was red.
    assert "workflow/errors-swallowed" not in advised(file)


def test_the_files_line_is_read_by_hand_at_the_commit_that_ran() -> None:
    def command(sha: str) -> str:
        seen = run_of(workflow(None, file=replace(FULL, job_timeout_minutes=None)), head_sha=sha)
        return str(finding(case(seen), "workflow/no-timeout").found.evidence[0].command)

    assert "?ref=abc" in command("abc")
    assert "?ref" not in command("")


# How it is shown ---------------------------------------------------------------------------------


def test_the_run_is_shown_with_how_it_was_found_and_its_steps() -> None:
    stepless = job_of(workflow(BOTH_FAILED), steps=())

    shown = finding(case(SKIPPED), "workflow/step-skipped").found.evidence
    bare = finding(case(job_of(stepless, conclusion="skipped")), "workflow/step-skipped").found

    assert [one.label for one in shown] == ["run", "steps"]
    assert "found by the dispatch id in the run's title" in shown[0].value
    assert "skipped: Update backup_history via Edge Function" in shown[1].value
    assert [one.label for one in bare.evidence] == ["run"]


RED_UPDATE = "Update backup_history via Edge Function"
NO_HOST = 'psql: error: could not translate host name "db.x.supabase.co" to address: unknown'


def died(line: str, function: Call = NOT_SAID, direct: Call = NOT_SAID) -> Any:
    """A backup whose update step ended with this line."""
    told = log(function, direct, failed_step=RED_UPDATE, errors=(line,), failed_excerpt=(line,))
    return case(workflow(told))


def test_a_known_error_of_a_tool_that_ended_the_update_step_is_the_reason() -> None:
    unanswered = died(NO_HOST, direct=call(None, outcome=Outcome.UNREACHABLE))
    before_any_call = died("ModuleNotFoundError: No module named 'requests'")
    answered = died(NO_HOST, direct=call(403, '{"code":"42501"}'))

    psql = finding(unanswered, "workflow/fallback-failed").found
    python = finding(before_any_call, "workflow/fallback-failed").found

    assert psql.reason == "postgres/host-not-found"
    assert psql.summary.startswith(
        "The direct update failed: the database's host name leads nowhere"
    )
    assert psql.fixes[0].title == "Fix what the step reports"
    assert (python.reason, causes(before_any_call)) == (
        "python/module-missing",
        ["workflow/fallback-failed"],
    )
    assert finding(answered, "workflow/fallback-failed").found.reason is None


LOCK_MISMATCH = (
    "npm error `npm ci` can only install packages when your package.json and package-lock.json or "
    "npm-shrinkwrap.json are in sync."
)
REFUSED_NOW = (function(record=None), rls(Reach.REFUSED, sqlstate="42501"))


def test_what_the_update_step_died_of_while_it_installed_is_not_laid_to_what_is_refused_now() -> (
    None
):
    told = log(NOT_SAID, NOT_SAID, failed_step=RED_UPDATE, errors=(LOCK_MISMATCH,))
    installing = case(workflow(told), *REFUSED_NOW)
    calling = case(workflow(replace(told, errors=("exit 1",))), *REFUSED_NOW)

    assert causes(installing) == ["workflow/fallback-failed"]
    assert role(installing, "function/not-deployed") is Role.CONTEXT
    assert role(installing, "rls/no-grant") is Role.CONTEXT
    assert "in sync.." not in finding(installing, "workflow/fallback-failed").found.summary
    assert causes(calling) == ["function/not-deployed", "rls/no-grant"]


def test_an_unknown_error_of_the_update_step_is_quoted() -> None:
    found = finding(died("IndexError: list index out of range"), "workflow/fallback-failed").found

    assert found.summary == (
        f"The step {RED_UPDATE!r} failed; its log does not say of which call. It says: IndexError: list "
        "index out of range"
    )


def test_the_one_way_to_the_row_is_named_once() -> None:
    one_way = Attempt(
        kind="sql",
        name="SQL update of backup_history",
        place="run",
        updates=True,
        call=call(None, outcome=Outcome.UNREACHABLE),
    )
    told = log(NOT_SAID, call(None, outcome=Outcome.REFUSED), attempts=(one_way,))

    found = finding(case(workflow(told)), "workflow/fallback-failed").found

    assert found.summary == "The SQL update of backup_history failed."


def test_a_step_that_printed_nothing_is_told_by_its_exit_code() -> None:
    calls = ("function update-backup", "direct update of backup_history")
    silent = SilentExit(code=22, calls=calls)
    one = case(workflow(log(NOT_SAID, NOT_SAID, silent=silent)))

    (cause,) = diagnosed(one).causes
    assert cause.code == "workflow/fallback-failed"
    assert cause.breaks == (FUNCTION, FALLBACK)
    assert "both failed" in cause.found.summary
    assert "HTTP status of 400 or more" in cause.found.summary
    assert "--fail-with-body" in cause.found.fixes[0].text
