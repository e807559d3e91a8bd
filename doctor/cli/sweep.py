"""The command `sweep` and its flags. The work is imported when it is called."""

from pathlib import Path
from typing import Annotated

import typer

from backup_doctor.cli.flags import (
    AllProjectsFlag,
    ConfigFlag,
    NoColorFlag,
    NoProbeFlag,
    ProbeFunctionFlag,
    ProjectFlag,
    QuietFlag,
    TrustConfigFlag,
    VerboseFlag,
)
from backup_doctor.run.sweep.formats import SweepFormat


def sweep(
    *,
    older_than: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Stuck means in progress for longer than this: 30m, 2h, 1d.  [default: stuck_after]",
        ),
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
        Path | None, typer.Option(metavar="FILE", help="Write the SQL that fixes all rows to FILE.")
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Fix the rows, each diagnosed once more.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Skip the confirmation.")] = False,
    max_changes: Annotated[
        int, typer.Option(min=1, metavar="N", help="Fix no more than N rows.")
    ] = 20,
    notify: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL", envvar="BACKUP_DOCTOR_NOTIFY", help="Send a message to this apprise URL."
        ),
    ] = None,
    notify_test: Annotated[
        bool, typer.Option("--notify-test", help="Send one message to try --notify; no sweep.")
    ] = False,
    state: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Remember what was told; send a message only if there is news."
        ),
    ] = None,
    ping: Annotated[
        str | None,
        typer.Option(
            metavar="URL", envvar="BACKUP_DOCTOR_PING", help="Ping this URL of a dead man's switch."
        ),
    ] = None,
    config: ConfigFlag = None,
    trust_config: TrustConfigFlag = False,
    project: ProjectFlag = None,
    all_projects: AllProjectsFlag = False,
    probe_function: ProbeFunctionFlag = False,
    no_probe: NoProbeFlag = False,
    budget: Annotated[
        float, typer.Option(metavar="SECONDS", help="Time limit for the whole sweep.")
    ] = 600.0,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
    no_color: NoColorFlag = False,
) -> int:
    """Diagnose every backup that is stuck, grouped by root cause.

    Exit codes: 0 none is stuck, 1 some are, or none was good for max_age, 2 usage or configuration,
    3 incomplete.
    """
    from backup_doctor.cli.sweep_projects import sweep_each
    from backup_doctor.cli.sweep_request import SweepRequest
    from backup_doctor.cli.sweeping import sweep_all

    return (sweep_each if all_projects else sweep_all)(
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
            notify_test=notify_test,
            state=state,
            ping=ping or None,
            config=tuple(config or ()),
            trust_config=trust_config,
            project=project,
            probe_function=probe_function,
            no_probe=no_probe,
            budget_s=budget,
            quiet=quiet,
            verbose=verbose,
            no_color=no_color,
        )
    )
