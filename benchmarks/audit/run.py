"""The benchmark of `audit`: measures it beside the listers and psql, and writes its page in `docs/`.

python -m benchmarks.audit.run LISTERS_PYTHON [COUNT...]: the interpreter of an environment with the
listers, and other numbers of backups than 10,000, 100,000 and a million.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from backup_doctor.demo.supabase.postgres import PostgresServer, programs
from benchmarks.audit.listers import BUCKET, KEY_ID, LISTERS, REGION, SECRET
from benchmarks.audit.page import write_page
from benchmarks.audit.store import write_listing
from benchmarks.audit.table import table
from benchmarks.machine import MOST_BUSY, busy_share, wait_for_quiet
from benchmarks.measure import Cost, UnexpectedOutputError, run, side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COUNTS = (10_000, 100_000, 1_000_000)
COMPARED = 10_000
FAR_AWAY, FAR_AWAY_S = 100_000, 0.05
ROUNDS = 5
# For how long a turn waits for others to be done.
WAIT_S = 60.0
NOT_CLEAN = 1
DOCTOR = Path(sys.executable).parent / "backup-doctor"
PAGE = Path(__file__).parents[2] / "docs" / "performance-audit.md"


@dataclass(frozen=True)
class Turn:
    """An audit, and the two sides only read, one after the other; `busy` is how much others used."""

    audit: Cost
    lister: Cost
    psql: Cost
    busy: float


@dataclass(frozen=True)
class Round:
    """What auditing so many backups costs, turn by turn."""

    count: int
    turns: list[Turn]

    @property
    def is_quiet(self) -> bool:
        """Whether most turns had the machine to themselves: else the times are none to tell."""
        return median(one.busy for one in self.turns) <= MOST_BUSY


@dataclass(frozen=True)
class Scene:
    """A table and a bucket with the same backups, and how to look at them."""

    count: int
    url: str
    database: str
    listers_python: Path

    def audit(self) -> Cost:
        """The whole command, from start to exit."""
        environment = {
            "PATH": os.defpath,
            "SUPABASE_DB_URL": self.database,
            "BACKUP_BUCKET": BUCKET,
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL_S3": self.url,
        }
        told = f"{2 * self.count // 1000:,} stuck-with-object"
        command: list[str | Path] = [DOCTOR, "audit", "--format", "text", "--limit", "0"]
        return run(command, environment=environment, exit_code=NOT_CLEAN, expected=told)

    def lister(self, name: str) -> Cost:
        """One of the listers, which only counts."""
        script = Path(__file__).with_name("listers.py")
        command: list[str | Path] = [self.listers_python, script, name, self.url]
        return run(command, exit_code=0, expected=str(self.count - self.count // 1000))

    def psql(self) -> Cost:
        """A copy of the whole table to nowhere."""
        copy = r"\copy public.backup_history to /dev/null"
        return run([programs() / "psql", self.database, "-c", copy], exit_code=0, expected="COPY")


def main(listers_python: Path, counts: Sequence[int]) -> None:
    """Measure and write."""
    with PostgresServer.start() as server:
        with _scene(server, COMPARED, listers_python) as scene:
            listers = {name: scene.lister(name) for name in LISTERS}
        fastest = min(listers, key=lambda name: listers[name].seconds)
        rounds = []
        for count in counts:
            with _scene(server, count, listers_python) as scene:
                _turn(scene, fastest, wait_s=0.0)  # warms up
                turns = [_turn(scene, fastest, WAIT_S) for _ in range(ROUNDS)]
            rounds.append(Round(count, turns))
            sys.stdout.write(f"{count:,} done\n")
        with _scene(server, FAR_AWAY, listers_python, FAR_AWAY_S) as scene:
            far = side_by_side(1, scene.audit, partial(scene.lister, fastest))
    write_page(PAGE, rounds, listers, (fastest, FAR_AWAY, FAR_AWAY_S, far[0][0], far[1][0]))


def _turn(scene: Scene, fastest: str, wait_s: float) -> Turn:
    before = wait_for_quiet(wait_s)
    costs = scene.audit(), scene.lister(fastest), scene.psql()
    return Turn(*costs, busy=max(before, busy_share()))


@contextmanager
def _scene(
    server: PostgresServer, count: int, listers_python: Path, delay_s: float = 0.0
) -> Iterator[Scene]:
    with (
        tempfile.TemporaryDirectory() as directory,
        table(server, count) as database,
        store(Path(directory) / "listing", count, delay_s) as url,
    ):
        yield Scene(count, url, database, listers_python)


@contextmanager
def store(file: Path, count: int, delay_s: float) -> Iterator[str]:
    """An S3 server that lists so many backups; its URL."""
    write_listing(file, count)
    command = [sys.executable, "-m", "benchmarks.audit.store", str(file), str(delay_s)]
    with subprocess.Popen(  # noqa: S603 -- the benchmark's own server
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.terminate()


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]).absolute(), [int(count) for count in sys.argv[2:]] or COUNTS)
    except UnexpectedOutputError as error:
        sys.exit(f"Nothing was measured: {error}")
