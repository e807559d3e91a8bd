"""Sessions that are ended or fall silent, and a Ctrl-C, in the middle of an audit."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import psycopg
import pytest

from backup_doctor.collect.deadline import Deadline
from backup_doctor.evidence.case import Names
from backup_doctor.run.audit.table import BrokeOffError
from backup_doctor.run.audit.table_direct import DirectTable
from tests.programs import bare

if TYPE_CHECKING:
    from tests.audit.scene import Scene

# More than the network holds on the way.
MANY = """
INSERT INTO public.backup_history (dispatch_id, s3_key, status, size_bytes)
SELECT at::text, 'backups/' || at || '.zip', 'success', 5 FROM generate_series(1, 200000) AS at"""
END_SESSIONS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'backup-doctor'"""


def test_a_session_that_is_ended_by_the_server_breaks_off_the_table(scene: Scene) -> None:
    scene.world.sql(MANY)
    table = DirectTable(scene.world.reader_uri, Names(), Deadline(60))
    table.about()
    rows = table.rows()

    assert len(next(rows)) == 2000
    scene.world.sql_as_superuser(END_SESSIONS)
    with pytest.raises(BrokeOffError, match="broke off the session"):
        list(rows)
    table.close()


def test_a_libpq_without_chunks_gives_the_same_rows(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        scene.row(f"backups/{name}.zip")
    monkeypatch.setattr(psycopg.capabilities, "has_stream_chunked", lambda: False)
    table = DirectTable(scene.world.reader_uri, Names(), Deadline(60))
    table.about()

    (batch,) = table.rows()
    table.close()

    assert [row[0] for row in batch] == ["backups/a.zip", "backups/b.zip", "backups/c.zip"]


def test_a_server_that_falls_silent_is_hung_up_on(scene: Scene) -> None:
    scene.world.sql(MANY)
    table = DirectTable(scene.world.reader_uri, Names(), Deadline(4))
    table.about()
    assert table._session is not None
    server = table._session.info.backend_pid

    os.kill(server, signal.SIGSTOP)
    try:
        with pytest.raises(BrokeOffError, match="in the time that there was"):
            next(table.rows())
    finally:
        os.kill(server, signal.SIGCONT)
        table.close()


def test_no_batch_is_asked_for_when_the_time_is_over(scene: Scene) -> None:
    scene.world.sql(MANY)
    deadline = Deadline(60)
    table = DirectTable(scene.world.reader_uri, Names(), deadline)
    table.about()
    rows = table.rows()

    assert len(next(rows)) == 2000
    deadline.budget_s = 0
    with pytest.raises(BrokeOffError, match="in the time that there was"):
        next(rows)
    table.close()


def test_the_session_cannot_write(scene: Scene) -> None:
    table = DirectTable(scene.world.owner_uri, Names(), Deadline(60))
    table.about()

    with pytest.raises(BrokeOffError, match="read-only transaction"):
        list(table._fetched("SELECT pg_catalog.lo_create(0)"))
    table.close()


def test_after_ctrl_c_the_totals_so_far_are_printed(scene: Scene) -> None:
    scene.row("backups/a.zip")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        environment = scene.world.environment() | {"AWS_ENDPOINT_URL_S3": endpoint}
        process = subprocess.Popen(
            [sys.executable, "-m", "backup_doctor", "audit", "--format", "text"],
            cwd=scene.directory,
            env=bare(**environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        line, _ = silent.accept()
        with line:
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=60)

    assert process.returncode == 130, errors
    assert output.startswith("INTERRUPTED")
    assert "Bucket  0 objects" in output
