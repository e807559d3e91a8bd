"""Pipelines as folders: each is what its repository adds to the reference one, or has in its place.

A folder has a `pipeline.toml`, which says what kind of pipeline it is, and files by their paths.
`workflow.yml` is the workflow; `migrations/*.sql` are run.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from backup_doctor.demo.faults.changes import SOURCE
from backup_doctor.demo.shapes.ways import without_function
from backup_doctor.demo.world import WORKFLOW
from tests.matrix.pipelines import CURL_UPLOAD
from tests.strangers.jobs import carry_out_all

if TYPE_CHECKING:
    from backup_doctor.demo.world import World

FOLDER = Path(__file__).parent / "pipelines"
MODULES = Path(__file__).parents[1] / "real_clients" / "node_modules"
ABOUT, CONFIGURATION, MIGRATIONS = "pipeline.toml", "backup-doctor.toml", "migrations"
UPDATE_STEP = """\
        run: bash scripts/update-backup-history.sh
        env:
          SUPABASE_URL: ${{ secrets.VITE_SUPABASE_URL }}
          SUPABASE_SERVICE_ROLE_KEY: ${{ secrets.VITE_SUPABASE_SERVICE_ROLE_KEY }}
          BACKUP_API_KEY: ${{ secrets.BACKUP_API_KEY }}
"""


@dataclass(frozen=True)
class Pipeline:
    """One pipeline.

    shape: the row of the page that it counts in.
    step: the lines of the update step, where the rest of the workflow is the reference one.
    function, fallback: whether it has this way to the row.
    looks_up: its update begins by looking up the row.
    by_dispatch: its function finds the row by its dispatch id.
    mute: its log shows no answer, so that what is over cannot be told from a status alone.
    modules: it has the packages of npm.
    database: it is given the database's address as DATABASE_URL.
    faults: those that it is played with, where the usual ones do not concern it.
    """

    name: str
    shape: str
    step: str = ""
    function: bool = True
    fallback: bool = True
    looks_up: bool = True
    by_dispatch: bool = False
    mute: bool = False
    modules: bool = False
    database: bool = False
    faults: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)

    @cached_property
    def configuration(self) -> str:
        """The `backup-doctor.toml` of its repository; empty where it needs none."""
        return self.files.get(CONFIGURATION, "")

    def install(self, world: World) -> None:
        """Make the world's repository this one."""
        world.write("scripts/upload-backup.sh", CURL_UPLOAD)
        for path, text in self.files.items():
            if path.startswith(MIGRATIONS):
                world.sql(text)
            world.write(WORKFLOW if path == "workflow.yml" else path, text)
            if text.startswith("#!"):
                (world.checkout / path).chmod(0o755)
        if self.step:
            lines = "".join(f"        {line}\n" for line in self.step.strip("\n").split("\n"))
            world.edit(WORKFLOW, UPDATE_STEP, lines)
        if self.by_dispatch:
            world.edit(SOURCE, "backup_history?id=eq.", "backup_history?dispatch_id=eq.")
        if not self.function:
            without_function(world)
        if self.modules:
            (world.checkout / "node_modules").symlink_to(MODULES)
        if self.database:
            world.github_secrets["DATABASE_URL"] = world.database_uri
        world.actions = carry_out_all


def pipelines() -> tuple[Pipeline, ...]:
    """Every pipeline, by name."""
    return tuple(_load(folder) for folder in sorted(FOLDER.iterdir()) if (folder / ABOUT).exists())


def _load(folder: Path) -> Pipeline:
    about = tomllib.loads((folder / ABOUT).read_text())
    files = {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ABOUT
    }
    return Pipeline(
        name=folder.name,
        step=files.pop("step.yml", ""),
        faults=tuple(about.pop("faults", ())),
        files=files,
        **about,
    )
