"""The doctor on a terminal of its own: it asks before it writes, and a test answers."""

from __future__ import annotations

import os
import pty
import subprocess
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from signal import Signals

END_LIMIT_S = 180


class Asked:
    """A command that has asked its question. `shown` is what the terminal showed so far."""

    def __init__(self, process: subprocess.Popen[bytes], terminal: int) -> None:
        self._process = process
        self._terminal = terminal
        self._seen = b""
        while b"[y/N]" not in self._seen:
            self._seen += os.read(terminal, 4096)

    def answer(self, text: str) -> None:
        """Type a line."""
        os.write(self._terminal, f"{text}\n".encode())

    def send(self, number: Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def end(self) -> tuple[int, str]:
        """Wait for its end: the exit code, and all that was shown, the two streams together."""
        with suppress(OSError):  # the last one that had it open has closed it
            while piece := os.read(self._terminal, 65536):
                self._seen += piece
        return self._process.wait(END_LIMIT_S), self._seen.decode()


@contextmanager
def asked(command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Iterator[Asked]:
    """The command, once it has asked."""
    parent, child = pty.openpty()
    process = subprocess.Popen(command, stdin=child, stdout=child, stderr=child, cwd=cwd, env=env)
    os.close(child)
    try:
        yield Asked(process, parent)
    finally:
        process.kill()
        process.wait()
        os.close(parent)
