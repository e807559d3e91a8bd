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


def anchor(code: str) -> str:
    """The anchor that GitHub, GitLab and MkDocs make of a heading: `function/x-y`, `functionx-y`."""
    return re.sub(r"[^a-z0-9-]", "", code.lower())


def _joined(text: str) -> str:
    return " ".join(text.split())
