"""`sweep`: find and print, then write the script, mend, send word, and end with the right code."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from functools import partial
from shutil import get_terminal_size
from typing import TYPE_CHECKING

from doctor.cli.codes import Exit
from doctor.cli.interrupts import Interrupted, interruptible
from doctor.cli.mending import say
from doctor.cli.output import NARROWEST, WIDEST, print_text
from doctor.cli.setup import set_up
from doctor.cli.sweep_mending import mend_all
from doctor.cli.sweep_progress import Bar
from doctor.cli.sweep_word import Word, secrets_of
from doctor.render.formats import Look
from doctor.threads import spawn

if TYPE_CHECKING:
    from doctor.cli.sweep_request import SweepRequest
    from doctor.redaction import Redactor
    from doctor.settings.model import Settings
    from doctor.sweep.result import Sweep
    from doctor.sweep.sweeping import Sweeping, Watcher

# The sweep keeps to the budget by itself; past this, something in it hangs.
GRACE_S = 10.0


def sweep_all(asked: SweepRequest) -> int:
    """Sweep, and return the exit code of the contract.

    Raises:
        UsageError: a flag or the configuration cannot be used, or there is none.
    """
    asked.check()
    settings, redactor = set_up(asked, secrets_of(asked))
    word = Word(asked, partial(say, redactor=redactor))
    word.begin()
    try:
        sweep, signal_code, failure = _swept(settings, asked)
        if failure:
            say(failure, redactor)
        _print(sweep, asked, redactor)
        written = _write_script(sweep, settings, asked, redactor)
        code = _exit_code(sweep)
        if asked.apply and signal_code is None:
            code = mend_all(sweep, settings, asked, redactor, code)
    except Interrupted as interrupt:
        word.end(None, interrupt.exit_code)
        return interrupt.exit_code
    if failure or not written:
        code = Exit.TOOL_ERROR
    word.end(sweep, signal_code or code)
    return code if signal_code is None else signal_code


def _swept(settings: Settings, asked: SweepRequest) -> tuple[Sweep, int | None, str | None]:
    """The sweep as far as it came, a signal's exit code, and what failed in the tool itself."""
    older_than_s = asked.older_than_s(settings.names.stuck_after_s)
    sweeping: Sweeping | None = None
    signal_code, failure = None, None
    with Bar(wanted=not asked.quiet) as bar:
        try:
            with interruptible():
                sweeping = _begun(settings, asked, older_than_s, bar)
                future = spawn(sweeping.run)
                return future.result(timeout=asked.budget_s + GRACE_S), None, None
        except Interrupted as interrupt:
            signal_code = interrupt.exit_code
        except TimeoutError:
            pass
        except Exception as error:  # noqa: BLE001 -- what is known is printed all the same
            failure = f"an error in the tool itself: {type(error).__name__}: {error}"
    so_far = sweeping.so_far() if sweeping else _nothing(older_than_s)
    return so_far, signal_code, failure


def _begun(
    settings: Settings, asked: SweepRequest, older_than_s: float, watcher: Watcher
) -> Sweeping:
    from doctor.sweep.sweeping import Sweeping, Wish

    wish = Wish(
        older_than_s=older_than_s,
        budget_s=asked.budget_s,
        limit=asked.limit,
        sample=asked.sample,
        mending=asked.fix_script is not None,
        verbose=asked.verbose,
    )
    return Sweeping(settings, wish, watcher)


def _nothing(older_than_s: float) -> Sweep:
    """A sweep that was broken off before it began."""
    from doctor.sweep.result import Sweep

    return Sweep(
        backups=(), found=0, complete=False, at=datetime.now(UTC), older_than_s=older_than_s
    )


def _print(sweep: Sweep, asked: SweepRequest, redactor: Redactor) -> None:
    from doctor.sweep.render import rendered

    if asked.quiet and sweep.complete and not sweep.stuck:
        return
    width = get_terminal_size().columns if sys.stdout.isatty() else 80
    look = Look(colour=asked.colour, width=max(NARROWEST, min(width, WIDEST)))
    for piece in rendered(sweep, asked.format, redactor, look):
        print_text(piece)


def _write_script(
    sweep: Sweep, settings: Settings, asked: SweepRequest, redactor: Redactor
) -> bool:
    """Write the script that was asked for; whether that worked."""
    if asked.fix_script is None:
        return True
    from doctor.sweep.script import script

    mendables = [one.mendable for one in sweep.stuck if one.mendable is not None]
    text = script(settings.names, mendables, len(sweep.stuck), sweep.at, redactor)
    try:
        asked.fix_script.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        say(
            f"The script could not be written to {asked.fix_script}: {error.strerror or error}.",
            redactor,
        )
        return False
    return True


def _exit_code(sweep: Sweep) -> Exit:
    if not sweep.complete:
        return Exit.CANNOT_TELL
    return Exit.FAILING if sweep.stuck else Exit.HEALTHY
