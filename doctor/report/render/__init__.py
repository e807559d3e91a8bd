"""Reports: one `Report` in, text in one of six formats out, and no secret in it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from backup_doctor.report.render.formats import ENDINGS, Format, Look

if TYPE_CHECKING:
    from backup_doctor.base.redaction import Redactor
    from backup_doctor.evidence.findings import Report

__all__ = ["ENDINGS", "Format", "Look", "prepare", "render"]


# A person waits for these.
AWAITED = (Format.TEXT, Format.MARKDOWN)


def prepare(form: Format) -> None:
    """Import what writes this format, at a time when there is nothing else to do."""
    writer = import_module(f"backup_doctor.report.render.to_{form}")
    if form in AWAITED:
        from backup_doctor.report.render.templating import compile_ahead

        compile_ahead(writer.TEMPLATES, writer.FILTERS)


def render(report: Report, form: Format, redactor: Redactor, look: Look | None = None) -> str:
    """The report as text, ending in a newline. The only way out of the program for a report.

    Raises:
        jinja2.TemplateError: a template of the user's own is wrong.
    """
    write = import_module(f"backup_doctor.report.render.to_{form}").write
    text: str = write(redactor.value(report), look or Look())
    # Every string of the JSON was redacted as a value; a second pass could only hurt its syntax.
    return text if form is Format.JSON else redactor.text(text)
