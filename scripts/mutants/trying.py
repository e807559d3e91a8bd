"""Run the tests on every mutant, each in a fork of a process in which all is imported.

What runs when a test calls it is exchanged in place, and only the tests that reach it are run: a
mutant takes milliseconds. What runs at import (a constant, a decorator) takes an import of its own.
"""

from __future__ import annotations

import ast
import gc
import mmap
import os
import resource
import signal
import time
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
TEST_CPU_LIMIT_S = 10
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
    def statement(self) -> range:
        """The lines of the statement that it changes; of one with a body, those before the body."""
        here = (one for one in _statements(self.path) if self.line in one)
        return min(here, key=len)

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


@cache
def _statements(path: str) -> tuple[range, ...]:
    """The lines of each statement of the file, without those of its body."""
    return tuple(
        _head(one)
        for one in ast.walk(ast.parse(Path(path).read_text()))
        if isinstance(one, ast.stmt | ast.excepthandler)
    )


def _head(one: ast.stmt | ast.excepthandler) -> range:
    decorators = getattr(one, "decorator_list", ())
    body = getattr(one, "body", ())
    first = min(each.lineno for each in (one, *decorators))
    return range(first, max(one.lineno + 1, body[0].lineno) if body else (one.end_lineno or 0) + 1)


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
        _limit_cpu(cpu_limit_s)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        code = int(fails(mutant))
    finally:
        os._exit(code)


def _limit_cpu(more_s: int) -> None:
    """End this process when it has used so much more of a processor."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + more_s, hard))


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
        tests = _Tests(session)
        if not session.testsfailed:
            self.outcomes.extend(forked(self.mutants, tests.fail, self.at_once))
        return True


class _Tests:
    """The tests, with what each of them reaches."""

    def __init__(self, session: pytest.Session) -> None:
        self._reaching = _reaching(session)
        self._functions = _functions()
        # Simple tests first: they are quick, and say most about what they reach.
        reach = Counter(
            name for lines in self._reaching.values() for names in lines.values() for name in names
        )
        self._tests = sorted(session.items, key=lambda item: reach[item.nodeid])
        self._noticed = _Noticed(len(self._tests))
        gc.freeze()

    def fail(self, mutant: Mutant) -> bool:
        """Whether one of those that reach its statement fails on the mutant."""
        path, name = str(Path(mutant.path).resolve()), imported(mutant.path)
        _exchange(self._functions[name], compile(mutant.text, name, "exec"))
        lines = self._reaching[path]
        reached = set[str]().union(*(lines.get(line, ()) for line in mutant.statement))
        asked = [at for at, test in enumerate(self._tests) if test.nodeid in reached]
        first = next((at for at in self._noticed.most_first(asked) if self._fails(at)), None)
        if first is not None:
            self._noticed.count(first)
        return first is not None

    def _fails(self, at: int) -> bool:
        _limit_cpu(TEST_CPU_LIMIT_S)
        return _fails(self._tests[at])


class _Noticed:
    """How many mutants each test has noticed, in memory that all forks share."""

    def __init__(self, tests: int) -> None:
        self._counts = memoryview(mmap.mmap(-1, 4 * tests)).cast("I")

    def count(self, test: int) -> None:
        """One more."""
        self._counts[test] += 1

    def most_first(self, tests: Iterable[int]) -> list[int]:
        """Who noticed most is likeliest to notice the next."""
        return sorted(tests, key=lambda test: -self._counts[test])


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
