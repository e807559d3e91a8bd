"""The demo's pipeline, really run and really stuck, with a network in front of every service."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backup_doctor.demo.command import AMBIENT
from backup_doctor.demo.faults import FAULTS
from backup_doctor.demo.faults.rewriting import UPLOAD
from backup_doctor.demo.world import Servers, World
from benchmarks.network import Network

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.demo.github.state import Job

FAULT = FAULTS["stuck"]
# How the pipeline names its files, and how one does whose files only its log names.
BY_ID = "backup-$DISPATCH_ID-$(date -u +%H%M%S).zip"
BY_TIME = "backup-$(date -u +%H%M%S).zip"
LOG_LINE = "Packed uploads/2026/01/report-{:08}.pdf (deflated 12 %, 48213 bytes, crc 5d41402a)"
SERVICES = {
    "SUPABASE_URL": "Supabase gateway",
    "SUPABASE_MANAGEMENT_URL": "Management API",
    "SUPABASE_DB_URL": "PostgreSQL",
    "GITHUB_API_URL": "GitHub API",
    "AWS_ENDPOINT_URL_S3": "S3",
}


@dataclass(frozen=True)
class Scene:
    """A stuck backup, and the environment in which a client sees it."""

    world: World
    dispatch_id: str

    @property
    def job(self) -> Job:
        """The job whose log the doctor reads."""
        return self.world.repository.runs[0].jobs[0]

    def nearby(self) -> dict[str, str]:
        """The environment of a client on this machine."""
        return ambient() | self.world.environment()

    @contextmanager
    def far_away(self, round_trip_s: float) -> Iterator[tuple[dict[str, str], Network]]:
        """The environment of a client that is a network away, and that network."""
        nearby = self.nearby()
        with Network(round_trip_s) as network:
            between = {
                name: network.before(service, nearby[name]) for name, service in SERVICES.items()
            }
            trusting = network.identity.trusted_by(self.world.directory / "authority.pem")
            yield nearby | between | trusting, network

    @contextmanager
    def long_log(self, size: int) -> Iterator[None]:
        """Make the job's log at least `size` bytes long, as a chatty step before would."""
        short = self.job.log or ""
        first, rest = short.split("\n", 1)
        stamp = first.lstrip("\ufeff").split(" ", 1)[0]
        length = len(f"{stamp} {LOG_LINE.format(0)}\n")
        chatter = (f"{stamp} {LOG_LINE.format(n)}\n" for n in range(size // length + 1))
        self.job.log = f"{first}\n{''.join(chatter)}{rest}"
        try:
            yield
        finally:
            self.job.log = short


@contextmanager
def stuck_backup(*, only_log_names_file: bool = False) -> Iterator[Scene]:
    """Start the demo's services, break the pipeline and run it."""
    with Servers.start() as servers, World(servers) as world:
        if only_log_names_file:
            world.edit(UPLOAD, BY_ID, BY_TIME)
        dispatch_id = world.insert_row()
        FAULT.before(world)
        world.run_pipeline(dispatch_id)
        FAULT.after(world)
        yield Scene(world, dispatch_id)


def ambient() -> dict[str, str]:
    """The environment without the developer's own pipeline, and with Python as it comes.

    `PYTHONDONTWRITEBYTECODE`, for one, would have every module compiled again in every run.
    """
    foreign = (*AMBIENT, "PYTHON")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
