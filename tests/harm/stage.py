"""The world of a situation, the verbs to build it with, and the doctor as a user runs it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import uuid
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import psycopg
from psycopg.rows import dict_row

from backup_doctor.demo.faults import FAULTS, compose
from backup_doctor.demo.faults.rewriting import age, begin_with, stop_recording
from backup_doctor.demo.supabase.gateway import Gateway
from backup_doctor.demo.supabase.postgres import SUPERUSER
from backup_doctor.demo.supabase.rest_schema import stop_listening
from backup_doctor.demo.supabase.state import Project
from backup_doctor.demo.world import Servers, World
from tests.e2e.doctoring import paste
from tests.matrix.pipelines import upload_quickly

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import timedelta

    from backup_doctor.demo.github.state import Run

ENDINGS = (".md", ".json", ".html", ".xml", ".txt")
TIMEOUT_S = 120.0
# A developer's own settings must not reach the doctor of a test.
AMBIENT = ("AWS_", "BACKUP_", "DATABASE_URL", "GH_", "GITHUB_", "S3_", "SUPABASE_", "VITE_")


def archive(text: str = "one file of a backup\n") -> bytes:
    """A whole zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as writing:
        writing.writestr("dump.sql", text * 50)
    return packed.getvalue()


@dataclass(frozen=True)
class Said:
    """What a command printed, and the reports that it wrote, by their endings."""

    exit_code: int
    out: str
    err: str
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def report(self) -> dict[str, Any]:
        """The JSON report; empty where none was written."""
        text = self.files.get(".json")
        document: dict[str, Any] = json.loads(text) if text else {}
        return document

    @property
    def everything(self) -> str:
        """All that a person could read."""
        return "\n".join((self.out, self.err, *self.files.values()))


class OtherProject(NamedTuple):
    """What the doctor needs to read another project."""

    url: str
    key: str


class Stage:
    """One world. `environ` is what the doctor is given, where it differs from the world's own."""

    def __init__(self, servers: Servers) -> None:
        self.world = World(servers)
        self.folder = self.world.directory / "doctor"
        self.folder.mkdir()
        self.given: dict[str, str] = {}
        self.withheld: set[str] = set()
        self.configured: list[str] = []
        upload_quickly(self.world)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.world.close()

    # Building -------------------------------------------------------------------------------------

    def back_up(
        self, dispatch_id: str | None = None, *faults: str, again: Run | None = None
    ) -> str:
        """Insert the row, break what the faults break, and run the pipeline for real."""
        broken = compose(*(FAULTS[name] for name in faults))
        chosen = self.world.insert_row(dispatch_id)
        broken.before(self.world)
        self.world.run_pipeline(chosen, again=again)
        broken.after(self.world)
        return chosen

    def stuck(self, dispatch_id: str | None = None) -> str:
        """A backup whose file is uploaded and whose row stays in progress, for both updates failed."""
        return self.back_up(dispatch_id, "not-deployed", "no-update-grant")

    def fail_in(self, script: str, *commands: str) -> str:
        """A good backup, and one that runs these commands in a step before the update and fails of it.

        No step of the pipeline records the failure.
        """
        self.back_up()
        stop_recording(self.world)
        begin_with(self.world, script, "\n".join((*commands, "exit 1")))
        return self.back_up()

    def reopen(self, dispatch_id: str) -> None:
        """Leave a row as it was before the pipeline recorded that it failed."""
        self.set_row(dispatch_id, "status = 'in_progress', error_text = NULL, finished_at = NULL")

    def later(self, by: timedelta) -> None:
        """Let time pass: all that has happened has happened earlier."""
        age(self.world, by)

    def lose_logs(self) -> None:
        """Let GitHub have deleted every log, as it does after some months."""
        for run in self.world.repository.runs:
            for job in run.jobs:
                job.log_expired = True

    def row(self, dispatch_id: str, **columns: object) -> str:
        """Insert a row that no run belongs to; return its id."""
        row_id = str(columns.pop("id", uuid.uuid4()))
        values = {"id": row_id, "dispatch_id": dispatch_id, **columns}
        names, marks = ", ".join(values), ", ".join(["%s"] * len(values))
        with psycopg.connect(self.world.owner_uri, autocommit=True) as connection:
            connection.execute(
                f"INSERT INTO public.backup_history ({names}) VALUES ({marks})".encode(),
                list(values.values()),
            )
        return row_id

    def set_row(self, dispatch_id: str, assignments: str) -> None:
        """Change a row as a person does in the SQL editor."""
        self.world.sql(
            f"UPDATE public.backup_history SET {assignments} WHERE dispatch_id = '{dispatch_id}'"
        )

    def put(self, key: str, body: bytes | None = None, *, ago: timedelta | None = None) -> None:
        """Put a whole archive (or these bytes) into the bucket, perhaps some time ago."""
        bucket = self.world.bucket
        self.world.servers.storage.s3.put_object(
            Bucket=bucket.name, Key=key, Body=archive() if body is None else body
        )
        if ago:
            self.world.servers.storage.date_back(bucket, key, ago)

    def key_of(self, dispatch_id: str) -> str:
        """The key of the one object that names this dispatch."""
        (key,) = [key for key in self.world.objects() if dispatch_id in key]
        return key

    def give(self, **variables: str) -> None:
        """Give the doctor another value of a setting, by its environment variable."""
        self.given |= variables

    def withhold(self, *variables: str) -> None:
        """Do not give the doctor these settings."""
        self.withheld |= set(variables)

    def configure(self, text: str, name: str = "backup-doctor.toml") -> None:
        """Write a configuration file into the doctor's working directory."""
        (self.folder / name).write_text(text)
        self.configured.append(name)

    def empty_project(self, *others: str) -> str:
        """Make another project's database, which has the table and these good backups; its owner's URL."""
        name = self._other_database(others)
        return self.world.servers.postgres.uri(name)

    def other_project(self, *others: str) -> OtherProject:
        """The same with a Data API in front of it."""
        name = self._other_database(others)
        project = Project(database_uri=self.world.servers.postgres.uri(name, SUPERUSER))
        self.world.at_end(lambda: stop_listening(project))
        gateway = Gateway(project)
        self.world.at_end(gateway.close)
        return OtherProject(gateway.url, project.keys.service_role)

    def _other_database(self, others: Iterable[str]) -> str:
        name = self.world.another_database("other")
        with psycopg.connect(self.world.servers.postgres.uri(name)) as connection:
            for other in others:
                connection.execute(
                    "INSERT INTO public.backup_history (dispatch_id, status, s3_key, size_bytes,"
                    " finished_at) VALUES (%s, 'success', %s, 1, now())",
                    [other, f"backups/{other}.zip"],
                )
        return name

    def named_files(self) -> list[str]:
        """The flags that name the configuration, from which no name is taken where it was merely found."""
        return [part for name in self.configured for part in ("--config", name)]

    # Asking ---------------------------------------------------------------------------------------

    def environment(self) -> dict[str, str]:
        """The whole environment of the doctor's process."""
        own = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(AMBIENT) and name != "CI"
        }
        given = {**self.world.environment(), **self.given}
        return own | {name: value for name, value in given.items() if name not in self.withheld}

    def doctor(self, *arguments: str) -> Said:
        """Run the command line in a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "backup_doctor", *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=TIMEOUT_S,
            cwd=self.folder,
            env=self.environment(),
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def diagnose(self, *asked: str) -> Said:
        """The main job, with a report of every format."""
        files = [self.folder / f"report{ending}" for ending in ENDINGS]
        reports = [part for file in files for part in ("--report", str(file))]
        said = self.doctor(*asked, "--format", "github", *reports)
        texts = {file.suffix: file.read_text() for file in files if file.exists()}
        return Said(said.exit_code, said.out, said.err, texts)

    # Looking --------------------------------------------------------------------------------------

    def rows(self) -> dict[str, dict[str, Any]]:
        """Every row of the table, by its id."""
        with psycopg.connect(self.world.owner_uri, row_factory=dict_row) as connection:
            found = connection.execute("SELECT * FROM public.backup_history").fetchall()
        return {str(row["id"]): row for row in found}

    def posts(self) -> int:
        """How many times the function was called."""
        return sum(
            record.attributes.get("request.method") == "POST"
            for record in self.world.project.logs
            if record.source == "function_edge_logs"
        )

    def everything(self) -> tuple[object, ...]:
        """All that a doctor who only looks leaves as it was."""
        world = self.world
        listed = world.servers.storage.s3.list_objects_v2(Bucket=world.bucket.name)
        objects = [(one["Key"], one["ETag"]) for one in listed.get("Contents", [])]
        secrets = [(one.name, one.updated_at) for one in world.repository.secrets]
        return (self.rows(), objects, secrets, len(world.repository.runs), self.posts())

    def paste(self, sql: str) -> None:
        """Run SQL as a person pastes it."""
        paste(self.world.owner_uri, sql)


def dispatch(dispatch_id: str) -> list[str]:
    """The flags that ask about a backup."""
    return ["--dispatch-id", dispatch_id]
