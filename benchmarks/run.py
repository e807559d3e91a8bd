"""The benchmark: measures every target in one run, prints them, and writes the page in `docs/`."""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from backup_doctor.demo.supabase.postgres import programs
from benchmarks.breakdown import Breakdown, break_down
from benchmarks.chain import Chain, longest_chain
from benchmarks.measure import Cost, Spread, UnexpectedOutputError, run, side_by_side
from benchmarks.page import write_page
from benchmarks.scene import FAULT, Scene, ambient, stuck_backup
from benchmarks.targets import Target, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.network import Network

ROUND_TRIP_S = 0.05
STARTS = 15
DIAGNOSES = 11
LONG_LOGS = 3
LONG_LOG_BYTES = 200_000_000
MB = 1_000_000
FAILING = 1
GUIDE_FINDS = "failed (HTTP 404)"
GUIDE = Path(__file__).with_name("guide.sh")
PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
BIN = Path(sys.executable).parent
DOCTOR = BIN / "backup-doctor"
BARE_APP = '''\
import typer

app = typer.Typer()


@app.command()
def main(name: str) -> None:
    """Say hello."""
    print(name)


app()
'''


@dataclass(frozen=True)
class Diagnosis:
    """One diagnosis over the slow network."""

    cost: Cost
    chain: Chain
    parts: Breakdown


def main() -> int:
    """Measure, print and write; 1 where a target is missed."""
    load_before = os.getloadavg()[0]
    targets = [_start_up()]
    with stuck_backup() as scene:
        diagnoses, guide = _far_away(scene)
        seconds = Spread.of([one.cost.seconds for one in diagnoses])
        chain = Spread.of([one.chain.seconds for one in diagnoses])
        targets += [
            Target("Diagnosis, against its longest chain of dependent calls", seconds, chain, 1.3),
            Target("Diagnosis, against the guide as a shell script", seconds, guide, 0.5),
            *_memory(scene, diagnoses),
        ]
    quickest = min(diagnoses, key=lambda one: one.cost.seconds)
    sys.stdout.write(table(targets))
    write_page(PAGE, targets, quickest.parts, quickest.chain, ROUND_TRIP_S, load_before)
    return 0 if all(target.met for target in targets) else 1


def _start_up() -> Target:
    with tempfile.TemporaryDirectory() as directory:
        bare_app = Path(directory) / "bare.py"
        bare_app.write_text(BARE_APP)
        start = partial(run, exit_code=0, environment=ambient())
        ours, bare = side_by_side(
            STARTS,
            partial(start, [DOCTOR, "--help"], expected="--dispatch-id"),
            partial(start, [sys.executable, bare_app, "--help"], expected="hello"),
        )
    return Target("backup-doctor --help, against a bare typer app", _wall(ours), _wall(bare), 1.3)


def _far_away(scene: Scene) -> tuple[list[Diagnosis], Spread]:
    with scene.far_away(ROUND_TRIP_S) as (environment, network):
        diagnoses: list[Diagnosis] = []
        costs = side_by_side(
            DIAGNOSES,
            lambda: _traced(scene, environment, network, diagnoses.append),
            lambda: _guide(scene, environment),
        )
    return diagnoses[1:], _wall(costs[1])


def _traced(
    scene: Scene,
    environment: dict[str, str],
    network: Network,
    keep: Callable[[Diagnosis], None],
) -> Cost:
    cost = _diagnosis(scene, environment)
    chain = longest_chain(network.turns(since=cost.started))
    keep(Diagnosis(cost, chain, break_down(cost, chain)))
    return cost


def _diagnosis(scene: Scene, environment: dict[str, str]) -> Cost:
    assert FAULT.root_cause is not None
    return run(
        [DOCTOR, "--dispatch-id", scene.dispatch_id],
        environment=environment,
        exit_code=FAILING,
        expected=FAULT.root_cause,
    )


def _guide(scene: Scene, environment: dict[str, str]) -> Cost:
    path = os.pathsep.join([str(BIN), str(programs()), environment["PATH"]])
    return run(
        ["/bin/bash", GUIDE, scene.dispatch_id],
        environment={**environment, "PATH": path},
        exit_code=0,
        expected=GUIDE_FINDS,
    )


def _memory(scene: Scene, diagnoses: list[Diagnosis]) -> list[Target]:
    small = _peak([one.cost for one in diagnoses])
    with scene.long_log(LONG_LOG_BYTES):
        costs = [_diagnosis(scene, scene.nearby()) for _ in range(LONG_LOGS)]
    more = Spread.of([max(0.0, cost.peak_bytes / MB - small.middle) for cost in costs])
    return [
        Target("Peak memory of a diagnosis", small, None, 120, "MB"),
        Target("Additional memory for a log of 200 MB", more, None, 64, "MB"),
    ]


def _wall(costs: list[Cost]) -> Spread:
    return Spread.of([cost.seconds for cost in costs])


def _peak(costs: list[Cost]) -> Spread:
    return Spread.of([cost.peak_bytes / MB for cost in costs])


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UnexpectedOutputError as error:
        sys.exit(f"Nothing was measured: {error}")
