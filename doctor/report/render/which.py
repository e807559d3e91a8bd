"""Which backup a report is of: its names and pages, and the command that diagnoses it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from backup_doctor.base.quoting import for_shell
from backup_doctor.evidence.findings import Verdict

if TYPE_CHECKING:
    from backup_doctor.evidence.findings import Report, Subject


class SubjectLine(NamedTuple):
    """Something that tells which backup this is, and the page on which people see it."""

    label: str
    value: str
    url: str | None = None


def subject_lines(subject: Subject) -> tuple[SubjectLine, ...]:
    """What is known of which backup this is, and the pages on which people see it."""
    project = " ".join(filter(None, (subject.project_name, subject.project)))
    job = subject.job_url and subject.job_url.rpartition("/")[2]
    function = subject.function_url and subject.function_url.rpartition("/")[2]
    known = (
        ("dispatch id", subject.dispatch_id, None),
        ("row id", subject.backup_id, None),
        ("repository", subject.repository, None),
        ("run", subject.run_id or subject.run_url, subject.run_url),
        ("job", job, subject.job_url),
        ("project", project, None),
        ("function", function, subject.function_url),
        ("S3 key", subject.s3_key, None),
        ("file", subject.file_url and "S3 console", subject.file_url),
    )
    return tuple(SubjectLine(label, value, url) for label, value, url in known if value)


def same_again(report: Report) -> str:
    """The command that shows whether the plan worked: the same diagnosis; nothing without a plan."""
    subject = report.subject
    if not report.plan or report.verdict is not Verdict.FAILING:
        return ""
    asked = (
        ("--dispatch-id", subject.dispatch_id),
        ("--backup-id", subject.backup_id),
        ("--run-id", subject.run_id),
    )
    given = next((f"{flag} {for_shell(value)}" for flag, value in asked if value), "preflight")
    return f"backup-doctor {given}"
