"""Word of a sweep to others: a message by apprise, and the signals of a dead man's switch."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from backup_doctor.base.quoting import for_markdown_inline
from backup_doctor.cli.codes import Exit
from backup_doctor.cli.mending import say
from backup_doctor.cli.secrets import environment_secrets
from backup_doctor.cli.stderr import keep_out, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.base.redaction import Redactor
    from backup_doctor.cli.sweep_request import SweepRequest
    from backup_doctor.run.sweep.result import Sweep
    from backup_doctor.run.sweep.state import SweepState


ONCE_MORE = "Sent once more: this address did not take the message before."
NOT_KEPT = (
    "What was told cannot be kept ({file}): this message comes after every sweep until it can."
)
TEST = "This is what `--notify-test` sends: messages of `backup-doctor sweep` get here."


def secrets_of(asked: SweepRequest) -> Iterator[str]:
    """What of the addresses must not be shown."""
    if asked.notify or asked.ping:
        from backup_doctor.run.sweep.notify import secrets_in

        yield from secrets_in((*asked.notify, *((asked.ping,) if asked.ping else ())))


def try_out(asked: SweepRequest) -> int:
    """Send one message to each address, and say which of them took it; 0 only if all did."""
    from backup_doctor.base.redaction import Redactor
    from backup_doctor.run.sweep.notify import send

    keep_out(Redactor((*environment_secrets(os.environ), *secrets_of(asked))))
    addresses = dict(enumerate(asked.notify, start=1))
    left = send(addresses, "backup-doctor: a test", TEST, failing=False)
    for place in addresses:
        took = "did not take" if place in left else "took"
        tell(f"The address {place} of --notify {took} the message.")
    return Exit.FAILING if left else Exit.HEALTHY


class Word:
    """Tells what was asked to be told. What does not get there is said, and costs no report."""

    def __init__(self, asked: SweepRequest, redactor: Redactor) -> None:
        self._asked = asked
        self._redactor = redactor
        self._before = self._remembered()

    @property
    def told(self) -> frozenset[str]:
        """The backups that were told to be stuck."""
        return frozenset(self._before.stuck) if self._before else frozenset()

    def begin(self) -> None:
        """The sweep begins."""
        from backup_doctor.run.sweep.ping import Signal

        self._ping(Signal.START)

    def end(self, sweep: Sweep | None, code: int) -> int:
        """The sweep ended with this exit code; None for one that was broken off.

        Returns the exit code: what nobody could be told is not done.
        """
        from backup_doctor.run.sweep.ping import Signal
        from backup_doctor.run.sweep.render.message import title

        said = self._redactor.text(title(sweep) if sweep else "The sweep was interrupted.")
        if sweep is not None and self._asked.notify and not self._notify(sweep, said):
            code = max(code, Exit.CANNOT_TELL)
        self._ping(Signal.SUCCESS if code == Exit.HEALTHY else Signal.FAIL, said)
        return code

    def _ping(self, signal: object, message: str = "") -> None:
        if self._asked.ping is None:
            return
        from backup_doctor.run.sweep.ping import Signal, ping

        assert isinstance(signal, Signal), "the callers' own"
        problem = ping(self._asked.ping, signal, message)
        if problem:
            say(problem, self._redactor)

    def _remembered(self) -> SweepState | None:
        """What was told before; None without a state. One that cannot be read is as none."""
        if self._asked.state is None or not self._asked.notify:
            return None
        from backup_doctor.run.sweep.state import SweepState, read_state

        try:
            return read_state(self._asked.state)
        except (OSError, msgspec.DecodeError) as error:
            why = getattr(error, "strerror", None) or "it holds no state"
            file = self._asked.state
            say(f"The state in {file} cannot be used ({why}): all is told again.", self._redactor)
            return SweepState()

    def _notify(self, sweep: Sweep, title: str) -> bool:
        """One message, where something is wrong or cannot be seen, or something changed since the last one.

        Whether every address that was to be told took it.
        """
        wrong = bool(sweep.stuck) or sweep.late or not sweep.all_seen
        everybody = dict(enumerate(self._asked.notify, start=1))
        if self._before is None:
            return not wrong or not self._sent(everybody, sweep, title, None)
        from backup_doctor.run.sweep.state import news, state_of

        now = state_of(sweep, self._before)
        changed = news(self._before, now, sweep.at, sweep.endings)
        owed = {place: one for place, one in everybody.items() if place in self._before.owed}
        kept = self._keep(msgspec.structs.replace(self._before, seen_at=now.seen_at))
        if changed is None and not owed:
            return True
        left = self._sent(
            everybody if changed else owed, sweep, title, changed or ONCE_MORE, kept=kept
        )
        if kept and len(left) < len(everybody):
            told_at = sweep.at if changed else now.told_at
            told = now if changed else self._before
            self._keep(
                msgspec.structs.replace(told, told_at=told_at, seen_at=now.seen_at, owed=left)
            )
        return not left

    def _sent(
        self,
        addresses: dict[int, str],
        sweep: Sweep,
        title: str,
        changed: str | None,
        *,
        kept: bool = True,
    ) -> tuple[int, ...]:
        """The places of the addresses that did not take the message."""
        from backup_doctor.run.sweep.notify import NotSentError, refused, send
        from backup_doctor.run.sweep.render.message import message

        wrong = bool(sweep.stuck) or sweep.late or not sweep.all_seen
        note = "" if kept else f"\n{for_markdown_inline(NOT_KEPT.format(file=self._asked.state))}"
        body = self._redactor.text(message(sweep, changed)) + note
        try:
            left = send(addresses, title, body, failing=wrong)
        except NotSentError as error:
            say(f"The message was not sent: {error}", self._redactor)
            return tuple(addresses)
        if left:
            say(f"The message was not sent: {refused(left)}", self._redactor)
        return left

    def _keep(self, state: SweepState) -> bool:
        """Whether the state could be written."""
        from backup_doctor.run.sweep.state import write_state

        file = self._asked.state
        assert file is not None, "there is a state"
        try:
            write_state(file, state)
        except OSError as error:
            why = error.strerror or error
            say(f"The state could not be written to {file}: {why}.", self._redactor)
            return False
        return True
