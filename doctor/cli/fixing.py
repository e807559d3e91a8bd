"""`fix`: the repair of one row, printed; with --apply, announced, asked about and carried out.

The SQL alone goes to standard output; all that is said about it goes to standard error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor.case import Asked
from doctor.cli.codes import Exit
from doctor.cli.interrupts import Interrupted, interruptible
from doctor.cli.mending import confirmed, described, say
from doctor.cli.output import print_text
from doctor.cli.setup import set_up
from doctor.cli.stderr import tell
from doctor.progress import Progress
from doctor.threads import spawn

if TYPE_CHECKING:
    from doctor.cli.request import Request
    from doctor.mend.look import Looked
    from doctor.mend.plan import Plan
    from doctor.mend.writer import Writer
    from doctor.redaction import Redactor
    from doctor.settings.model import Settings

GRACE_S = 2.0


def repair_row(asked: Request, *, apply: bool, yes: bool) -> int:
    """Print the repair, or carry it out; the exit code of the contract.

    Raises:
        UsageError: the configuration cannot be used, or there is none.
    """
    settings, redactor = set_up(asked)
    fixing = Fixing(settings, asked, redactor)
    try:
        with interruptible():
            looked = fixing.look()
            if looked is None:
                return Exit.CANNOT_TELL
            if not apply:
                return fixing.print_only(looked)
            plan = fixing.agreed_plan(looked, yes=yes)
        return plan if isinstance(plan, Exit) else fixing.carry_out(plan)
    except Interrupted as interrupt:
        tell("Interrupted; nothing was changed.")
        return interrupt.exit_code


class Fixing:
    """One `fix`, from the diagnosis to the exit code."""

    def __init__(self, settings: Settings, asked: Request, redactor: Redactor) -> None:
        self._settings = settings
        self._asked = asked
        self._redactor = redactor

    def look(self) -> Looked | None:
        """Diagnose; None, with the reason said, where that did not end in time or failed itself."""
        from doctor.mend.look import look
        from doctor.runner import Run

        backup = Asked(
            dispatch_id=self._asked.dispatch_id,
            backup_id=self._asked.backup_id,
            run_id=self._asked.run_id,
        )
        with Progress(wanted=not self._asked.quiet) as progress:
            run = Run(
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
                return future.result(timeout=self._asked.budget_s + GRACE_S)
            except TimeoutError:
                self._say("The diagnosis did not end within its budget. Give a larger --budget.")
        return None

    def print_only(self, looked: Looked) -> int:
        """The SQL to standard output; why there is none, or why not to run it, to standard error."""
        if looked.plan is not None:
            print_text(looked.plan.sql)
        if looked.idle is not None:
            self._say(looked.idle)
        if looked.refused is not None:
            self._say(looked.refused)
            return Exit.CANNOT_TELL
        return Exit.HEALTHY

    def agreed_plan(self, looked: Looked, *, yes: bool) -> Plan | Exit:
        """The plan once it was announced and agreed to; else the exit code."""
        if looked.plan is None or looked.refused is not None:
            return Exit(self.print_only(looked))
        print_text(looked.plan.sql)
        for line in described(looked.plan, looked.case.names):
            self._say(line)
        ways = self._writer().ways
        self._say(f"It would be written by {', else by '.join(ways) or 'no way: none is set up'}.")
        if not confirmed("Change this row?", yes=yes):
            return Exit.CANNOT_TELL
        return looked.plan

    def carry_out(self, plan: Plan) -> int:
        """Write, say how it ended, and diagnose again."""
        from doctor.mend.transaction import transaction
        from doctor.mend.writer import Ending

        written = self._writer().write(transaction(self._settings.names, plan))
        self._say(
            f"Done, by {written.way}."
            if written.ending is Ending.COMMITTED
            else f"Not done ({written.ending}): {written.reason}"
        )
        after = self._look_again()
        if after is not None:
            self._say(f"Now {after.report.verdict}: {after.report.summary}")
        if written.ending is Ending.COMMITTED:
            return Exit.HEALTHY
        healed = after is not None and after.idle is not None
        return Exit.HEALTHY if healed else Exit.CANNOT_TELL

    def _look_again(self) -> Looked | None:
        try:
            with interruptible():
                return self.look()
        except Interrupted:
            self._say("Interrupted: the row was not diagnosed again.")
            return None

    def _writer(self) -> Writer:
        from doctor.mend.writer import Writer

        return Writer(self._settings)

    def _say(self, text: str) -> None:
        say(text, self._redactor)
