"""Measures a sweep over many stuck backups against as many single diagnoses. Run: `make bench-sweep`."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.measure import Cost, run
from benchmarks.scene import Scene, stuck_backup
from doctor.demo.crowd import multiply, original

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.network import Network

BACKUPS = 10_000
SINGLES = int(os.environ.get("SINGLES", "20"))
ROUND_TRIP_S = 0.05
LONGEST_S = 900.0
MB = 1_000_000
FAILING = 1
DOCTOR = Path(sys.executable).parent / "backup-doctor"
SINCE = timedelta(hours=40)
ROW = "| {:<34} | {:>9} | {:>9} | {:>9} |"


def main() -> None:
    """Make the backups, measure, and print a table in Markdown."""
    count = int(os.environ.get("BACKUPS", BACKUPS))
    with stuck_backup() as scene:
        ids = _crowd(scene, count)
        print(ROW.format("", "seconds", "CPU s", "peak MB"))  # noqa: T201 -- a program
        print(ROW.format(*("---",) * 4))  # noqa: T201
        with scene.far_away(0.0) as (near, _):
            single = _singles(near, ids[:: max(1, count // SINGLES)][:SINGLES])
            _row(f"single diagnosis × {count:,} (of {SINGLES})", single, times=count)
            _row(f"sweep of {count:,}", [_sweep(near)])
        with scene.far_away(ROUND_TRIP_S) as (far, network):
            cost = _sweep(far)
            _row(f"sweep of {count:,} at 50 ms", [cost])
            _turns(network, cost)


def _crowd(scene: Scene, count: int) -> list[str]:
    of = original(scene.world, scene.dispatch_id, scene.world.repository.runs[0])
    since = datetime.now(UTC) - SINCE
    return multiply(scene.world, of, count, since, apart=(SINCE - timedelta(hours=3)) / count)


def _singles(environment: Mapping[str, str], ids: Sequence[str]) -> list[Cost]:
    return [
        run(
            [DOCTOR, "--dispatch-id", one, "--format", "json"],
            exit_code=FAILING,
            expected="function/not-deployed",
            environment=environment,
        )
        for one in ids
    ]


def _sweep(environment: Mapping[str, str]) -> Cost:
    return run(
        [DOCTOR, "sweep", "--older-than", "2h", "--format", "text"],
        exit_code=FAILING,
        expected="one cause: function/not-deployed",
        environment=environment,
        timeout_s=LONGEST_S,
    )


def _row(name: str, costs: Sequence[Cost], times: int = 1) -> None:
    seconds = median(cost.seconds for cost in costs) * times
    cpu_s = median(cost.cpu_s for cost in costs) * times
    peak = max(cost.peak_bytes for cost in costs) / MB
    print(ROW.format(name, f"{seconds:,.1f}", f"{cpu_s:,.1f}", f"{peak:,.0f}"), flush=True)  # noqa: T201


def _turns(network: Network, cost: Cost) -> None:
    """How many questions each service was asked."""
    services: dict[str, int] = {}
    for turn in network.turns(cost.started):
        services[turn.service] = services.get(turn.service, 0) + 1
    asked = ", ".join(f"{name} {count:,}" for name, count in sorted(services.items()))
    print(f"\nQuestions asked at 50 ms: {asked}.")  # noqa: T201


if __name__ == "__main__":
    main()
