"""`list --all-projects`: each project by itself, so that one which cannot be read hides none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from backup_doctor.cli.backups_listing import listed, written
from backup_doctor.cli.codes import Exit
from backup_doctor.cli.projects import ManyPages, PageForm, for_each, for_one_alone, project_names
from backup_doctor.cli.request import check_budget
from backup_doctor.cli.stdout import print_text
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.judge.freshness import Freshness
from backup_doctor.run.backups.model import Listing

if TYPE_CHECKING:
    from backup_doctor.cli.backups_listing import ListRequest

EXAMPLE = "backup-doctor list --all-projects"


def show_each(asked: ListRequest) -> int:
    """Print the list of every project, and return the worst exit code.

    Each gets an equal share of the time that is left.

    Raises:
        UsageError: a flag is for one project alone.
        SettingsError: a file cannot be read, or none has any project.
    """
    check_budget(asked.budget_s, "list")
    for_one_alone({"--project": asked.project is not None}, EXAMPLE)
    page = ManyPages(PageForm.JSON if asked.as_json else PageForm.TEXT)

    def one(name: str, share_s: float) -> int:
        text, code = listed(replace(asked, project=name, budget_s=share_s))
        page.begin(name)
        return code if print_text(text) else Exit.TOOL_ERROR

    def unseen(name: str, why: str) -> None:
        gap = Unseen(why=Why.NOT_CONFIGURED, what=why)
        page.begin(name)
        print_text(written(Listing(backups=(), freshness=Freshness(), gap=gap), asked))

    try:
        return for_each(asked, project_names(asked), one, unseen)
    finally:
        page.end()
