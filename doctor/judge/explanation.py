"""A rule's docstring, taken apart: the one source of `explain`, the reports and the documentation."""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata
from typing import TYPE_CHECKING, Any

import msgspec

from backup_doctor.judge.registry import PACKAGE, SEQUENCE

if TYPE_CHECKING:
    from backup_doctor.judge.framework import RuleInfo

PAGE = "findings.md"
REASONS_PAGE = "reasons.md"
GUIDE_PAGE = "guide.md"
# The parts of the troubleshooting guide that docstrings name, each with its anchor on the page.
GUIDE = {
    "step 1": "step-1-the-workflow-run",
    "step 2": "step-2-the-secrets",
    "step 3": "step-3-the-row",
    "step 4": "step-4-the-sql",
    "step 5": "step-5-the-function",
    "step 6": "step-6-the-file",
    "row-level security": "row-level-security",
    "debug step": "a-debug-step",
    "prevention": "prevention",
}
GUIDE_PART = re.compile(rf"\bguide, ({'|'.join(GUIDE)})\b", re.IGNORECASE)
SECTIONS = ("Detected", "Cause", "Fix", "By hand", "Source")
_HEAD = re.compile(rf"^({'|'.join(SECTIONS)}):\s*", re.MULTILINE)


class CodePage(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a finding code in general. A section that is not written is empty."""

    summary: str
    detected: str = ""
    cause: str = ""
    fix: str = ""
    by_hand: str = ""
    source: str = ""


@cache
def page(doc: str) -> CodePage:
    """Take a docstring apart: the first sentence, then one text for each named section."""
    parts = _HEAD.split(doc.strip())
    texts = dict(zip(parts[1::2], (_joined(text) for text in parts[2::2]), strict=True))
    return CodePage(
        summary=_joined(parts[0]),
        detected=texts.get("Detected", ""),
        cause=texts.get("Cause", ""),
        fix=texts.get("Fix", ""),
        by_hand=texts.get("By hand", ""),
        source=texts.get("Source", ""),
    )


def explanation_of(rule: RuleInfo[Any]) -> str:
    """What a report says of the code in general, which its summary of this case does not."""
    known = page(rule.doc)
    return f"Usual cause: {known.cause}" if known.cause else known.summary


@cache
def pages_url() -> str:
    """Where the documentation lies, with a slash at the end: the project's `Documentation` URL.

    Empty where the package's metadata has none.
    """
    try:
        urls = metadata(PACKAGE).get_all("Project-URL") or []
    except PackageNotFoundError:
        return ""
    named = dict(url.split(", ", 1) for url in urls)
    return f"{named['Documentation'].rstrip('/')}/" if "Documentation" in named else ""


def page_url(code: str) -> str | None:
    """The page of a built-in check's finding code; None for a third party's."""
    built_in = code.partition("/")[0] in SEQUENCE
    return f"{pages_url()}{PAGE}#{anchor(code)}" if built_in and pages_url() else None


def reason_url(reason: str) -> str | None:
    """The page of a reason; None where nobody said where the documentation lies."""
    return f"{pages_url()}{REASONS_PAGE}#{anchor(reason)}" if pages_url() else None


def guide_urls(text: str) -> tuple[str, ...]:
    """The pages of the guide's parts that a text names; paths where nobody said where they lie."""
    parts = dict.fromkeys(found.lower() for found in GUIDE_PART.findall(text))
    return tuple(f"{pages_url() or 'docs/'}{GUIDE_PAGE}#{GUIDE[part]}" for part in parts)


def anchor(code: str) -> str:
    """The anchor that GitHub, GitLab and MkDocs make of a heading: `function/x-y`, `functionx-y`."""
    return re.sub(r"[^a-z0-9-]", "", code.lower())


def _joined(text: str) -> str:
    return " ".join(text.split())
