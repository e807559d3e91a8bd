"""Signals that come at a bad moment wait for a better one."""

import os
import signal

import pytest

from backup_doctor.demo.interrupts import Interrupted, Interrupts


def receive(number: signal.Signals = signal.SIGTERM) -> None:
    os.kill(os.getpid(), number)


def test_a_signal_raises_at_once_and_tells_the_exit_code() -> None:
    with Interrupts(), pytest.raises(Interrupted) as caught:
        receive(signal.SIGTERM)

    assert caught.value.exit_code == 143
    assert str(caught.value) == "SIGTERM"


def test_a_signal_inside_a_deferred_block_raises_at_its_end() -> None:
    done = []

    def start(interrupts: Interrupts) -> None:
        with interrupts.deferred():
            receive()
            done.append("the rest of the block")

    with Interrupts() as interrupts, pytest.raises(Interrupted):
        start(interrupts)

    assert done == ["the rest of the block"]


def test_a_check_raises_what_is_held_back_and_nothing_else() -> None:
    with Interrupts() as interrupts, interrupts.deferred():
        interrupts.check()
        receive()

        with pytest.raises(Interrupted):
            interrupts.check()


def test_a_second_signal_does_not_disturb_the_tidying_up() -> None:
    with Interrupts():
        with pytest.raises(Interrupted):
            receive(signal.SIGINT)

        receive(signal.SIGINT)
        receive(signal.SIGTERM)


def test_once_told_to_ignore_it_raises_nothing() -> None:
    with Interrupts() as interrupts:
        interrupts.ignore()

        receive(signal.SIGHUP)


def test_the_handlers_of_before_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)

    with Interrupts():
        pass

    assert signal.getsignal(signal.SIGTERM) is before
