"""What GitHub says: the run, its jobs and steps, its log, and the workflow file at its commit."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from backup_doctor.evidence.base import Evidence, Fact, Shown, Unseen, unseen
from backup_doctor.evidence.log import LogReading


class FoundBy(StrEnum):
    """How the run was found, strongest first. The report says which."""

    ROW = "the row's workflow_run_id"
    FLAG = "--run-id"
    ENVIRONMENT = "the run that this doctor is part of"
    TITLE = "the dispatch id in the run's title"
    NUMBER = "the dispatch id, which is the run's own number"
    STEP_NAME = "the dispatch id in a job's or step's name"
    LOG = "the dispatch id in the run's log"
    ONLY_CANDIDATE = "the only run of the workflow around the row's creation"


class Step(Fact, frozen=True, kw_only=True):
    """A step of a job, as the API has it. A step with continue-on-error is `success` here."""

    name: str
    number: int
    status: str
    conclusion: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None


class Job(Fact, frozen=True, kw_only=True):
    """A job of an attempt. No steps and no runner: it never started, and `started_at` is None."""

    id: int
    name: str
    attempt: int = 1
    status: str
    conclusion: str | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    runner_name: str | None = None
    steps: tuple[Step, ...] = ()
    annotations: tuple[str, ...] = ()
    html_url: str = ""


class Run(Fact, frozen=True, kw_only=True):
    """A run (its latest or the asked attempt). Times are UTC."""

    id: int
    attempt: int = 1
    title: str = ""
    name: str = ""
    event: str = ""
    status: str = ""
    conclusion: str | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    updated_at: datetime | None = None
    head_sha: str = ""
    path: str = ""
    workflow_id: int | None = None
    html_url: str = ""


class RunAttempt(Fact, frozen=True, kw_only=True):
    """One attempt of a run of this dispatch, without the doctor's own jobs.

    `job` is the one that holds the update step, where there is one yet. `may_write`: something of it
    that could write the row has not concluded. `wrote`: its update step ran, so that it may have
    left the row as it is; None where that was not seen.
    """

    run: Run
    found_by: FoundBy | None = None
    job: Job | None = None
    update_step: Step | None = None
    may_write: bool = False
    wrote: bool | None = None


class Approval(Fact, frozen=True, kw_only=True):
    """What a waiting job waits for: the rules that protect its environment.

    `reviewers` are the people and teams of whom one must approve; `wait_minutes` is the
    environment's timer, which runs since `waits_since`.
    """

    environment: str
    reviewers: tuple[str, ...] = ()
    wait_minutes: int = 0
    waits_since: datetime | None = None


class WorkflowState(Fact, frozen=True, kw_only=True):
    """A workflow of the repository: `state` is active, disabled_manually, disabled_inactivity, ..."""

    id: int
    name: str
    path: str
    state: str


class WorkflowStep(Fact, frozen=True, kw_only=True):
    """A step as the workflow file has it; `directory` is where its script runs."""

    name: str
    uses: str | None = None
    condition: str | None = None
    continue_on_error: bool = False
    timeout_minutes: float | None = None
    secrets: tuple[str, ...] = ()
    env: dict[str, str] = {}
    script: str = ""
    directory: str = ""

    @property
    def told(self) -> tuple[str, ...]:
        """All that tells what it does: its name, its action, its script, and what it is given by name."""
        return (self.name, self.uses or "", self.script, *self.secrets, *self.env)


class WorkflowFile(Fact, frozen=True, kw_only=True):
    """The file of the workflow at the run's commit, as far as the diagnosis uses it.

    `secrets` are the names X of every `secrets.X` in the job that holds the update step (workflow
    and job `env` included); `env_secrets` those that a workflow-wide `env` hands to every step;
    `optional` those that the job can do without: each use has a `||` default, or only asks whether
    it is there. `env` is the workflow-wide `env`, `job_env` the job's, by variable and as written.
    `handed` is set in a workflow that another one calls: what the caller's `secrets:` passes for
    each name, and empty where that is no secret; None where the names are GitHub's own (`inherit`).
    `passed` has the same for each workflow that this one calls, `given` what its inputs are given.
    `job_timeout_minutes` is None where the file does not say (GitHub's default is 360).
    `job` is the job's key and `job_name` its `name`; `doctor_jobs` are keys and names of the jobs
    that run backup-doctor; `called` are the workflows that jobs call: paths in this repository,
    or `owner/name/path@ref`;
    `after_failure` are the steps and jobs, the doctor's own aside, that run although something
    before them failed; `writing_jobs` are keys and names of other jobs that could write the row.
    `only_doctor`: all that it does is to run backup-doctor. `events` are what starts it,
    `dispatch_types` the types of repository_dispatch that do (none: any type), and `follows` the
    workflows whose runs do (`workflow_run`), by the names that the file has for them.
    """

    path: str
    job: str | None = None
    job_name: str | None = None
    doctor_jobs: tuple[str, ...] = ()
    called: tuple[str, ...] = ()
    after_failure: tuple[str, ...] = ()
    writing_jobs: tuple[str, ...] = ()
    only_doctor: bool = False
    events: tuple[str, ...] = ()
    dispatch_types: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    job_timeout_minutes: float | None = None
    environment: str | None = None
    secrets: tuple[str, ...] = ()
    env_secrets: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    env: dict[str, str] = {}
    job_env: dict[str, str] = {}
    handed: dict[str, str] | None = None
    passed: dict[str, dict[str, str] | None] = {}
    given: dict[str, dict[str, str]] = {}
    run_name: str | None = None
    steps: tuple[WorkflowStep, ...] = ()
    update_step: WorkflowStep | None = None
    problem: str | None = None


class Held(Fact, frozen=True, kw_only=True):
    """A recent backup whose run ended well, and how the log shows that its row was updated.

    `at` is when its job ended; `way` names the update that was a success there; `buckets` are those
    that its log names. `columns` are those that its script writes itself, `handed` the fields that it
    hands to the function.
    """

    run_id: int
    at: datetime
    way: str
    by_function: bool = False
    buckets: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    handed: tuple[str, ...] = ()


class LastGoodRun(Fact, frozen=True, kw_only=True, tag="LastGood"):
    """The last run that ended well, and what of the failed step's `lines` its log has as well."""

    run_id: int
    lines: tuple[str, ...] = ()


class MissedFollowUp(Fact, frozen=True, kw_only=True):
    """A workflow that updates the row after runs of others, and of which no run came after this one.

    `follows` are the workflows that it waits for, `name` is what the run's own is called.
    """

    workflow: WorkflowState
    follows: tuple[str, ...]
    name: str

    @property
    def listens(self) -> bool:
        """Whether the run's own workflow is one of those that it waits for."""
        return self.name in self.follows


class WorkflowEvidence(Evidence, frozen=True, kw_only=True):
    """Guide step 1: the run of this backup, and what its update step did.

    `attempts` are all attempts of all runs of the dispatch, newest first; `run`, `job`, `update_step`
    and `log` are those of the one that is judged: the one that is going, else the newest that left
    the row as it is. `job` holds the update step (else it is the failed one, else the only one); the
    doctor's own job is never in `jobs`. `usual_s` are the durations of recent successful runs, in
    seconds. `unread_annotations` says why GitHub's own words on a job that did not end well could
    not be read; `approvals` is what a waiting job waits for. `last_good` is only asked for where a
    step failed of an error that is not known. `missed` is only looked for where the run has no update step.
    `beside` are runs of the same workflow for other dispatches that went on at the same time.

    `run` is None where GitHub answered and no run fits; `searched` then says where was looked,
    `candidates` are runs that might be it but do not name the dispatch, `absence` is the proof that a
    run would have been seen (or why there is none), `ours` the workflow that makes the backups, where
    it is known, and `ours_file` its file on the default branch, which is None if it has none there.

    Where no backup is in hand, `ours` is that workflow too, `file` its file, `recent` its last
    finished runs, newest first, `recent_log` the log of the newest of them, and `held` that run if its
    log shows that the row was updated.
    """

    run: Run | Unseen | None
    found_by: FoundBy | None = None
    searched: str = ""
    candidates: tuple[Run, ...] = ()
    jobs: tuple[Job, ...] | Unseen = ()
    job: Job | None = None
    update_step: Step | None = None
    log: LogReading | Unseen | None = None
    file: WorkflowFile | Unseen | None = None
    workflows: tuple[WorkflowState, ...] | Unseen = ()
    usual_s: tuple[float, ...] = ()
    run_title_dispatch: str | None = None
    ours: WorkflowState | Unseen | None = None
    recent: tuple[Run, ...] | Unseen = ()
    recent_log: LogReading | Unseen | None = None
    held: Held | Unseen | None = None
    unread_annotations: Unseen | None = None
    attempts: tuple[RunAttempt, ...] = ()
    approvals: tuple[Approval, ...] | Unseen = ()
    absence: Shown | Unseen | None = None
    ours_file: WorkflowFile | Unseen | None = None
    last_good: LastGoodRun | None = None
    missed: MissedFollowUp | None = None
    beside: tuple[int, ...] = ()

    @property
    def reading(self) -> LogReading | None:
        """The log, where it could be read."""
        return self.log if isinstance(self.log, LogReading) else None

    @property
    def newest_reading(self) -> LogReading | None:
        """The same; where no backup is in hand, the log of the last run."""
        last = self.recent_log if isinstance(self.recent_log, LogReading) else None
        return self.reading or last

    @property
    def ended_without_jobs(self) -> bool:
        """Whether the run is over and never had a job, as far as GitHub shows."""
        run = self.run if isinstance(self.run, Run) else None
        over = run is not None and run.status == "completed"
        return over and not self.job and self.jobs == () and not self.reading

    def saw(self) -> str:
        """The run and how its job stands; without a backup, the workflow's state."""
        if self.run is None:
            return "no run found"
        if isinstance(self.ours, WorkflowState):
            return f"{self.ours.path} is {self.ours.state}"
        if not isinstance(self.run, Run):
            return ""
        attempt = f" (attempt {self.run.attempt})" if self.run.attempt > 1 else ""
        job = self.job
        stands = f", job {job.name}: {job.conclusion or job.status}" if job else ""
        return f"run {self.run.id}{attempt}{stands}"

    def gaps(self) -> tuple[Unseen, ...]:
        """The run, its jobs, and the log of a job that ran; without a backup, its workflow."""
        if self.ours is not None:
            return unseen(self.ours)
        return unseen(self.run, self.jobs, self.log)

    def notes(self) -> tuple[Unseen, ...]:
        """The workflow file explains, but is not needed; annotations, where only they tell why."""
        untold = self.job is not None and (self.job.conclusion == "cancelled" or not self.job.steps)
        said = self.unread_annotations if untold else None
        script = self.reading.unread_script if self.reading else None
        return unseen(self.file, self.workflows, self.recent, said, script)
