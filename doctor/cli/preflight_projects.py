"""`preflight --all-projects`: each project by itself, so that one which cannot be seen hides none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from backup_doctor.base.redaction import Redactor
from backup_doctor.cli.codes import Exit
from backup_doctor.cli.diagnose import Diagnosed, diagnosed, finish, is_silent
from backup_doctor.cli.projects import ManyPages, PageForm, for_each, for_one_alone, project_names
from backup_doctor.cli.setup import set_up
from backup_doctor.cli.unfinished import unfinished
from backup_doctor.evidence.case import Asked
from backup_doctor.report.render import Format

if TYPE_CHECKING:
    from backup_doctor.cli.request import Request

EXAMPLE = "backup-doctor preflight --all-projects"
FORMS = {
    Format.TEXT: PageForm.TEXT,
    Format.MARKDOWN: PageForm.MARKDOWN,
    Format.JSON: PageForm.JSON,
}


def preflight_each(asked: Request) -> int:
    """Print the report of every project, and return the worst exit code; a signal ends it.

    Each gets an equal share of the time that is left.

    Raises:
        UsageError: a flag is for one project alone.
        SettingsError: a file cannot be read, or none has any project.
    """
    alone = {
        "--project": asked.project is not None,
        "--report": bool(asked.files),
        "--save-evidence": asked.save_evidence is not None,
        "--from-evidence": asked.from_evidence is not None,
        f"--format {asked.form}": asked.form not in FORMS,
    }
    for_one_alone(alone, EXAMPLE)
    page = ManyPages(FORMS[asked.form])

    def one(name: str, share_s: float) -> int:
        own = replace(asked, project=name, budget_s=share_s)
        settings, redactor = set_up(own)
        outcome = diagnosed(settings, own, redactor)
        if not is_silent(outcome, own):
            page.begin(name)
        return finish(outcome, own, redactor)

    def unseen(name: str, why: str) -> None:
        if page.has(name):
            return
        page.begin(name)
        finish(_unseen(why), replace(asked, project=name), Redactor())

    try:
        code = for_each(asked, project_names(asked), one, unseen)
    finally:
        page.end()
    return Exit.HEALTHY if asked.exit_zero and code == Exit.CANNOT_TELL else code


def _unseen(why: str) -> Diagnosed:
    """A project of which nothing can be said, and why."""
    report = unfinished(Asked(), why)
    summary = "Could not determine anything: this project cannot be looked at."
    return Diagnosed(
        msgspec.structs.replace(report, summary=summary, cannot_tell=(why,), errors=())
    )
