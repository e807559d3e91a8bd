"""The command `ci` and its flags. The work is imported when it is called."""

from pathlib import Path
from typing import Annotated

import typer

from backup_doctor.cli.given import Given
from backup_doctor.cli.with_given import with_given


@with_given(
    without=("form", "report", "from_evidence", "no_color"),
    dispatch_id=Annotated[
        str | None, typer.Option(metavar="ID", help="Default: found by the event, else by the run.")
    ],
)
def ci(
    given: Given,
    *,
    report_dir: Annotated[
        Path, typer.Option(metavar="DIR", help="Write the report in every format to DIR.")
    ] = Path("backup-doctor-report"),
    summary: Annotated[bool, typer.Option(help="Write the job summary.")] = True,
    annotations: Annotated[bool, typer.Option(help="Annotate the run.")] = True,
    issue: Annotated[
        bool,
        typer.Option("--issue", help="WRITES: keep one issue in the repository for each cause."),
    ] = False,
) -> int:
    """Diagnose the backup of this GitHub Actions run."""
    from backup_doctor.cli.ci_step.step import StepWish, run

    return run(
        given, StepWish(folder=report_dir, summary=summary, annotations=annotations, issue=issue)
    )
