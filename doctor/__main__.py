"""`backup-doctor`, and `python -m backup_doctor`."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

# What is imported stays: looking through all of it again and again for cycles would only cost time.
COLLECT_AFTER = 100_000
# Exit.TOOL_ERROR: to import that may be what fails.
TOOL_ERROR = 4
IN_THE_TOOL = b"backup-doctor: an error in the tool itself: %s.\n"


def main() -> None:
    """Run the command line and exit with its code."""
    end_on_signals()
    open_streams()
    gc.set_threshold(COLLECT_AFTER)
    leave(exit_code(sys.argv[1:]))


def exit_code(arguments: list[str]) -> int:
    """The exit code of a run with these arguments, also where there is not enough left to say what failed."""
    try:
        from backup_doctor.cli.entry import run

        return run(arguments)
    except Exception as error:  # noqa: BLE001 -- a traceback would end with the code of a failing backup
        with suppress(OSError):
            os.write(2, IN_THE_TOOL % type(error).__name__.encode())
        return TOOL_ERROR


def end_on_signals() -> None:
    """Let a signal end the process at once, and with its exit code, until a command says otherwise.

    What is ignored, as in the background, stays ignored.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def _end(number: int, _frame: FrameType | None) -> None:
    os._exit(128 + number)


def open_streams() -> None:
    """Give the process the standard streams that it was started without: to nowhere.

    Else a connection to a database could become standard error, and be written to as such.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
    sys.stdin = sys.stdin or os.fdopen(0, "r", closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)


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
