"""What opens a world is marked without a hand, and what is not marked opens none."""

from __future__ import annotations

import os
import subprocess
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backup_doctor.demo.world import Servers
from tests.opening import as_written, come_to_an_opener

if TYPE_CHECKING:
    from collections.abc import Callable


def start() -> None:
    subprocess.run(["true"], check=True)


class Starting:
    """Starts something in a method."""

    def run(self) -> None:
        start()


def by_a_helper() -> None:
    start()


def in_a_function_of_its_own() -> Callable[[], None]:
    return lambda: start()  # noqa: PLW0108 -- the name stands in the inner function


def imported_where_it_is_needed() -> None:
    import subprocess as programs

    programs.run(["true"], check=True)


def by_a_method() -> None:
    Starting().run()


def with_the_demos_servers() -> None:
    Servers.start()


def by_a_fork() -> int:
    return os.fork()


JOIN = ", ".join


def with_nothing() -> str:
    return JOIN(("a", os.fspath("path")))


PARTIAL = partial(start)


def by_a_partial() -> None:
    PARTIAL()


@given(st.none())
def with_examples(_: None) -> None:
    start()


@pytest.mark.parametrize(
    "function",
    [
        start,
        by_a_helper,
        in_a_function_of_its_own,
        imported_where_it_is_needed,
        by_a_method,
        by_a_partial,
        by_a_fork,
        as_written(with_examples),
        with_the_demos_servers,
    ],
)
def test_whoever_comes_to_a_process_by_any_name_opens_a_world(function: Any) -> None:
    assert come_to_an_opener(frozenset({function}))


def test_whoever_comes_to_none_does_not() -> None:
    assert not come_to_an_opener(frozenset({with_nothing}))


@pytest.mark.parametrize("hidden", [start])
def test_what_the_names_do_not_show_is_refused_when_it_runs(
    hidden: Callable[[], None], request: pytest.FixtureRequest
) -> None:
    assert request.node.get_closest_marker("world") is None

    with pytest.raises(pytest.fail.Exception, match=r"pytest\.mark\.world"):
        hidden()
