"""Play the strangers' pipelines: `python -m tests.strangers [core] [--page] [NAME …]`.

Each is played well and with its faults, and looked at twice: with its scripts, and where they cannot
be read. What is not right is printed with what was said. `core` plays the good backup and two faults
of each; names play the scenes that have one of them in theirs. `--page` writes docs/accuracy.md's
section. STRANGERS_WORKERS says how many are played at a time.
"""

from __future__ import annotations

import os
import sys
import time

from tests.strangers.page import LEAST_SEEN, LEAST_UNSEEN, share, table, write
from tests.strangers.playing import CATALOGUES, Outcome, play_all


def main(*arguments: str) -> int:
    """Play, and return whether too much is wrong."""
    names = [one for one in arguments if not one.startswith("--")]
    catalogue = names.pop(0) if names and names[0] in CATALOGUES else "all"
    started = time.monotonic()
    workers = int(os.environ.get("STRANGERS_WORKERS", "2"))
    outcomes = [_told(one) for one in play_all(catalogue, tuple(names), workers)]
    _say(table(outcomes))
    _say(f"{len(outcomes)} scenes in {time.monotonic() - started:.0f} s")
    if "--page" in arguments:
        write(outcomes)
    seen = share(outcomes, [one.is_right(one.seen) for one in outcomes])
    unseen = share(outcomes, [one.is_right(one.unseen) for one in outcomes])
    # The core holds the scenes that are hardest without the scripts: of these all are asked for.
    return int(seen < LEAST_SEEN or (catalogue == "all" and unseen < LEAST_UNSEEN))


def _told(one: Outcome) -> Outcome:
    looks = (("seen", one.seen, one.summaries[0]), ("unseen", one.unseen, one.summaries[1]))
    for look, got, summary in looks:
        if not one.is_right(got):
            _say(
                f"MISS ({look}) {one.name}: want {one.expected.verdict} {one.expected.root_cause}, "
                f"got {got.verdict} {got.causes}: {summary}"
            )
    if one.trouble:
        _say(one.trouble)
    return one


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
