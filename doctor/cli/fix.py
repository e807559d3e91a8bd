"""The command `fix` and its flags. The work is imported when it is called."""

from typing import Annotated

import typer

from backup_doctor.cli.given import Given
from backup_doctor.cli.with_given import with_given

NO_REPORT = (
    "form",
    "report",
    "template_dir",
    "save_evidence",
    "from_evidence",
    "strict",
    "exit_zero",
)
"""It prints SQL."""


@with_given(without=NO_REPORT)
def fix(
    given: Given,
    *,
    apply: Annotated[
        bool, typer.Option("--apply/--dry-run", help="Change the row, or print the SQL.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Skip the confirmation.")] = False,
) -> int:
    """Print the SQL that fixes the row, or run it.

    Exit codes: 0 done or nothing to do, 2 usage or configuration, 3 refused, or nothing may be written.
    """
    from backup_doctor.cli.fixing import repair_row
    from backup_doctor.cli.request import request

    return repair_row(request(given), apply=apply, yes=yes)
