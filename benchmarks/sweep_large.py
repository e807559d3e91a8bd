"""The benchmark of `sweep` on a large table, and of several projects. Run: `make bench-sweep-large`.

It writes the last part of docs/performance-sweep.md and leaves the rest as it is.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from backup_doctor.demo.crowd import multiply, original
from backup_doctor.demo.world import Servers, World
from benchmarks.measure import Cost, run
from benchmarks.scene import FAULT, ambient
from benchmarks.sweep import DOCTOR, FAILING, LONGEST_S, PAGE
from benchmarks.sweep_page import MB, write_large
from benchmarks.targets import markdown_table

if TYPE_CHECKING:
    from collections.abc import Sequence

ROWS, STUCK = 1_000_000, 10_000
PROJECTS, OF_EACH = 5, 400
MOST_MB, MOST_MB_OF_ALL, MOST_TIMES = 150, 200, 1.2
CAUSE = "one cause: function/not-deployed"
HISTORY = """
INSERT INTO public.backup_history
  (dispatch_id, s3_key, status, size_bytes, created_at, finished_at)
SELECT 'nightly-' || at, 'backups/2020/' || at || '.zip', 'success', 3592, made, made + interval '3 min'
FROM generate_series(1, {rows}) AS at,
  LATERAL (SELECT now() - interval '2 d' - at * interval '1 min') AS at_ (made)"""
TEXT = """
## A large table, and several projects

Written by `make bench-sweep-large`, with the load of the machine at the end: {load}. The table has
{rows:,} rows, of which {stuck:,} are stuck; the {projects} projects have {each:,} stuck backups each.

"""


def large_table(world: World, rows: int, stuck: int) -> Cost:
    """What a sweep of so many rows costs, of which so many are stuck."""
    crowd(world, stuck)
    world.sql(HISTORY.format(rows=rows - stuck))
    world.sql("ANALYZE public.backup_history")
    return run(
        [DOCTOR, "sweep", "--format", "text", "--budget", "3000"],
        exit_code=FAILING,
        expected=f"{stuck:,} backups, {CAUSE}",
        environment=ambient() | world.environment(),
        timeout_s=LONGEST_S,
    )


def several_projects(world: World, each: int) -> tuple[Cost, list[Cost]]:
    """What a sweep of all projects costs, and one of each; they have so many stuck backups each."""
    crowd(world, each)
    given = world.environment()
    project = (
        f'supabase_url = "{given["SUPABASE_URL"]}"\n'
        'service_role_key_env = "SUPABASE_SERVICE_ROLE_KEY"\n'
        'database_url_env = "SUPABASE_DB_URL"\n'
    )
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "backup-doctor.toml"
        config.write_text("".join(f"[projects.p{at}]\n{project}" for at in range(PROJECTS)))

        def swept(*flags: str) -> Cost:
            return run(
                [DOCTOR, "sweep", "--format", "text", "--config", config, "--trust-config", *flags],
                exit_code=FAILING,
                expected=f"{each:,} backups, {CAUSE}",
                environment=ambient() | given,
                timeout_s=LONGEST_S,
            )

        return swept("--all-projects"), [swept("--project", f"p{at}") for at in range(PROJECTS)]


def crowd(world: World, count: int) -> None:
    """So many backups that have been stuck for three hours or more."""
    dispatch_id = world.insert_row()
    FAULT.before(world)
    of = original(world, dispatch_id, world.run_pipeline(dispatch_id))
    world.sql("DELETE FROM public.backup_history")
    since = timedelta(hours=40)
    multiply(world, of, count, datetime.now(UTC) - since, apart=timedelta(hours=37) / count)


def main(sizes: Sequence[int]) -> None:
    """Measure and write."""
    rows, stuck, each = sizes
    with Servers.start() as servers:
        with World(servers) as world:
            table = large_table(world, rows, stuck)
        with World(servers) as world:
            together, alone = several_projects(world, each)
    seconds = together.seconds / sum(one.seconds for one in alone)
    cpu = together.cpu_s / sum(one.cpu_s for one in alone)
    most = max(one.peak_bytes for one in alone) / MB
    cells = [
        _row("memory of the large table's sweep", table.peak_bytes / MB, MOST_MB, "MB"),
        _row("memory of all projects", together.peak_bytes / MB, MOST_MB_OF_ALL, "MB"),
        _row("time of all projects, against each alone", seconds, MOST_TIMES, "×"),
        _row("the same, in the doctor's processor time", cpu, MOST_TIMES, "×"),
    ]
    told = (
        f"\nThe large table took {table.seconds:.0f} s ({table.cpu_s:.0f} s of the doctor's processor time), "
        f"all projects {together.seconds:.0f} s; one project alone takes at most {most:.0f} MB.\n"
    )
    text = TEXT.format(load="{load}", rows=rows, stuck=stuck, projects=PROJECTS, each=each)
    write_large(PAGE, text, markdown_table(("what", "target", "measured", ""), cells) + told)


def _row(what: str, measured: float, most: float, unit: str) -> tuple[str, str, str, str]:
    digits = 0 if unit == "MB" else 2
    passed = "pass" if measured <= most else "FAIL"
    return what, f"≤ {most:g} {unit}", f"{measured:.{digits}f} {unit}", passed


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or (ROWS, STUCK, OF_EACH))
