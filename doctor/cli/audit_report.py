"""How an audit is told: line by line as it goes, or as a page at the end."""

from __future__ import annotations

import os
import sys
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Protocol

from doctor.audit.formats import AuditFormat
from doctor.audit.rendering import as_html, as_json, as_markdown, as_text
from doctor.audit.summary import Examples, summarize
from doctor.cli.output import print_text
from doctor.render.formats import Look

if TYPE_CHECKING:
    from pathlib import Path

    from doctor.audit.model import Item
    from doctor.audit.run import Audit
    from doctor.redaction import Redactor

# Of each kind, where a page that has them all would be none.
EXAMPLES = 10
LINES_AT_ONCE = 100
NARROWEST, WIDEST = 40, 120


class Reporter(Protocol):
    """Takes what is found, and tells it."""

    def take(self, item: Item) -> None:
        """One disagreement."""

    def conclude(self, *, interrupted: bool, silent: bool) -> None:
        """There are no more."""


class Lines:
    """JSON, one object a line, on standard output; the totals on standard error."""

    def __init__(self, audit: Audit, redactor: Redactor, limit: int | None) -> None:
        self._audit = audit
        self._redactor = redactor
        self._limit = limit
        self._taken = 0
        self._lines: list[str] = []

    def take(self, item: Item) -> None:
        """Print it, a few at a time; past the limit it is only counted."""
        self._taken += 1
        if self._limit is not None and self._taken > self._limit:
            return
        self._lines.append(as_json(item))
        if len(self._lines) >= LINES_AT_ONCE:
            self._print()

    def conclude(self, *, interrupted: bool, silent: bool) -> None:
        """Print the rest, and the totals."""
        self._print()
        if silent:
            return
        summary = summarize(self._audit, Examples(limit=0), interrupted=interrupted)
        text = as_text(self._redactor.value(summary), Look())
        if self._limit is not None and self._taken > self._limit:
            text += f"\n{self._taken - self._limit:,} more were not printed (--limit).\n"
        sys.stderr.write(text)

    def _print(self) -> None:
        lines, self._lines = self._lines, []
        if lines:
            print_text(self._redactor.text("\n".join(lines)) + "\n")


class Page:
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
    ) -> None:
        self._audit = audit
        self._redactor = redactor
        self._form = form
        self._examples = Examples(limit=EXAMPLES if limit is None else limit)
        self._look = Look(width=_width(), colour=_colour(no_color), template_dir=template_dir)

    def take(self, item: Item) -> None:
        """Keep it, if it is among the first."""
        self._examples.take(item)

    def conclude(self, *, interrupted: bool, silent: bool) -> None:
        """Print the page."""
        if silent:
            return
        made = summarize(self._audit, self._examples, interrupted=interrupted)
        summary = self._redactor.value(made)
        if self._form is AuditFormat.TEXT:
            print_text(as_text(summary, self._look))
        elif self._form is AuditFormat.MARKDOWN:
            print_text(as_markdown(summary, self._look))
        else:
            from doctor.audit.picture import draw

            picture = draw(self._audit.days, self._audit.totals.missing_by_day)
            print_text(as_html(summary, picture, self._look))


def _width() -> int:
    return max(NARROWEST, min(get_terminal_size().columns, WIDEST)) if sys.stdout.isatty() else 80


def _colour(no_color: bool) -> bool:
    wanted = not (no_color or os.environ.get("NO_COLOR"))
    return wanted and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
