"""Word of a sweep to others: a message by apprise, and the signals of a dead man's switch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor.cli.codes import Exit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from doctor.cli.sweep_request import SweepRequest
    from doctor.sweep.result import Sweep


def secrets_of(asked: SweepRequest) -> Iterator[str]:
    """What of the addresses must not be shown."""
    if asked.notify or asked.ping:
        from doctor.sweep.notify import secrets_in

        yield from secrets_in((*asked.notify, *((asked.ping,) if asked.ping else ())))


class Word:
    """Tells what was asked to be told. A message that fails is said, and costs nothing else."""

    def __init__(self, asked: SweepRequest, say: Callable[[str], None]) -> None:
        self._asked = asked
        self._say = say

    def begin(self) -> None:
        """The sweep begins."""
        from doctor.sweep.ping import Signal

        self._ping(Signal.START)

    def end(self, sweep: Sweep | None, code: int) -> None:
        """The sweep ended with this exit code; None for one that was broken off."""
        from doctor.sweep.ping import Signal
        from doctor.sweep.render.wording import headline

        said = headline(sweep) if sweep else "The sweep was interrupted."
        if sweep is not None and self._asked.notify:
            self._notify(sweep, said)
        self._ping(Signal.SUCCESS if code == Exit.HEALTHY else Signal.FAIL, said)

    def _ping(self, signal: object, message: str = "") -> None:
        if self._asked.ping is None:
            return
        from doctor.sweep.ping import Signal, ping

        assert isinstance(signal, Signal), "the callers' own"
        problem = ping(self._asked.ping, signal, message)
        if problem:
            self._say(problem)

    def _notify(self, sweep: Sweep, title: str) -> None:
        """One message, where something is stuck, or something changed since the last sweep."""
        from doctor.sweep.notify import NotSentError, send
        from doctor.sweep.render.message import message
        from doctor.sweep.state import news, read_state, state_of, write_state

        file, after = self._asked.state, state_of(sweep)
        changed = news(read_state(file), after) if file else None
        worth_it = bool(changed) if file else bool(sweep.stuck)
        try:
            if worth_it:
                send(
                    self._asked.notify,
                    title,
                    message(sweep, changed),
                    failing=bool(sweep.stuck),
                )
            if file and sweep.complete:
                write_state(file, after)
        except NotSentError as error:
            self._say(f"The message was not sent: {error}")
        except OSError as error:
            self._say(f"The state could not be written to {file}: {error.strerror or error}.")
