"""All situations. A new kind is a new file here; a new situation is a function in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.harm import (
    absence,
    attempts,
    chain,
    claims,
    commands,
    faults,
    files,
    ownership,
    settings,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.harm.situation import Situation, Situations

KINDS: Final[tuple[Situations, ...]] = (
    ownership.situations,
    absence.situations,
    attempts.situations,
    claims.situations,
    files.situations,
    settings.situations,
    commands.situations,
    chain.situations,
    faults.situations,
)


def numbered() -> Iterator[tuple[str, Situation]]:
    """Every situation with its kind."""
    for kind in KINDS:
        for situation in kind.all:
            yield kind.kind, situation
