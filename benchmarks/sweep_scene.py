"""What a sweep is measured on: many stuck backups, several projects, a table of a million rows."""

from __future__ import annotations

import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from backup_doctor.demo.crowd import multiply, original
from benchmarks.measure import run
from benchmarks.scene import FAULT, Scene

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from backup_doctor.demo.world import World
    from benchmarks.measure import Cost

DOCTOR = Path(sys.executable).parent / "backup-doctor"
# The stand-ins take longer than the sweep: they search all that they have for every page.
LONGEST_S = 3600.0
FAILING = 1
CAUSE = "one cause: function/not-deployed"
SINCE = timedelta(hours=40)
NEWEST = timedelta(hours=3)
GOOD_ROWS = """
INSERT INTO public.backup_history (dispatch_id, status, s3_key, size_bytes, created_at, finished_at)
SELECT gen_random_uuid()::text, 'success', 'backups/old/' || n || '.zip', 1000 + n,
  now() - interval '41 hours' - n * interval '1 minute', now() - interval '40 hours' - n * interval '1 minute'
FROM generate_series(1, {count}) AS n;
ANALYZE public.backup_history;
"""


def crowd(world: World, count: int) -> list[str]:
    """So many backups that have been stuck for three hours or more, and no other; their ids."""
    dispatch_id = world.insert_row()
    FAULT.before(world)
    world.run_pipeline(dispatch_id)
    return crowd_of(Scene(world, dispatch_id), count)


def crowd_of(scene: Scene, count: int) -> list[str]:
    """The same of a world in which one is stuck already."""
    world = scene.world
    of = original(world, scene.dispatch_id, world.repository.runs[0])
    world.sql("DELETE FROM public.backup_history")
    apart = (SINCE - NEWEST) / count
    return multiply(world, of, count, datetime.now(UTC) - SINCE, apart=apart)


def add_good_rows(world: World, count: int) -> None:
    """So many good rows, all older than the crowd."""
    world.sql(GOOD_ROWS.format(count=count))


def swept(environment: Mapping[str, str], count: int, *flags: str | Path) -> Cost:
    """What a sweep costs that finds so many stuck backups of one cause."""
    return run(
        [DOCTOR, "sweep", "--older-than", "2h", "--format", "text", "--budget", "3600", *flags],
        exit_code=FAILING,
        expected=f"{count:,} backups, {CAUSE}",
        environment=environment,
        timeout_s=LONGEST_S,
    )


@dataclass(frozen=True)
class Projects:
    """So many projects with the same services, in a file."""

    config: Path
    count: int
    environment: Mapping[str, str]

    def together(self, of_each: int) -> Cost:
        """A sweep of all, of which each has so many stuck backups."""
        return self._swept(of_each, "--all-projects")

    def alone(self, at: int, of_each: int) -> Cost:
        """A sweep of one."""
        return self._swept(of_each, "--project", f"p{at}")

    def _swept(self, of_each: int, *flags: str) -> Cost:
        named = ("--config", self.config, "--trust-config")
        return swept(self.environment, of_each, *named, *flags)


@contextmanager
def projects(world: World, count: int, environment: Mapping[str, str]) -> Iterator[Projects]:
    """So many projects of this world."""
    project = (
        f'supabase_url = "{environment["SUPABASE_URL"]}"\n'
        'service_role_key_env = "SUPABASE_SERVICE_ROLE_KEY"\n'
        'database_url_env = "SUPABASE_DB_URL"\n'
        'github_token_env = "GITHUB_TOKEN"\n'
        f'repository = "{world.repository.full_name}"\n'
        f'bucket = "{world.bucket.name}"\n'
    )
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "backup-doctor.toml"
        config.write_text("".join(f"[projects.p{at}]\n{project}" for at in range(count)))
        yield Projects(config, count, environment)
