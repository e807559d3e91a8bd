"""The flags of `sweep`, checked."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from doctor.cli.codes import UsageError
from doctor.cli.request import check_budget
from doctor.settings.values import duration_s
from doctor.sweep.formats import SweepFormat

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLE = "backup-doctor sweep --older-than 2h"


@dataclass(frozen=True, kw_only=True)
class SweepRequest:
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
    state: Path | None
    ping: str | None
    config: Path | None
    trust_config: bool
    probe_function: bool
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
            raise UsageError("--ping is no URL; it begins with https://.", EXAMPLE)
        if self.state is not None and not self.notify:
            raise UsageError("--state is for --notify, which is not given.", EXAMPLE)


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
