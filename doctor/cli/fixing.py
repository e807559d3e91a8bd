"""`fix`: the repair of one row, printed; with --apply, announced, asked about and carried out.

SQL alone goes to standard output: the repair, or what undoes it once it was carried out. All that is
said about it goes to standard error, and where the fix is refused nothing else is printed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from backup_doctor.base.quoting import one_line
from backup_doctor.base.threads import result_of, spawn
from backup_doctor.cli import steering
from backup_doctor.cli.codes import Exit
from backup_doctor.cli.interrupts import Interrupted, interruptible, stoppable
from backup_doctor.cli.mending import confirmed, described, located, say
from backup_doctor.cli.progress import Progress
from backup_doctor.cli.setup import set_up
from backup_doctor.cli.stderr import tell
from backup_doctor.cli.stdout import kept_clear, print_text
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.case import Asked
from backup_doctor.evidence.findings import Verdict

if TYPE_CHECKING:
    from backup_doctor.base.redaction import Redactor
    from backup_doctor.cli.request import Request
    from backup_doctor.run.fix.apply import Applied
    from backup_doctor.run.fix.look import Looked
    from backup_doctor.run.fix.plan import Plan
    from backup_doctor.settings.model import Settings

GRACE_S = 2.0


def repair_row(asked: Request, *, apply: bool, yes: bool) -> int:
    """Print the repair, or carry it out; the exit code of the contract.

    Raises:
        UsageError: the configuration cannot be used, or there is none.
    """
    settings, redactor = set_up(asked)
    unasked = steering.refusal(settings) if apply and yes else None
    if unasked is not None:
        tell(unasked)
        return Exit.CANNOT_TELL
    fixing = Fixing(settings, asked, redactor)
    try:
        with interruptible():
            looked = fixing.look()
            if looked is None:
                return Exit.CANNOT_TELL
            if looked.plan is None or not apply:
                return fixing.print_only(looked)
            agreed = fixing.agreed(looked, looked.plan, yes=yes)
    except Interrupted as interrupt:
        tell("Interrupted; nothing was changed.")
        return interrupt.exit_code
    return fixing.carry_out(agreed) if agreed else Exit.CANNOT_TELL


class Agreed(NamedTuple):
    """What the user agreed to: the plan, and the diagnosis that it rests on."""

    looked: Looked
    plan: Plan


class Fixing:
    """One `fix`, from the diagnosis to the exit code."""

    def __init__(self, settings: Settings, asked: Request, redactor: Redactor) -> None:
        self._settings = settings
        self._asked = asked
        self._redactor = redactor

    def look(self) -> Looked | None:
        """Diagnose; None, with the reason said, where that did not end in time or failed itself."""
        from backup_doctor.run.fix.look import look
        from backup_doctor.run.runner import DoctorRun

        backup = Asked(
            dispatch_id=self._asked.dispatch_id,
            backup_id=self._asked.backup_id,
            run_id=self._asked.run_id,
        )
        with kept_clear(), Progress(wanted=not self._asked.quiet) as progress:
            run = DoctorRun(
                settings=self._settings,
                asked=backup,
                budget_s=self._asked.budget_s,
                only=self._asked.only,
                skip=self._asked.skip,
                observer=progress,
                redactor=self._redactor,
            )
            future = spawn(lambda: look(run, self._redactor))
            try:
                return result_of(future, self._asked.budget_s + GRACE_S)
            except TimeoutError:
                self._say("The diagnosis did not end within its budget. Give a larger --budget.")
        return None

    def print_only(self, looked: Looked) -> Exit:
        """The SQL to standard output; else why there is none, to standard error."""
        if looked.plan is not None:
            print_text(looked.plan.sql)
            return Exit.HEALTHY
        self._say(one_line(looked.idle or looked.refused or looked.report.summary))
        return Exit.HEALTHY if looked.idle else Exit.CANNOT_TELL

    def agreed(self, looked: Looked, plan: Plan, *, yes: bool) -> Agreed | None:
        """Announce the plan and ask; None, with the reason said, where it may not be carried out."""
        from backup_doctor.run.fix.target import target_of

        target = target_of(self._settings, plan)
        if isinstance(target, Unseen):
            why = f"where it would be written could not be seen. {target.what}"
            self._say(one_line(f"Not applied: {why}"))
            return None
        if target.refused:
            self._say(f"Not applied: {target.refused}")
            return None
        steered = steering.shown(self._settings)
        for line in (*described(plan, looked.case.names), *located(target), *steered):
            self._say(line)
        return Agreed(looked, plan) if confirmed("Change this row?", yes=yes) else None

    def carry_out(self, agreed: Agreed) -> int:
        """Write, say how it ended, print what undoes it, and diagnose again."""
        from backup_doctor.run.fix.apply import carry_out
        from backup_doctor.run.fix.causes import left

        with stoppable() as stop:
            applied = carry_out(self._settings, agreed.looked.case, agreed.plan, stop)
            self._say(one_line(applied.said))
            self._print_undo(applied)
        if stop.exit_code is not None:
            self._say("Interrupted: the row was not diagnosed again.")
            return stop.exit_code
        after = self._look_again()
        if after is not None:
            self._say(one_line(f"Now {after.report.verdict}: {after.report.summary}"))
            for line in left(agreed.looked.report.causes, after.findings):
                self._say(one_line(line))
        fine = after is not None and after.report.verdict in (Verdict.HEALTHY, Verdict.RUNNING)
        right = applied.right or (fine and applied.done is not True)
        return Exit.HEALTHY if right else Exit.CANNOT_TELL

    def _print_undo(self, applied: Applied) -> None:
        if applied.undo is None:
            return
        if self._redactor.text(applied.undo) != applied.undo:
            self._say("The SQL that restores the row is not shown: it holds a secret.")
            return
        self._say("To undo it, run the SQL on standard output.")
        print_text(applied.undo)

    def _look_again(self) -> Looked | None:
        try:
            with interruptible():
                return self.look()
        except Interrupted:
            self._say("Interrupted: the row was not diagnosed again.")
            return None

    def _say(self, text: str) -> None:
        say(text, self._redactor)
