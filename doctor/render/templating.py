"""The templates' environment, in which nothing is printed that was not made fit for the format.

Jinja knows autoescaping for HTML only. Here each format brings its own `escape`, and everything
that a template prints goes through it, unless a filter of the format has done so (`Safe`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import templates
from doctor.render.clock import Clock
from doctor.render.view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from doctor.model import Report
    from doctor.render.formats import Look

BUILT_IN = Path(templates.__file__).parent


class Safe(str):
    """Text that is fit for its format as it stands."""

    __slots__ = ()


def fill(
    template: str,
    report: Report,
    look: Look,
    *,
    escape: Callable[[str], str],
    filters: dict[str, Callable[..., Any]] | None = None,
    **values: object,
) -> str:
    """The template, filled with the report. Its context is the same in every format.

    `report` is the Report, `view` what is derived from it, `verbose` the user's wish; filters
    `local`, `ago` and `span` put times and durations as a person says them.
    """
    clock = Clock(report.generated_at, look.zone)
    own = environment(look, escape)
    own.filters |= {"local": clock.local, "ago": clock.ago, "span": clock.span}
    own.filters |= filters or {}
    return own.get_template(template).render(
        report=report, view=View(report), verbose=look.verbose, **values
    )


def environment(look: Look, escape: Callable[[str], str]) -> Environment:
    """The templates, in which everything that is printed goes through `escape` first."""

    def finalize(value: object) -> str:
        return value if isinstance(value, Safe) else escape(str(value))

    return Environment(  # noqa: S701 -- `finalize` escapes, for every format
        loader=FileSystemLoader(_folders(look)),
        undefined=StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def source(name: str, look: Look) -> str:
    """A file among the templates as it stands: the user's own, else the built-in one."""
    there = (folder / name for folder in _folders(look))
    return next(file for file in there if file.is_file()).read_text(encoding="utf-8")


def _folders(look: Look) -> list[Path]:
    return [look.template_dir, BUILT_IN] if look.template_dir else [BUILT_IN]
