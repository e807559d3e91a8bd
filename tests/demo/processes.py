"""Other processes, seen from a test."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def processes_with(text: str) -> list[Path]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it may end in between
            seen = (process / "cmdline").read_text() + str((process / "cwd").readlink())
            if text in seen:
                found.append(process)
    return found
