"""Runs one step's script in a process group of its own, and leaves none of it behind."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from codecs import getincrementaldecoder
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

TICK = 0.05  # seconds
READ_SIZE = 65536

# An interrupt may come when the process is there and nobody knows of it yet. So it begins at a word,
# and ends by itself where that never comes.
AT_A_WORD = ("/bin/sh", "-c", 'read -r _go && exec "$@" </dev/null', "sh")

# What GitHub grants a cancelled process, in minutes: 7.5 s after SIGINT, 2.5 s after SIGTERM.
GRACE = ((signal.SIGINT, 7.5 / 60), (signal.SIGTERM, 2.5 / 60))


class TimedOutError(Exception):
    """The script did not end by its deadline, and was ended."""


def execute(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    on_line: Callable[[str], None],
    deadline: float,
    seconds_per_minute: float = 60.0,
) -> int:
    """Run `command`, pass on each line of its output, and return its exit code.

    Both streams come as one, in the order written. `deadline` is a `time.monotonic()`.
    Whatever happens, an interrupt included, no process of its group is left afterwards.

    Raises:
        TimedOutError: at the deadline, after the signals that GitHub sends.
    """
    process = subprocess.Popen(  # noqa: S603 - to run the workflow's scripts is the purpose
        [*AT_A_WORD, *command],
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    lines = _Lines(process, on_line)
    try:
        _give_the_word(process)
        if not lines.read_until_exit(deadline):
            _end(process, lines, seconds_per_minute)
            raise TimedOutError
        return process.returncode if process.returncode >= 0 else 128 - process.returncode
    finally:
        _signal(process, signal.SIGKILL)
        process.wait()
        lines.close()


def _give_the_word(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    with process.stdin as gate:
        gate.write(b"\n")


def _end(process: subprocess.Popen[bytes], lines: _Lines, seconds_per_minute: float) -> None:
    for number, minutes in GRACE:
        _signal(process, number)
        if lines.read_until_exit(time.monotonic() + minutes * seconds_per_minute):
            return


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


class _Lines:
    """Reads a process's output without ever waiting longer than a tick."""

    def __init__(self, process: subprocess.Popen[bytes], on_line: Callable[[str], None]) -> None:
        assert process.stdout is not None
        self._process = process
        self._output = process.stdout
        self._on_line = on_line
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        os.set_blocking(self._output.fileno(), False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._output, selectors.EVENT_READ)

    def read_until_exit(self, deadline: float) -> bool:
        """Pass lines on until the process has ended; False at the deadline.

        The end of the process counts, not that of its output: a child that it left in the
        background may hold the pipe open for ever.
        """
        while self._process.poll() is None:
            if time.monotonic() >= deadline:
                return False
            self._read_ready()
        while self._read_ready(0):
            pass
        if self._rest:
            self._on_line(self._rest)
            self._rest = ""
        return True

    def close(self) -> None:
        self._selector.close()
        self._output.close()

    def _read_ready(self, timeout: float = TICK) -> bool:
        if not self._selector.select(timeout):
            return False
        chunk = os.read(self._output.fileno(), READ_SIZE)
        if not chunk:
            self._selector.unregister(self._output)
        *lines, self._rest = (self._rest + self._decoder.decode(chunk)).split("\n")
        for line in lines:
            self._on_line(line.removesuffix("\r"))
        return bool(chunk)
