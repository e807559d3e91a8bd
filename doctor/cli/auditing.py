"""What the command `audit` does: settings, the comparison, and its report as it goes."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backup_doctor.base.heaps import keep_few_heaps
from backup_doctor.base.immutable import Immutable
from backup_doctor.cli.audit_proposals import Proposing
from backup_doctor.cli.audit_report import EXAMPLES, AuditPage, Lines, Reporter
from backup_doctor.cli.codes import Exit, UsageError
from backup_doctor.cli.interrupts import Interrupted, interruptible
from backup_doctor.cli.secrets import redactor_for
from backup_doctor.cli.setup import keep_quiet
from backup_doctor.cli.stdout import print_text
from backup_doctor.collect.deadline import Deadline
from backup_doctor.run.audit.formats import AuditFormat, Dialect
from backup_doctor.run.audit.inventory import opened
from backup_doctor.run.audit.model import MOST_OF_PAGE, MOST_OF_SCRIPT, DisagreeingRows
from backup_doctor.run.audit.run import Audit
from backup_doctor.run.audit.table import BrokeOffError
from backup_doctor.settings.first_steps import anything_configured, first_steps
from backup_doctor.settings.load import Flags, SettingsError, load

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from backup_doctor.base.redaction import Redactor
    from backup_doctor.run.audit.inventory import Inventory
    from backup_doctor.run.audit.model import Totals
    from backup_doctor.settings.model import Settings

SHORTEST_BUDGET_S = 1.0
LONGEST_BUDGET_S = 7 * 24 * 3600.0


class AuditRequest(Immutable, frozen=True, kw_only=True):
    """The flags of `audit`, as given. `limit` None leaves it to the format."""

    form: AuditFormat | None
    limit: int | None
    inventory: str | None
    print_sql: Dialect | None
    fix_script: Path | None
    stuck_after: str | None
    config: tuple[Path, ...]
    trust_config: bool
    project: str | None
    template_dir: Path | None
    budget_s: float
    exit_zero: bool
    quiet: bool
    no_color: bool

    @property
    def chosen(self) -> AuditFormat:
        """The format: what was asked for, else what suits standard output."""
        usual = AuditFormat.TEXT if sys.stdout.isatty() else AuditFormat.MARKDOWN
        return self.form or usual

    def diagnosed(self) -> DisagreeingRows | None:
        """Which rows are diagnosed, so that SQL for them can be proposed: none, if nobody asks for it."""
        if self.fix_script is not None:
            return DisagreeingRows(MOST_OF_SCRIPT, MOST_OF_SCRIPT)
        each = EXAMPLES if self.limit is None else self.limit
        if not each or self.chosen not in (AuditFormat.TEXT, AuditFormat.MARKDOWN):
            return None
        return DisagreeingRows(MOST_OF_PAGE, each)


def run(asked: AuditRequest) -> int:
    """Compare the whole table with the whole bucket; the exit code of the contract.

    Raises:
        UsageError: the configuration cannot be used, or there is none.
    """
    check(asked)
    return audited(asked, alone)


def audited(asked: AuditRequest, begin: Callable[[], None]) -> int:
    """The same of checked flags; `begin` is called before anything is printed on standard output.

    Raises:
        UsageError: the configuration cannot be used, or there is none.
    """
    keep_few_heaps()
    settings = _settings(asked)
    redactor = redactor_for(settings, os.environ)
    keep_quiet(redactor, verbose=False)
    if asked.print_sql:
        from backup_doctor.run.audit.athena import athena

        print_text(redactor.text(athena(settings.names)))
        return Exit.HEALTHY
    made = Audit(
        settings=settings,
        deadline=Deadline(asked.budget_s),
        wants_days=asked.chosen is AuditFormat.HTML,
    )
    report = _reporter(asked, made, redactor, begin)
    proposing = Proposing(made, redactor, asked.diagnosed())
    signal_code = _run(asked, made, report, proposing)
    code = _exit_code(made.totals)
    silent = asked.quiet and code is Exit.HEALTHY and signal_code is None
    report.conclude(proposing.found, interrupted=signal_code is not None, silent=silent)
    written = proposing.write(asked.fix_script) if signal_code is None else True
    if signal_code is not None:
        return signal_code
    if not written:
        return Exit.TOOL_ERROR
    return Exit.HEALTHY if asked.exit_zero else code


def alone() -> None:
    """Nothing stands before the only audit."""


def check(asked: AuditRequest) -> None:
    """Say what cannot be right.

    Raises:
        UsageError: a value cannot be used.
    """
    if asked.limit is not None and asked.limit < 0:
        raise UsageError(
            "--limit is a number of lines, 0 or more.", "backup-doctor audit --limit 20"
        )
    if not SHORTEST_BUDGET_S <= asked.budget_s <= LONGEST_BUDGET_S:
        message = f"--budget is in seconds, from 1 to {LONGEST_BUDGET_S:.0f}."
        raise UsageError(message, "backup-doctor audit --budget 3600")
    if asked.template_dir is not None and not asked.template_dir.is_dir():
        message = f"--template-dir {asked.template_dir}: there is no such folder."
        raise UsageError(message, "backup-doctor audit --template-dir templates")


def _settings(asked: AuditRequest) -> Settings:
    flags = Flags(
        config=asked.config,
        trust_config=asked.trust_config,
        project=asked.project,
        stuck_after=asked.stuck_after,
    )
    try:
        settings = load(flags, environ=os.environ, cwd=Path.cwd())
    except SettingsError as error:
        raise UsageError(str(error)) from None
    if not anything_configured(settings) and not asked.print_sql:
        raise UsageError(first_steps())
    return settings


def _reporter(
    asked: AuditRequest, made: Audit, redactor: Redactor, begin: Callable[[], None]
) -> Reporter:
    if asked.chosen is AuditFormat.JSON:
        return Lines(made, redactor, asked.limit)
    return AuditPage(
        made,
        redactor,
        asked.limit,
        form=asked.chosen,
        template_dir=asked.template_dir,
        no_color=asked.no_color,
        begin=begin,
    )


def _run(asked: AuditRequest, made: Audit, report: Reporter, proposing: Proposing) -> int | None:
    """Compare, then diagnose; a signal's exit code where one came."""
    try:
        with interruptible(), _progress(made.totals, wanted=not asked.quiet):
            _compare(asked, made, report, proposing)
            proposing.run()
    except Interrupted as interrupt:
        return interrupt.exit_code
    return None


def _compare(asked: AuditRequest, made: Audit, report: Reporter, proposing: Proposing) -> None:
    """Report every disagreement as it is found."""
    try:
        with _inventory(asked, made) as made.inventory:
            for item in made.items():
                report.take(item)
                proposing.take(item)
    except BrokeOffError as broken:
        made.totals.gaps.append(broken.gap)


def _inventory(asked: AuditRequest, made: Audit) -> AbstractContextManager[Inventory | None]:
    if asked.inventory is None:
        return nullcontext()
    return opened(asked.inventory, made.settings, made.deadline)


def _exit_code(totals: Totals) -> Exit:
    if not totals.complete:
        return Exit.CANNOT_TELL
    return Exit.FAILING if totals.kinds.total() else Exit.HEALTHY


def _progress(totals: Totals, *, wanted: bool) -> AbstractContextManager[Any]:
    """How far it is, on standard error while it works, where that is a terminal."""
    if not wanted or not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console

    class Count:
        def __rich__(self) -> str:
            rows, objects = totals.rows.total(), totals.objects
            return f"{rows:,} rows, {objects:,} objects, {totals.kinds.total():,} disagreements"

    return Console(stderr=True).status(Count())
