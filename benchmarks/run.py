"""The benchmark: measures every target in one run, prints them, and writes the page in `docs/`."""

from __future__ import annotations

import os
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from backup_doctor.demo.supabase.postgres import programs
from benchmarks.breakdown import Diagnosis, break_down
from benchmarks.chain import longest_chain
from benchmarks.load import load_now
from benchmarks.measure import Cost, Spread, UnexpectedOutputError, run, side_by_side
from benchmarks.page import LISTING, LOG, write_page
from benchmarks.scene import FAULT, Scene, ambient, stuck_backup
from benchmarks.targets import Target, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.network import Network

ROUND_TRIP_S = 0.05
# Long beside what the machine itself takes, so that each round trip is told from the next.
COUNTED_S = 0.4
COUNTS = 3
STARTS = 9
DIAGNOSES = 9
LONG_LOGS = 3
LONG_LOG_BYTES = 200_000_000
MB = 1_000_000
# Measures all the same, and marks the figures.
ON_BUSY = "--on-busy-machine"
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


def main(*, on_busy: bool) -> int:
    """Measure, print and write; 1 where a target is missed, 2 where the machine is busy."""
    before = load_now()
    if before.is_busy and not on_busy:
        sys.stderr.write(
            f"Nothing was measured: the machine is busy ({before}). make bench BUSY={ON_BUSY} "
            "measures all the same, and marks the page.\n"
        )
        return 2
    targets = [_start_up()]
    with stuck_backup() as scene:
        by_listing, guide, nothing = _far_away(scene)
        listing_trips = _round_trips(scene)
        memory = _memory(scene, by_listing)
    with stuck_backup(only_log_names_file=True) as scene:
        by_log = _traced_alone(scene, ROUND_TRIP_S, DIAGNOSES)
        log_trips = _round_trips(scene)
    first_byte = Spread.of([one.parts.start * 1000 for one in by_listing])
    targets += [
        Target(
            "Start to first byte, beside python -c pass",
            first_byte,
            nothing,
            150,
            "ms",
            is_multiple=False,
        ),
        _against_chain("the listing names the file", by_listing),
        Target(
            "Dependent round trips (the listing names the file)",
            listing_trips,
            None,
            8,
            "round trips",
        ),
        _against_chain("only the log does", by_log),
        Target("Dependent round trips (only the log does)", log_trips, None, 11, "round trips"),
        Target("Diagnosis, against the guide as a shell script", _seconds(by_listing), guide, 0.35),
        *memory,
    ]
    loads = (before, load_now())
    sys.stdout.write(f"{table(targets)}Before: {loads[0]}. After: {loads[1]}.\n")
    write_page(
        PAGE, targets, {LISTING: _median(by_listing), LOG: _median(by_log)}, loads, ROUND_TRIP_S
    )
    return 0 if all(target.met for target in targets) else 1


def _against_chain(where: str, diagnoses: list[Diagnosis]) -> Target:
    chain = Spread.of([one.chain.seconds for one in diagnoses])
    return Target(
        f"Diagnosis ({where}), against its longest chain", _seconds(diagnoses), chain, 1.3
    )


def _seconds(diagnoses: list[Diagnosis]) -> Spread:
    return Spread.of([one.cost.seconds for one in diagnoses])


def _median(diagnoses: list[Diagnosis]) -> Diagnosis:
    """The diagnosis in the middle."""
    return sorted(diagnoses, key=lambda one: one.cost.seconds)[len(diagnoses) // 2]


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


def _far_away(scene: Scene) -> tuple[list[Diagnosis], Spread, Spread]:
    """The diagnosis, the guide and a Python that does nothing, in turns."""
    with scene.far_away(ROUND_TRIP_S) as (environment, network):
        diagnoses: list[Diagnosis] = []
        # The demo's psql was built without TLS, and is spared it.
        plain = {"SUPABASE_DB_URL": network.without_tls(scene.nearby()["SUPABASE_DB_URL"])}
        _, guide, nothing = side_by_side(
            DIAGNOSES,
            lambda: _traced(scene, environment, network, diagnoses.append),
            lambda: _guide(scene, environment | plain),
            lambda: run([sys.executable, "-c", "pass"], exit_code=0, expected=""),
        )
    started = Spread.of([cost.seconds * 1000 for cost in nothing])
    return diagnoses[1:], _wall(guide), started


def _traced_alone(scene: Scene, round_trip_s: float, repetitions: int) -> list[Diagnosis]:
    with scene.far_away(round_trip_s) as (environment, network):
        diagnoses: list[Diagnosis] = []
        side_by_side(repetitions, lambda: _traced(scene, environment, network, diagnoses.append))
    return diagnoses[1:]


def _round_trips(scene: Scene) -> Spread:
    """Of the longest chain, over a network so slow that nothing else counts."""
    counted = _traced_alone(scene, COUNTED_S, COUNTS)
    return Spread.of([one.chain.round_trips for one in counted])


def _traced(
    scene: Scene,
    environment: dict[str, str],
    network: Network,
    keep: Callable[[Diagnosis], None],
) -> Cost:
    cost = _diagnosis(scene, environment)
    turns = network.turns(since=cost.started)
    chain = longest_chain(turns)
    keep(Diagnosis(cost, chain, break_down(cost, chain, turns)))
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
        sys.exit(main(on_busy=ON_BUSY in sys.argv))
    except UnexpectedOutputError as error:
        sys.exit(f"Nothing was measured: {error}")
