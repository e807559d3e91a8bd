"""`sweep --apply`: the rows of a few backups mended, each by the code and the checks of `fix`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from doctor.case import Asked
from doctor.cli.codes import Exit
from doctor.cli.interrupts import interruptible
from doctor.cli.mending import confirmed, described, say
from doctor.threads import in_parallel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from doctor.cli.sweep_request import SweepRequest
    from doctor.mend.look import Looked
    from doctor.redaction import Redactor
    from doctor.settings.model import Settings
    from doctor.sweep.result import Sweep, Swept

BUDGET_S = 60.0
AT_A_TIME = 4


def mend_all(
    sweep: Sweep, settings: Settings, asked: SweepRequest, redactor: Redactor, code: Exit
) -> Exit:
    """Diagnose those with a repair once more, announce all changes, ask once, and carry them out.

    `code` is the sweep's own exit code; it is better where nothing is stuck any more.
    """
    tell = partial(say, redactor=redactor)
    mendable = [one for one in sweep.stuck if one.report.fix_sql]
    chosen = mendable[: asked.max_changes]
    if not chosen:
        return code
    with interruptible():
        ready = []
        for one, looked in zip(chosen, _looked(chosen, settings, redactor), strict=True):
            if looked.plan is None or looked.refused or looked.idle:
                tell(f"{_name(one)} is left: {looked.refused or looked.idle}")
                continue
            for line in described(looked.plan, settings.names):
                tell(line)
            ready.append((one, looked))
        left = len(mendable) - len(chosen)
        if left:
            tell(f"{left} more have a repair; --max-changes is {asked.max_changes}.")
        if not ready or not confirmed(f"Change {_rows(len(ready))}?", yes=asked.yes):
            return Exit.CANNOT_TELL
    done = _carry_out(ready, settings, redactor)
    tell(f"Changed {len(done)} of {_rows(len(ready))}.")
    if len(done) < len(ready):
        return Exit.CANNOT_TELL
    return Exit.HEALTHY if sweep.complete and len(done) == len(sweep.stuck) else code


def _looked(chosen: Sequence[Swept], settings: Settings, redactor: Redactor) -> Iterator[Looked]:
    """Each as a single diagnosis sees it now: the sweep may have seen less, and earlier."""
    from doctor.mend.look import look
    from doctor.runner import Run

    calls = [
        partial(look, Run(settings=settings, asked=_asked(one), budget_s=BUDGET_S), redactor)
        for one in chosen
    ]
    return in_parallel(calls, AT_A_TIME, lambda: 2 * BUDGET_S)


def _carry_out(
    ready: Sequence[tuple[Swept, Looked]], settings: Settings, redactor: Redactor
) -> list[Swept]:
    """Those whose row was changed; each in a transaction of its own."""
    from doctor.mend.transaction import transaction
    from doctor.mend.writer import Ending, Writer

    writer, done = Writer(settings), []
    for one, looked in ready:
        assert looked.plan is not None, "only such are ready"
        written = writer.write(transaction(settings.names, looked.plan))
        if written.ending is Ending.COMMITTED:
            done.append(one)
        else:
            say(f"{_name(one)}: not done ({written.ending}): {written.reason}", redactor)
    return done


def _asked(one: Swept) -> Asked:
    subject = one.report.subject
    if subject.dispatch_id:
        return Asked(dispatch_id=subject.dispatch_id)
    return Asked(backup_id=subject.backup_id)


def _name(one: Swept) -> str:
    return one.report.subject.dispatch_id or f"row {one.report.subject.backup_id}"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"
