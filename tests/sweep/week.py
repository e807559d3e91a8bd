"""Five projects, and the phone of the person who is on duty for them.

Each project has a database, a bucket, a repository and a function of its own, and is swept by the real
command, with a state and an address that takes down what it is sent. Time passes by moving all that has a
time into the past: rows, runs, and what the state remembers.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from backup_doctor.demo.faults import FAULTS
from backup_doctor.demo.world import World
from tests.programs import bare
from tests.sweep.listener import Listener, listening

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backup_doctor.demo.world import Servers

NAMES = ("blog", "crm", "docs", "mail", "shop")
CREDENTIALS = {
    "service_role_key": "SUPABASE_SERVICE_ROLE_KEY",
    "backup_api_key": "BACKUP_API_KEY",
    "supabase_access_token": "SUPABASE_ACCESS_TOKEN",
    "database_url": "SUPABASE_DB_URL",
    "github_token": "GITHUB_TOKEN",
    "aws_access_key_id": "AWS_ACCESS_KEY_ID",
    "aws_secret_access_key": "AWS_SECRET_ACCESS_KEY",
}
PLAIN = {
    "supabase_url": "SUPABASE_URL",
    "supabase_management_url": "SUPABASE_MANAGEMENT_URL",
    "project_ref": "SUPABASE_PROJECT_REF",
    "repository": "GITHUB_REPOSITORY",
    "github_api_url": "GITHUB_API_URL",
    "bucket": "BACKUP_BUCKET",
    "aws_region": "AWS_REGION",
    "aws_endpoint_url_s3": "AWS_ENDPOINT_URL_S3",
}
OF_A_RUN = ("created_at", "run_started_at", "updated_at")
OF_A_JOB = ("created_at", "started_at", "completed_at")
OF_A_STEP = ("started_at", "completed_at")
GOOD_ROW = """
INSERT INTO public.backup_history (dispatch_id, status, s3_key, size_bytes, created_at, finished_at)
VALUES (gen_random_uuid()::text, 'success', 'backups/' || gen_random_uuid() || '.zip', 48213,
  now() - interval '1 minute', now())
"""


@dataclass(frozen=True)
class Message:
    """A message as the person on duty gets it."""

    title: str
    body: str
    kind: str

    @classmethod
    def of(cls, body: str) -> Message:
        """As apprise posts it."""
        sent: dict[str, Any] = json.loads(body)
        return cls(sent["title"], sent["message"], sent["type"])


@dataclass
class Week:
    """The projects, what is sent of them, and how the last sweep ended."""

    worlds: dict[str, World]
    folder: Path
    phone: Listener
    environ: dict[str, str]
    flags: tuple[str, ...] = ()
    code: int = 0
    err: str = ""
    out: str = ""
    own: dict[str, str] = field(default_factory=dict)

    def good_night(self, *names: str) -> None:
        """A good backup of these projects; of all where none is named."""
        for name in names or self.worlds:
            self.worlds[name].sql(GOOD_ROW)

    def backup(self, name: str, fault: str = "healthy") -> str:
        """A backup that really runs, broken in this way; its dispatch id."""
        world = self.worlds[name]
        dispatch_id = world.insert_row()
        FAULTS[fault].before(world)
        world.run_pipeline(dispatch_id)
        FAULTS[fault].after(world)
        return dispatch_id

    def end(self, name: str, status: str = "success") -> None:
        """Somebody ends what is stuck."""
        self.worlds[name].sql(
            f"UPDATE public.backup_history SET status = '{status}', finished_at = now(),"
            " s3_key = 'backups/' || id || '.zip', size_bytes = 48213 WHERE status = 'in_progress'"
        )

    def wait(self, **time: float) -> None:
        """Time passes."""
        span = timedelta(**time)
        for world in self.worlds.values():
            seconds = span.total_seconds()
            world.sql(
                f"UPDATE public.backup_history SET created_at = created_at - interval '{seconds} s',"
                f" finished_at = finished_at - interval '{seconds} s'"
            )
            for run in world.repository.runs:
                for attempt in run.attempts():
                    _age(attempt, OF_A_RUN, span)
                    for job in attempt.jobs:
                        _age(job, OF_A_JOB, span)
                        for step in job.steps:
                            _age(step, OF_A_STEP, span)
        for file in self.folder.glob("state.json.*"):
            _age_state(file, span)

    def sweep(self, *more: str) -> list[Message]:
        """Sweep all projects, and what was sent by it."""
        before = len(self.phone.heard)
        done = subprocess.run(
            [sys.executable, "-m", "backup_doctor", "sweep", *self.flags, *more],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env=bare(**{**self.environ, **self.own}),
            stdin=subprocess.DEVNULL,
            timeout=300,
        )
        self.code, self.err, self.out = done.returncode, done.stderr, done.stdout
        return [Message.of(body) for _, _, body in self.phone.heard[before:]]

    def configure(self, **urls: str) -> None:
        """Write the file of all projects; some may be given another Supabase URL than their own."""
        lines = ['max_age = "26h"']
        for name in self.worlds:
            variables = {key: f"{name.upper()}_{env}" for key, env in CREDENTIALS.items()}
            plain = {key: self.worlds[name].environment()[env] for key, env in PLAIN.items()}
            plain["supabase_url"] = urls.get(name, plain["supabase_url"])
            lines.append(f"[projects.{name}]")
            lines += [f'{key} = "{value}"' for key, value in plain.items()]
            lines += [f'{key}_env = "{variable}"' for key, variable in variables.items()]
        (self.folder / "backup-doctor.toml").write_text("\n".join(lines) + "\n")


@contextmanager
def week(servers: Servers, folder: Path) -> Iterator[Week]:
    """Five projects that were well yesterday, and a phone."""
    with ExitStack() as stack:
        phone = stack.enter_context(listening())
        worlds = {name: stack.enter_context(World(servers)) for name in NAMES}
        for name, world in worlds.items():
            world.repository.full_name = f"acme/{name}"
        environ = {
            f"{name.upper()}_{env}": world.environment()[env]
            for name, world in worlds.items()
            for env in CREDENTIALS.values()
        }
        address = phone.url.replace("http://", "json://")
        flags = ("--all-projects", "--config", "backup-doctor.toml", "--trust-config", "--quiet")
        told = ("--state", "state.json", "--notify", f"{address}/hooks/9a8b7c6d5e4f3a2b")
        opened = Week(worlds, folder, phone, environ, (*flags, *told))
        opened.configure()
        opened.good_night()
        yield opened


def _age(thing: object, names: tuple[str, ...], span: timedelta) -> None:
    for name in names:
        at = getattr(thing, name)
        if at is not None:
            setattr(thing, name, at - span)


def _age_state(file: Path, span: timedelta) -> None:
    state = json.loads(file.read_text())
    for name in ("told_at", "seen_at"):
        if state.get(name):
            state[name] = (datetime.fromisoformat(state[name]) - span).isoformat()
    file.write_text(json.dumps(state))
