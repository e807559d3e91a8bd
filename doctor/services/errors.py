"""The known errors of tools: which line of a step's output decides, what it means, what to do.

The table is data (`tools/*.toml`), read only where a step failed. Which line decides is found by its
content in all that the step printed, never by where it stands.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache, cached_property
from typing import TYPE_CHECKING

import msgspec

from backup_doctor.base.immutable import Immutable
from backup_doctor.base.models import as_model
from backup_doctor.services.frames import without_frames

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

TABLE = "backup_doctor.services.tools"
LONGEST_LINE = 2000
LONGEST_VALUE = 200
TOLD_LINES = 20
_PLACEHOLDER = re.compile(r"\{([a-z]+)\}")
_MASK = "***"
# A trace, a group's mark and what was ticked off tell of no error; nor does a warning, but for the one
# that says that GitHub withheld an output.
_NOISE = re.compile(
    r"^(?:##\[(?:group|endgroup|debug|command|notice|warning(?!\]Skip output))|\++ |\s*$"
    r"|\s*(?:✓|✔|✅|☑|\[?OK\]?\b))",
    re.IGNORECASE,
)


class ErrorCertainty(StrEnum):
    """How surely a line means it.

    `certain`: the words say just that. `likely`: it is what they mean as a rule. `vague`: they follow
    from another error; they count only where the step's own error quotes them.
    """

    CERTAIN = "certain"
    LIKELY = "likely"
    VAGUE = "vague"


class KnownError(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One known error. `means` completes "The step failed: …".

    `fixes` are alternatives, the recommended first; `{name}` in one stands for a group of the pattern,
    and it is left out where the line does not tell that. `source` is a public page.
    """

    id: str
    pattern: str
    means: str
    fixes: tuple[str, ...]
    source: str
    examples: tuple[str, ...]
    certainty: ErrorCertainty = ErrorCertainty.LIKELY

    @property
    def tool(self) -> str:
        """The tool that says it."""
        return self.id.partition("/")[0]

    def found_in(self, line: str) -> re.Match[str] | None:
        """Where the line says it."""
        return _compiled(self.pattern).search(line)


class ToldError(Immutable, frozen=True, kw_only=True, dict=True):
    """The line that decides, and the error that it tells. `values` are the pattern's groups."""

    error: KnownError
    line: str
    values: tuple[tuple[str, str], ...] = ()

    @cached_property
    def fixes(self) -> tuple[str, ...]:
        """What to do, filled in: the fix that says most of this case, and its alternatives."""
        values = dict(self.values)
        able = [one for one in self.error.fixes if set(_PLACEHOLDER.findall(one)) <= set(values)]
        exact = [one for one in able if _PLACEHOLDER.search(one)]
        chosen = exact or able
        return tuple(_PLACEHOLDER.sub(lambda name: values[name[1]], one) for one in chosen)


class _ErrorTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    error: tuple[KnownError, ...]


@cache
def known_errors() -> tuple[KnownError, ...]:
    """Every known error, those that leave nothing open first."""
    import tomllib
    from importlib.resources import files

    rank = list(ErrorCertainty)
    parts = sorted(
        (one for one in files(TABLE).iterdir() if one.name.endswith(".toml")),
        key=lambda one: one.name,
    )
    tables = (
        as_model(tomllib.loads(part.read_text(encoding="utf-8")), _ErrorTable) for part in parts
    )
    every = [error for table in tables for error in table.error]
    return tuple(sorted(every, key=lambda error: rank.index(error.certainty)))


def prepare() -> None:
    """Read the tables and compile their patterns, at a time when there is nothing else to do."""
    for error in known_errors():
        error.found_in("")


def known_error(name: str) -> KnownError | None:
    """The error of that id."""
    return next((one for one in known_errors() if one.id == name), None)


def telling(lines: Iterable[str]) -> tuple[str, ...]:
    """Of all that a step printed, the lines that tell a known error: the first and last of each."""
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    kept: dict[int, str] = {}
    for at, (line, error, _) in enumerate(_matches(without_frames([*lines]))):
        first.setdefault(error.id, at)
        last[error.id] = at
        kept[at] = line
    wanted = sorted({*first.values(), *last.values()})
    shown = tuple(dict.fromkeys(kept[at] for at in wanted))
    half = TOLD_LINES // 2
    return shown if len(shown) <= TOLD_LINES else (*shown[:half], *shown[-half:])


def decide(lines: Sequence[str], quoted: Iterable[str] = ()) -> ToldError | None:
    """The known error that the lines tell; None where they tell none.

    The surest counts; of several tools the first to fail, for the others then had nothing to work on;
    of one tool what it said last, for what came before was tried again. `quoted` are the lines that
    the step's own error has.
    """
    own = set(quoted)
    found = [
        one
        for one in _matches(lines)
        if one[1].certainty is not ErrorCertainty.VAGUE or one[0] in own
    ]
    if not found:
        return None
    rank = list(ErrorCertainty)
    best = min(rank.index(error.certainty) for _, error, _ in found)
    surest = [one for one in found if rank.index(one[1].certainty) == best]
    tool = surest[0][1].tool
    error = [error for _, error, _ in surest if error.tool == tool][-1]
    same = [one for one in surest if one[1] is error]
    values = {
        name: value for _, _, match in same for name, value in match.groupdict().items() if value
    }
    return ToldError(
        error=error,
        line=same[0][0],
        values=tuple(
            (name, value[:LONGEST_VALUE]) for name, value in values.items() if _MASK not in value
        ),
    )


def _matches(lines: Iterable[str]) -> Iterator[tuple[str, KnownError, re.Match[str]]]:
    """Each line that tells a known error, with the surest that it tells."""
    table = known_errors()
    for raw in lines:
        if _NOISE.match(raw):
            continue
        line = raw.removeprefix("##[error]").strip()[:LONGEST_LINE]
        told = ((error, error.found_in(line)) for error in table)
        error, match = next(((one, at) for one, at in told if at), (None, None))
        if error and match:
            yield line, error, match


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
