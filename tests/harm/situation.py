"""One situation: a world, the question, and what a right answer may say, print and write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.harm.stage import Stage

UNKNOWN, FAILING = frozenset({"unknown"}), frozenset({"failing"})
HEALTHY, RUNNING = frozenset({"healthy"}), frozenset({"running"})
Build = Callable[["Stage"], list[str]]
"""Builds the situation and returns the flags that name the backup."""


@dataclass(frozen=True, kw_only=True)
class Right:
    """What a right answer is.

    verdicts: one of them; empty for a refusal of the question itself (exit code 2).
    row: where SQL is due, the columns that the backup's row has once it was run; None: no SQL at all,
        and no command changes a row.
    inserts: the SQL makes a new row.
    never_said: patterns that no output of any format may match (case does not count).
    said: patterns that the Markdown report must match.
    never_ok: links of the chain that nothing shows to be ok.
    root_cause: the root cause; an empty text where it does not matter.
    works_now: it may be said that something that failed works now, for it was proved.
    posts: how many times the function may be called.
    """

    verdicts: frozenset[str] = FAILING
    row: dict[str, object] | None = None
    inserts: bool = False
    never_said: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    never_ok: tuple[str, ...] = ()
    root_cause: str | None = ""
    works_now: bool = False
    posts: int = 0


@dataclass(frozen=True, kw_only=True)
class Situation:
    """`name` is a sentence of what is so.

    is_near_miss: it looks like a harmful one, and only the SQL is asked of it.
    """

    name: str
    build: Build
    right: Right
    is_near_miss: bool


@dataclass
class Situations:
    """The situations of one kind, in the order in which they are written down."""

    kind: str
    all: list[Situation] = field(default_factory=list)

    def harmful(self, right: Right) -> Callable[[Build], Build]:
        """Register a situation in which a careless answer does harm; its docstring is its name."""
        return self._register(right, is_near_miss=False)

    def near_miss(self, right: Right) -> Callable[[Build], Build]:
        """Register a situation in which the SQL is due; its docstring is its name."""
        assert right.row is not None, "no near miss"
        return self._register(right, is_near_miss=True)

    def add(self, name: str, build: Build, right: Right, *, is_near_miss: bool) -> None:
        """Register one of a table of situations."""
        self.all.append(Situation(name=name, build=build, right=right, is_near_miss=is_near_miss))

    def _register(self, right: Right, *, is_near_miss: bool) -> Callable[[Build], Build]:
        def register(build: Build) -> Build:
            name = " ".join((build.__doc__ or "").split())
            self.add(name, build, right, is_near_miss=is_near_miss)
            return build

        return register
