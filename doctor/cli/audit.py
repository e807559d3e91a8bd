"""The command `audit` and its flags. The work is imported when it is called."""

from pathlib import Path
from typing import Annotated

import typer

from backup_doctor.cli.flags import (
    AllProjectsFlag,
    AuditFormFlag,
    BudgetFlag,
    ConfigFlag,
    ExitZeroFlag,
    NoColorFlag,
    ProjectFlag,
    QuietFlag,
    TemplateDirFlag,
    TrustConfigFlag,
)
from backup_doctor.run.audit.formats import Dialect


def audit(
    *,
    form: AuditFormFlag = None,
    limit: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Print at most N of each kind (default: 10), as JSON in total (default: all).",
        ),
    ] = None,
    inventory: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Read an S3 Inventory (a file, or s3://...) instead of listing."
        ),
    ] = None,
    print_sql: Annotated[
        Dialect | None,
        typer.Option(
            "--print-sql", help="Print the same comparison as a query, and do nothing else."
        ),
    ] = None,
    fix_script: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the SQL that fixes the rows that it can."),
    ] = None,
    older_than: Annotated[
        str | None,
        typer.Option(
            metavar="DURATION", help="When a backup counts as stuck; default: stuck_after."
        ),
    ] = None,
    config: ConfigFlag = None,
    trust_config: TrustConfigFlag = False,
    project: ProjectFlag = None,
    all_projects: AllProjectsFlag = False,
    template_dir: TemplateDirFlag = None,
    budget: BudgetFlag = 3600.0,
    exit_zero: ExitZeroFlag = False,
    quiet: QuietFlag = False,
    no_color: NoColorFlag = False,
) -> int:
    """Compare the table with the bucket."""
    from backup_doctor.cli.audit_projects import audit_each
    from backup_doctor.cli.auditing import AuditRequest, run

    wanted = AuditRequest(
        form=form,
        limit=limit,
        inventory=inventory,
        print_sql=print_sql,
        fix_script=fix_script,
        stuck_after=older_than,
        config=tuple(config or ()),
        trust_config=trust_config,
        project=project,
        template_dir=template_dir,
        budget_s=budget,
        exit_zero=exit_zero,
        quiet=quiet,
        no_color=no_color,
    )
    return (audit_each if all_projects else run)(wanted)
