"""The command `sweep` and its flags. The work is imported when it is called."""

from pathlib import Path
from typing import Annotated

import typer

from doctor.cli.flags import (
    ConfigFlag,
    NoColorFlag,
    ProbeFunctionFlag,
    QuietFlag,
    TrustConfigFlag,
    VerboseFlag,
)
from doctor.sweep.formats import SweepFormat


def sweep(
    *,
    older_than: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="In progress for longer than 30m, 2h, 1d; stuck_after."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Look at no more than N backups.")
    ] = None,
    sample: Annotated[
        int, typer.Option(min=0, metavar="N", help="Read the runs of at most N backups.")
    ] = 300,
    form: Annotated[
        SweepFormat | None,
        typer.Option("--format", help="Default: text on a terminal, markdown otherwise."),
    ] = None,
    fix_script: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the SQL that mends all rows.")
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Mend the rows, each diagnosed once more.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before it.")] = False,
    max_changes: Annotated[
        int, typer.Option(min=1, metavar="N", help="Mend no more than N rows.")
    ] = 20,
    notify: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL", envvar="BACKUP_DOCTOR_NOTIFY", help="Send a message (apprise's URLs)."
        ),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep what was found; send a message on change only."),
    ] = None,
    ping: Annotated[
        str | None,
        typer.Option(metavar="URL", envvar="BACKUP_DOCTOR_PING", help="Tell a dead man's switch."),
    ] = None,
    config: ConfigFlag = None,
    trust_config: TrustConfigFlag = False,
    probe_function: ProbeFunctionFlag = False,
    budget: Annotated[
        float, typer.Option(metavar="SECONDS", help="For the whole sweep, whatever hangs.")
    ] = 600.0,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
    no_color: NoColorFlag = False,
) -> int:
    """Diagnose every backup that is stuck, grouped by root cause.

    Exit codes: 0 none is stuck, 1 some are, 2 usage or configuration, 3 incomplete.
    """
    from doctor.cli.sweep_request import SweepRequest
    from doctor.cli.sweeping import sweep_all

    return sweep_all(
        SweepRequest(
            older_than=older_than,
            limit=limit,
            sample=sample,
            form=form,
            fix_script=fix_script,
            apply=apply,
            yes=yes,
            max_changes=max_changes,
            notify=tuple(notify or ()),
            state=state,
            ping=ping or None,
            config=config,
            trust_config=trust_config,
            probe_function=probe_function,
            budget_s=budget,
            quiet=quiet,
            verbose=verbose,
            no_color=no_color,
        )
    )
