"""Run the doctor on a world in this process, and psql on its database."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from backup_doctor.demo.supabase.postgres import programs
from backup_doctor.evidence.case import Asked
from backup_doctor.run.examine import examine
from backup_doctor.run.runner import DoctorRun
from backup_doctor.settings.load import Flags, load

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from backup_doctor.demo.world import World
    from backup_doctor.evidence.findings import Report

AWS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_ENDPOINT_URL_S3")


def diagnose(
    environ: Mapping[str, str], asked: Asked, directory: Path, *, skip: tuple[str, ...] = ()
) -> Report:
    """The report on a backup, with these settings and no other.

    boto3 reads the process's environment; so that worlds do not share one, the settings get the
    AWS variables as a `.env` file in the directory would give them.
    """
    aws = {name: value for name, value in environ.items() if name in AWS}
    (directory / ".env").write_text("".join(f"{name}='{value}'\n" for name, value in aws.items()))
    rest = {name: value for name, value in environ.items() if name not in AWS}
    settings = load(Flags(), environ=rest, cwd=directory)
    return examine(DoctorRun(settings=settings, asked=asked, skip=skip))


def diagnose_world(world: World, dispatch_id: str, directory: Path) -> Report:
    """The report on one of the world's backups, with everything configured."""
    return diagnose(world.environment(), Asked(dispatch_id=dispatch_id), directory)


def psql(world: World, sql: str) -> str:
    """Paste SQL into the world's database as it stands; what psql prints."""
    return paste(world.owner_uri, sql)


def paste(database: str, sql: str) -> str:
    """Paste SQL into a database as it stands; what psql prints. It stops at the first error."""
    command = [str(programs() / "psql"), database, "-X", "-v", "ON_ERROR_STOP=1", "-q", "-f", "-"]
    done = subprocess.run(command, input=sql, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return str(done.stdout)
