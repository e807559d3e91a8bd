"""Many stuck backups from one that really ran: each has a row, a run with its log, and a file."""

from __future__ import annotations

import copy
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from backup_doctor.demo.github.state import Job, Run
    from backup_doctor.demo.world import World

UPLOADS = 8


@dataclass(frozen=True)
class Original:
    """A backup that really ran: its ids, its run, and its file's key and bytes (None: no file)."""

    dispatch_id: str
    row_id: str
    run: Run
    key: str | None
    body: bytes


def original(world: World, dispatch_id: str, run: Run) -> Original:
    """What a run left behind."""
    with psycopg.connect(world.owner_uri) as connection:
        found = connection.execute(
            "SELECT id::text FROM public.backup_history WHERE dispatch_id = %s", [dispatch_id]
        ).fetchone()
    assert found is not None
    s3 = world.servers.storage.s3
    listed = s3.list_objects_v2(Bucket=world.bucket.name).get("Contents", [])
    key = next((one["Key"] for one in listed if dispatch_id in one["Key"]), None)
    body = s3.get_object(Bucket=world.bucket.name, Key=key)["Body"].read() if key else b""
    return Original(dispatch_id, str(found[0]), run, key, body)


def multiply(
    world: World, of: Original, count: int, since: datetime, apart: timedelta = timedelta(minutes=1)
) -> list[str]:
    """Make `count` backups like it, one after the other from `since` on; their dispatch ids."""
    made = [
        _Twin(str(uuid.uuid4()), str(uuid.uuid4()), since + nth * apart) for nth in range(count)
    ]
    with psycopg.connect(world.owner_uri) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO public.backup_history (id, dispatch_id, created_at) VALUES (%s, %s, %s)",
            [(one.row_id, one.dispatch_id, one.at) for one in made],
        )
    first = 1_000_000 + len(world.repository.runs)
    world.repository.runs += [
        _like(of.run, one.names(of), one.at - of.run.created_at, first + nth)
        for nth, one in enumerate(made)
    ]
    if of.key is not None:
        keys = [_renamed(of.key, one.names(of)) for one in made]
        with ThreadPoolExecutor(UPLOADS) as pool:
            for _ in pool.map(lambda key: _upload(world, key, of.body), keys):
                pass
    return [one.dispatch_id for one in made]


@dataclass(frozen=True)
class _Twin:
    dispatch_id: str
    row_id: str
    at: datetime

    def names(self, of: Original) -> dict[str, str]:
        """What is called otherwise than in the original."""
        return {of.dispatch_id: self.dispatch_id, of.row_id: self.row_id}


def _upload(world: World, key: str, body: bytes) -> None:
    world.servers.storage.s3.put_object(Bucket=world.bucket.name, Key=key, Body=body)


def _like(run: Run, names: Mapping[str, str], shift: timedelta, number: int) -> Run:
    twin = copy.deepcopy(run)
    return replace(
        twin,
        id=number,
        title=_renamed(run.title, names),
        created_at=run.created_at + shift,
        run_started_at=run.run_started_at + shift,
        updated_at=run.updated_at + shift,
        jobs=[_job(job, names, shift, number * 10 + nth) for nth, job in enumerate(twin.jobs)],
    )


def _job(job: Job, names: Mapping[str, str], shift: timedelta, number: int) -> Job:
    steps = [
        replace(
            step,
            name=_renamed(step.name, names),
            started_at=_moved(step.started_at, shift),
            completed_at=_moved(step.completed_at, shift),
        )
        for step in job.steps
    ]
    return replace(
        job,
        id=number,
        created_at=job.created_at + shift,
        started_at=_moved(job.started_at, shift),
        completed_at=_moved(job.completed_at, shift),
        steps=steps,
        log=_renamed(job.log, names) if job.log else job.log,
    )


def _moved(time: datetime | None, shift: timedelta) -> datetime | None:
    return time + shift if time else None


def _renamed(text: str, names: Mapping[str, str]) -> str:
    for old, new in names.items():
        text = text.replace(old, new)
    return text
