"""Word of a sweep to others: a message by apprise, and the signals of a dead man's switch."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from backup_doctor.base.immutable import Immutable
from backup_doctor.base.quoting import for_markdown_inline
from backup_doctor.cli.codes import Exit
from backup_doctor.cli.mending import say
from backup_doctor.cli.secrets import environment_secrets
from backup_doctor.cli.stderr import keep_out, tell
from backup_doctor.cli.sweep_unread import unread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from backup_doctor.base.redaction import Redactor
    from backup_doctor.cli.sweep_request import SweepRequest
    from backup_doctor.run.sweep.result import Sweep
    from backup_doctor.run.sweep.state import News, SweepState


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


class Due(Immutable, frozen=True, kw_only=True):
    """A message that is to be sent to the addresses at these places; `settle` hears which did not take it."""

    title: str
    body: str
    failing: bool
    places: tuple[int, ...]
    settle: Callable[[tuple[int, ...]], None] = lambda _: None


def deliver(dues: Sequence[Due], asked: SweepRequest) -> None:
    """Send what is due, as one message where several go to the same addresses; say what is not taken."""
    from backup_doctor.run.sweep.notify import NotSentError, refused, send

    for places in dict.fromkeys(due.places for due in dues):
        same = [due for due in dues if due.places == places]
        one = same[0] if len(same) == 1 else together(same)
        addresses = {place: asked.notify[place - 1] for place in places}
        try:
            left = send(addresses, one.title, one.body, failing=one.failing)
            problem = refused(left) if left else ""
        except NotSentError as error:
            left, problem = places, str(error)
        if problem:
            tell(f"The message was not sent: {problem}")
        for due in same:
            due.settle(left)


def together(dues: Sequence[Due]) -> Due:
    """One message of several projects: a line of each, and then what there is to say of each."""
    wrong = [due for due in dues if due.failing]
    named = ", ".join(due.title.partition(": ")[0] for due in wrong or dues)
    count = len(wrong or dues)
    says = f"{count} project{'' if count == 1 else 's'} to look at" if wrong else "right again"
    lines = "\n".join(f"- {for_markdown_inline(due.title)}" for due in dues)
    bodies = (f"**{for_markdown_inline(due.title)}**\n\n{due.body}" for due in wrong)
    return replace(
        dues[0],
        title=f"{says}: {named}",
        body="\n\n".join((lines, *bodies)),
        failing=bool(wrong),
    )


def told_of_mistake(
    asked: SweepRequest, mistake: Exception, outbox: list[Due] | None = None
) -> None:
    """Tell whoever waits for word that there is nothing to sweep with, and why."""
    from backup_doctor.base.redaction import Redactor

    redactor = Redactor((*environment_secrets(os.environ), *secrets_of(asked)))
    why = str(mistake).splitlines()[0]
    Word(asked, redactor, outbox).end(unread(asked, why=why), Exit.USAGE)


class Word:
    """Tells what was asked to be told. What does not get there is said, and costs no report.

    With an `outbox`, whoever sweeps all projects delivers what is due at their end.
    """

    def __init__(
        self, asked: SweepRequest, redactor: Redactor, outbox: list[Due] | None = None
    ) -> None:
        self._asked = asked
        self._redactor = redactor
        self._outbox = outbox
        self._before = self._remembered()

    @property
    def told(self) -> frozenset[str]:
        """The backups that were told to be stuck."""
        return frozenset(self._before.stuck) if self._before else frozenset()

    def begin(self) -> None:
        """The sweep begins."""
        from backup_doctor.run.sweep.ping import Signal

        self._ping(Signal.START)

    def end(self, sweep: Sweep | None, code: int) -> None:
        """The sweep ended with this exit code; None for one that was broken off."""
        from backup_doctor.run.sweep.ping import Signal
        from backup_doctor.run.sweep.render.message import title

        due = self._due(sweep) if sweep is not None and self._asked.notify else None
        if due is not None and self._outbox is not None:
            self._outbox.append(due)
        elif due is not None:
            deliver([due], self._asked)
        said = title(sweep) if sweep else "The sweep was interrupted."
        self._ping(
            Signal.SUCCESS if code == Exit.HEALTHY else Signal.FAIL, self._redactor.text(said)
        )

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

    def _due(self, sweep: Sweep) -> Due | None:
        """The message, where something is wrong or cannot be seen, or something changed since the last one."""
        everybody = tuple(range(1, len(self._asked.notify) + 1))
        if self._before is None:
            return self._message(sweep, None, everybody) if sweep.wrong else None
        from backup_doctor.run.sweep.state import news, state_of

        now = state_of(sweep, self._before)
        new = news(self._before, now, sweep.at, sweep.endings)
        owed = tuple(place for place in everybody if place in self._before.owed)
        kept = self._keep(msgspec.structs.replace(self._before, seen_at=now.seen_at))
        if new is None and not owed:
            return None
        told = now if new else self._before
        told = msgspec.structs.replace(
            told, told_at=sweep.at if new else now.told_at, seen_at=now.seen_at
        )

        def settle(left: tuple[int, ...]) -> None:
            if kept and len(left) < len(everybody):
                self._keep(msgspec.structs.replace(told, owed=left))

        due = self._message(sweep, new, everybody if new else owed)
        note = "" if kept else f"\n\n{for_markdown_inline(NOT_KEPT.format(file=self._asked.state))}"
        return replace(due, body=due.body + note, settle=settle)

    def _message(self, sweep: Sweep, new: News | None, places: tuple[int, ...]) -> Due:
        from backup_doctor.run.sweep.render.message import message, title

        text = self._redactor.text
        again = ONCE_MORE if self._before and not new else None
        return Due(
            title=text(title(sweep, new.short if new else None)),
            body=text(message(sweep, new.said if new else again)),
            failing=sweep.wrong,
            places=places,
        )

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
