"""The way out: the report to standard output and to files, redacted, whatever fails on the way."""

from __future__ import annotations

import sys
from dataclasses import replace
from shutil import get_terminal_size
from typing import TYPE_CHECKING

from doctor.cli.entry import silence_stdout
from doctor.cli.stderr import tell
from doctor.render import ENDINGS, Format, Look, render

if TYPE_CHECKING:
    from pathlib import Path

    from doctor.cli.request import Request
    from doctor.model import Report
    from doctor.redaction import Redactor

NARROWEST, WIDEST = 40, 100


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
    print_text(text)
    return rendered and all(written)


def _width() -> int:
    return max(NARROWEST, min(get_terminal_size().columns, WIDEST)) if sys.stdout.isatty() else 80


def _write(file: Path, report: Report, redactor: Redactor, look: Look) -> bool:
    text, rendered = _rendered(report, ENDINGS[file.suffix.lower()], redactor, look)
    try:
        file.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
    except OSError as error:
        tell(f"The report could not be written to {file}: {error.strerror or error}.")
        return False
    return rendered


def _rendered(report: Report, form: Format, redactor: Redactor, look: Look) -> tuple[str, bool]:
    """The text; where the user's own template is wrong, the built-in one's and False."""
    if look.template_dir is None:
        return render(report, form, redactor, look), True
    try:
        return render(report, form, redactor, look), True
    except Exception as error:  # noqa: BLE001 -- a template may raise anything
        message = redactor.text(f"{type(error).__name__}: {error}")
        tell(f"A template in {look.template_dir} failed ({message}); the built-in one was used.")
        return render(report, form, redactor, replace(look, template_dir=None)), False


def print_text(text: str) -> None:
    """Print, whatever the terminal's encoding; a reader who has gone is no error."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        silence_stdout()
