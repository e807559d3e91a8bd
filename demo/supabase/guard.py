"""Runs a server that never outlives the process that started it, however that process ends.

A guard is a small process between the two. It holds the reading end of a pipe whose writing end
only the parent has: the pipe breaks when the parent closes it, exits, or is killed. The guard then
stops the server, and removes its directory, which it made itself: nobody else ever has to. This
file is also the guard's program, and imports nothing of the package, to start within milliseconds.
"""

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

STOP_TIMEOUT_S = 5.0


def spawn(
    command: Sequence[str],
    directory: Path,
    *,
    env: Mapping[str, str],
    output: int | IO[bytes],
    errors: int | IO[bytes] = subprocess.STDOUT,
    owner: tuple[int, int] | None = None,
    bring: Mapping[str, Path] | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
) -> "subprocess.Popen[bytes]":
    """Start `command` in a new `directory` under a guard, and return the guard's process.

    `output` and `errors` take the standard streams of both. `owner` is the user and group id
    that the command runs as; `bring` are directories to copy into `directory` first, by their
    path there, for an owner who cannot reach them elsewhere. The guard's return code is the
    command's; `directory` is removed when the command has ended, for whatever reason.
    """
    options = {
        "directory": str(directory),
        "owner": owner,
        "bring": {name: str(source) for name, source in (bring or {}).items()},
        "stop_signal": stop_signal.name,
    }
    return subprocess.Popen(  # noqa: S603 -- the demo's own servers
        [sys.executable, "-I", "-S", __file__, json.dumps(options), *command],
        env=dict(env),
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=errors,
        start_new_session=True,  # Ctrl-C is for the parent to handle; its end reaches the guard
    )


def temporary_directory(prefix: str) -> Path:
    """Return the path of a directory that does not exist yet, for a guard to make."""
    return Path(tempfile.gettempdir(), f"{prefix}{secrets.token_hex(6)}")


def stop(guard: "subprocess.Popen[bytes]") -> None:
    """Break the pipe, and wait until the command is gone and its directory removed."""
    if guard.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            guard.stdin.close()
    guard.wait()


# The guard's own process starts without site-packages, and so without what measures coverage.
def _main(options: str, *command: str) -> int:  # pragma: no cover
    given = json.loads(options)
    directory = Path(given["directory"])
    user, group = given["owner"] or (None, None)
    directory.mkdir(mode=0o700)
    try:
        for name, source in given["bring"].items():
            shutil.copytree(source, directory / name, symlinks=True)
        if given["owner"]:
            os.chown(directory, *given["owner"])
        child = subprocess.Popen(  # noqa: S603 -- the command that the parent chose
            command,
            cwd=directory,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            user=user,
            group=group,
            extra_groups=[] if given["owner"] else None,
        )
        stop_signal = signal.Signals[given["stop_signal"]]
        threading.Thread(target=_stop_after_parent, args=(child, stop_signal), daemon=True).start()
        try:
            return child.wait()
        finally:
            _end(child.pid, signal.SIGKILL)  # a stopped shell leaves the program that it waited for
    finally:
        _remove(directory)


def _end(group: int, by: signal.Signals) -> None:  # pragma: no cover
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, by)


def _remove(directory: Path) -> None:  # pragma: no cover
    """Remove `directory`, though something that is just ending may still write into it."""
    deadline = time.monotonic() + STOP_TIMEOUT_S
    shutil.rmtree(directory, ignore_errors=True)
    while directory.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
        shutil.rmtree(directory, ignore_errors=True)


def _stop_after_parent(  # pragma: no cover
    child: "subprocess.Popen[bytes]", stop_signal: signal.Signals
) -> None:
    os.read(sys.stdin.fileno(), 1)
    _end(child.pid, stop_signal)
    try:
        child.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        _end(child.pid, signal.SIGKILL)


if __name__ == "__main__":  # pragma: no cover
    sys.exit(_main(*sys.argv[1:]))
