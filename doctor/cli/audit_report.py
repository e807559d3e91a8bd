"""How an audit is told: line by line as it goes, or as a page at the end."""

from __future__ import annotations

import os
import sys
from functools import partial
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Protocol

from backup_doctor.cli.output import by_template
from backup_doctor.cli.stderr import show
from backup_doctor.cli.stdout import print_text
from backup_doctor.report.render.formats import Look
from backup_doctor.run.audit.formats import AuditFormat
from backup_doctor.run.audit.rendering import as_html, as_json, as_markdown, as_text
from backup_doctor.run.audit.summary import Examples, summarize

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from backup_doctor.base.redaction import Redactor
    from backup_doctor.run.audit.model import Item, Proposals
    from backup_doctor.run.audit.run import Audit
    from backup_doctor.run.audit.summary import Summary

# Of each kind, where a page that has them all would be none.
EXAMPLES = 10
LINES_AT_ONCE = 100
NARROWEST, WIDEST = 40, 120


class Reporter(Protocol):
    """Takes what is found, and tells it."""

    def take(self, item: Item) -> None:
        """One disagreement."""

    def conclude(self, proposals: Proposals | None, *, interrupted: bool, silent: bool) -> None:
        """There are no more; this would set the rows right, as far as it was asked for."""


class Lines:
    """JSON, one object a line, on standard output; the totals on standard error."""

    def __init__(self, audit: Audit, redactor: Redactor, limit: int | None) -> None:
        self._audit = audit
        self._redactor = redactor
        self._limit = limit
        self._taken = 0
        self._items: list[Item] = []

    def take(self, item: Item) -> None:
        """Print it, a few at a time; past the limit it is only counted."""
        self._taken += 1
        if self._limit is not None and self._taken > self._limit:
            return
        self._items.append(item)
        if len(self._items) >= LINES_AT_ONCE:
            self._print()

    def conclude(
        self,
        proposals: Proposals | None,  # noqa: ARG002 -- they are for a page, or a file
        *,
        interrupted: bool,
        silent: bool,
    ) -> None:
        """Print the rest, and the totals."""
        self._print()
        if silent:
            return
        summary = summarize(self._audit, Examples(limit=0), interrupted=interrupted)
        text = as_text(self._redactor.value(summary), Look())
        if self._limit is not None and self._taken > self._limit:
            text += f"\n{self._taken - self._limit:,} more were not printed (--limit).\n"
        project = self._audit.settings.names.project
        show(f"=== {project} ===\n\n{text}" if project else text)

    def _print(self) -> None:
        """Print what was taken; a token in the text of a line could hurt its syntax."""
        items, self._items = self._items, []
        project = self._audit.settings.names.project
        text = "".join(f"{as_json(item, project)}\n" for item in items)
        if self._redactor.text(text) != text:
            text = "".join(f"{as_json(self._redactor.value(item), project)}\n" for item in items)
        print_text(text)


class AuditPage:
    """Text, Markdown or HTML: the totals, and the first of each kind."""

    def __init__(
        self,
        audit: Audit,
        redactor: Redactor,
        limit: int | None,
        *,
        form: AuditFormat,
        template_dir: Path | None,
        no_color: bool,
        begin: Callable[[], None],
    ) -> None:
        self._begin = begin
        self._audit = audit
        self._redactor = redactor
        self._form = form
        self._examples = Examples(limit=EXAMPLES if limit is None else limit)
        self._look = look_of(template_dir=template_dir, no_color=no_color)

    def take(self, item: Item) -> None:
        """Keep it, if it is among the first."""
        self._examples.take(item)

    def conclude(self, proposals: Proposals | None, *, interrupted: bool, silent: bool) -> None:
        """Print the page."""
        if silent:
            return
        shown = proposals if self._examples.limit else None
        made = summarize(self._audit, self._examples, proposals=shown, interrupted=interrupted)
        summary = self._redactor.value(made)
        text, _ = by_template(self._look, partial(self._fill, summary))
        self._begin()
        print_text(text)

    def _fill(self, summary: Summary, look: Look) -> str:
        if self._form is AuditFormat.TEXT:
            return as_text(summary, look)
        if self._form is AuditFormat.MARKDOWN:
            return as_markdown(summary, look)
        from backup_doctor.run.audit.picture import draw

        picture = draw(self._audit.days, self._audit.totals.missing_by_day)
        return as_html(summary, picture, look)


def look_of(*, template_dir: Path | None, no_color: bool) -> Look:
    """How the page is to look on this standard output."""
    return Look(width=_width(), colour=_colour(no_color), template_dir=template_dir)


def _width() -> int:
    return max(NARROWEST, min(get_terminal_size().columns, WIDEST)) if sys.stdout.isatty() else 80


def _colour(no_color: bool) -> bool:
    wanted = not (no_color or os.environ.get("NO_COLOR"))
    return wanted and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
