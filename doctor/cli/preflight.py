"""The command `preflight` and its flags. The work is imported when it is called."""

from backup_doctor.cli.flags import (
    AllProjectsFlag,
    BudgetFlag,
    ConfigFlag,
    ExitZeroFlag,
    FormFlag,
    FromEvidenceFlag,
    NoColorFlag,
    NoProbeFlag,
    OnlyFlag,
    ProbeFunctionFlag,
    ProjectFlag,
    QuietFlag,
    ReportFlag,
    SaveEvidenceFlag,
    SkipFlag,
    StrictFlag,
    TemplateDirFlag,
    TrustConfigFlag,
    VerboseFlag,
)


def preflight(
    *,
    form: FormFlag = None,
    report: ReportFlag = None,
    only: OnlyFlag = None,
    skip: SkipFlag = None,
    config: ConfigFlag = None,
    trust_config: TrustConfigFlag = False,
    project: ProjectFlag = None,
    all_projects: AllProjectsFlag = False,
    probe_function: ProbeFunctionFlag = False,
    no_probe: NoProbeFlag = False,
    template_dir: TemplateDirFlag = None,
    save_evidence: SaveEvidenceFlag = None,
    from_evidence: FromEvidenceFlag = None,
    budget: BudgetFlag = 60.0,
    strict: StrictFlag = False,
    exit_zero: ExitZeroFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
    no_color: NoColorFlag = False,
) -> int:
    """Find what would break the next backup.

    Runs the same checks, before there is a backup.
    """
    from backup_doctor.cli.diagnose import diagnose
    from backup_doctor.cli.preflight_projects import preflight_each
    from backup_doctor.cli.request import foresight

    wanted = foresight(
        dispatch_id=None,
        backup_id=None,
        run_id=None,
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
        from_evidence=from_evidence,
        budget_s=budget,
        strict=strict,
        exit_zero=exit_zero,
        quiet=quiet,
        verbose=verbose,
        no_color=no_color,
    )
    return (preflight_each if all_projects else diagnose)(wanted)
