"""The command `watch` and its flags. The work is imported when it is called."""

from typing import Annotated

import typer

from backup_doctor.cli.flags import (
    BackupIdFlag,
    ConfigFlag,
    DispatchIdFlag,
    ExitZeroFlag,
    FormFlag,
    NoColorFlag,
    NoProbeFlag,
    OnlyFlag,
    ProbeFunctionFlag,
    ProjectFlag,
    QuietFlag,
    ReportFlag,
    RunIdFlag,
    SaveEvidenceFlag,
    SkipFlag,
    StrictFlag,
    TemplateDirFlag,
    TrustConfigFlag,
    VerboseFlag,
)


def watch(
    *,
    dispatch_id: DispatchIdFlag = None,
    backup_id: BackupIdFlag = None,
    run_id: RunIdFlag = None,
    timeout: Annotated[
        str | None, typer.Option(metavar="TIME", help="Wait no longer than this: 10m, 2h.")
    ] = None,
    form: FormFlag = None,
    report: ReportFlag = None,
    only: OnlyFlag = None,
    skip: SkipFlag = None,
    config: ConfigFlag = None,
    trust_config: TrustConfigFlag = False,
    project: ProjectFlag = None,
    probe_function: ProbeFunctionFlag = False,
    no_probe: NoProbeFlag = False,
    template_dir: TemplateDirFlag = None,
    save_evidence: SaveEvidenceFlag = None,
    budget: Annotated[
        float, typer.Option(metavar="SECONDS", help="Time limit for each diagnosis.")
    ] = 60.0,
    strict: StrictFlag = False,
    exit_zero: ExitZeroFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
    no_color: NoColorFlag = False,
) -> int:
    """Wait until a backup has ended or is overdue, then diagnose it.

    The report and the exit code are those of the main job.
    """
    from backup_doctor.cli.request import request
    from backup_doctor.cli.watching import watch as wait

    wanted = request(
        dispatch_id=dispatch_id,
        backup_id=backup_id,
        run_id=run_id,
        form=form,
        files=tuple(report or ()),
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
        no_color=no_color,
    )
    return wait(wanted, timeout)
