"""`backup-doctor`, and `python -m doctor`."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from contextlib import suppress

# What is imported stays: looking through all of it again and again for cycles would only cost time.
COLLECT_AFTER = 100_000


def main() -> None:
    """Run the command line and exit with its code."""
    gc.set_threshold(COLLECT_AFTER)
    from doctor.cli.entry import run

    leave(run(sys.argv[1:]))


def leave(code: int) -> None:
    """End the process at once, as soon as all is printed and whoever waits for the end was told.

    Taking every module down would cost a tenth of a second, and could wait for a call that hangs.
    """
    atexit._run_exitfuncs()  # noqa: SLF001 -- what `sys.exit` does, too
    for stream in (sys.stdout, sys.stderr):  # pragma: no cover -- what measures it has ended
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)  # pragma: no cover


if __name__ == "__main__":
    main()
