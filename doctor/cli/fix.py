"""The command `fix` and its flags. The work is imported when it is called."""

from typing import Annotated

import typer

from backup_doctor.cli.flags import (
    BackupIdFlag,
    BudgetFlag,
    ConfigFlag,
    DispatchIdFlag,
    NoColorFlag,
    NoProbeFlag,
    OnlyFlag,
    ProbeFunctionFlag,
    ProjectFlag,
    QuietFlag,
    RunIdFlag,
    SkipFlag,
    TrustConfigFlag,
    VerboseFlag,
)


def fix(
    *,
    dispatch_id: DispatchIdFlag = None,
    backup_id: BackupIdFlag = None,
    run_id: RunIdFlag = None,
    apply: Annotated[
        bool, typer.Option("--apply/--dry-run", help="Change the row, or print the SQL.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Skip the confirmation.")] = False,
    only: OnlyFlag = None,
    skip: SkipFlag = None,
    config: ConfigFlag = None,
    trust_config: TrustConfigFlag = False,
    project: ProjectFlag = None,
    probe_function: ProbeFunctionFlag = False,
    no_probe: NoProbeFlag = False,
    budget: BudgetFlag = 60.0,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
    no_color: NoColorFlag = False,
) -> int:
    """Print the SQL that fixes the row, or run it.

    Exit codes: 0 done or nothing to do, 2 usage or configuration, 3 refused, or nothing may be written.
    """
    from backup_doctor.cli.fixing import repair_row
    from backup_doctor.cli.request import request

    wanted = request(
        dispatch_id=dispatch_id,
        backup_id=backup_id,
        run_id=run_id,
        form=None,
        files=(),
        only=tuple(only or ()),
        skip=tuple(skip or ()),
        config=tuple(config or ()),
        trust_config=trust_config,
        project=project,
        probe_function=probe_function,
        no_probe=no_probe,
        template_dir=None,
        save_evidence=None,
        from_evidence=None,
        budget_s=budget,
        strict=False,
        exit_zero=False,
        quiet=quiet,
        verbose=verbose,
        no_color=no_color,
    )
    return repair_row(wanted, apply=apply, yes=yes)
