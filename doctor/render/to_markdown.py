"""The report as a ticket for GitHub, GitLab or Jira.

The template separates its sections with a mark. A ticket takes 65,536 characters: sections that no
longer fit are left out, and a note says so; the most important ones come first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from doctor.quoting import (
    for_markdown_inline,
    markdown_code,
    markdown_fence,
    one_line,
    without_commands,
)
from doctor.render.templating import Safe, fill

if TYPE_CHECKING:
    from doctor.model import Report
    from doctor.render.formats import Look

# GitHub's limit for the body of an issue or a comment, in characters.
LONGEST = 65_536
SECTION = "\x1e"
# Limits of one sentence and of one block, so that one hostile value cannot push all else out.
LONGEST_INLINE = 2_000
LONGEST_BLOCK = 8_000
CUT_NOTE = (
    "\n*Cut to what a ticket can hold; the JSON report (`--report report.json`) has it all.*\n"
)


def write(report: Report, look: Look) -> str:
    """The ticket."""
    text = fill(
        "report.md.j2",
        report,
        look,
        escape=lambda text: for_markdown_inline(_cut(text, LONGEST_INLINE)),
        filters={"code": _code, "fence": _fence, "shown": _shown},
        section=Safe(SECTION),
    )
    sections = [re.sub(r"\n{3,}", "\n\n", part.strip("\n")) for part in text.split(SECTION)]
    return fitting([part + "\n" for part in sections if part], LONGEST)


def fitting(sections: list[str], longest: int) -> str:
    """The sections, parted by blank lines, that fit; a note where that is not all of them."""
    whole = "\n".join(sections)
    if len(whole) <= longest:
        return whole
    kept: list[str] = []
    left = longest - len(CUT_NOTE)
    for section in sections:
        if len(section) + 1 <= left:
            kept.append(section)
            left -= len(section) + 1
    return "\n".join(kept) + CUT_NOTE


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"


def _code(text: object) -> Safe:
    return Safe(markdown_code(_cut(str(text), LONGEST_INLINE)))


def _fence(text: str, language: str = "") -> Safe:
    """Something to paste, whole; SQL exactly as it is but for invisible characters."""
    fence = markdown_fence(text, language)
    return Safe(fence if language == "sql" else without_commands(fence))


def _shown(text: str) -> Safe:
    """Evidence: a code span if it fits a line, else a block."""
    if "\n" not in text.strip() and len(text) <= 200:  # noqa: PLR2004 -- two lines of a ticket
        return Safe(" " + markdown_code(one_line(text)))
    return Safe("\n\n" + without_commands(markdown_fence(_cut(text, LONGEST_BLOCK), "text")))
