"""The flags of `sweep`, checked."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from backup_doctor.base.immutable import Immutable
from backup_doctor.cli.codes import UsageError
from backup_doctor.cli.request import check_budget
from backup_doctor.run.sweep.formats import SweepFormat
from backup_doctor.settings.values import duration_s

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLE = "backup-doctor sweep --older-than 2h"


class SweepRequest(Immutable, frozen=True, kw_only=True):
    """The flags as given."""

    older_than: str | None
    limit: int | None
    sample: int
    form: SweepFormat | None
    fix_script: Path | None
    apply: bool
    yes: bool
    max_changes: int
    notify: tuple[str, ...]
    notify_test: bool
    state: Path | None
    ping: str | None
    config: tuple[Path, ...]
    trust_config: bool
    project: str | None
    probe_function: bool
    no_probe: bool
    budget_s: float
    quiet: bool
    verbose: bool
    no_color: bool

    @property
    def colour(self) -> bool:
        """Whether standard output takes colours, and the user wants them (no-color.org)."""
        wanted = not (self.no_color or os.environ.get("NO_COLOR"))
        return wanted and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"

    @property
    def format(self) -> SweepFormat:
        """The format, chosen if none was."""
        if self.form is not None:
            return self.form
        return SweepFormat.TEXT if sys.stdout.isatty() else SweepFormat.MARKDOWN

    def older_than_s(self, stuck_after_s: float) -> float:
        """The age from which a backup counts, in seconds."""
        return stuck_after_s if self.older_than is None else duration_s(self.older_than)

    def check(self) -> None:
        """Say what cannot be right.

        Raises:
            UsageError: a value cannot be used.
        """
        check_budget(self.budget_s, "sweep")
        if self.older_than is not None:
            try:
                duration_s(self.older_than)
            except ValueError as error:
                raise UsageError(f"--older-than {error}", EXAMPLE) from None
        if self.yes and not self.apply:
            raise UsageError("--yes answers the question of --apply, which is not given.", EXAMPLE)
        if self.ping is not None and not _is_http(self.ping):
            raise UsageError("--ping is not a URL; it begins with https://.", EXAMPLE)
        if self.notify_test and not self.notify:
            raise UsageError("--notify-test is for --notify, which is not given.", EXAMPLE)
        self._check_addresses()

    def _check_addresses(self) -> None:
        """An address that cannot be one would only show when there is something to tell."""
        if not self.notify:
            return
        from backup_doctor.run.sweep.notify import NotSentError, misaddressed, none_such

        example = "backup-doctor sweep --notify slack://TOKENA/TOKENB/TOKENC --notify-test"
        try:
            place = misaddressed(self.notify)
        except NotSentError as error:
            raise UsageError(f"--notify cannot be used: {error}") from None
        if place is not None:
            raise UsageError(f"{none_such(place)[0].upper()}{none_such(place)[1:]}", example)


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
