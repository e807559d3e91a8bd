"""A signal ends the process in time, with its exit code, wherever it comes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PYTHON = (sys.executable, "-c")
HEAD = "import os, signal, sys, time; from backup_doctor.cli import interrupts\n"
LOST = f"""{HEAD}
class Late:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0)

try:
    with interrupts.interruptible():
        late = Late()
        del late
        time.sleep(30)
except interrupts.Interrupted as error:
    sys.exit(error.exit_code)
"""
CHANGED = f"""{HEAD}
class Named:
    def __set_name__(self, owner, name):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0)
        raise RuntimeError("what Python before 3.12 makes of it")

try:
    with interrupts.interruptible():
        class Made:
            name = Named()
except interrupts.Interrupted as error:
    sys.exit(error.exit_code)
"""
STUCK = f"""{HEAD}
interrupts.LIMIT_S = 0.2
with interrupts.interruptible():
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(30)
    finally:
        time.sleep(30)
"""
LEFT = f"""{HEAD}
interrupts.LIMIT_S = 0.2
try:
    with interrupts.interruptible():
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(30)
except interrupts.Interrupted:
    time.sleep(0.5)
print("printed")
"""
# Whoever runs the tests in the background has SIGINT ignored, which a child inherits.
EARLY = """
import os, signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from backup_doctor import __main__
__main__.end_on_signals()
os.kill(os.getpid(), {number})
time.sleep(30)
"""


def run(script: str) -> subprocess.CompletedProcess[str]:
    root = str(Path(__file__).parents[2])
    return subprocess.run(
        [*PYTHON, script],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": root},
        timeout=20,
    )


def test_a_signal_that_comes_while_the_interpreter_tidies_up_is_not_lost() -> None:
    done = run(LOST)

    assert (done.returncode, done.stderr) == (130, "")


def test_a_signal_that_comes_while_a_class_is_made_is_no_error_in_the_tool() -> None:
    """Python raises another error in its place."""
    done = run(CHANGED)

    assert (done.returncode, done.stderr) == (143, "")


def test_a_process_that_hangs_after_a_signal_ends_all_the_same() -> None:
    started = time.monotonic()

    assert run(STUCK).returncode == 143
    assert time.monotonic() - started < 10


def test_who_left_in_time_may_print_at_leisure() -> None:
    done = run(LEFT)

    assert (done.returncode, done.stdout) == (0, "printed\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_it_starts_ends_it_with_the_signals_code_and_no_traceback(
    number: signal.Signals,
) -> None:
    done = run(EARLY.format(number=int(number)))

    assert (done.returncode, done.stderr) == (128 + number, "")
