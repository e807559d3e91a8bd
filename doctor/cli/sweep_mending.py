"""`sweep --apply`: the rows of a few backups fixed, each by the code and the checks of `fix`."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from backup_doctor.base.quoting import one_line
from backup_doctor.base.threads import in_parallel
from backup_doctor.cli import steering
from backup_doctor.cli.codes import Exit
from backup_doctor.cli.interrupts import interruptible, stoppable
from backup_doctor.cli.mending import confirmed, described, located, say
from backup_doctor.cli.stderr import show_sql
from backup_doctor.cli.stdout import kept_clear
from backup_doctor.evidence.base import Unseen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from backup_doctor.base.redaction import Redactor
    from backup_doctor.cli.interrupts import Stop
    from backup_doctor.cli.sweep_request import SweepRequest
    from backup_doctor.evidence.row import Route
    from backup_doctor.run.fix.apply import Applied
    from backup_doctor.run.fix.look import Looked
    from backup_doctor.run.fix.plan import Plan
    from backup_doctor.run.fix.target import Target
    from backup_doctor.run.sweep.result import Sweep, Swept
    from backup_doctor.settings.model import Settings

BUDGET_S = 60.0
AT_A_TIME = 4
NOT_DIAGNOSED = "It could not be diagnosed once more."
CONTESTED = "Another backup of this sweep would get the same file; a person must choose."


class Ready(NamedTuple):
    """A backup whose row may be written: what it is called, its diagnosis, and what would be done."""

    name: str
    looked: Looked
    plan: Plan


def mend_all(
    sweep: Sweep, settings: Settings, asked: SweepRequest, redactor: Redactor, code: Exit
) -> int:
    """Diagnose those with a repair once more, announce all changes, ask once, and carry them out.

    `code` is the sweep's own exit code, which stands where nothing is announced. A signal keeps the
    next row from being begun.
    """
    return Mending(settings, asked, redactor).run(sweep, code)


class Mending:
    """One `--apply`, from the second diagnosis to the exit code."""

    def __init__(self, settings: Settings, asked: SweepRequest, redactor: Redactor) -> None:
        self._settings = settings
        self._asked = asked
        self._redactor = redactor
        self._targets: dict[Route, Target | Unseen] = {}

    def run(self, sweep: Sweep, code: Exit) -> int:
        """The exit code: 0 where all that was announced is done and right, and nothing was unseen."""
        mendable = [one for one in sweep.stuck if one.report.fix_sql]
        chosen = mendable[: self._asked.max_changes]
        if not chosen:
            return code
        with interruptible():
            with kept_clear():
                ready = list(self._ready(chosen))
            left = len(mendable) - len(chosen)
            if left:
                have = "has" if left == 1 else "have"
                self._say(f"{left} more {have} a fix; --max-changes is {self._asked.max_changes}.")
            if not ready:
                return code
            self._announce(ready)
            if not confirmed(f"Change {_rows(len(ready))}?", yes=self._asked.yes):
                return Exit.CANNOT_TELL
        with stoppable() as stop:
            applied = list(self._carried_out(ready, stop))
            self._conclude(ready, applied, stop)
        if stop.exit_code is not None:
            return stop.exit_code
        right = all(one.right for one in applied)
        return Exit.HEALTHY if right and sweep.complete else Exit.CANNOT_TELL

    def _ready(self, chosen: Sequence[Swept]) -> Iterator[Ready]:
        """Those whose row may be written; of the others it is said why not."""
        planned = []
        for one, looked in zip(chosen, self._looked(chosen), strict=True):
            if looked is not None and looked.plan is not None:
                planned.append(Ready(_name(one), looked, looked.plan))
                continue
            reason = (looked.refused or looked.idle) if looked else None
            self._say(one_line(f"{_name(one)} is left: {reason or NOT_DIAGNOSED}"))
        takers = Counter(one.plan.takes for one in planned)
        for ready in planned:
            contested = ready.plan.takes is not None and takers[ready.plan.takes] > 1
            reason = CONTESTED if contested else self._refusal(ready.plan)
            if reason is None:
                yield ready
            else:
                self._say(one_line(f"{ready.name} is left: {reason}"))

    def _looked(self, chosen: Sequence[Swept]) -> list[Looked | None]:
        """Each as a single diagnosis sees it now: the sweep may have seen less, and earlier."""
        calls = [partial(self._look, one) for one in chosen]
        found: list[Looked | None] = []
        try:
            for looked in in_parallel(calls, AT_A_TIME, lambda: 2 * BUDGET_S):
                found.append(looked)  # noqa: PERF402 -- what came before the time was over counts
        except TimeoutError:
            self._say("A diagnosis did not end in time.")
        return found + [None] * (len(chosen) - len(found))

    def _look(self, one: Swept) -> Looked | None:
        from backup_doctor.run.fix.look import look
        from backup_doctor.run.runner import DoctorRun

        run = DoctorRun(settings=self._settings, asked=one.asked, budget_s=BUDGET_S)
        try:
            return look(run, self._redactor)
        except Exception:  # noqa: BLE001 -- a defect at one backup costs no other anything
            return None

    def _refusal(self, plan: Plan) -> str | None:
        """Why the plan must not be written where it would be."""
        target = self._target(plan)
        return target.what if isinstance(target, Unseen) else target.refused

    def _target(self, plan: Plan) -> Target | Unseen:
        from backup_doctor.run.fix.target import target_of

        if plan.route not in self._targets:
            self._targets[plan.route] = target_of(self._settings, plan)
        return self._targets[plan.route]

    def _announce(self, ready: Sequence[Ready]) -> None:
        for one in ready:
            for line in described(one.plan, self._settings.names):
                self._say(line)
        for target in {one.plan.route: self._target(one.plan) for one in ready}.values():
            assert not isinstance(target, Unseen), "such a plan is not ready"
            for line in located(target):
                self._say(line)
        for line in steering.shown(self._settings):
            self._say(line)

    def _carried_out(self, ready: Sequence[Ready], stop: Stop) -> Iterator[Applied]:
        """The outcome of each row that was started; each has its own transaction."""
        from backup_doctor.run.fix.apply import carry_out

        for one in ready:
            if stop():
                return
            applied = carry_out(self._settings, one.looked.case, one.plan, stop)
            self._say(one_line(f"{one.name}: {applied.said}"))
            yield applied

    def _conclude(self, ready: Sequence[Ready], applied: Sequence[Applied], stop: Stop) -> None:
        left = len(ready) - len(applied)
        if stop():
            self._say(f"Interrupted: {_rows(left)} not started." if left else "Interrupted.")
        done = sum(one.done is True for one in applied)
        open_ends = sum(one.done is None for one in applied)
        unknown = f" Whether {_rows(open_ends)} more changed is not known." if open_ends else ""
        self._say(f"Changed {done} of {_rows(len(ready))}.{unknown}")
        undo = [one.undo for one in applied if one.undo is not None]
        shown = [one for one in undo if self._redactor.text(one) == one]
        if len(shown) < len(undo):
            self._say("The SQL that restores a row is left out where it holds a secret.")
        if shown:
            self._say("To undo it, run this SQL:")
            show_sql("\n".join(("", *shown)))

    def _say(self, text: str) -> None:
        say(text, self._redactor)


def _name(one: Swept) -> str:
    return one.asked.dispatch_id or f"row {one.asked.backup_id}"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"
