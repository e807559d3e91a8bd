"""A sweep as a ticket, a chat message or the summary of a job."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.base.quoting import for_markdown_inline, markdown_code
from backup_doctor.report.render.templating import Safe, environment
from backup_doctor.report.render.to_markdown import fence, fitting
from backup_doctor.run.sweep.render import wording

if TYPE_CHECKING:
    from backup_doctor.evidence.findings import Fix
    from backup_doctor.report.render.formats import Look
    from backup_doctor.run.sweep.result import Sweep

SHOWN = 50


def write(sweep: Sweep, look: Look) -> str:
    """The ticket, with as many causes as fit into one."""
    own = environment(look, for_markdown_inline)
    own.filters |= {
        "code": lambda text: Safe(markdown_code(str(text))),
        "count": wording.counted,
        "span": wording.span,
        "says": wording.says,
        "certainty": wording.certainty,
        "name": wording.name,
        "fence": _fence,
    }
    text = own.get_template("sweep.md.j2").render(
        sweep=sweep,
        headline=wording.headline(sweep),
        running=wording.running(sweep),
        fresh=wording.freshness_line(sweep),
        shown=SHOWN,
    )
    sections = re.split(r"\n(?=### )", re.sub(r"\n{3,}", "\n\n", text.strip("\n")))
    return fitting([section + "\n" for section in sections], look.longest)


def _fence(fix: Fix) -> Safe:
    return fence(fix.text, {"sql": "sql", "shell": "bash"}.get(fix.kind, "text"))
