"""What a diagnosis costs as a pipeline grows: runs, rows, objects, log. Run: `make bench-growth`."""

from __future__ import annotations

import copy
import sys
from bisect import bisect_left, bisect_right, insort
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from moto.s3.models import S3Backend

from backup_doctor.demo.crowd import multiply, original
from benchmarks.growth_page import write_page
from benchmarks.machine import busy_share, wait_for_quiet
from benchmarks.measure import Cost, UnexpectedOutputError, run
from benchmarks.scene import FAULT, Scene, stuck_backup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from moto.s3.models import FakeBucket

FAILING = 1
TIMES = 5
WAIT_S = 15.0
DAYS = 1_000
MB = 1_000_000
DOCTOR = Path(sys.executable).parent / "backup-doctor"
PAGE = Path(__file__).parents[1] / "docs" / "performance-growth.md"
ROWS = """
INSERT INTO public.backup_history (dispatch_id, s3_key, status, size_bytes, finished_at, created_at)
SELECT gen_random_uuid()::text, 'backups/grown/backup-' || at || '.zip', 'success', 5, made, made
FROM (SELECT at, now() - interval '1 day' - at * interval '1 minute' AS made
      FROM generate_series(1, {count}) AS at) AS backup"""
CLEAR = "DELETE FROM public.backup_history WHERE dispatch_id <> '{dispatch_id}'"


@dataclass(frozen=True)
class Point:
    """Diagnoses of one size, and how much of the cores others used beside them."""

    size: int
    costs: list[Cost]
    busy: float

    @property
    def seconds(self) -> float:
        """The median."""
        return median(cost.seconds for cost in self.costs)

    @property
    def processor_s(self) -> float:
        """The doctor's own, the median."""
        return median(cost.cpu_s for cost in self.costs)

    @property
    def peak_mb(self) -> float:
        """The greatest."""
        return max(cost.peak_bytes for cost in self.costs) / MB


@dataclass(frozen=True)
class Axis:
    """What grows, to which sizes, and how a scene is made so large."""

    name: str
    unit: str
    sizes: tuple[int, ...]
    grown: Callable[[Scene, int], AbstractContextManager[None]]


def main() -> None:
    """Measure and write."""
    with stuck_backup() as scene:
        _diagnosis(scene)  # warms up
        measured = {(axis.name, axis.unit): _along(axis, scene) for axis in AXES}
    write_page(PAGE, measured)


def _along(axis: Axis, scene: Scene) -> list[Point]:
    points = []
    for size in axis.sizes:
        with axis.grown(scene, size):
            before = wait_for_quiet(WAIT_S)
            costs = [_diagnosis(scene) for _ in range(TIMES)]
            points.append(Point(size, costs, max(before, busy_share())))
        sys.stdout.write(f"{axis.name}: {size:,} done\n")
        sys.stdout.flush()
    return points


def _diagnosis(scene: Scene) -> Cost:
    assert FAULT.root_cause is not None
    return run(
        [DOCTOR, "--dispatch-id", scene.dispatch_id],
        environment=scene.nearby(),
        exit_code=FAILING,
        expected=FAULT.root_cause,
    )


@contextmanager
def _runs(scene: Scene, count: int) -> Iterator[None]:
    """Runs before the backup's own, each with its job and log, as GitHub lists them."""
    runs = scene.world.repository.runs
    own = list(runs)
    of = replace(original(scene.world, scene.dispatch_id, own[0]), key=None)
    since = datetime.now(UTC) - timedelta(days=30)
    multiply(scene.world, of, count, since, apart=timedelta(days=29) / count)
    _clear(scene)
    try:
        yield
    finally:
        runs[:] = own


@contextmanager
def _rows(scene: Scene, count: int) -> Iterator[None]:
    """Rows of older backups, all good."""
    scene.world.sql(ROWS.format(count=count))
    scene.world.sql("ANALYZE public.backup_history")
    try:
        yield
    finally:
        _clear(scene)


@contextmanager
def _objects(_: Scene, count: int) -> Iterator[None]:
    """Objects beside the backup's own, spread over the folders of a thousand days up to today.

    moto looks through all it has for each page: it lists them from a sorted list instead.
    """
    today = datetime.now(UTC)
    each = max(1, count // DAYS)
    names = sorted(
        f"backups/{today - timedelta(days=day):%Y/%m/%d}/backup-{number:08}.zip"
        for day in range(DAYS)
        for number in range(each)
    )
    listed = S3Backend.list_objects_v2
    S3Backend.list_objects_v2 = _listing(names)  # type: ignore[method-assign]
    try:
        yield
    finally:
        S3Backend.list_objects_v2 = listed  # type: ignore[method-assign]


def _listing(everything: list[str]) -> Any:  # noqa: ANN401 -- a method of moto's
    known: set[str] = set()

    def list_objects_v2(
        _: S3Backend,
        bucket: FakeBucket,
        prefix: str | None,
        delimiter: str | None,
        continuation_token: str | None,
        start_after: str | None,
        max_keys: int,
    ) -> tuple[list[Any], bool, str | None]:
        assert delimiter is None
        real: dict[str, Any] = dict(bucket.keys.items())
        pattern = next(iter(real.values()))
        for name in real.keys() - known:
            known.add(name)
            insort(everything, name)
        after = continuation_token or start_after
        first = bisect_left(everything, prefix or "")
        if after is not None:
            first = max(first, bisect_right(everything, after))
        last = bisect_left(everything, (prefix or "") + "\U0010ffff")
        page = everything[first : min(last, first + max_keys)]
        more = first + max_keys < last
        return (
            [real.get(name) or _like(pattern, name) for name in page],
            more,
            page[-1] if more else None,
        )

    return list_objects_v2


def _like(pattern: Any, name: str) -> Any:  # noqa: ANN401 -- moto's FakeKey
    made = copy.copy(pattern)
    made.name = name
    return made


@contextmanager
def _log(scene: Scene, size: int) -> Iterator[None]:
    with scene.long_log(size):
        yield


def _clear(scene: Scene) -> None:
    scene.world.sql(CLEAR.format(dispatch_id=scene.dispatch_id))


AXES = (
    Axis("runs of the workflow", "runs", (10, 1_000, 10_000), _runs),
    Axis("rows of the table", "rows", (1_000, 1_000_000), _rows),
    Axis("objects under the prefix", "objects", (1_000, 1_000_000), _objects),
    Axis("size of the log", "bytes", (1_000_000, 200_000_000), _log),
)

if __name__ == "__main__":
    try:
        main()
    except UnexpectedOutputError as error:
        sys.exit(f"Nothing was measured: {error}")
