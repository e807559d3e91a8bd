"""Which tests open a world: a database, a bucket, a browser, any program in a process of its own.

Nobody marks them by hand. From a test and its fixtures the names in their code are followed through
this repository's tools: whoever comes to `subprocess` that way opens a world. Data is not followed: a
test that calls a function of its parameters is refused the process, and has to be marked.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING

import pytest

from backup_doctor.collect.script.parser import process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# Whatever starts a process, and the S3 server, which is served in this one and as slow.
OPENERS = frozenset(
    {
        "subprocess",
        "pty",
        "multiprocessing",
        "concurrent.futures.process",
        "backup_doctor.demo.storage",
    }
)
FORKS = frozenset({os.fork, os.forkpty, os.posix_spawn})
FOLLOWED = ("tests", "scripts", "benchmarks", "backup_doctor.demo")
# What Python tells its audit hooks when a process starts.
STARTS = frozenset({"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn"})


def opens_a_world(test: pytest.Function) -> bool:
    """Whether the test, or a fixture of it, comes to an opener."""
    definitions = test._fixtureinfo.name2fixturedefs.values()
    fixtures = (definition.func for same in definitions for definition in same)
    return come_to_an_opener(frozenset({as_written(test.function), *fixtures}))


def as_written(test: Callable[..., object]) -> Callable[..., object]:
    """The test itself: Hypothesis puts a function of its own in front of it."""
    handle = getattr(test, "hypothesis", None)
    return handle.inner_test if handle else test


@functools.cache
def come_to_an_opener(starts: frozenset[object]) -> bool:
    """Whether one of these functions and classes does, by whatever it names."""
    todo = list(starts)
    seen = set(starts)
    while todo:
        for named in _named_by(todo.pop()):
            if _module_of(named) in OPENERS or named in FORKS:
                return True
            if named not in seen and _module_of(named).startswith(FOLLOWED):
                seen.add(named)
                todo.append(named)
    return False


@functools.cache
def _named_by(thing: object) -> tuple[object, ...]:
    """The modules, classes and functions that the code of a function or class names."""
    found: Iterable[object] = ()
    if isinstance(thing, FunctionType):
        found = _named_by_function(thing)
    elif isinstance(thing, type):
        found = (*thing.__bases__, *map(_function_of, vars(thing).values()))
    kinds = FunctionType | BuiltinFunctionType | ModuleType | type
    return tuple(one for one in found if isinstance(one, kinds))


def _named_by_function(function: FunctionType) -> Iterator[object]:
    names = set(_names(function.__code__))
    there = function.__globals__
    # A function may import what it names.
    named = [there[name] if name in there else sys.modules.get(name) for name in names]
    modules = [one for one in named if isinstance(one, ModuleType)]
    members = [vars(module)[name] for module in modules for name in names & vars(module).keys()]
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    yield from map(_function_of, (*named, *members, *cells))


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _function_of(value: object) -> object:
    """The plain function in a method, a property, a partial or a decorated function."""
    if isinstance(value, staticmethod | classmethod | MethodType):
        value = value.__func__
    elif isinstance(value, property):
        value = value.fget
    elif isinstance(value, functools.partial):
        value = value.func
    return inspect.unwrap(value) if isinstance(value, FunctionType) else value


def _module_of(thing: object) -> str:
    if isinstance(thing, ModuleType):
        return thing.__name__
    return getattr(thing, "__module__", None) or ""  # a method of a built-in type has none


class Guard:
    """While it is shut, whoever starts a process fails: a test that is not said to open a world."""

    def __init__(self) -> None:
        self.shut = False
        sys.addaudithook(self._hear)  # stays for the life of this process

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.shut and event in STARTS and not _is_the_parser(arguments):
            pytest.fail("It starts a process: mark it with pytest.mark.world.")


def _is_the_parser(arguments: tuple[object, ...]) -> bool:
    """The one process that belongs to reading a script; it starts in milliseconds, once for all tests."""
    command = next((one for one in arguments if isinstance(one, list)), [])
    return process.__file__ in command
