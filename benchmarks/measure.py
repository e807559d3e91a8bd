"""Runs a command several times, and says what it cost."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

CHILD = Path(__file__).with_name("child.py")
TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Cost:
    """What one run of a command cost. Times are seconds of `time.monotonic()`."""

    started: float
    ended: float
    cpu_s: float
    peak_bytes: int
    exit_code: int

    @property
    def seconds(self) -> float:
        """Wall time from the start of the process to its end."""
        return self.ended - self.started


@dataclass(frozen=True)
class Spread:
    """The least, the middle and the greatest of several measurements."""

    least: float
    middle: float
    greatest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Sum up at least one value."""
        return cls(min(values), median(values), max(values))


class UnexpectedOutputError(Exception):
    """A command did not do what is to be measured; a figure would mean nothing."""


def run(
    command: Sequence[str | Path],
    *,
    exit_code: int,
    expected: str,
    environment: Mapping[str, str] | None = None,
    timeout_s: float = TIMEOUT_S,
) -> Cost:
    """Run a command in an empty directory.

    Raises:
        UnexpectedOutputError: another exit code, or its output lacks the `expected` text.
    """
    with tempfile.TemporaryDirectory() as directory, tempfile.NamedTemporaryFile() as result:
        done = subprocess.run(  # noqa: S603 -- the benchmark's own commands
            [sys.executable, "-I", "-S", CHILD, result.name, *command],
            cwd=directory,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout_s,
            check=True,
        )
        cost = Cost(**json.loads(result.read()))
    output = done.stdout.decode(errors="replace")
    if cost.exit_code != exit_code or expected not in output:
        name = Path(command[0]).name
        raise UnexpectedOutputError(f"{name} ended with {cost.exit_code}; it said:\n{output}")
    return cost


def side_by_side(repetitions: int, *runs: Callable[[], Cost]) -> tuple[list[Cost], ...]:
    """Take turns, so that a busy moment meets all of them. The first round only warms up."""
    for one in runs:
        one()
    rounds = [[one() for one in runs] for _ in range(repetitions)]
    return tuple(list(costs) for costs in zip(*rounds, strict=True))
