"""Open the issue of a root cause, or bring it up to date; say which."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from backup_doctor.cli.issue import ticket
from backup_doctor.cli.issue.client import Issue, IssueError, Issues
from backup_doctor.cli.stderr import tell
from backup_doctor.evidence.findings import Verdict
from backup_doctor.settings.load import Flags, load

if TYPE_CHECKING:
    from backup_doctor.cli.given import Given
    from backup_doctor.evidence.findings import Report


def publish(report: Report, markdown: str, given: Given) -> bool:
    """Keep the one issue of this cause; whether that worked. Only a failing backup has one."""
    if report.verdict is not Verdict.FAILING:
        return True
    flags = Flags(
        config=tuple(given.config or ()), trust_config=given.trust_config, project=given.project
    )
    settings = load(flags, environ=os.environ, cwd=Path.cwd())
    if settings.repository is None or settings.github_token is None:
        tell("No issue was opened: GITHUB_REPOSITORY and GITHUB_TOKEN must be set for it.")
        return False
    token = settings.github_token.reveal().strip()
    try:
        with Issues(settings.github_url, settings.repository, token) as issues:
            tell(keep(issues, report, markdown))
    except IssueError as error:
        tell(f"No issue was opened or changed in {settings.repository}. {error}")
        return False
    return True


def keep(issues: Issues, report: Report, markdown: str) -> str:
    """What was done, in a sentence.

    Raises:
        IssueError: GitHub would not.
    """
    known = _of_this_cause(issues, report)
    if known:
        issues.rewrite(known.number, ticket.body(report, markdown, known.body))
        return f"This cause has an issue already, which was brought up to date: {known.html_url}"
    mine = issues.create(ticket.title(report), ticket.body(report, markdown))
    first = _of_this_cause(issues, report)
    if first and first.number < mine.number:  # another run opened one at the same moment
        issues.close_as_duplicate(mine.number)
        return f"This cause has an issue already: {first.html_url}"
    return f"Opened an issue for this cause: {mine.html_url}"


def _of_this_cause(issues: Issues, report: Report) -> Issue | None:
    """The oldest open issue with this report's fingerprint."""
    return next(
        (one for one in issues.open_ones() if ticket.belongs(one.body, report.fingerprint)), None
    )
