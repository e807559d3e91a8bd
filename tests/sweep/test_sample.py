"""Which runs are read: enough to find where causes change, and no more than allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from backup_doctor.run.sweep.sample import groups_of, neighbours, next_to_read

if TYPE_CHECKING:
    from collections.abc import Sequence

PERIODS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 400)), min_size=1, max_size=6)


def read_all(
    truth: Sequence[str], groups: Sequence[tuple[int, ...]], budget: int
) -> dict[int, object]:
    """Read until nothing more is asked for."""
    causes: dict[int, object] = {}
    while wanted := next_to_read(groups, causes, budget):
        assert not set(wanted) & causes.keys()
        causes.update({place: truth[place] for place in wanted})
    return causes


def test_few_are_all_read() -> None:
    groups = groups_of(["x"] * 7 + ["y"] * 3)

    assert sorted(next_to_read(groups, {}, 10)) == list(range(10))


def test_many_alike_need_only_a_look() -> None:
    truth = ["a"] * 10_000

    causes = read_all(truth, groups_of(["x"] * 10_000), 300)

    assert len(causes) <= 16
    assert {0, 9_999} <= causes.keys()


def test_the_place_of_a_change_is_found_exactly() -> None:
    truth = ["a"] * 4_321 + ["b"] * 5_679

    causes = read_all(truth, groups_of(["x"] * 10_000), 300)

    assert {4_320, 4_321} <= causes.keys()
    assert len(causes) < 40


@given(PERIODS, st.integers(0, 300))
def test_never_more_is_read_than_allowed(periods: list[tuple[str, int]], budget: int) -> None:
    truth = [cause for cause, count in periods for _ in range(count)]

    assert len(read_all(truth, groups_of(["x"] * len(truth)), budget)) <= budget


@given(PERIODS)
def test_whoever_stands_between_two_of_one_cause_and_was_not_read_is_like_them_in_long_periods(
    periods: list[tuple[str, int]],
) -> None:
    truth = [cause for cause, count in periods for _ in range(count + 200)]
    groups = groups_of(["x"] * len(truth))
    causes = read_all(truth, groups, 1_000)

    for place, (before, after) in neighbours(groups, causes).items():
        assert before is not None
        assert after is not None
        assert causes[before] == causes[after] == truth[place]


def test_one_that_must_be_read_comes_before_the_rest() -> None:
    groups = groups_of(["x"] * 500 + [None] + ["x"] * 500)

    assert next_to_read(groups, {}, 20)[0] == 500


def test_every_kind_of_backup_is_looked_at() -> None:
    signatures = ["x"] * 900 + ["y"] * 90 + ["z"] * 9

    wanted = set(next_to_read(groups_of(signatures), {}, 30))

    assert {0, 899, 900, 989, 990, 998} <= wanted


def test_an_unread_one_has_neighbours_of_its_own_kind_only() -> None:
    groups = groups_of(["x", "y", "x", "y", "x"])

    found = neighbours(groups, {0: "a", 1: "b", 4: "a"})

    assert found == {2: (0, 4), 3: (1, None)}
