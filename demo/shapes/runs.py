"""Runs, jobs and logs as other teams have them."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from backup_doctor.demo.faults.rewriting import UPDATE, age
from backup_doctor.demo.github.state import Job, Run, SecretRecord, Step
from backup_doctor.demo.runner.run import run_workflow
from backup_doctor.demo.runner.unfinished import going, queued, step_names
from backup_doctor.demo.shapes.shape import Shape, back_up
from backup_doctor.demo.world import JOB, WORKFLOW, WORKFLOW_ID
from backup_doctor.evidence.findings import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from backup_doctor.demo.runner.dispatch import Dispatch
    from backup_doctor.demo.world import World

TITLE = 'run-name: "Backup ${{ inputs.dispatch_id }}"\n'
LIMIT = "    timeout-minutes: 30\n"
UPLOAD_STEP = "Upload backup to S3"
MANY = 10_000
BUSY = 450
DIAGNOSE_RUNNER = "GitHub Actions 2"
OTHER_WORDING = (
    (
        'echo "Edge function call succeeded (HTTP $STATUS)"',
        r'printf "\033[32m✓ Function says %s\033[0m\n" "$STATUS"',
    ),
    (
        'echo "Found backup_id $BACKUP_ID"',
        'echo "::group::Row"; echo "row is $BACKUP_ID"; echo "::endgroup::"',
    ),
    (
        'echo "Response: $BODY"\n  succeeded',
        'echo "::group::Answer"; echo "$BODY"; echo "::endgroup::"\n  succeeded',
    ),
)


def untitle(world: World) -> None:
    """The workflow has no `run-name`: all runs are called Backup."""
    world.edit(WORKFLOW, TITLE, "")


def overlap(world: World) -> str:
    """Three backups are dispatched at one time, and no title tells them apart."""
    untitle(world)
    dispatch_ids = [world.insert_row() for _ in range(3)]
    for dispatch_id in dispatch_ids:
        world.run_pipeline(dispatch_id)
    return dispatch_ids[1]


def crowd(world: World) -> None:
    """The repository has ten thousand runs, hundreds of them in the hours around this one."""
    now = datetime.now(UTC)
    gaps = [timedelta(seconds=10) * number for number in range(1, BUSY)]
    gaps += [timedelta(hours=3) + timedelta(minutes=55) * number for number in range(MANY - BUSY)]
    world.repository.runs = [*_runs(world.repository.runs, now, gaps), *world.repository.runs]


def _runs(known: list[Run], now: datetime, gaps: list[timedelta]) -> Iterator[Run]:
    first = min(run.id for run in known) - len(gaps) - 1
    for number, gap in enumerate(gaps):
        yield Run(
            id=first - number,
            workflow_id=WORKFLOW_ID,
            path=WORKFLOW,
            name="Backup",
            title=f"Backup {uuid.uuid4()}",
            created_at=now - gap,
            run_started_at=now - gap,
            updated_at=now - gap + timedelta(minutes=2),
        )


def name_matrix_job(world: World) -> None:
    """GitHub names a job of a matrix after its values, and there are other jobs in the run."""
    (run,) = world.repository.runs
    (job,) = run.jobs
    job.name = "backup (eu-central-1, nightly)"
    moment = run.created_at
    build = replace(
        job,
        id=job.id + 50,
        name="build",
        steps=[Step("Set up job", 1, "completed", "success", moment, moment)],
        log=f"{moment:%Y-%m-%dT%H:%M:%S}.0000000Z Cleaning up orphan processes\n",
    )
    skipped = Job(id=job.id + 60, name="notify", conclusion="skipped", runner_name=None)
    run.jobs = [build, job, skipped]
    text = world.read(WORKFLOW)
    matrix = "    strategy: {matrix: {region: [eu-central-1], kind: [nightly]}}\n"
    named = "    name: backup (${{ matrix.region }}, ${{ matrix.kind }})\n"
    world.repository.files[WORKFLOW] = text.replace("    name: backup\n", named + matrix).encode()


def reword(world: World) -> None:
    """The script says all of it in other words, in colour and in groups."""
    for old, new in OTHER_WORDING:
        world.edit(UPDATE, old, new)


def expire_logs(world: World) -> None:
    """GitHub has deleted the logs."""
    for run in world.repository.runs:
        for job in run.jobs:
            job.log_expired = True


def dispatched_by_event(dispatch: Dispatch) -> Run:
    """The app uses `repository_dispatch`."""
    return run_workflow(**dispatch, event="repository_dispatch")


def use_repository_dispatch(world: World) -> None:
    """The workflow is started by the app's own event."""
    world.actions = dispatched_by_event


def only_organization_secrets(world: World) -> None:
    """The secrets are the organization's, for all of its repositories."""
    world.repository.organization_secrets = world.repository.secrets
    world.repository.secrets = []


def use_environment(world: World) -> None:
    """The job names an environment."""
    world.edit(WORKFLOW, LIMIT, f"{LIMIT}    environment: production\n")


def only_environment_secrets(world: World) -> None:
    """The secrets are the environment's; another environment has some of them too."""
    world.repository.environments = {
        "production": world.repository.secrets,
        "staging": [SecretRecord("VITE_SUPABASE_URL")],
    }
    world.repository.secrets = []


def move_to_enterprise_server(world: World) -> None:
    """The team has a GitHub of its own, whose API is at another path."""
    world.serve_github_at("/api/v3")


# Still going -------------------------------------------------------------------------------------


def wait_for_runner(world: World) -> None:
    """No runner takes the job yet."""
    world.actions = queued


def at_upload(since: timedelta) -> Callable[[World], None]:
    """The job has got as far as the upload, and is at it."""

    def go_on(world: World) -> None:
        run = world.repository.runs[-1]
        going(run, step_names(world.checkout, WORKFLOW, JOB), UPLOAD_STEP)
        age(world, since)

    return go_on


def queued_for(since: timedelta) -> Callable[[World], None]:
    """The job has been waiting for its runner."""
    return lambda world: age(world, since)


def limit_of(minutes: int) -> Callable[[World], None]:
    """The job may take that long."""

    def prepare(world: World) -> None:
        wait_for_runner(world)
        world.edit(WORKFLOW, LIMIT, LIMIT.replace("30", str(minutes)))

    return prepare


def usually_slow(world: World) -> None:
    """The job has no limit, and each of the last runs took an hour and a half."""
    wait_for_runner(world)
    world.edit(WORKFLOW, LIMIT, "")
    now = datetime.now(UTC)
    for number in range(5):
        started = now - timedelta(days=number + 1)
        world.repository.runs.append(
            Run(
                id=19_300_000_000 + number,
                workflow_id=WORKFLOW_ID,
                path=WORKFLOW,
                name="Backup",
                title=f"Backup {uuid.uuid4()}",
                created_at=started,
                run_started_at=started,
                updated_at=started + timedelta(minutes=90),
            )
        )


def no_limit(world: World) -> None:
    """The job has no limit, and it is the first run of its workflow."""
    wait_for_runner(world)
    world.edit(WORKFLOW, LIMIT, "")


def insert_only(world: World) -> str:
    """The row is there, and the app is about to dispatch."""
    return world.insert_row()


# The doctor as a job of the run ------------------------------------------------------------------


def diagnose_in_run(world: World) -> None:
    """The run goes on with a second job, in which the doctor is at work."""
    (run,) = world.repository.runs
    (job,) = run.jobs
    run.status, run.conclusion = "in_progress", None
    moment = datetime.now(UTC)
    run.jobs.append(
        Job(
            id=job.id + 50,
            name="diagnose",
            status="in_progress",
            conclusion=None,
            created_at=moment,
            started_at=moment,
            runner_name=DIAGNOSE_RUNNER,
            steps=[Step("Diagnose", 2, "in_progress", None, moment)],
        )
    )


def in_that_job(world: World) -> Mapping[str, str]:
    """What GitHub Actions tells the doctor's job of itself."""
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_RUN_ID": str(world.repository.runs[-1].id),
        "GITHUB_JOB": "diagnose",
        "GITHUB_REPOSITORY": world.repository.full_name,
        "RUNNER_NAME": DIAGNOSE_RUNNER,
    }


SHAPES: Final = (
    Shape("untitled-run", "the run's title does not name the dispatch", untitle),
    Shape("overlapping", "three backups at one time, and no titles", run=overlap),
    Shape("many-runs", "the repository has ten thousand runs", after=crowd),
    Shape("matrix-job", "the job has a matrix's name and is one of several", after=name_matrix_job),
    Shape("other-wording", "the log has other words, colours and groups", reword),
    Shape("logs-expired", "GitHub has deleted the run's log", after=expire_logs),
    Shape(
        "repository-dispatch", "the app starts the run by its own event", use_repository_dispatch
    ),
    Shape(
        "organization-secrets",
        "the secrets are the organization's",
        after=only_organization_secrets,
    ),
    Shape(
        "environment-secrets",
        "the secrets are the environment's",
        use_environment,
        after=only_environment_secrets,
    ),
    Shape("enterprise-server", "GitHub is a server of the team's own", move_to_enterprise_server),
    Shape(
        "doctor-in-run",
        "the doctor is a job of the run that it looks at",
        after=diagnose_in_run,
        surroundings=in_that_job,
    ),
    Shape(
        "just-inserted",
        "the row is there, and its run not yet",
        run=insert_only,
        verdict=Verdict.RUNNING,
    ),
    Shape(
        "queued-for-minutes",
        "the job has been waiting for a runner for ten minutes",
        wait_for_runner,
        back_up,
        queued_for(timedelta(minutes=10)),
        verdict=Verdict.RUNNING,
    ),
    Shape(
        "slow-within-limit",
        "the job has been at it for almost three hours, and may for longer",
        limit_of(180),
        back_up,
        at_upload(timedelta(minutes=170)),
        verdict=Verdict.RUNNING,
    ),
    Shape(
        "slow-as-usual",
        "the job has been at it for three hours, and its like took half of that",
        usually_slow,
        back_up,
        at_upload(timedelta(hours=3)),
        verdict=Verdict.RUNNING,
    ),
    Shape(
        "slow-as-expected",
        "the job has been at it for five hours, which the configuration expects",
        no_limit,
        back_up,
        at_upload(timedelta(hours=5)),
        configuration='stuck_after = "6h"\n',
        verdict=Verdict.RUNNING,
    ),
)
