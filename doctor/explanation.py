"""A rule's docstring, taken apart: the one source of `explain`, the reports and the documentation."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from doctor.framework import RuleInfo

SECTIONS = ("Detected", "Cause", "Fix", "By hand", "Source")
_HEAD = re.compile(rf"^({'|'.join(SECTIONS)}):\s*", re.MULTILINE)


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a finding code in general. A section that is not written is empty."""

    summary: str
    detected: str = ""
    cause: str = ""
    fix: str = ""
    by_hand: str = ""
    source: str = ""


@cache
def page(doc: str) -> Page:
    """Take a docstring apart: the first sentence, then one text for each named section."""
    parts = _HEAD.split(doc.strip())
    texts = dict(zip(parts[1::2], (_joined(text) for text in parts[2::2]), strict=True))
    return Page(
        summary=_joined(parts[0]),
        detected=texts.get("Detected", ""),
        cause=texts.get("Cause", ""),
        fix=texts.get("Fix", ""),
        by_hand=texts.get("By hand", ""),
        source=texts.get("Source", ""),
    )


def explanation_of(rule: RuleInfo[Any]) -> str:
    """What a report says of the code in general: what it means, and what it usually comes from."""
    known = page(rule.doc)
    return f"{known.summary} Usual cause: {known.cause}" if known.cause else known.summary


def _joined(text: str) -> str:
    return " ".join(text.split())
