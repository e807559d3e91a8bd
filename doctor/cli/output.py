"""The way out: the report to standard output and to files, redacted, whatever fails on the way."""

from __future__ import annotations

import sys
from functools import partial
from shutil import get_terminal_size
from typing import TYPE_CHECKING

from msgspec.structs import replace

from backup_doctor.base import files
from backup_doctor.base.threads import spawn
from backup_doctor.cli.stderr import tell
from backup_doctor.cli.stdout import print_text
from backup_doctor.report.render import ENDINGS, Format, Look, render

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from backup_doctor.base.redaction import Redactor
    from backup_doctor.cli.request import Request
    from backup_doctor.evidence.findings import Report

NARROWEST, WIDEST = 40, 100
# A report takes a tenth of a second.
TEMPLATE_LIMIT_S = 10.0


def publish(report: Report, asked: Request, redactor: Redactor, *, on_stdout: bool) -> bool:
    """Print the report and write the files; whether all of it worked. Says on stderr what did not.

    The files go first, so that a reader of standard output who goes away costs nobody a file.
    """
    look = Look(
        width=_width(),
        colour=asked.colour,
        template_dir=asked.template_dir,
        verbose=asked.verbose,
    )
    plain = replace(look, colour=False, width=80)
    written = [_write(file, report, redactor, plain) for file in asked.files]
    if not on_stdout:
        return all(written)
    text, rendered = _rendered(report, asked.form, redactor, look)
    printed = print_text(text)
    return rendered and printed and all(written)


def _width() -> int:
    return max(NARROWEST, min(get_terminal_size().columns, WIDEST)) if sys.stdout.isatty() else 80


def _write(file: Path, report: Report, redactor: Redactor, look: Look) -> bool:
    text, rendered = _rendered(report, ENDINGS[file.suffix.lower()], redactor, look)
    try:
        files.write(file, text)
    except OSError as error:
        tell(f"The report could not be written to {file}: {error.strerror or error}.")
        return False
    return rendered


def _rendered(report: Report, form: Format, redactor: Redactor, look: Look) -> tuple[str, bool]:
    """The text; where the user's own template is wrong, the built-in one's and False."""
    return by_template(look, partial(render, report, form, redactor))


def by_template(look: Look, fill: Callable[[Look], str]) -> tuple[str, bool]:
    """The text, filled within bounds where the template may be a stranger's."""
    if look.template_dir is None:
        return fill(look), True
    try:
        return spawn(lambda: fill(look)).result(timeout=TEMPLATE_LIMIT_S), True
    except TimeoutError:
        reason = f"it took longer than {TEMPLATE_LIMIT_S:g} s"
    except Exception as error:  # noqa: BLE001 -- a template may raise anything
        reason = f"{type(error).__name__}: {error}"
    tell(f"A template in {look.template_dir} failed ({reason}); the built-in one was used.")
    return fill(replace(look, template_dir=None)), False
