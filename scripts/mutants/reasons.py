"""Why no test notices a mutant, where one could not or should not: by file and part of its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scripts.mutants.trying import Mutant

# (file, part of the line before the change) -> why
REASONS: dict[tuple[str, str], str] = {}


def reason(mutant: Mutant) -> str | None:
    """Why no test notices it, where that is known."""
    return next(
        (
            why
            for (path, part), why in REASONS.items()
            if mutant.path == path and part in mutant.change[0]
        ),
        None,
    )
