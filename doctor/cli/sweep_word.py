"""Word of a sweep to others: a message by apprise, and the signals of a dead man's switch."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from backup_doctor.cli.codes import Exit
from backup_doctor.cli.mending import say
from backup_doctor.cli.secrets import environment_secrets
from backup_doctor.cli.stderr import keep_out, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.base.redaction import Redactor
    from backup_doctor.cli.sweep_request import SweepRequest
    from backup_doctor.run.sweep.result import Sweep


TEST = "This is what `--notify-test` sends: messages of `backup-doctor sweep` get here."


def secrets_of(asked: SweepRequest) -> Iterator[str]:
    """What of the addresses must not be shown."""
    if asked.notify or asked.ping:
        from backup_doctor.run.sweep.notify import secrets_in

        yield from secrets_in((*asked.notify, *((asked.ping,) if asked.ping else ())))


def try_out(asked: SweepRequest) -> int:
    """Send one message to each address, and say which of them took it; 0 only if all did."""
    from backup_doctor.base.redaction import Redactor
    from backup_doctor.run.sweep.notify import NotSentError, send

    keep_out(Redactor((*environment_secrets(os.environ), *secrets_of(asked))))
    refused = 0
    for place, one in enumerate(asked.notify, start=1):
        try:
            send((one,), "backup-doctor: a test", TEST, failing=False)
            tell(f"The address {place} of --notify took the message.")
        except NotSentError:
            refused += 1
            tell(f"The address {place} of --notify did not take the message.")
    return Exit.FAILING if refused else Exit.HEALTHY


class Word:
    """Tells what was asked to be told. A message that fails is said, and costs nothing else."""

    def __init__(self, asked: SweepRequest, redactor: Redactor) -> None:
        self._asked = asked
        self._redactor = redactor

    def begin(self) -> None:
        """The sweep begins."""
        from backup_doctor.run.sweep.ping import Signal

        self._ping(Signal.START)

    def end(self, sweep: Sweep | None, code: int) -> None:
        """The sweep ended with this exit code; None for one that was broken off."""
        from backup_doctor.run.sweep.ping import Signal
        from backup_doctor.run.sweep.render.message import title

        said = self._redactor.text(title(sweep) if sweep else "The sweep was interrupted.")
        if sweep is not None and self._asked.notify:
            self._notify(sweep, said)
        self._ping(Signal.SUCCESS if code == Exit.HEALTHY else Signal.FAIL, said)

    def _ping(self, signal: object, message: str = "") -> None:
        if self._asked.ping is None:
            return
        from backup_doctor.run.sweep.ping import Signal, ping

        assert isinstance(signal, Signal), "the callers' own"
        problem = ping(self._asked.ping, signal, message)
        if problem:
            say(problem, self._redactor)

    def _notify(self, sweep: Sweep, title: str) -> None:
        """One message, where something is wrong or cannot be seen, or something changed since the last sweep."""
        from backup_doctor.run.sweep.notify import NotSentError, send
        from backup_doctor.run.sweep.render.message import message
        from backup_doctor.run.sweep.state import (
            SweepState,
            news,
            read_state,
            state_of,
            write_state,
        )

        file = self._asked.state
        before = read_state(file) if file else SweepState()
        after = state_of(sweep, before)
        changed = news(before, after) if file else None
        wrong = bool(sweep.stuck) or sweep.late or not sweep.all_seen
        try:
            if changed if file else wrong:
                send(
                    self._asked.notify,
                    title,
                    self._redactor.text(message(sweep, changed)),
                    failing=wrong,
                )
            if file:
                write_state(file, after)
        except NotSentError as error:
            say(f"The message was not sent: {error}", self._redactor)
        except OSError as error:
            say(
                f"The state could not be written to {file}: {error.strerror or error}.",
                self._redactor,
            )
