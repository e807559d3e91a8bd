"""`backup-doctor demo`: a pipeline that really ran, broken in a named way, and the doctor's report.

Nothing of it outlives the command: signals are held back while a process or a folder is being
made, and the runner is stopped only between two lines of its log.
"""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TextIO

from backup_doctor.demo.faults import FAULTS, SINGLE, STORIES, Fault, compose
from backup_doctor.demo.interrupts import Interrupted, Interrupts
from backup_doctor.demo.runner.machine import path
from backup_doctor.demo.world import Servers, World

WORKED, FAILED, USAGE = 0, 1, 2
REPORT = "report.json"
WIDTH = max(map(len, FAULTS))
STOP_TIMEOUT_S = 5.0

# A developer's own settings must not reach the demo: it would diagnose their pipeline.
AMBIENT = ("AWS_", "BACKUP_", "DATABASE_URL", "GH_", "GITHUB_", "S3_", "SUPABASE_", "VITE_")


def fitted_list() -> str:
    """The faults as they fit the terminal; elsewhere each on one line."""
    return list_faults(shutil.get_terminal_size().columns if sys.stdout.isatty() else None)


def list_faults(width: int | None = None) -> str:
    """The faults, grouped: each one's name, what is broken, and the root cause to be found.

    With a width, what does not fit goes on below itself; else each has one line.
    """
    groups: dict[str, list[Fault]] = {"Try these first": list(STORIES.values())}
    for fault in SINGLE.values():
        groups.setdefault(f"Broken so that this fails: {fault.side.value}", []).append(fault)
    return "\n\n".join(_group(title, faults, width) for title, faults in groups.items())


def _group(title: str, faults: list[Fault], width: int | None) -> str:
    lines = (f"  {one.name:<{WIDTH}}  {one.description} [{_diagnosis(one)}]" for one in faults)
    below = " " * (WIDTH + 4)
    fitted = (
        textwrap.fill(line, width, subsequent_indent=below, break_on_hyphens=False)
        if width
        else line
        for line in lines
    )
    return "\n".join([title, *fitted])


def _diagnosis(fault: Fault) -> str:
    """The code that a right diagnosis names; what only one of two ways needs is a cause in pairs."""
    if fault.root_cause is None and fault.code is not None:
        return f"healthy; {fault.code} if the other way fails too"
    return fault.root_cause or "healthy"


def run_demo(fault: str, *, keep: bool = False) -> int:
    """Break a pipeline, run it, run the doctor on it, and return the exit code.

    `fault` is a name, or several joined by `+`, which break the same pipeline together.
    The report goes to standard output. With `keep` a shell follows that has the world's settings, on
    a terminal; else the report goes to standard error, standard output has the settings as lines
    for a shell, and the world runs until a signal comes.

    Returns:
        0 when the doctor found the fault's root cause (or none where there is none), 1 when it did
        not, 2 for an unknown fault, 128 + n when signal n ended the demo before it was through.
    """
    names = fault.split("+")
    for unknown in (name for name in names if name not in FAULTS):
        near = get_close_matches(unknown, FAULTS, 1)
        guess = f"Did you mean {near[0]!r}?" if near else "`backup-doctor demo --list` names all."
        _tell(f"There is no fault {unknown!r}. {guess}")
        return USAGE
    broken = FAULTS[fault] if fault in FAULTS else compose(*(FAULTS[name] for name in names))
    with Interrupts() as interrupts:
        try:
            return _demonstrate(broken, interrupts, keep=keep)
        except Interrupted as interrupt:
            _tell(f"Stopped by {interrupt}.")
            return interrupt.exit_code


def exports(environment: Mapping[str, str]) -> str:
    """The variables as lines that a shell can evaluate."""
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment.items())


def _demonstrate(fault: Fault, interrupts: Interrupts, *, keep: bool) -> int:
    progress = _Progress()
    with ExitStack() as stack:
        with interrupts.deferred():
            world = _open_world(stack, progress)
            stack.callback(interrupts.ignore)  # the first thing done at the end, whatever ends it
        dispatch_id = _run_pipeline(world, fault, interrupts, progress)
        progress("Running the doctor")
        with interrupts.deferred():
            by_hand = keep and not _on_a_terminal()
            doctor = _start_doctor(world, dispatch_id, sys.stderr if by_hand else sys.stdout)
            stack.callback(_stop, doctor)
        worked = _judge(fault, doctor.wait(), world.directory / REPORT)
        if by_hand:
            _keep(world, dispatch_id)
        elif keep:
            _open_shell(world, dispatch_id, interrupts)
    return WORKED if worked else FAILED


def _open_world(stack: ExitStack, progress: "_Progress") -> World:
    progress("Starting PostgreSQL and S3")
    servers = stack.enter_context(Servers.start())
    progress("Starting Supabase and GitHub")
    return stack.enter_context(World(servers))


def _run_pipeline(world: World, fault: Fault, interrupts: Interrupts, progress: "_Progress") -> str:
    def clock() -> datetime:
        interrupts.check()  # the runner asks for the time at each line of its log
        return datetime.now(UTC)

    dispatch_id = world.insert_row()
    fault.before(world)
    progress(f"Running the workflow with the fault {fault.name}: {fault.description}")
    with interrupts.deferred():
        run = world.run_pipeline(dispatch_id, now=clock)
    fault.after(world)
    progress(f"The run ended: {run.conclusion}")
    return dispatch_id


def _start_doctor(world: World, dispatch_id: str, output: TextIO) -> "subprocess.Popen[bytes]":
    output.flush()
    return subprocess.Popen(  # noqa: S603 - this very package, on data of the demo's own
        [sys.executable, "-m", "backup_doctor", "--dispatch-id", dispatch_id, "--report", REPORT],
        env=_inherited() | world.environment(),
        cwd=world.directory,  # where no .env of the developer's lies
        stdout=output,
    )


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Ask it to end, and see to it that it has."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_TIMEOUT_S)
    process.kill()
    process.wait()


def _judge(fault: Fault, exit_code: int, report: Path) -> bool:
    """Compare what the doctor found with what was broken; its exit code alone proves little."""
    try:
        found = json.loads(report.read_bytes())
    except (OSError, ValueError):
        _tell(f"The doctor ended with exit code {exit_code} and left no report that can be read.")
        return False
    if found["root_cause"] != fault.root_cause:
        _tell(f"The doctor found {found['root_cause']}, but what broke is {fault.root_cause}.")
        return False
    return True


def _keep(world: World, dispatch_id: str) -> None:
    environment = world.environment() | {"DISPATCH_ID": dispatch_id}
    with suppress(Interrupted):
        print(exports(environment), flush=True)  # noqa: T201 - for the shell to evaluate
        _tell("Demo services keep running; press Ctrl-C to stop.")
        signal.pause()


def _on_a_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()


def _open_shell(world: World, dispatch_id: str, interrupts: Interrupts) -> None:
    """A shell in which the doctor, and everything else, sees the demo's world; until it ends."""
    _tell(
        "\nA shell with the demo's settings. Try these; `exit` ends the demo.\n"
        '  backup-doctor --dispatch-id "$DISPATCH_ID"\n'
        '  backup-doctor fix --dispatch-id "$DISPATCH_ID"\n'
        "  backup-doctor list"
    )
    told = {"DISPATCH_ID": dispatch_id, "PATH": path()}
    with ExitStack() as stack:
        with interrupts.deferred():
            shell = subprocess.Popen(  # noqa: S603 - the user's own
                [os.environ.get("SHELL") or "/bin/sh"],
                env=_inherited() | world.environment() | told,
                cwd=world.directory,
            )
            stack.callback(_stop, shell)
        # Ctrl-C is for what runs in the shell. A function, which the shell does not inherit.
        before = signal.signal(signal.SIGINT, lambda *_: None)
        stack.callback(signal.signal, signal.SIGINT, before)
        shell.wait()


def _inherited() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(AMBIENT)}


def _tell(message: str) -> None:
    print(message, file=sys.stderr, flush=True)  # noqa: T201 - progress is for standard error


class _Progress:
    """Says what is going on, and how many seconds after the start."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def __call__(self, message: str) -> None:
        _tell(f"{time.monotonic() - self._start:5.1f} s  {message}")
