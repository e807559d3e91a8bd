"""What is left of the causes once the row is fixed: fixing the row ends none of them. Pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.judge.history.weight import NOT_CHECKED
from backup_doctor.judge.traits import Trait

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backup_doctor.judge.judgement import Judged


def left(causes: Iterable[str], findings: Iterable[Judged]) -> Iterator[str]:
    """A sentence for each of the causes, by what was found after the row was written."""
    found = {one.code: one for one in findings}
    for code in causes:
        seen = found.get(code)
        if seen is not None:
            yield f"{_standing(seen)}: {code}. {seen.found.summary.removesuffix(NOT_CHECKED)}"


def _standing(seen: Judged) -> str:
    if seen.found.resolved is not None:
        return "No longer there"
    if seen.has(Trait.OF_ONE_RUN):
        return "The run failed, and the next one may too"
    unchecked = seen.found.by_log and not seen.found.holds
    return "Not checked since" if unchecked else "The cause is still there"
