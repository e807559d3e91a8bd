"""`list --all-projects`: each project by itself, so that one which cannot be read hides none."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from backup_doctor.base.quoting import for_terminal
from backup_doctor.cli.backups_listing import listed, written
from backup_doctor.cli.codes import Exit, UsageError
from backup_doctor.cli.output import print_text
from backup_doctor.cli.projects import project_names, shares
from backup_doctor.cli.request import check_budget
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.judge.freshness import Freshness
from backup_doctor.run.backups.model import Listing
from backup_doctor.settings.load import SettingsError

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
    if asked.project is not None:
        raise UsageError("--project is for one project, not for --all-projects.", EXAMPLE)
    names = project_names(config=asked.config, trust_config=asked.trust_config)
    texts: dict[str, str] = {}
    codes = {Exit.HEALTHY.value}
    for name, share_s in shares(names, asked.budget_s):
        texts[name], code = _one(replace(asked, project=name, budget_s=share_s))
        codes.add(code)
    return max(codes) if print_text(_together(texts, asked)) else Exit.TOOL_ERROR


def _one(asked: ListRequest) -> tuple[str, int]:
    """One project's list. One whose settings cannot be used is one that is not seen."""
    try:
        return listed(asked)
    except (UsageError, SettingsError) as mistake:
        gap = Unseen(why=Why.NOT_CONFIGURED, what=str(mistake))
    return written(Listing(backups=(), freshness=Freshness(), gap=gap), asked), Exit.CANNOT_TELL


def _together(texts: dict[str, str], asked: ListRequest) -> str:
    if not asked.as_json:
        return "\n".join(f"=== {for_terminal(name)} ===\n\n{text}" for name, text in texts.items())
    each = ", ".join(f"{json.dumps(name)}: {text.rstrip()}" for name, text in texts.items())
    return f'{{"projects": {{{each}}}}}\n'
