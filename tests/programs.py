"""Programs in processes of their own: what they see of this one's environment."""

from __future__ import annotations

import os
import pty
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def bare(**more: str) -> dict[str, str]:
    """An environment with nothing of the developer's own in it.

    `COVERAGE_PROCESS_CONFIG` is how the tests' coverage reaches the programs that they start.
    """
    measured = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    return {"PATH": os.defpath, "LANG": "C.UTF-8", **measured, **more}


def on_a_terminal(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str], typed: str = ""
) -> str:
    """Run it to its end; what a person sees, standard error included. `typed` waits to be read."""
    terminal, far_end = pty.openpty()
    process = subprocess.Popen(
        command,
        stdin=far_end,
        stdout=far_end,
        stderr=far_end,
        cwd=cwd,
        env={"TERM": "xterm", **env},
    )
    os.close(far_end)
    os.write(terminal, typed.encode())
    seen = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # the far end is closed: Linux says EIO
            break
        if not part:
            break
        seen += part
    process.wait(timeout=60)
    os.close(terminal)
    return seen.decode()
