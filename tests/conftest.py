"""What holds for all tests."""

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.opening import Guard, opens_a_world

# What is imported, and the tests themselves, stay: to look through all of it again and again for cycles
# takes an eighth of the time.
gc.set_threshold(50_000, 20, 20)

# How long an example takes depends on what else the machine does.
settings.register_profile("backup-doctor", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=10)
settings.load_profile("backup-doctor")


# Optional, for the mutants are tried in one process, without xdist.
@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Three for two cores: much of the time a test waits, for a process, a server, or a limit."""
    return 3 * (os.cpu_count() or 1) // 2 or 1


# Before pytest leaves out what `-m` does not want.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what opens a world: `make quick` leaves it out."""
    for item in items:
        if isinstance(item, pytest.Function) and opens_a_world(item):
            item.add_marker("world")


def pytest_collection_finish() -> None:
    """Leave all that is there by now out of every search for garbage."""
    gc.collect()
    gc.freeze()


GUARD = Guard()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Hold the other tests to it."""
    GUARD.shut = item.get_closest_marker("world") is None
    try:
        return (yield)
    finally:
        GUARD.shut = False
