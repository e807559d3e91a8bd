"""A whole backup pipeline on this machine: its services, its repository and its secrets.

`Servers` are the expensive parts, PostgreSQL, S3 and the start of `aws`, and are shared. A `World` on them has a
database, a bucket, a Supabase project and a GitHub repository of its own. PostgreSQL's roles
belong to the server, so the worlds of one `Servers` run one after the other.
"""

import secrets
import shutil
import tempfile
import uuid
from collections import ChainMap
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psycopg

from backup_doctor.demo.commit import Commit
from backup_doctor.demo.github.server import GitHub
from backup_doctor.demo.github.state import Repository, Run, SecretRecord, Token, Workflow
from backup_doctor.demo.runner.dispatch import Dispatch
from backup_doctor.demo.runner.machine import path
from backup_doctor.demo.runner.run import run_workflow, utc_now
from backup_doctor.demo.runner.warm_aws import WarmAws
from backup_doctor.demo.storage import Bucket, Storage
from backup_doctor.demo.supabase.gateway import Gateway
from backup_doctor.demo.supabase.management import AccessToken, Management
from backup_doctor.demo.supabase.postgres import READER, SUPERUSER, PostgresServer
from backup_doctor.demo.supabase.rest_schema import stop_listening
from backup_doctor.demo.supabase.state import Function, Project, SecretValue

if TYPE_CHECKING:
    from psycopg.rows import TupleRow

REFERENCE = Path(str(files("backup_doctor.demo"))) / "pipeline"
REPOSITORY = "acme/app"
WORKFLOW = ".github/workflows/backup.yml"
JOB = "backup"
FUNCTION = "update-backup"
WORKFLOW_ID = 71_000_001
FIRST_RUN_ID = 19_400_000_001
HEAD_SHA = "7fd1a60b01f91b314f59955a4e4d4e80d8edf11d"
READ_REPOSITORY = frozenset(
    {f"{name}:read" for name in ("actions", "checks", "contents", "environments", "secrets")}
)
RESTORE_ROLES = """
    ALTER ROLE service_role BYPASSRLS;
    ALTER ROLE authenticator CONNECTION LIMIT -1;
    ALTER ROLE authenticator SET lock_timeout = '8s';
"""
SET_UP_BEFORE = timedelta(days=30)
"""How long before now everything was deployed and every secret set."""

Actions = Callable[[Dispatch], Run]
"""What becomes of a dispatch."""


@dataclass(frozen=True)
class Servers:
    """The servers that many worlds share."""

    postgres: PostgresServer
    storage: Storage
    aws: WarmAws

    @classmethod
    def start(cls) -> Self:
        """Start all at once; if one does not start, the others are stopped again."""
        with ThreadPoolExecutor() as pool:
            aws = pool.submit(WarmAws)
            postgres, storage = pool.submit(PostgresServer.start), pool.submit(Storage)
        try:
            return cls(postgres.result(), storage.result(), aws.result())
        except BaseException:
            for server in (postgres, storage, aws):
                if server.exception() is None:
                    server.result().close()
            raise

    def close(self) -> None:
        """Stop all."""
        self.aws.close()
        self.storage.close()
        self.postgres.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def carry_out(dispatch: Dispatch) -> Run:
    """Run the workflow for real."""
    return run_workflow(**dispatch)


class World:
    """One pipeline, healthy until a fault is put into it.

    Attributes are there to be changed: `project` and `repository` are what the services know,
    `github_secrets` and `github_variables` what the workflow is given, `secret_names` what it calls
    secrets that it calls otherwise than the reference pipeline does, `insert` is how the app inserts
    a row, `actions` what carries a dispatched run out.
    """

    def __init__(self, servers: Servers) -> None:
        """Raises whatever a part raises that does not start; what had started is stopped."""
        with ExitStack() as stack:
            self._open(stack, servers)
            self._stack = stack.pop_all()

    def _open(self, stack: ExitStack, servers: Servers) -> None:
        self.servers = servers
        self.directory = Path(tempfile.mkdtemp(prefix="backup-doctor-world-"))
        stack.callback(shutil.rmtree, self.directory, ignore_errors=True)
        self.checkout = self.directory / "checkout"
        shutil.copytree(REFERENCE, self.checkout)

        name = f"world_{secrets.token_hex(4)}"
        self.database_uri = servers.postgres.create_database(name)
        stack.callback(servers.postgres.drop_database, name)
        stack.callback(self.restore_roles)
        self.owner_uri = servers.postgres.uri(name)
        self.reader_uri = servers.postgres.uri(name, READER)
        self.doctor_database_uri = self.reader_uri
        self._open_transactions: list[psycopg.Connection[TupleRow]] = []
        stack.callback(self.end_transactions)

        self.bucket: Bucket = servers.storage.create_bucket(name.replace("_", "-"))
        stack.callback(servers.storage.delete_bucket, self.bucket)

        self.backup_api_key = secrets.token_hex(32)
        self.project = Project(database_uri=self.database_uri)
        stack.callback(stop_listening, self.project)
        self._deploy()
        self.gateway = Gateway(self.project)
        stack.callback(self.gateway.close)
        self.access_token = AccessToken(f"sbp_{secrets.token_hex(20)}")
        self.management = Management(
            self.project, [self.access_token], self.directory / "functions"
        )
        stack.callback(self.management.close)

        self.github_secrets = {
            "VITE_SUPABASE_URL": self.gateway.url,
            "VITE_SUPABASE_SERVICE_ROLE_KEY": self.project.keys.service_role,
            "BACKUP_API_KEY": self.backup_api_key,
            "AWS_ACCESS_KEY_ID": self.bucket.pipeline.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.bucket.pipeline.secret_access_key,
        }
        self.secret_names: dict[str, str] = {}
        self.github_variables = {
            "BACKUP_BUCKET": self.bucket.name,
            "AWS_REGION": self.bucket.region,
        }
        self.github_token = Token(f"github_pat_{secrets.token_hex(20)}", READ_REPOSITORY, "pat")
        self.repository = self._repository()
        self.github = GitHub(self.repository, [self.github_token])
        stack.callback(self.github.close)
        self.actions: Actions = carry_out
        self._commits: dict[int, Commit] = {}
        self.insert = "INSERT INTO public.backup_history (dispatch_id) VALUES (%s)"

    def at_end(self, tidy_up: Callable[[], None]) -> None:
        """Do this before the world is closed."""
        self._stack.callback(tidy_up)

    def close(self) -> None:
        """Stop this world's services, drop its database and bucket, remove its files."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _deploy(self) -> None:
        for migration in self._migrations():
            self.sql(migration)
        then = datetime.now(UTC) - SET_UP_BEFORE
        self.project.functions[FUNCTION] = Function(
            FUNCTION,
            self.checkout / "supabase/functions" / FUNCTION / "index.ts",
            verify_jwt=False,
            created_at=then,
            updated_at=then,
        )
        self.project.function_secrets["BACKUP_API_KEY"] = SecretValue(self.backup_api_key, then)

    def _repository(self) -> Repository:
        return Repository(
            REPOSITORY,
            workflows=[Workflow(id=WORKFLOW_ID, name="Backup", path=WORKFLOW)],
            secrets=_records(self.github_secrets),
            secret_values=self.github_secrets,
            variables=dict(self.github_variables),
            files={
                path.relative_to(self.checkout).as_posix(): path.read_bytes()
                for path in sorted(self.checkout.rglob("*"))
                if path.is_file()
            },
        )

    def publish_secrets(self) -> None:
        """Let GitHub list the secrets and variables that the workflow is given, each at its level."""
        known = self.repository
        known.secrets = _records(known.secret_values, known.secrets)
        for name, values in known.environment_values.items():
            known.environments[name] = _records(values, known.environments.get(name, []))
        self.repository.variables = dict(self.github_variables)

    def insert_row(self, dispatch_id: str | None = None) -> str:
        """Insert the row as the app does before it dispatches the workflow.

        Returns:
            its dispatch id: a fresh uuid if none was given.
        """
        chosen = dispatch_id or str(uuid.uuid4())
        with psycopg.connect(self.owner_uri, autocommit=True) as connection:
            connection.execute(self.insert.encode(), [chosen])
        return chosen

    def run_pipeline(
        self,
        dispatch_id: str,
        *,
        now: Callable[[], datetime] = utc_now,
        again: Run | None = None,
    ) -> Run:
        """Run the workflow's backup job for real, and keep the run as GitHub would.

        Args:
            dispatch_id: the run's input.
            now: the clock of all time stamps, in UTC.
            again: an earlier run, of which this is the next attempt.
        """
        self.publish_secrets()
        run_id = again.id if again else FIRST_RUN_ID + len(self.repository.runs)
        self._commits[run_id] = Commit(dispatch_id, dict(self.repository.files))
        attempt = again.attempt + 1 if again else 1
        run = self.actions(self._dispatch(run_id, attempt, self.checkout, now))
        if again is not None:
            run.created_at = again.created_at
            run.previous_attempts = again.attempts()
            self.repository.runs.remove(again)
        self.repository.runs.append(run)
        return run

    def carry_out(self, queued: Run) -> Run:
        """Carry out a run, or another attempt of it, that is queued on GitHub.

        As there, it is of the commit of the run's first attempt, with the secrets of now.
        """
        self.publish_secrets()
        folder = self.directory / f"attempt-{queued.id}-{queued.attempt}"
        checkout = self._commits[queued.id].check_out(folder)
        run = self.actions(self._dispatch(queued.id, queued.attempt, checkout, utc_now))
        run.created_at, run.previous_attempts = queued.created_at, queued.previous_attempts
        runs = self.repository.runs
        runs[runs.index(queued)] = run
        return run

    def _dispatch(
        self, run_id: int, attempt: int, checkout: Path, now: Callable[[], datetime]
    ) -> Dispatch:
        return Dispatch(
            checkout=checkout,
            workflow=WORKFLOW,
            job=JOB,
            secrets=ChainMap(
                *self.repository.environment_values.values(), self.repository.secret_values
            ),
            variables=self.github_variables,
            inputs={"dispatch_id": self._commits[run_id].dispatch_id},
            env={
                "PATH": self.servers.aws.before(path()),
                "AWS_ENDPOINT_URL_S3": self.bucket.endpoint,
                "GITHUB_API_URL": self.github.url,
            },
            run_id=run_id,
            attempt=attempt,
            workflow_id=WORKFLOW_ID,
            repository=self.repository.full_name,
            head_sha=HEAD_SHA,
            now=now,
        )

    def serve_github_at(self, base_path: str) -> None:
        """Serve the repository at another path: `/api/v3` makes it a GitHub Enterprise Server."""
        self.github.close()
        self.github = GitHub(self.repository, [self.github_token], base_path=base_path)
        self.at_end(self.github.close)

    def another_database(self, suffix: str) -> str:
        """Make another project's database, with the same migrations; return its name."""
        name = f"{self.bucket.name.replace('-', '_')}_{suffix}"
        self.servers.postgres.create_database(name)
        self.at_end(lambda: self.servers.postgres.drop_database(name))
        for migration in self._migrations():
            _execute(self.servers.postgres.uri(name), migration)
        return name

    def _migrations(self) -> list[str]:
        files = sorted((self.checkout / "supabase/migrations").glob("*.sql"))
        return [file.read_text() for file in files]

    def objects(self) -> list[str]:
        """Return the keys in the bucket; none where the bucket is not there any more."""
        try:
            listed = self.servers.storage.s3.list_objects_v2(Bucket=self.bucket.name)
        except self.servers.storage.s3.exceptions.NoSuchBucket:
            return []
        return [item["Key"] for item in listed.get("Contents", [])]

    def write(self, path: str, text: str) -> None:
        """Make this the text of a file of the repository, in the checkout and on GitHub.

        A function whose source it is gets deployed.
        """
        file = self.checkout / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        self.repository.files[path] = text.encode()
        for function in self.project.functions.values():
            if function.entrypoint == file:
                function.version += 1

    def read(self, path: str) -> str:
        """Return a file of the repository."""
        return (self.checkout / path).read_text()

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a piece of a file of the repository.

        Raises:
            ValueError: the piece is not there: the file has changed since this was written.
        """
        content = self.read(path)
        if old not in content:
            raise ValueError(f"{path} does not hold {old!r}")
        self.write(path, content.replace(old, new))

    def restore(self, path: str) -> None:
        """Give a file of the repository the text that the reference pipeline has."""
        self.write(path, (REFERENCE / path).read_text())

    def hold_transaction(self, statement: str) -> None:
        """Run SQL in a transaction that stays open until `end_transactions`."""
        connection = psycopg.connect(self.owner_uri, application_name="console")
        self._open_transactions.append(connection)
        connection.execute(statement.encode())

    def end_transactions(self) -> None:
        """End what `hold_transaction` began."""
        while self._open_transactions:
            self._open_transactions.pop().close()

    def environment(self) -> dict[str, str]:
        """The doctor's settings for this world, as environment variables.

        Its credentials only read, but for the service-role and the function key, which it is given
        as the pipeline has them: an empty value where the pipeline has none.
        """
        return {
            "SUPABASE_URL": self._given("VITE_SUPABASE_URL"),
            "SUPABASE_SERVICE_ROLE_KEY": self._given("VITE_SUPABASE_SERVICE_ROLE_KEY"),
            "BACKUP_API_KEY": self._given("BACKUP_API_KEY"),
            "SUPABASE_ACCESS_TOKEN": self.access_token.value,
            "SUPABASE_MANAGEMENT_URL": self.management.url,
            "SUPABASE_PROJECT_REF": self.project.ref,
            "SUPABASE_DB_URL": self.doctor_database_uri,
            "GITHUB_REPOSITORY": self.repository.full_name,
            "GITHUB_TOKEN": self.github_token.value,
            "GITHUB_API_URL": self.github.url,
            "BACKUP_BUCKET": self.bucket.name,
            "AWS_ACCESS_KEY_ID": self.bucket.doctor.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.bucket.doctor.secret_access_key,
            "AWS_REGION": self.bucket.region,
            "AWS_ENDPOINT_URL_S3": self.bucket.endpoint,
        }

    def _given(self, secret: str) -> str:
        return self.github_secrets.get(self.secret_names.get(secret, secret), "")

    def sql(self, statement: str) -> None:
        """Run SQL as the database's owner, as one does in Supabase's SQL editor."""
        _execute(self.owner_uri, statement)

    def sql_as_superuser(self, statement: str) -> None:
        """Run SQL as only the platform may, such as a change of its own roles."""
        _execute(self.database_uri, statement)

    def restore_roles(self) -> None:
        """Give the server's roles back what a fault may have taken, for the next world."""
        _execute(self.servers.postgres.uri("postgres", SUPERUSER), RESTORE_ROLES)


def _records(values: Iterable[str], known: Iterable[SecretRecord] = ()) -> list[SecretRecord]:
    then = datetime.now(UTC) - SET_UP_BEFORE
    records = {record.name: record for record in known}
    return [records.get(name) or SecretRecord(name, then, then) for name in values]


def _execute(uri: str, statement: str) -> None:
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(statement.encode())
