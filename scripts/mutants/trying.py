"""Run the tests on every mutant, each in a fork of a process in which all is imported.

What runs when a test calls it is exchanged in place, and only the tests that reach it are run: a
mutant takes milliseconds. What runs at import (a constant, a decorator) takes an import of its own.
"""

from __future__ import annotations

import ast
import gc
import os
import resource
import signal
from collections import Counter, defaultdict
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.machinery import SourceFileLoader
from itertools import islice
from pathlib import Path
from types import CodeType, FunctionType
from typing import TYPE_CHECKING

import coverage
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# Whose tests of their own notice most.
ANSWERS = ("doctor/collect/log", "doctor/services")
OF_JUDGEMENT = ("tests/judgement", "tests/test_explain.py")
OF_ANSWERS = ("tests/log", "tests/services", "tests/test_update_step.py", "tests/test_writers.py")
# No word of each test (nor the options that order them), nothing left behind, no process but this one.
LEFT_OUT = ("terminal", "cacheprovider", "xdist", "cov")
NO_WORLD = ("-m", "not (world or slow or exhaustive)", "--hypothesis-profile=quick")
QUIET = ("-x", "--override-ini=addopts=", *(f"-pno:{one}" for one in LEFT_OUT), *NO_WORLD)
CPU_LIMIT_S = 60
# The exit code of a process that came as far as no test: it says nothing of the mutant.
UNTRIED = 99


class Outcome(StrEnum):
    """What the tests said of a mutant. One that never ends is noticed as well."""

    KILLED = "killed"
    SURVIVED = "survived"
    TIMED_OUT = "timed out"


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One change: where it is, and the whole file with it."""

    path: str
    line: int
    operator: str
    text: str

    @property
    def function(self) -> range | None:
        """The lines of the function that it changes; None for what runs at import."""
        here = (one for one in _bodies(self.path) if self.line in one)
        return min(here, key=len, default=None)

    @property
    def change(self) -> tuple[str, str]:
        """The first line that differs, before and after."""
        before, after = Path(self.path).read_text().splitlines(), self.text.splitlines()
        pairs = zip(before, after, strict=False)
        if len(after) < len(before):
            return before[self.line - 1].strip(), ""
        return next((one.strip(), other.strip()) for one, other in pairs if one != other)


@cache
def _bodies(path: str) -> tuple[range, ...]:
    """The lines of the body of each function of the file."""
    return tuple(
        range(one.body[0].lineno, (one.end_lineno or 0) + 1)
        for one in ast.walk(ast.parse(Path(path).read_text()))
        if isinstance(one, ast.FunctionDef)
    )


def tried(mutants: Iterable[Mutant], at_once: int) -> Iterator[tuple[Mutant, Outcome]]:
    """Every mutant with its outcome, so many at a time."""
    called: list[Mutant] = []
    imported: list[Mutant] = []
    for mutant in mutants:
        (called if mutant.function else imported).append(mutant)
    # These first, while nothing of the program is imported in the process that forks.
    yield from forked(imported, _fails_afresh, at_once)
    trial = _Trial(called, at_once)
    tests = dict.fromkeys(test for one in called for test in _tests_of(one.path))
    code = pytest.main([*QUIET, *tests], plugins=[trial])
    if code:
        raise RuntimeError(f"pytest ended with {code!r}: do the tests pass without any mutant?")
    yield from trial.outcomes


def forked(
    mutants: Iterable[Mutant],
    fails: Callable[[Mutant], bool],
    at_once: int,
    cpu_limit_s: int = CPU_LIMIT_S,
) -> Iterator[tuple[Mutant, Outcome]]:
    """Every mutant with its outcome, where `fails` runs the tests in a process of its own.

    Raises:
        RuntimeError: a mutant could not be tried.
    """
    waiting = iter(mutants)
    running: dict[int, Mutant] = {}
    while True:
        new = islice(waiting, at_once - len(running))
        running |= {_fork(fails, one, cpu_limit_s): one for one in new}
        if not running:
            return
        process, status = os.wait()
        mutant = running.pop(process)
        yield mutant, _outcome(mutant, status)


def _fork(fails: Callable[[Mutant], bool], mutant: Mutant, cpu_limit_s: int) -> int:
    process = os.fork()
    if process:
        return process
    code = UNTRIED
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_limit_s, cpu_limit_s + 1))
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        code = int(fails(mutant))
    finally:
        os._exit(code)


def _outcome(mutant: Mutant, status: int) -> Outcome:
    code = os.waitstatus_to_exitcode(status)
    if code == UNTRIED:
        raise RuntimeError(f"{mutant.path}:{mutant.line} ({mutant.operator}) could not be tried")
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return Outcome.TIMED_OUT
    return Outcome.KILLED if code else Outcome.SURVIVED


def imported(path: str) -> str:
    """The name by which Python imports a file: below the one package that links to all of them."""
    within = path.removeprefix("doctor/")
    return str(Path.cwd() / "backup_doctor" / within)


def _fails_afresh(mutant: Mutant) -> bool:
    """Whether a test fails where the mutant is what is imported."""
    path = imported(mutant.path)
    get_code = SourceFileLoader.get_code

    def mutated(self: SourceFileLoader, name: str) -> CodeType | None:
        if self.path != path:
            return get_code(self, name)
        return compile(mutant.text, path, "exec")

    SourceFileLoader.get_code = mutated  # type: ignore[method-assign, assignment]
    return pytest.main([*QUIET, *_tests_of(mutant.path)]) is not pytest.ExitCode.OK


def _tests_of(path: str) -> tuple[str, ...]:
    """The tests that may notice, the likeliest first: the first that fails ends them."""
    return (*OF_ANSWERS, *OF_JUDGEMENT) if path.startswith(ANSWERS) else OF_JUDGEMENT


class _Trial:
    """A pytest plugin: runs each test once, then on each mutant those that reach it."""

    def __init__(self, mutants: Iterable[Mutant], at_once: int) -> None:
        self.mutants = mutants
        self.at_once = at_once
        self.outcomes: list[tuple[Mutant, Outcome]] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of pytest's own loop."""
        reaching = _reaching(session)
        functions = _functions()
        # Simple tests first: they are quick, and say most about what they reach.
        reach = Counter(
            name for lines in reaching.values() for names in lines.values() for name in names
        )
        tests = sorted(session.items, key=lambda item: reach[item.nodeid])
        gc.freeze()

        def fails(mutant: Mutant) -> bool:
            path, name = str(Path(mutant.path).resolve()), imported(mutant.path)
            _exchange(functions[name], compile(mutant.text, name, "exec"))
            lines = mutant.function or ()
            reached = set[str]().union(*(reaching[path].get(line, ()) for line in lines))
            return any(_fails(test) for test in tests if test.nodeid in reached)

        if not session.testsfailed:
            self.outcomes.extend(forked(self.mutants, fails, self.at_once))
        return True


def _reaching(session: pytest.Session) -> dict[str, dict[int, list[str]]]:
    """By file and line, the names of the tests that come to it."""
    # Where the files really are: the package links to `checks/`, and what is behind a link is not followed.
    watch = coverage.Coverage(data_file=None, source=["doctor", "checks"], config_file=False)
    watch.start()
    for item in session.items:
        watch.switch_context(item.nodeid)
        _fails(item)
    watch.stop()
    data = watch.get_data()
    return {path: data.contexts_by_lineno(path) for path in data.measured_files()}


def _fails(test: pytest.Item) -> bool:
    test.ihook.pytest_runtest_protocol(item=test, nextitem=None)
    return test.session.testsfailed > 0


def _functions() -> dict[str, list[FunctionType]]:
    """By file, all functions that were made of it."""
    functions = defaultdict(list)
    gc.unfreeze()  # what the tests have frozen
    for one in gc.get_objects():
        if isinstance(one, FunctionType):
            functions[one.__code__.co_filename].append(one)
    return functions


def _exchange(functions: Iterable[FunctionType], module: CodeType) -> None:
    """Give each function its code in this module."""
    codes = {code.co_qualname: code for code in _codes(module)}
    for function in functions:
        function.__code__ = codes[function.__code__.co_qualname]


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _codes(one)
