"""The report as workflow commands: annotations in the run's summary and at the top of its log.

GitHub shows ten of each kind for a step and cuts a message at 4,096 characters, so the verdict and
the causes come first. Source: actions/runner, ActionCommandManager.cs.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from backup_doctor.base.quoting import for_workflow_command, for_workflow_property
from backup_doctor.report.render.templating import Safe, fill

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backup_doctor.evidence.findings import Report
    from backup_doctor.report.render.formats import Look

LONGEST, LONGEST_TITLE = 4_000, 200
MOST_OF_A_KIND = 10
# A cut must not leave half of an escape (`%0`), nor the `%25` of another.
_HALF_ESCAPE = re.compile(r"%[0-9A-F]?$")


def write(report: Report, look: Look) -> str:
    """One command a line, each at the start of its line; the most important of each kind."""
    text = fill(
        "report.github.j2",
        report,
        look,
        escape=for_workflow_command,
        filters={
            "title": lambda text: _cut(for_workflow_property(str(text)), LONGEST_TITLE),
            "message": lambda text: _cut(for_workflow_command(str(text)), LONGEST),
        },
    )
    return "".join(f"{line}\n" for line in _shown(text.strip("\n").split("\n")))


def _cut(escaped: str, longest: int) -> Safe:
    if len(escaped) <= longest:
        return Safe(escaped)
    return Safe(_HALF_ESCAPE.sub("", escaped[: longest - 1]) + "…")


def _shown(lines: Iterable[str]) -> Iterator[str]:
    counts: Counter[str] = Counter()
    for line in lines:
        kind = line.removeprefix("::").partition(" ")[0]
        counts[kind] += 1
        if counts[kind] <= MOST_OF_A_KIND:
            yield line
