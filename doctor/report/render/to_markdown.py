"""The report as a ticket for GitHub, GitLab or Jira.

The template separates its sections with a mark. A ticket takes 65,536 characters (`Look.longest`):
sections that no longer fit are left out, and a note says which; the most important ones come first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from backup_doctor.base.quoting import (
    for_markdown_inline,
    markdown_code,
    markdown_fence,
    one_line,
    with_code,
    without_commands,
)
from backup_doctor.report.render.templating import Safe, fill

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.evidence.findings import Report
    from backup_doctor.report.render.formats import Look

# What is filled, and what it includes.
TEMPLATES = ("report.md.j2", "evidence.md.j2")
SECTION = "\x1e"
# Limits of one sentence and of one block, so that one hostile value cannot push all else out.
LONGEST_INLINE = 2_000
LONGEST_BLOCK = 8_000
ITEM = "- "
_LINKABLE = re.compile(r"https?://[\w./:#~%?=-]+")
CUT_NOTE = (
    "\n*Cut to what a ticket can hold; the JSON report (`--report report.json`) has it all.*\n"
)
# Without a heading, a section has no name that a note could give.
_HEADING = re.compile(r"^(?:#+ |\*\*|<details><summary>)(.+?)(?:\*\*.*|</summary>)?$", re.MULTILINE)
NAMES_SHOWN, LONGEST_NAME = 8, 60
LONGEST_NOTE = len(CUT_NOTE) + NAMES_SHOWN * (LONGEST_NAME + 2) + 100


def write(report: Report, look: Look) -> str:
    """The ticket."""
    text = fill(
        TEMPLATES[0],
        report,
        look,
        escape=lambda text: for_markdown_inline(_cut(text, LONGEST_INLINE)),
        filters=FILTERS,
        section=Safe(SECTION),
    )
    sections = [re.sub(r"\n{3,}", "\n\n", part.strip("\n")) for part in text.split(SECTION)]
    return fitting([part + "\n" for part in sections if part], look.longest)


def fitting(sections: list[str], longest: int) -> str:
    """The sections, parted by blank lines, that fit; a note of what was cut where that is not all."""
    whole = "\n".join(sections)
    if len(whole) <= longest:
        return whole
    kept: list[str] = []
    cut: list[str] = []
    left = longest - LONGEST_NOTE
    for section in sections:
        fits = len(section) + 1 <= left
        (kept if fits else cut).append(section)
        left -= len(section) + 1 if fits else 0
    return "\n".join(kept) + _cut_note(cut)


def _cut_note(cut: list[str]) -> str:
    found = [match[1][:LONGEST_NAME] for one in cut if (match := _HEADING.search(one))]
    names = "; ".join(found[:NAMES_SHOWN])
    more = f" and {len(cut) - NAMES_SHOWN} more" if len(cut) > NAMES_SHOWN else ""
    return CUT_NOTE + (f"\nLeft out: {markdown_code(names)}{more}\n" if names else "")


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"


def _code(text: object) -> Safe:
    return Safe(markdown_code(_cut(str(text), LONGEST_INLINE)))


def _code_link(code: str, url: str | None) -> Safe:
    """A finding code, linked to its page where it has one."""
    return Safe(f"[{_code(code)}]({url})") if url and _LINKABLE.fullmatch(url) else _code(code)


def fence(text: str, language: str = "") -> Safe:
    """Something to paste, whole; SQL exactly as it is but for invisible characters."""
    fenced = markdown_fence(text, language)
    return Safe(fenced if language == "sql" else without_commands(fenced))


def prose(text: str) -> Safe:
    """What we advise, in words: a paragraph, or a list if its lines are items; names as code."""
    lines = _cut(text, LONGEST_BLOCK).strip().split("\n")
    return Safe("\n".join(_prose_line(line) for line in lines))


def _prose_line(line: str) -> str:
    item = line.startswith(ITEM)
    said = with_code(line.removeprefix(ITEM), for_markdown_inline, markdown_code)
    return f"{ITEM}{said}" if item else said


def _shown(text: str) -> Safe:
    """Evidence: a code span if it fits a line, else a block."""
    if "\n" not in text.strip() and len(text) <= 200:  # noqa: PLR2004 -- two lines of a ticket
        return Safe(" " + markdown_code(one_line(text)))
    return Safe("\n\n" + without_commands(markdown_fence(_cut(text, LONGEST_BLOCK), "text")))


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "code": _code,
    "code_link": _code_link,
    "fence": fence,
    "mark": Safe,
    "prose": prose,
    "shown": _shown,
}
