"""Try the mutants that `making` writes, from standard input: `python -m scripts.mutants [PLACE ...]`.

Without a place `docs/mutants.md` is written; with some, what survives there is printed. MUTANTS_EVERY=4
tries only one mutant in four, and the page says so.
"""

from __future__ import annotations

import json
import os
import sys
from itertools import islice
from pathlib import Path

from scripts.mutants.page import line, page
from scripts.mutants.reasons import reason
from scripts.mutants.trying import Mutant, Outcome, tried

PAGE = Path("docs/mutants.md")


def main(*places: str) -> int:
    """Try them, and return how many survive for no reason that is known."""
    every = int(os.environ.get("MUTANTS_EVERY", "1"))
    made = (Mutant(**json.loads(text)) for text in sys.stdin)
    chosen = (one for one in made if not places or one.path.startswith(places))
    outcomes = sorted(
        tried(islice(chosen, 0, None, every), os.cpu_count() or 1),
        key=lambda one: (one[0].path, one[0].line, one[0].operator, one[0].text),
    )
    survivors = [mutant for mutant, outcome in outcomes if outcome is Outcome.SURVIVED]
    left = [mutant for mutant in survivors if not reason(mutant)]
    if places:
        sys.stdout.writelines(f"{one.line}: {line(one)}" for one in left)
    else:
        PAGE.write_text(page(outcomes, reason, every))
    sys.stdout.write(f"{len(outcomes) - len(survivors)} of {len(outcomes)} noticed\n")
    return len(left)


if __name__ == "__main__":
    sys.exit(min(main(*sys.argv[1:]), 1))
