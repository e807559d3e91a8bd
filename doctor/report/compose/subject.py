"""What the report is about, and what happened to it when."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from backup_doctor.evidence.findings import Moment, Subject
from backup_doctor.evidence.function import Project
from backup_doctor.evidence.workflow import Run
from backup_doctor.judge.history import update_ran
from backup_doctor.judge.history.file import own_file
from backup_doctor.judge.show import rfc3339

if TYPE_CHECKING:
    from datetime import datetime

    from backup_doctor.evidence.case import Case, Names
    from backup_doctor.evidence.object import ObjectEvidence


def subject_of(case: Case) -> Subject:
    """The backup that the report is about, as far as it is known."""
    row, workflow, seen = case.backup, case.workflow, case.object
    run = workflow.run if workflow and isinstance(workflow.run, Run) else None
    here = seen.present if seen else None
    project = _project(case)
    run_id = str(run.id) if run else (row.workflow_run_id if row else case.asked.run_id)
    job = workflow.job if workflow else None
    return Subject(
        dispatch_id=(row.dispatch_id if row else None)
        or case.asked.dispatch_id
        or (workflow.run_title_dispatch if workflow else None),
        backup_id=row.id if row else case.asked.backup_id,
        run_id=run_id,
        s3_key=(row.s3_key if row and row.s3_key else None)
        or (here.key if here else (seen.expected_key if seen else None)),
        repository=case.names.repository,
        project=case.names.project_ref,
        project_name=project.name or None if project else None,
        run_url=run.html_url or None if run else None,
        job_url=job.html_url or None if job else None,
        function_url=_function_page(case.names),
        file_url=_console_page(seen),
        created_at=rfc3339(row.created_at) if row and row.created_at else None,
    )


def _function_page(names: Names) -> str | None:
    """The function's page in the dashboard; None for a project that Supabase does not host."""
    hosted = urlsplit(names.supabase_url or "").hostname == f"{names.project_ref}.supabase.co"
    if not hosted or not names.calls_function:
        return None
    name = quote(names.function, safe="")
    return f"https://supabase.com/dashboard/project/{names.project_ref}/functions/{name}"


def _console_page(seen: ObjectEvidence | None) -> str | None:
    """The file's page in Amazon's console; None for a file that is not there, or in another store."""
    here = seen.present if seen else None
    if seen is None or here is None or seen.endpoint or not isinstance(seen.bucket, str):
        return None
    bucket, key = quote(seen.bucket, safe=""), quote(here.key, safe="")
    return f"https://console.aws.amazon.com/s3/object/{bucket}?prefix={key}"


def _project(case: Case) -> Project | None:
    project = case.function.project if case.function else None
    return project if isinstance(project, Project) else None


def timeline_of(case: Case) -> tuple[Moment, ...]:
    """What happened to this backup, in order, and when it was diagnosed; nothing if none of it is known."""
    row, workflow = case.backup, case.workflow
    run = workflow.run if workflow and isinstance(workflow.run, Run) else None
    job = workflow.job if workflow else None
    step = workflow.update_step if workflow else None
    here = own_file(case)
    moments: list[tuple[datetime | None, str]] = [
        (row.created_at if row else None, "row created"),
        (run.created_at if run else None, "run created"),
        (job.started_at if job else None, "job started"),
        (here.modified_at if here else None, "file uploaded"),
        (step.started_at if step and update_ran(case) else None, "update step started"),
        (row.finished_at if row else None, "row finished"),
        (job.completed_at if job else None, f"job ended: {job.conclusion}" if job else ""),
    ]
    # GitHub and S3 tell whole seconds: within one, things happened in the chain's order.
    known = sorted(
        ((at, what) for at, what in moments if at is not None),
        key=lambda moment: moment[0].replace(microsecond=0),
    )
    if not known:
        return ()
    return (
        *(Moment(at=rfc3339(at), what=what) for at, what in known),
        Moment(at=rfc3339(case.now), what="diagnosed"),
    )
