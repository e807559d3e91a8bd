"""Threads that are used again, and one that watches many blocks."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future

import pytest

from backup_doctor.base.threads import LOOK_EVERY_S, Pool, Watch, result_of

WAIT_S = 10.0


def test_a_pool_makes_all_calls_with_no_more_threads_than_it_is_wide() -> None:
    pool = Pool(3)
    calls = [pool.spawn(threading.get_ident) for _ in range(50)]

    used = {call.result(timeout=WAIT_S) for call in calls}
    pool.close()

    assert 1 <= len(used) <= 3


def test_a_call_that_raises_leaves_its_thread_to_the_next() -> None:
    pool = Pool(1)
    broken, whole = pool.spawn(lambda: 1 // 0), pool.spawn(lambda: 1)

    with pytest.raises(ZeroDivisionError):
        broken.result(timeout=WAIT_S)
    assert whole.result(timeout=WAIT_S) == 1
    pool.close()


def test_the_threads_of_a_closed_pool_end_after_their_calls() -> None:
    pool = Pool(2)
    thread = pool.spawn(threading.current_thread)
    last = pool.spawn(lambda: "made")
    pool.close()

    thread.result(timeout=WAIT_S).join(WAIT_S)

    assert not thread.result().is_alive()
    assert last.result(timeout=WAIT_S) == "made"


def test_a_watch_tells_once_of_a_block_that_is_late_and_of_no_other() -> None:
    told = threading.Event()
    watch = Watch(told.set)

    for _ in range(3):
        with watch.at_most(WAIT_S):
            pass
    time.sleep(2 * LOOK_EVERY_S)
    assert not watch.was_late

    with watch.at_most(0.0):
        assert told.wait(WAIT_S)
    assert watch.was_late
    watch.close()


def test_a_result_is_waited_for_in_short_spells() -> None:
    """A signal that another thread took is heard at the end of one."""
    waits: list[float] = []

    class Slow(Future[str]):
        def result(self, timeout: float | None = None) -> str:
            waits.append(timeout or 0.0)
            if len(waits) < 3:
                raise TimeoutError
            return "done"

    assert result_of(Slow(), 60.0) == "done"
    assert max(waits) <= LOOK_EVERY_S


def test_what_does_not_end_in_time_and_a_call_that_ran_out_of_its_own_are_both_told() -> None:
    late: Future[None] = Future()
    own: Future[None] = Future()
    own.set_exception(TimeoutError("its own"))

    with pytest.raises(TimeoutError):
        result_of(late, 0.01)
    with pytest.raises(TimeoutError, match="its own"):
        result_of(own, 60.0)
