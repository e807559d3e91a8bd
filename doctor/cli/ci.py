"""The command `ci` and its flags. The work is imported when it is called."""

from pathlib import Path
from typing import Annotated

import typer

from backup_doctor.cli.flags import (
    BackupIdFlag,
    BudgetFlag,
    ConfigFlag,
    ExitZeroFlag,
    NoProbeFlag,
    OnlyFlag,
    ProbeFunctionFlag,
    ProjectFlag,
    QuietFlag,
    RunIdFlag,
    SaveEvidenceFlag,
    SkipFlag,
    StrictFlag,
    TemplateDirFlag,
    TrustConfigFlag,
    VerboseFlag,
)


def ci(
    *,
    dispatch_id: Annotated[
        str | None, typer.Option(metavar="ID", help="Default: found by the event, else by the run.")
    ] = None,
    backup_id: BackupIdFlag = None,
    run_id: RunIdFlag = None,
    report_dir: Annotated[
        Path, typer.Option(metavar="DIR", help="Write the report in every format to DIR.")
    ] = Path("backup-doctor-report"),
    summary: Annotated[bool, typer.Option(help="Write the job summary.")] = True,
    annotations: Annotated[bool, typer.Option(help="Annotate the run.")] = True,
    issue: Annotated[
        bool,
        typer.Option("--issue", help="WRITES: keep one issue in the repository for each cause."),
    ] = False,
    only: OnlyFlag = None,
    skip: SkipFlag = None,
    config: ConfigFlag = None,
    trust_config: TrustConfigFlag = False,
    project: ProjectFlag = None,
    probe_function: ProbeFunctionFlag = False,
    no_probe: NoProbeFlag = False,
    template_dir: TemplateDirFlag = None,
    save_evidence: SaveEvidenceFlag = None,
    budget: BudgetFlag = 60.0,
    strict: StrictFlag = False,
    exit_zero: ExitZeroFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
) -> int:
    """Diagnose the backup of this GitHub Actions run."""
    from backup_doctor.cli.ci_step.step import StepWish, run
    from backup_doctor.cli.request import Given

    given = Given(
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
        template_dir=template_dir,
        save_evidence=save_evidence,
        from_evidence=None,
        budget_s=budget,
        strict=strict,
        exit_zero=exit_zero,
        quiet=quiet,
        verbose=verbose,
        no_color=True,
    )
    return run(
        given, StepWish(folder=report_dir, summary=summary, annotations=annotations, issue=issue)
    )
