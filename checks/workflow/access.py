"""What of GitHub could not be seen, and what the last run says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.workflow.told import refused_updates, why_it_failed
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.log import LogReading
from backup_doctor.evidence.workflow import WorkflowEvidence, WorkflowState
from backup_doctor.judge.commands import doctor, gh
from backup_doctor.judge.framework import Found, Rules
from backup_doctor.judge.show import exhibit, manual, setting, shell
from backup_doctor.services.told import told_by

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case


rules = Rules[WorkflowEvidence]()

RED = ("failure", "timed_out", "startup_failure")


@rules.warning("workflow/last-run-failed")
def last_run_failed(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The last run of the backup's workflow did not end well; what broke it may still hold.

    Detected: in `preflight`, the newest finished run's conclusion is failure, timed_out or
    startup_failure, or its log shows that every update of the row was refused. That alone proves
    nothing about the next one: some faults pass, and some (an upload that is denied) cannot be seen
    without writing.
    Cause: what that run's log says, which is quoted; its own diagnosis says more.
    Fix: diagnose that run.
    By hand: the runs' list on GitHub.
    Source: guide, prevention.
    """
    recent = () if isinstance(seen.recent, Unseen) else seen.recent
    last = recent[0] if recent else None
    refused = refused_updates(seen.recent_log)
    if last is None or not (last.conclusion in RED or refused):
        return None
    told = told_by(seen.recent_log) if isinstance(seen.recent_log, LogReading) else None
    ended = [f"{run.id}: {run.conclusion}, {run.title}" for run in recent]
    ours = seen.ours if isinstance(seen.ours, WorkflowState) else None
    workflow = ("--workflow", ours.path.rsplit("/", 1)[-1]) if ours else ()
    return Found(
        summary=f"The last run of the workflow ({last.id}) ended with {last.conclusion}"
        f"{why_it_failed(seen.recent_log, told, refused)} What broke it may break the next one.",
        evidence=(
            exhibit(
                "last runs",
                ended,
                "GitHub API",
                gh(case, "run", "list", *workflow),
            ),
            *(
                exhibit(f"answer to the {one.name}", "\n".join(one.call.lines), "its log")
                for one in refused
            ),
        ),
        fixes=(
            *(
                manual("Fix what the step reports", text)
                for text in (told.fixes[:1] if told else ())
            ),
            shell("Find out why", doctor(case, "--run-id", str(last.id))),
        ),
    )


@rules.context("workflow/logs-expired")
def logs_expired(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The run's log is gone: GitHub keeps it for 90 days at most in public repositories.

    Detected: GitHub answers 410 for the log.
    Cause: the retention of the repository.
    Fix: none for this run; the diagnosis then rests on what can be seen now.
    By hand: open the job on GitHub.
    Source: GitHub, log retention.
    """
    if not isinstance(seen.log, Unseen) or seen.log.why is not Why.GONE:
        return None
    return Found(summary=f"The run's log is gone. {seen.log.what}")


@rules.context("workflow/no-access")
def no_access(seen: WorkflowEvidence, case: Case) -> Found | None:
    """The doctor may not see the runs, or not their log.

    Detected: GitHub answers 401, 403, or 404 for a private repository.
    Cause: a token without `actions: read`, an expired token, another repository's token.
    Fix: give the doctor a token that may read the repository's actions.
    By hand: `gh run list` with the same token.
    Source: GitHub, permissions of GITHUB_TOKEN.
    """
    refused = next(
        (
            one
            for one in (seen.run, seen.jobs, seen.log)
            if isinstance(one, Unseen) and one.why in (Why.DENIED, Why.BAD_CREDENTIALS)
        ),
        None,
    )
    if refused is None:
        return None
    return Found(
        summary=f"GitHub does not let the doctor look. {refused.what}",
        fixes=(setting("Give the doctor a token that may", refused.remedy),)
        if refused.remedy
        else (),
    )
