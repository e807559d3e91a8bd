"""The page of every finding code, from the docstrings that `explain` prints."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from doctor.explain import kind_of, placed, sections_of
from doctor.explanation import page
from doctor.registry import SEQUENCE, load_checks

if TYPE_CHECKING:
    from doctor.framework import AnyCheck, RuleInfo

MARKUP: Final = re.compile(r"[<>*_\[\]|]")


def findings() -> str:
    """Every built-in check and its codes, in running order."""
    checks = (one.check for one in load_checks().checks)
    return "\n".join(_check(check) for check in checks if check.name in SEQUENCE)


def _check(check: AnyCheck) -> str:
    codes = "\n".join(_code(rule) for rule in check.rules)
    return f"## {check.name}\n\n{_prose(check.doc)}\n\n{codes}"


def _code(rule: RuleInfo[Any]) -> str:
    known = page(rule.doc)
    said = "\n".join(
        f"- **{title}:** {_prose(text)}" for title, text in (*sections_of(known), *placed(rule))
    )
    return (
        f"### {rule.code}\n\n{_prose(known.summary)}\n\n*{kind_of(rule).capitalize()}.*\n\n{said}\n"
    )


def _prose(text: str) -> str:
    """Text whose only markup are backquotes."""
    pieces = text.split("`")
    pieces[::2] = [MARKUP.sub(r"\\\g<0>", piece) for piece in pieces[::2]]
    return "`".join(pieces)
