"""The report as workflow commands: annotations in the run's summary and at the top of its log.

GitHub shows ten of each kind for a step and cuts a message at 4,096 characters, so the verdict and
the causes come first. Source: actions/runner, ActionCommandManager.cs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor.quoting import for_workflow_command, for_workflow_property
from doctor.render.templating import Safe, fill

if TYPE_CHECKING:
    from doctor.model import Report
    from doctor.render.formats import Look

LONGEST = 4_000


def write(report: Report, look: Look) -> str:
    """One command a line, each at the start of its line."""
    return fill(
        "report.github.j2",
        report,
        look,
        escape=for_workflow_command,
        filters={
            "title": lambda text: Safe(for_workflow_property(str(text)[:200])),
            "message": lambda text: Safe(for_workflow_command(str(text)[:LONGEST])),
        },
    ).lstrip("\n")
