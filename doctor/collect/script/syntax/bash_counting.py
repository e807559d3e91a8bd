"""The shell's arithmetic as the command that it is short for: `((N++))` is `let N++`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.collect.script.syntax.nodes import Literal, SimpleCommand

if TYPE_CHECKING:
    from backup_doctor.collect.script.syntax.nodes import Expr

_CHANGES = re.compile(r"\+\+|--|(?<![=!<>])=(?![=~])")


def counting(text: str, line: int, *words: str) -> SimpleCommand:
    """Arithmetic as the command that it is short for."""
    return SimpleCommand(tuple(map(Literal, ("let", *words, text.strip()))), line=line)


def counted(text: str, line: int) -> Expr | None:
    """`((ERRORS++))`; None for a mere comparison, which is a test."""
    told = text.strip().removeprefix("((").removesuffix("))")
    return counting(told, line) if _CHANGES.search(told) else None
