"""The benchmark of `sweep`: many stuck backups against single diagnoses. Run: `make bench-sweep`.

python -m benchmarks.sweep [COUNT...]: other numbers of backups than 1,000 and 10,000.
"""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from backup_doctor.demo.crowd import multiply, original
from benchmarks.measure import Cost, run
from benchmarks.scene import Scene, stuck_backup
from benchmarks.sweep_page import Round, write_page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COUNTS = (1_000, 10_000)
SINGLES = 20
ROUND_TRIP_S = 0.05
# The stand-ins take longer than the sweep: they search all that they have for every page.
LONGEST_S = 900.0
FAILING = 1
DOCTOR = Path(sys.executable).parent / "backup-doctor"
PAGE = Path(__file__).parents[1] / "docs" / "performance-sweep.md"
SINCE = timedelta(hours=40)


def main(counts: Sequence[int]) -> None:
    """Measure and write."""
    rounds = []
    for count in counts:
        rounds.append(_round(count))
        sys.stdout.write(f"{count:,} done\n")
        sys.stdout.flush()
    write_page(PAGE, rounds, ROUND_TRIP_S)


def _round(count: int) -> Round:
    with stuck_backup() as scene:
        ids = _crowd(scene, count)
        with scene.far_away(0.0) as (near, _):
            singles = [_single(near, one) for one in ids[:: max(1, count // SINGLES)][:SINGLES]]
            sweep = _sweep(near)
        with scene.far_away(ROUND_TRIP_S) as (far, network):
            far_sweep = _sweep(far)
            asked = Counter(turn.service for turn in network.turns(far_sweep.started))
    return Round(count=count, singles=singles, sweep=sweep, far_sweep=far_sweep, asked=asked)


def _crowd(scene: Scene, count: int) -> list[str]:
    of = original(scene.world, scene.dispatch_id, scene.world.repository.runs[0])
    since = datetime.now(UTC) - SINCE
    return multiply(scene.world, of, count, since, apart=(SINCE - timedelta(hours=3)) / count)


def _single(environment: Mapping[str, str], dispatch_id: str) -> Cost:
    return run(
        [DOCTOR, "--dispatch-id", dispatch_id, "--format", "json"],
        exit_code=FAILING,
        expected="function/not-deployed",
        environment=environment,
    )


def _sweep(environment: Mapping[str, str]) -> Cost:
    return run(
        [DOCTOR, "sweep", "--older-than", "2h", "--format", "text"],
        exit_code=FAILING,
        expected="one cause: function/not-deployed",
        environment=environment,
        timeout_s=LONGEST_S,
    )


if __name__ == "__main__":
    main([int(count) for count in sys.argv[1:]] or COUNTS)
