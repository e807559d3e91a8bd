"""The zip of a run's logs, put together from the logs of its jobs."""

import io
import re
import zipfile

from backup_doctor.demo.github.state import Job, Run

NAME_LIMIT = 90
"""UTF-16 code units that GitHub leaves of a job's name (cli/cli, pkg/cmd/run/view/logs.go)."""

NEXT_STEP = re.compile(
    r"^\ufeff?\S+Z (##\[group\]Run |Post job cleanup\.|Cleaning up orphan processes)"
)


def archive(attempt: Run) -> bytes:
    """Pack the logs of one attempt as GitHub does.

    Holds `0_<job>.txt` with each job's whole text, `<job>/<number>_<step>.txt`, and
    `<job>/system.txt`. The ordinals go by name, so they say nothing about ids.
    """
    jobs = sorted((job for job in attempt.jobs if job.log is not None), key=lambda job: job.name)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for ordinal, job in enumerate(jobs):
            folder = file_name(job.name)
            target.writestr(f"{ordinal}_{folder}.txt", job.log or "")
            target.writestr(f"{folder}/system.txt", system_log(job))
            for name, text in step_logs(job).items():
                target.writestr(f"{folder}/{name}", text)
    return packed.getvalue()


def step_logs(job: Job) -> dict[str, str]:
    """Cut a job's log into its steps: `<number>_<step>.txt` and its text.

    A step begins where the runner's log says so. If the steps that ran and the parts of the log
    do not match one to one there are no step files, as happens at GitHub too.
    """
    ran = [step for step in job.steps if step.conclusion != "skipped" and step.started_at]
    parts = split_at_steps(job.log or "")
    if len(ran) != len(parts):
        return {}
    return {
        f"{step.number}_{file_name(step.name)}.txt": part
        for step, part in zip(ran, parts, strict=True)
    }


def split_at_steps(log: str) -> list[str]:
    """Cut the text before each line that begins a step."""
    parts = [""]
    for line in log.splitlines(keepends=True):
        if NEXT_STEP.match(line):
            parts.append("")
        parts[-1] += line
    return parts


def system_log(job: Job) -> str:
    """Tell how the job got its runner, as `system.txt` does."""
    time = job.created_at.strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
    return (
        f"{time} Requested labels: {', '.join(job.labels)}\n"
        f"{time} Waiting for a runner to pick up this job...\n"
        f"{time} Job is about to start running on the hosted runner: {job.runner_name} (hosted)\n"
    )


def file_name(name: str) -> str:
    """Make a name fit for the archive: without `/` and `:`, and cut to 90 UTF-16 units."""
    kept = name.replace("/", "").replace(":", "").encode("utf-16-le")[: NAME_LIMIT * 2]
    return kept.decode("utf-16-le", errors="ignore")
