"""`sweep`: find and print, then write the script, mend, send word, and end with the right code."""

from __future__ import annotations

import sys
from functools import partial
from shutil import get_terminal_size
from typing import TYPE_CHECKING

from msgspec.structs import replace

from backup_doctor.base import files
from backup_doctor.base.heaps import keep_few_heaps
from backup_doctor.base.threads import result_of, spawn
from backup_doctor.cli import steering
from backup_doctor.cli.codes import Exit, UsageError
from backup_doctor.cli.interrupts import Interrupted, interruptible
from backup_doctor.cli.mending import say
from backup_doctor.cli.output import NARROWEST, WIDEST
from backup_doctor.cli.setup import set_up
from backup_doctor.cli.stdout import kept_clear, print_text
from backup_doctor.cli.sweep_mending import mend_all
from backup_doctor.cli.sweep_progress import Bar
from backup_doctor.cli.sweep_unread import unread
from backup_doctor.cli.sweep_word import Word, secrets_of, told_of_mistake, try_out
from backup_doctor.report.render.formats import Look
from backup_doctor.run.sweep.formats import SweepFormat
from backup_doctor.settings.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.base.redaction import Redactor
    from backup_doctor.cli.sweep_request import SweepRequest
    from backup_doctor.cli.sweep_word import Due
    from backup_doctor.run.sweep.result import Sweep
    from backup_doctor.run.sweep.sweeping import Sweeping, Watcher
    from backup_doctor.settings.model import Settings

    Show = Callable[[Sweep, SweepRequest, Redactor], None]

# The sweep keeps to the budget by itself; past this, something in it hangs.
GRACE_S = 10.0


def sweep_all(
    asked: SweepRequest, show: Show | None = None, outbox: list[Due] | None = None
) -> int:
    """Sweep, `show` what came of it, and return the exit code of the contract.

    Raises:
        UsageError: a flag or the configuration cannot be used, or there is none.
    """
    asked.check()
    if asked.notify_test:
        return try_out(asked)
    keep_few_heaps()
    settings, redactor = _set_up(asked, outbox)
    word = Word(asked, redactor, outbox)
    word.begin()
    unasked = steering.refusal(settings) if asked.apply and asked.yes else None
    if unasked is not None:
        say(unasked, redactor)
        word.end(unread(asked, settings, unasked.splitlines()[0]), Exit.CANNOT_TELL)
        return Exit.CANNOT_TELL
    try:
        sweep, signal_code, failure = _swept(settings, asked, word.told)
        unshown = _unshown(partial(show or print_sweep, sweep, asked, redactor))
        failure = failure or unshown
        if failure:
            say(failure, redactor)
        written = _write_script(sweep, settings, asked, redactor)
        own = _exit_code(sweep)
        code: int = own
        if asked.apply and signal_code is None:
            code = mend_all(sweep, settings, asked, redactor, own)
    except Interrupted as interrupt:
        say("Interrupted; nothing was changed.", redactor)
        word.end(None, interrupt.exit_code)
        return interrupt.exit_code
    except SettingsError as mistake:
        word.end(unread(asked, settings, str(mistake)), Exit.USAGE)
        raise
    if failure or not written:
        code = Exit.TOOL_ERROR
    code = signal_code or code
    word.end(sweep, code)
    return code


def _set_up(asked: SweepRequest, outbox: list[Due] | None) -> tuple[Settings, Redactor]:
    """The settings; that there are none to sweep with is told to whoever waits for word.

    Raises:
        UsageError: the configuration cannot be used, or there is none.
    """
    try:
        return set_up(asked, secrets_of(asked))
    except UsageError as mistake:
        told_of_mistake(asked, mistake, outbox)
        raise


def _swept(
    settings: Settings, asked: SweepRequest, told: frozenset[str]
) -> tuple[Sweep, int | None, str | None]:
    """The sweep as far as it came, a signal's exit code, and what failed in the tool itself."""
    sweeping: Sweeping | None = None
    signal_code, failure = None, None
    with kept_clear(), Bar(wanted=not asked.quiet) as bar:
        try:
            with interruptible():
                sweeping = _begun(settings, asked, told, bar)
                # What hangs takes little of the time of other projects.
                grace_s = min(GRACE_S, asked.budget_s / 4)
                return result_of(spawn(sweeping.run), asked.budget_s + grace_s), None, None
        except Interrupted as interrupt:
            signal_code, why = interrupt.exit_code, "The sweep was interrupted."
        except TimeoutError:
            why = "The budget ended before the sweep did. Give a larger --budget."
        except SettingsError:
            raise
        except Exception as error:  # noqa: BLE001 -- what is known is printed all the same
            failure = why = _in_the_tool(error)
    so_far = sweeping.so_far() if sweeping else unread(asked, settings)
    return replace(so_far, gaps=(*so_far.gaps, why)), signal_code, failure


def _unshown(show: Callable[[], None]) -> str | None:
    """Why the sweep could not be shown: whoever waits for word gets it all the same."""
    try:
        show()
    except Exception as error:  # noqa: BLE001 -- a message that does not come is worse
        return _in_the_tool(error)
    return None


def _in_the_tool(error: Exception) -> str:
    return f"an error in the tool itself: {type(error).__name__}: {error}"


def _begun(
    settings: Settings, asked: SweepRequest, told: frozenset[str], watcher: Watcher
) -> Sweeping:
    from backup_doctor.run.sweep.sweeping import Sweeping, Wish

    wish = Wish(
        older_than_s=asked.older_than_s(settings.names.stuck_after_s),
        budget_s=asked.budget_s,
        limit=asked.limit,
        sample=asked.sample,
        mending=asked.fix_script is not None,
        past=asked.format is SweepFormat.HTML,
        told=told,
        verbose=asked.verbose,
    )
    return Sweeping(settings, wish, watcher)


def print_sweep(sweep: Sweep, asked: SweepRequest, redactor: Redactor) -> None:
    """Print the sweep in the format that was asked for."""
    from backup_doctor.run.sweep.render import rendered

    if is_silent(sweep, asked):
        return
    width = get_terminal_size().columns if sys.stdout.isatty() else 80
    look = Look(colour=asked.colour, width=max(NARROWEST, min(width, WIDEST)))
    for piece in rendered(sweep, asked.format, redactor, look):
        print_text(piece)


def is_silent(sweep: Sweep, asked: SweepRequest) -> bool:
    """Whether nothing is printed of it."""
    return asked.quiet and _exit_code(sweep) is Exit.HEALTHY


def _write_script(
    sweep: Sweep, settings: Settings, asked: SweepRequest, redactor: Redactor
) -> bool:
    """Write the script that was asked for; whether that worked."""
    if asked.fix_script is None:
        return True
    from backup_doctor.run.sweep.render.wording import name
    from backup_doctor.run.sweep.script import Entry, script

    entries = [Entry(name=name(one), mendable=one.mendable) for one in sweep.stuck]
    text = script(settings.names, entries, redactor)
    try:
        files.write(asked.fix_script, text)
    except OSError as error:
        say(
            f"The script could not be written to {asked.fix_script}: {error.strerror or error}.",
            redactor,
        )
        return False
    return True


def _exit_code(sweep: Sweep) -> Exit:
    if not sweep.all_seen:
        return Exit.CANNOT_TELL
    return Exit.FAILING if sweep.stuck or sweep.late else Exit.HEALTHY
