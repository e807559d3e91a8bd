"""The page of every finding code, from the docstrings that `explain` prints."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from backup_doctor.judge.explanation import GUIDE, GUIDE_PAGE, GUIDE_PART, page
from backup_doctor.judge.registry import SEQUENCE, load_checks
from backup_doctor.report.explain import kind_of, placed, sections_of

if TYPE_CHECKING:
    from backup_doctor.judge.framework import AnyCheck, RuleInfo
    from backup_doctor.judge.registry import Registry

MARKUP: Final = re.compile(r"[<>*_\[\]|]")


def findings() -> str:
    """Every built-in check and its codes, in running order."""
    registry = load_checks()
    checks = (one.check for one in registry.checks)
    return "\n".join(_check(check, registry) for check in checks if check.name in SEQUENCE)


def _check(check: AnyCheck, registry: Registry) -> str:
    codes = "\n".join(_code(rule, registry) for rule in check.rules)
    return f"## {check.name}\n\n{prose(check.doc)}\n\n{codes}"


def _code(rule: RuleInfo[Any], registry: Registry) -> str:
    known = page(rule.doc)
    said = "\n".join(
        f"- **{title}:** {linked(prose(text))}"
        for title, text in (*sections_of(known), *placed(rule, registry))
    )
    return (
        f"### {rule.code}\n\n{prose(known.summary)}\n\n*{kind_of(rule).capitalize()}.*\n\n{said}\n"
    )


def linked(text: str) -> str:
    """Markdown in which the parts of the guide are links."""
    return GUIDE_PART.sub(lambda part: f"[{part[0]}]({GUIDE_PAGE}#{GUIDE[part[1].lower()]})", text)


def prose(text: str) -> str:
    """Text whose only markup are backquotes."""
    pieces = text.split("`")
    pieces[::2] = [MARKUP.sub(r"\\\g<0>", piece) for piece in pieces[::2]]
    return "`".join(pieces)
