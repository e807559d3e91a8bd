"""What GitHub says: the run, its jobs and steps, its log, and the workflow file at its commit."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from doctor.evidence.base import Evidence, Fact, Unseen, unseen
from doctor.evidence.log import LogReading


class FoundBy(StrEnum):
    """How the run was found, strongest first. The report says which."""

    ROW = "the row's workflow_run_id"
    FLAG = "--run-id"
    ENVIRONMENT = "the run that this doctor is part of"
    TITLE = "the dispatch id in the run's title"
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
    """A job of the run. No steps and no runner: it never started."""

    id: int
    name: str
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


class WorkflowState(Fact, frozen=True, kw_only=True):
    """A workflow of the repository: `state` is active, disabled_manually, disabled_inactivity, ..."""

    id: int
    name: str
    path: str
    state: str


class WorkflowStep(Fact, frozen=True, kw_only=True):
    """A step as the workflow file has it."""

    name: str
    uses: str | None = None
    condition: str | None = None
    continue_on_error: bool = False
    timeout_minutes: float | None = None
    secrets: tuple[str, ...] = ()
    env: dict[str, str] = {}
    script: str = ""


class WorkflowFile(Fact, frozen=True, kw_only=True):
    """The file of the workflow at the run's commit, as far as the diagnosis uses it.

    `secrets` are the names X of every `secrets.X` in the job that holds the update step (workflow
    and job `env` included); `env_secrets` those that a workflow-wide `env` hands to every step;
    `job_timeout_minutes` is None where the file does not say (GitHub's default is 360).
    `job` is the job's key and `job_name` its `name`; `doctor_jobs` are keys and names of the jobs
    that run backup-doctor; `called` are the paths of workflows of this repository that jobs call;
    `after_failure` are the steps and jobs, the doctor's own aside, that run although something
    before them failed.
    """

    path: str
    job: str | None = None
    job_name: str | None = None
    doctor_jobs: tuple[str, ...] = ()
    called: tuple[str, ...] = ()
    after_failure: tuple[str, ...] = ()
    job_timeout_minutes: float | None = None
    environment: str | None = None
    secrets: tuple[str, ...] = ()
    env_secrets: tuple[str, ...] = ()
    run_name: str | None = None
    steps: tuple[WorkflowStep, ...] = ()
    update_step: WorkflowStep | None = None
    problem: str | None = None


class WorkflowEvidence(Evidence, frozen=True, kw_only=True):
    """Guide step 1: the run of this backup, and what its update step did.

    `run` is None where GitHub answered and no run fits; `searched` then says where was looked, and
    `candidates` are runs that might be it but do not name the dispatch. `job` is the one that holds
    the update step (else the failed one, else the only one); the doctor's own job is never in `jobs`.
    `usual_s` are the durations of recent successful runs, in seconds. `unread_annotations` says why
    GitHub's own words on a job that did not end well could not be read.

    Where no backup is in hand, `ours` is the workflow that makes the backups, `file` its file on
    the default branch, and `recent` its last finished runs, newest first.
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
    unread_annotations: Unseen | None = None

    @property
    def reading(self) -> LogReading | None:
        """The log, where it could be read."""
        return self.log if isinstance(self.log, LogReading) else None

    def saw(self) -> str:
        """The run and how its job stands; without a backup, the workflow's state."""
        if isinstance(self.ours, WorkflowState):
            return f"{self.ours.path} is {self.ours.state}"
        if not isinstance(self.run, Run):
            return "no run found" if self.run is None else ""
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
        return unseen(self.file, self.workflows, self.recent, said)
