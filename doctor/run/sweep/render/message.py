"""A sweep as a short message in Markdown, for a chat or a mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.base.quoting import for_markdown_inline, markdown_code
from backup_doctor.judge.freshness import sentence
from backup_doctor.run.sweep.render import wording

if TYPE_CHECKING:
    from backup_doctor.run.sweep.result import Sweep

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
    lines += [_late(sweep)] if sweep.late else []
    said = (wording.running(sweep), wording.freshness_line(sweep))
    lines += [for_markdown_inline(text) for text in said if text]
    lines += [for_markdown_inline(f"Could not check: {gap}") for gap in sweep.gaps]
    return "\n".join(lines) or for_markdown_inline(wording.headline(sweep))


def _late(sweep: Sweep) -> str:
    last = sweep.freshness.last_good
    known = ""
    if last is not None:
        name, at = last.dispatch_id or last.id or "?", wording.moment(sweep.freshness.last_good_at)
        known = f" The last good one is {markdown_code(name)}, {for_markdown_inline(at)}."
    return f"- **row/none-lately**: {for_markdown_inline(sentence(sweep.freshness))}{known}"
