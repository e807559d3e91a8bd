"""A sweep as text in one of the formats, in pieces, and no secret in any of them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from backup_doctor.report.render.formats import Look
from backup_doctor.run.sweep.formats import SweepFormat

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from backup_doctor.base.redaction import Redactor
    from backup_doctor.run.sweep.result import Sweep

__all__ = ["rendered", "rendered_together"]


def rendered(
    sweep: Sweep, form: SweepFormat, redactor: Redactor, look: Look | None = None
) -> Iterator[str]:
    """The pieces of the text, whose last one ends in a newline."""
    write = import_module(f"backup_doctor.run.sweep.render.to_{form}").write
    if form is SweepFormat.JSON:
        yield from write(sweep, redactor)
    else:
        yield redactor.text(write(sweep, look or Look()))


def rendered_together(sweeps: Sequence[tuple[str, Sweep]], form: SweepFormat) -> str:
    """The sweeps of several projects, each with its name, as one document; not redacted yet."""
    text: str = import_module(f"backup_doctor.run.sweep.render.to_{form}").write_all(sweeps, Look())
    return text
