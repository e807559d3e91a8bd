"""The templates' environment, in which nothing is printed that was not made fit for the format.

Jinja knows autoescaping for HTML only. Here each format brings its own `escape`, and everything
that a template prints goes through it, unless a filter of the format has done so (`Safe`).

A template may be a stranger's: it runs in Jinja's sandbox, changes nothing of what it is given, and
includes files of its own folder alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import BytecodeCache, FunctionLoader, StrictUndefined, pass_eval_context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from backup_doctor import templates
from backup_doctor.base import files
from backup_doctor.report.render.clock import TimeWording
from backup_doctor.report.render.formats import Look
from backup_doctor.report.render.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType

    from jinja2.bccache import Bucket

    from backup_doctor.evidence.findings import Report

# Filters that every template has, by the method of `TimeWording`.
TIMES = ("local", "ago", "span")
BUILT_IN = Path(templates.__file__).parent


class Safe(str):
    """Text that is fit for its format as it stands."""

    __slots__ = ()


class _Compiled(BytecodeCache):
    """What templates were compiled to in this process: it takes a fiftieth of a second."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take it from here, where the very same text was compiled."""
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it."""
        assert bucket.code is not None
        self._codes[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled()


def compile_ahead(names: Iterable[str], filters: Iterable[str]) -> None:
    """Compile built-in templates, which use these filters, for all that will print them."""
    own = environment(Look(), str)
    own.filters |= dict.fromkeys((*filters, *TIMES), str)
    for name in names:
        own.get_template(name)


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
    clock = TimeWording(report.generated_at, look.zone)
    own = environment(look, escape)
    own.filters |= {name: getattr(clock, name) for name in TIMES}
    own.filters |= filters or {}
    return own.get_template(template).render(
        report=report, view=View(report), verbose=look.verbose, **values
    )


def environment(look: Look, escape: Callable[[str], str]) -> ImmutableSandboxedEnvironment:
    """The templates, in which everything that is printed goes through `escape` first."""

    # Whatever is printed is escaped at that time, constants too: what is compiled serves every format.
    @pass_eval_context
    def finalize(_: object, value: object) -> str:
        return value if isinstance(value, Safe) else escape(str(value))

    return ImmutableSandboxedEnvironment(
        loader=FunctionLoader(lambda name: source(name, look)),
        undefined=StrictUndefined,
        finalize=finalize,
        bytecode_cache=_COMPILED,
        optimized=False,  # no filter of one report is applied for all
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def source(name: str, look: Look) -> str | None:
    """A file among the templates as it stands: the user's own, else the built-in one, else None.

    Raises:
        OSError: it cannot be read, or is larger than any template.
    """
    for folder in filter(None, (look.template_dir, BUILT_IN)):
        file = folder / name
        if file.is_file() and file.resolve().is_relative_to(folder.resolve()):
            return files.read(file).decode()
    return None
