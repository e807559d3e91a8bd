"""`watch`: wait until the backup has ended or is overdue, then say how it stands, as the main job does."""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from backup_doctor.base.quoting import one_line
from backup_doctor.base.threads import result_of, spawn
from backup_doctor.cli.codes import UsageError
from backup_doctor.cli.diagnose import Diagnosed, diagnosed, finish
from backup_doctor.cli.interrupts import Interrupted, interruptible
from backup_doctor.cli.mending import say
from backup_doctor.cli.setup import set_up
from backup_doctor.evidence.findings import Verdict
from backup_doctor.judge.show import duration
from backup_doctor.settings.values import duration_s

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from backup_doctor.base.redaction import Redactor
    from backup_doctor.cli.request import Request
    from backup_doctor.run.watching import Pulse, Rhythm
    from backup_doctor.settings.model import Settings

EXAMPLE = "backup-doctor watch --dispatch-id ID --timeout 10m"
# Of a service that does not answer for a while nobody can tell; after so many looks it is the answer.
BLIND_LOOKS = 3
GRACE_S = 2.0


def watch(asked: Request, timeout: str | None) -> int:
    """Wait, diagnose, print the report; the verdict's exit code.

    Raises:
        UsageError: a flag or the configuration cannot be used, or there is none.
    """
    timeout_s = _seconds(timeout)
    settings, redactor = set_up(asked)
    outcome = Vigil(settings, asked, redactor, timeout_s).keep()
    return finish(outcome, asked, redactor)


def _seconds(timeout: str | None) -> float | None:
    try:
        return None if timeout is None else duration_s(timeout)
    except ValueError as error:
        raise UsageError(f"--timeout {error}", EXAMPLE) from None


class Vigil:
    """One watch over one backup."""

    def __init__(
        self, settings: Settings, asked: Request, redactor: Redactor, timeout_s: float | None
    ) -> None:
        self._settings = settings
        self._asked = asked
        self._redactor = redactor
        self._timeout_s = timeout_s
        self._began = time.monotonic()
        self._said = ""
        self._blind = 0
        # Of before the last diagnosis, so that nothing is missed that happens during one.
        self._last: Pulse = ()

    def keep(self) -> Diagnosed:
        """The last diagnosis: the backup has ended, is overdue, or nobody waits any longer."""
        from backup_doctor.run.watching import Rhythm

        rhythm = Rhythm(timeout_s=self._timeout_s)
        outcome = self._diagnosed()
        while self._goes_on(outcome):
            self._tell(outcome.report.summary)
            try:
                with interruptible():
                    self._wait_for_news(outcome, rhythm)
            except Interrupted as interrupt:
                return outcome._replace(signal_code=interrupt.exit_code)
            outcome = self._diagnosed()
            if rhythm.is_over(self._elapsed_s()):
                if self._goes_on(outcome):
                    waited = duration(timedelta(seconds=self._elapsed_s()))
                    self._tell(f"It has not ended within {waited} (--timeout).")
                break
        return outcome

    def _diagnosed(self) -> Diagnosed:
        return diagnosed(self._settings, self._asked, self._redactor)

    def _goes_on(self, outcome: Diagnosed) -> bool:
        """Whether there is something to wait for."""
        from backup_doctor.run.watching import is_coming

        if outcome.signal_code is not None or outcome.collected is None:
            return False
        if is_coming(outcome.collected.case, outcome.report.verdict):
            self._blind = 0
            return True
        self._blind += 1
        blind = outcome.report.verdict is Verdict.UNKNOWN and outcome.collected.case.backup is None
        return bool(self._said) and blind and self._blind <= BLIND_LOOKS

    def _wait_for_news(self, outcome: Diagnosed, rhythm: Rhythm) -> None:
        """Until something happened to the backup, it is time to look at all of it, or for no longer."""
        from backup_doctor.run.watching import LOOK_AGAIN_S

        began, before = time.monotonic(), self._last or self._pulse(outcome)
        with self._line():
            while True:
                time.sleep(rhythm.next_wait(self._elapsed_s()))
                # What happened while the first diagnosis was made shows in the second alone.
                first, self._last = not self._last, before
                if first or rhythm.is_over(self._elapsed_s()):
                    return
                after = self._pulse(outcome)
                self._last = after or before
                if (after and after != before) or time.monotonic() - began > LOOK_AGAIN_S:
                    return

    def _pulse(self, outcome: Diagnosed) -> Pulse:
        """In a thread of its own, so that no signal is missed; what hangs is no news."""
        from backup_doctor.run.watching import PULSE_BUDGET_S, pulse

        collected = outcome.collected
        if collected is None:
            return ()
        ask = partial(pulse, self._settings, collected.case, self._redactor, self._asked.budget_s)
        try:
            return result_of(spawn(ask), PULSE_BUDGET_S + GRACE_S)
        except Exception:  # noqa: BLE001 -- the diagnosis that follows will say what is wrong
            return ()

    def _elapsed_s(self) -> float:
        return time.monotonic() - self._began

    def _tell(self, text: str) -> None:
        """A line on standard error, where there is news."""
        if text != self._said and not self._asked.quiet:
            say(one_line(text), self._redactor)
        self._said = text

    def _line(self) -> AbstractContextManager[Any]:
        """How long it has been, while it waits, where standard error is a terminal."""
        if self._asked.quiet or not sys.stderr.isatty():
            return nullcontext()
        from rich.console import Console

        elapsed_s = self._elapsed_s

        class Waiting:
            def __rich__(self) -> str:
                return f"Waiting for it to end ({duration(timedelta(seconds=elapsed_s()))})"

        return Console(stderr=True).status(Waiting())
