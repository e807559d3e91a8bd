"""Other kinds of PostgreSQL servers: a standby, a read-only database, a pooler in transaction mode."""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import pytest

from backup_doctor.demo.supabase import guard
from backup_doctor.demo.supabase.postgres import FAST, READER, free_port, programs
from tests.faults.expecting import assert_safe, statuses
from tests.faults.test_postgres import URL, ask_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.scene import Scene

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
NOBODY = pwd.getpwnam("nobody") if os.geteuid() == 0 else None


@contextmanager
def standby_of(scene: Scene) -> Iterator[str]:
    """The address of a hot standby of the scene's server: it replays, and cannot write."""
    port, primary = free_port(), urlsplit(scene.world.owner_uri)
    binaries = programs()
    options = {**FAST, "listen_addresses": "127.0.0.1", "port": str(port)}
    copy = [str(binaries / "pg_basebackup"), "-d", f"{primary.scheme}://{primary.netloc}/postgres"]
    serve = [str(binaries / "postgres"), "-D", "data", "-c", "unix_socket_directories="]
    serve += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    script = f"{shlex.join([*copy, '-D', 'data', '-R', '-c', 'fast'])} && exec {shlex.join(serve)}"
    process = guard.spawn(
        ["/bin/sh", "-c", script],
        guard.temporary_directory("backup-doctor-standby-"),
        env={"PATH": os.defpath},
        output=subprocess.DEVNULL,
        owner=(NOBODY.pw_uid, NOBODY.pw_gid) if NOBODY else None,
    )
    try:
        url = scene.world.environment()[URL].replace(f":{primary.port}/", f":{port}/")
        wait_for(url)
        yield url
    finally:
        guard.stop(process)


@contextmanager
def pooler_of(scene: Scene) -> Iterator[str]:
    """The address of a pgbouncer in transaction mode before the scene's server."""
    port, url = free_port(), scene.world.environment()[URL]
    server = urlsplit(url)
    directory = Path(tempfile.mkdtemp(prefix="backup-doctor-pgbouncer-"))
    directory.chmod(0o755)
    (directory / "users").write_text(f'"{READER}" "{server.password}"\n')
    (directory / "pgbouncer.ini").write_text(
        f"[databases]\n* = host=127.0.0.1 port={server.port}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = scram-sha-256\nauth_file = {directory}/users\npool_mode = transaction\n"
    )
    assert PGBOUNCER
    as_nobody = ["-u", NOBODY.pw_name] if NOBODY else []
    process = subprocess.Popen(
        [PGBOUNCER, "-q", *as_nobody, str(directory / "pgbouncer.ini")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        pooled = url.replace(f":{server.port}/", f":{port}/")
        wait_for(pooled)
        yield f"{pooled}?pgbouncer=true"
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(directory)


def wait_for(url: str) -> None:
    """Wait until a server answers."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with suppress(psycopg.OperationalError), psycopg.connect(url, connect_timeout=2):
            return
        time.sleep(0.1)
    pytest.fail("the server did not start")


@pytest.mark.parametrize("story", ["stuck", "healthy"])
def test_a_standby_shows_the_row_and_is_not_taken_for_a_read_only_database(
    scenes: dict[str, Scene], story: str, tmp_path: Path
) -> None:
    scene = scenes[story]
    with standby_of(scene) as url:
        outcome = ask_at(url, scene, tmp_path)

    assert_safe(outcome, scene.truth)
    assert outcome.report.root_cause == scene.truth.root_cause
    assert "row/database-read-only" not in outcome.report.causes


@pytest.mark.parametrize("story", ["stuck", "healthy"])
def test_a_database_that_turned_read_only_after_the_failure_explains_nothing(
    scenes: dict[str, Scene], story: str, tmp_path: Path
) -> None:
    scene = scenes[story]
    database = scene.world.owner_uri.rpartition("/")[2]
    change = f"ALTER DATABASE {database}"
    scene.world.sql_as_superuser(f"{change} SET default_transaction_read_only = on")
    try:
        outcome = ask_at(scene.world.environment()[URL], scene, tmp_path)
    finally:
        writing = f"{scene.world.database_uri}?options=-cdefault_transaction_read_only%3Doff"
        with psycopg.connect(writing, autocommit=True) as superuser:
            superuser.execute(f"{change} RESET default_transaction_read_only".encode())

    assert outcome.report.errors == ()
    assert outcome.report.verdict is scene.truth.verdict
    assert outcome.report.root_cause == scene.truth.root_cause


@pytest.mark.skipif(PGBOUNCER is None, reason="pgbouncer is not installed")
@pytest.mark.parametrize("story", ["stuck", "healthy"])
def test_a_pooler_in_transaction_mode_makes_no_difference(
    scenes: dict[str, Scene], story: str, tmp_path: Path
) -> None:
    scene = scenes[story]
    with pooler_of(scene) as url:
        outcome = ask_at(url, scene, tmp_path)

    assert_safe(outcome, scene.truth)
    assert statuses(outcome.report, without=set()) == statuses(scene.truth, without=set())
