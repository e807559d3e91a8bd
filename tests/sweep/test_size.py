"""What a sweep of several projects may cost."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backup_doctor.demo.crowd import multiply, original
from benchmarks.measure import Cost, run
from benchmarks.scene import FAULT, ambient
from benchmarks.sweep import DOCTOR, FAILING, LONGEST_S

if TYPE_CHECKING:
    from backup_doctor.demo.world import World

pytestmark = pytest.mark.slow
PROJECTS, OF_EACH = 5, 10
MOST_TIMES, MOST_BYTES = 1.2, 200_000_000
CAUSE = "one cause: function/not-deployed"


def test_five_projects_cost_little_more_than_each_of_them_alone(world: World) -> None:
    """In processor time, since others use this machine too."""
    together, alone = several_projects(world, OF_EACH)

    assert together.cpu_s <= MOST_TIMES * sum(one.cpu_s for one in alone)
    assert together.peak_bytes <= MOST_BYTES


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
