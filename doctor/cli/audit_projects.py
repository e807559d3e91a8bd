"""`audit --all-projects`: each project by itself, so that one which cannot be read hides none."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from backup_doctor.base.redaction import Redactor
from backup_doctor.cli.audit_report import look_of
from backup_doctor.cli.auditing import audited, check
from backup_doctor.cli.codes import Exit
from backup_doctor.cli.projects import ManyPages, PageForm, for_each, for_one_alone, project_names
from backup_doctor.cli.stdout import print_text
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.run.audit.formats import AuditFormat
from backup_doctor.run.audit.rendering import as_markdown, as_text
from backup_doctor.run.audit.summary import Summary

if TYPE_CHECKING:
    from backup_doctor.cli.auditing import AuditRequest

EXAMPLE = "backup-doctor audit --all-projects"


def audit_each(asked: AuditRequest) -> int:
    """Audit every project, and return the worst exit code; a signal ends it.

    Each gets an equal share of the time that is left. As JSON each line says whose it is.

    Raises:
        UsageError: a flag is for one project alone.
        SettingsError: a file cannot be read, or none has any project.
    """
    check(asked)
    alone = {
        "--project": asked.project is not None,
        "--inventory": asked.inventory is not None,
        "--print-sql": asked.print_sql is not None,
        "--fix-script": asked.fix_script is not None,
        "--format html": asked.chosen is AuditFormat.HTML,
    }
    for_one_alone(alone, EXAMPLE)
    is_text = asked.chosen is AuditFormat.TEXT
    page = ManyPages(PageForm.TEXT if is_text else PageForm.MARKDOWN)

    def one(name: str, share_s: float) -> int:
        return audited(replace(asked, project=name, budget_s=share_s), partial(page.begin, name))

    def unseen(name: str, why: str) -> None:
        if asked.chosen is AuditFormat.JSON or page.has(name):
            return
        page.begin(name)
        write = as_text if is_text else as_markdown
        look = look_of(template_dir=None, no_color=asked.no_color)
        print_text(write(Redactor().value(_unseen(why)), look))

    code = for_each(asked, project_names(asked), one, unseen)
    return Exit.HEALTHY if asked.exit_zero and code == Exit.CANNOT_TELL else code


def _unseen(why: str) -> Summary:
    """A project of which nothing is known, and why."""
    return Summary(
        table="?",
        bucket="?",
        verdict="incomplete",
        rows="0 rows",
        read="not read",
        objects="0 objects",
        listed="not listed",
        sections=[],
        total=0,
        gaps=[Unseen(why=Why.NOT_CONFIGURED, what=why)],
        notes=[],
    )
