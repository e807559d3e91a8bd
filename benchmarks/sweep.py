"""The benchmark of `sweep`: many backups, several projects, a large table. Run: `make bench-sweep`.

python -m benchmarks.sweep [COUNT...]: other numbers of backups than 1,000 and 10,000.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Cost, run, side_by_side
from benchmarks.scene import Scene, stuck_backup
from benchmarks.sweep_page import Large, Many, Round, write_page
from benchmarks.sweep_scene import DOCTOR, FAILING, add_good_rows, crowd_of, projects, swept

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COUNTS = (1_000, 10_000)
SINGLES = 20
ROUND_TRIP_S = 0.05
PROJECTS = 5
REPEATED = 3
# So many rows for each stuck one.
ROWS_TO_ONE = 100
PAGE = Path(__file__).parents[1] / "docs" / "performance-sweep.md"


def main(counts: Sequence[int]) -> None:
    """Measure and write."""
    load_before = os.getloadavg()[0]
    most = counts[-1]
    many = _many_projects(most // PROJECTS)
    _say(f"{PROJECTS} projects done")
    rounds = []
    for count in counts[:-1]:
        with stuck_backup() as scene:
            rounds.append(_round(scene, count))
        _say(f"{count:,} done")
    with stuck_backup() as scene:
        rounds.append(_round(scene, most))
        large = _large(scene, most)
    _say(f"{most:,} done")
    write_page(PAGE, rounds, many, large, ROUND_TRIP_S, load_before)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _round(scene: Scene, count: int) -> Round:
    ids = crowd_of(scene, count)
    with scene.far_away(0.0) as (near, _):
        singles = [_single(near, one) for one in ids[:: max(1, count // SINGLES)][:SINGLES]]
        sweep = swept(near, count)
    with scene.far_away(ROUND_TRIP_S) as (far, network):
        far_sweep = swept(far, count)
        turns = network.turns(far_sweep.started)
        asked = Counter(turn.service for turn in turns if not turn.is_handshake)
    return Round(count=count, singles=singles, sweep=sweep, far_sweep=far_sweep, asked=asked)


def _many_projects(of_each: int) -> Many:
    """All projects in one run and each by itself, taking turns."""
    with stuck_backup() as scene:
        crowd_of(scene, of_each)
        with projects(scene.world, PROJECTS, scene.nearby()) as several:
            together, *alone = side_by_side(
                REPEATED,
                partial(several.together, of_each),
                *(partial(several.alone, at, of_each) for at in range(PROJECTS)),
            )
    return Many(of_each=of_each, together=together, alone=alone)


def _large(scene: Scene, count: int) -> Large:
    rows = count * ROWS_TO_ONE
    add_good_rows(scene.world, rows - count)
    return Large(rows=rows, stuck=count, sweep=swept(scene.nearby(), count))


def _single(environment: Mapping[str, str], dispatch_id: str) -> Cost:
    return run(
        [DOCTOR, "--dispatch-id", dispatch_id, "--format", "json"],
        exit_code=FAILING,
        expected="function/not-deployed",
        environment=environment,
    )


if __name__ == "__main__":
    main([int(count) for count in sys.argv[1:]] or COUNTS)
