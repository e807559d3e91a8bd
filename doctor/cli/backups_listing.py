"""What the command `list` does: settings, the look at the table, the list."""

from __future__ import annotations

import os
import sys
from difflib import get_close_matches
from shutil import get_terminal_size
from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.cli.codes import Exit, UsageError
from backup_doctor.cli.output import NARROWEST
from backup_doctor.cli.request import check_budget
from backup_doctor.cli.setup import set_up
from backup_doctor.cli.stdout import print_text
from backup_doctor.report.render.formats import Look
from backup_doctor.run.backups.listing import known_words, list_backups, status_meant

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.evidence.case import Names, Status
    from backup_doctor.run.backups.model import Listing

WIDEST = 200


class ListRequest(Immutable, frozen=True, kw_only=True):
    """The flags of `list`, as given. The function is never called for it."""

    limit: int
    status: tuple[str, ...]
    as_json: bool
    config: tuple[Path, ...]
    trust_config: bool
    project: str | None
    budget_s: float
    no_color: bool
    verbose: bool = False
    probe_function: bool = False
    no_probe: bool = True

    @property
    def colour(self) -> bool:
        """Whether standard output takes colours, and the user wants them (no-color.org)."""
        wanted = not (self.no_color or os.environ.get("NO_COLOR"))
        return wanted and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def show_backups(asked: ListRequest) -> int:
    """Print the list; the exit code of the contract.

    Raises:
        UsageError: a flag or the configuration cannot be used, or there is none.
        SettingsError: the configuration names what the database does not have.
    """
    check_budget(asked.budget_s, "list")
    text, code = listed(asked)
    return code if print_text(text) else Exit.TOOL_ERROR


def listed(asked: ListRequest) -> tuple[str, int]:
    """The list as it is printed, and the exit code.

    Raises:
        UsageError: a flag or the configuration cannot be used, or there is none.
        SettingsError: the configuration names what the database does not have.
    """
    settings, redactor = set_up(asked)
    statuses = tuple(dict.fromkeys(_meant(word, settings.names) for word in asked.status))
    listing = list_backups(settings, statuses=statuses, limit=asked.limit, budget_s=asked.budget_s)
    text = written(redactor.value(listing), asked)
    code = Exit.HEALTHY if listing.gap is None else Exit.CANNOT_TELL
    return text if asked.as_json else redactor.text(text), code


def _meant(word: str, names: Names) -> Status:
    status = status_meant(word, names)
    if status is None:
        known = known_words(names)
        near = get_close_matches(word, known, n=1)
        guess = f" Did you mean {near[0]}?" if near else ""
        message = f"--status {word}: there is no such status.{guess} There are {', '.join(known)}."
        raise UsageError(message, "backup-doctor list --status failed")
    return status


def written(listing: Listing, asked: ListRequest) -> str:
    """A listing in the format that was asked for."""
    if asked.as_json:
        from backup_doctor.run.backups.to_json import write as to_json

        return to_json(listing)
    from backup_doctor.run.backups.to_text import write as to_text

    width = get_terminal_size().columns if sys.stdout.isatty() else 80
    return to_text(listing, Look(colour=asked.colour, width=max(NARROWEST, min(width, WIDEST))))
