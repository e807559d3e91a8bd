"""The command `watch` and its flags. The work is imported when it is called."""

from typing import Annotated

import typer

from backup_doctor.cli.given import Given
from backup_doctor.cli.with_given import with_given


@with_given(
    without=("from_evidence",),
    budget=Annotated[float, typer.Option(metavar="SECONDS", help="Time limit for each diagnosis.")],
)
def watch(
    given: Given,
    *,
    timeout: Annotated[
        str | None, typer.Option(metavar="TIME", help="Wait no longer than this: 10m, 2h.")
    ] = None,
) -> int:
    """Wait until a backup has ended or is overdue, then diagnose it.

    The report and the exit code are those of the main job.
    """
    from backup_doctor.cli.request import request
    from backup_doctor.cli.watching import watch as wait

    return wait(request(given), timeout)
