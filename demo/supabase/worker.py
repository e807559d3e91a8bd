"""One edge function at work: its real source in a Deno process of its own, on loopback."""

import os
import re
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO

from deno import find_deno_bin

from backup_doctor.demo.supabase import guard
from backup_doctor.demo.supabase.postgres import free_port
from backup_doctor.demo.supabase.state import Function, LogRecord, Project

BOOT_TIMEOUT_S = 20.0
IDLE_TIMEOUT_S = 150.0
DRAIN_TIMEOUT_S = 1.0
CHUNK = 65536

# An own `package.json` or `deno.json` above the source is not part of what was deployed, and the
# demo asks no registry: a function that imports from one does not boot.
OPTIONS = ["--quiet", "--no-prompt", "--no-lock", "--no-remote", "--no-npm", "--no-config"]
PERMISSIONS = ["--allow-env", "--allow-net=127.0.0.1,localhost"]


class BootError(Exception):
    """The function ended before it served anything."""


class WorkerError(Exception):
    """The function's process ended under a request."""


class IdleTimeout(Exception):  # noqa: N818 -- the platform's name for it
    """The function sent nothing for as long as the platform waits."""


@dataclass(frozen=True)
class Reply:
    """What the function itself answered. `execution_id` names this run in the logs."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    execution_id: str


@dataclass
class Worker:
    """A running process of one version of `function`, with the environment of its start."""

    project: Project
    function: Function
    environment: Mapping[str, str]
    port: int = field(default_factory=free_port)
    execution_id: str = ""

    def __post_init__(self) -> None:
        function = self.function
        self.deployed = (function.id, function.version, function.entrypoint)
        directory = guard.temporary_directory("backup-doctor-deno-")
        environment = {
            **self.environment,
            "DENO_DIR": str(directory),
            "DENO_NO_UPDATE_CHECK": "1",
            "DENO_SERVE_ADDRESS": f"tcp:127.0.0.1:{self.port}",
            "NO_COLOR": "1",
            "PATH": os.defpath,
        }
        self._process = guard.spawn(
            _command(self.function.entrypoint),
            directory,
            env=environment,
            output=subprocess.PIPE,
            errors=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._readers = [
            threading.Thread(target=self._read, args=(stream, level), daemon=True)
            for stream, level in ((self._process.stdout, "info"), (self._process.stderr, "error"))
        ]
        for reader in self._readers:
            reader.start()

    def boot(self) -> None:
        """Wait until the function listens.

        Raises:
            BootError: it ended instead, or never listened.
        """
        started = time.monotonic()
        while time.monotonic() < started + BOOT_TIMEOUT_S:
            if self._process.poll() is not None:
                break
            if _listens(self.port):
                self._log(f"booted (time: {_milliseconds(started)}ms)", "log", "Boot")
                return
            time.sleep(0.01)
        self.close()
        raise BootError

    @property
    def alive(self) -> bool:
        """Tell whether the process still runs."""
        return self._process.poll() is None

    def call(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Let the function answer one request for `target` (path and query).

        Raises:
            WorkerError: the process ended before it answered.
            IdleTimeout: it did not answer in time.
        """
        self.execution_id = str(uuid.uuid4())
        execution_id = self.execution_id
        connection = HTTPConnection("127.0.0.1", self.port, timeout=IDLE_TIMEOUT_S)
        try:
            connection.request(method, target, body, dict(headers))
            answer = connection.getresponse()
            return Reply(answer.status, answer.getheaders(), answer.read(), execution_id)
        except TimeoutError as error:
            raise IdleTimeout from error
        except (HTTPException, OSError) as error:
            self.close()
            raise WorkerError from error
        finally:
            connection.close()

    def close(self) -> None:
        """End the process, and keep what it still had to say. A second call does nothing."""
        guard.stop(self._process)
        for reader in self._readers:
            reader.join(DRAIN_TIMEOUT_S)

    def _read(self, stream: IO[bytes], level: str) -> None:
        with stream:  # Deno writes once for each call of the console: one chunk, one record
            while chunk := os.read(stream.fileno(), CHUNK):
                self._log(chunk.decode(errors="replace").rstrip("\n"), level, "Log")

    def _log(self, message: str, level: str, event_type: str) -> None:
        attributes = {
            "event_type": event_type,
            "level": level,
            "function_id": self.function.id,
            "execution_id": self.execution_id,
            "version": str(self.function.version),
        }
        self.project.logs.append(
            LogRecord("function_logs", message, attributes, "ERROR" if level == "error" else "INFO")
        )


def _command(entrypoint: Path) -> list[str]:
    source = entrypoint.read_text(encoding="utf-8")
    # `export default { fetch }` is served by `deno serve`, a module with Deno.serve by `deno run`.
    mode = "serve" if re.search(r"^export\s+default\b", source, re.MULTILINE) else "run"
    return [find_deno_bin(), mode, *OPTIONS, *PERMISSIONS, str(entrypoint.resolve())]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _milliseconds(since: float) -> int:
    return round((time.monotonic() - since) * 1000)
