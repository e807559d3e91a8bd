"""Runs a server that never outlives the process that started it, however that process ends.

A guard is a small process between the two. It holds the reading end of a pipe whose writing end
only the parent has: the pipe breaks when the parent closes it, exits, or is killed. The guard then
stops the server and removes its directory. This file is also the guard's program, and imports
nothing of the package, so that it starts in a few milliseconds.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

STOP_TIMEOUT_S = 5.0


def spawn(  # noqa: PLR0913 -- the options of a process, each with a name
    command: Sequence[str],
    directory: Path,
    *,
    env: Mapping[str, str],
    output: int | IO[bytes],
    errors: int | IO[bytes] = subprocess.STDOUT,
    owner: tuple[int, int] | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
) -> "subprocess.Popen[bytes]":
    """Start `command` in `directory` under a guard, and return the guard's process.

    `output` and `errors` take the standard streams of both. `owner` is the user and group id
    that the command runs as. The guard's return code is the command's; `directory` is removed
    when the command has ended, for whatever reason.
    """
    ids = "" if owner is None else "{}:{}".format(*owner)
    program = [sys.executable, "-I", "-S", __file__, str(directory), ids, stop_signal.name]
    return subprocess.Popen(  # noqa: S603 -- the demo's own servers
        [*program, *command],
        cwd=directory,
        env=dict(env),
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=errors,
        start_new_session=True,  # Ctrl-C is for the parent to handle; its end reaches the guard
    )


def stop(guard: "subprocess.Popen[bytes]") -> None:
    """Break the pipe, and wait until the command is gone and its directory removed."""
    if guard.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            guard.stdin.close()
    guard.wait()


def _main(directory: str, ids: str, stop_signal: str, *command: str) -> int:
    user, group = (int(part) for part in ids.split(":")) if ids else (None, None)
    try:
        child = subprocess.Popen(  # noqa: S603 -- the command that the parent chose
            command,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            user=user,
            group=group,
            extra_groups=[] if ids else None,
        )
        threading.Thread(
            target=_stop_after_parent, args=(child, signal.Signals[stop_signal]), daemon=True
        ).start()
        return child.wait()
    finally:
        os.chdir("/")
        shutil.rmtree(directory, ignore_errors=True)


def _stop_after_parent(child: "subprocess.Popen[bytes]", stop_signal: signal.Signals) -> None:
    os.read(sys.stdin.fileno(), 1)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, stop_signal)
        try:
            child.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
