"""A sweep as a short message in Markdown, for a chat or a mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor.quoting import for_markdown_inline, markdown_code
from doctor.sweep.render import wording

if TYPE_CHECKING:
    from doctor.sweep.result import Sweep

CAUSES = 8


def message(sweep: Sweep, changed: str | None) -> str:
    """A line for each cause, what changed since the last sweep, and what could not be seen."""
    lines = [] if changed is None else [for_markdown_inline(changed), ""]
    for group in sweep.groups[:CAUSES]:
        names = ", ".join(markdown_code(one) for one in wording.named(group)[:2])
        more = ", …" if len(group.backups) > 2 else ""  # noqa: PLR2004 -- as many as were named
        lines.append(
            f"- **{for_markdown_inline(group.root_cause)}**: {wording.counted(len(group.backups))}, "
            f"{wording.span(group)}. {for_markdown_inline(wording.says(group))} ({names}{more})"
        )
    lines += [for_markdown_inline(text) for text in (wording.running(sweep),) if text]
    lines += [for_markdown_inline(f"Not seen: {gap}") for gap in sweep.gaps]
    return "\n".join(lines) or "No backup is stuck any more."
