"""The command `list` and its flags. The work is imported when it is called."""

from enum import StrEnum
from typing import Annotated

import typer

from backup_doctor.cli.flags import (
    AllProjectsFlag,
    ConfigFlag,
    ManyBudgetFlag,
    NoColorFlag,
    ProjectFlag,
    TrustConfigFlag,
    budget_of,
)

# A page of the Data API.
MOST = 1000


class ListFormat(StrEnum):
    """What `list --format` takes."""

    TEXT = "text"
    JSON = "json"


def list_(
    *,
    limit: Annotated[
        int, typer.Option(min=1, max=MOST, metavar="N", help="Show the N newest.")
    ] = 20,
    status: Annotated[
        list[str] | None,
        typer.Option(metavar="STATUS", help="Only those with this status. Repeatable."),
    ] = None,
    form: Annotated[ListFormat, typer.Option("--format")] = ListFormat.TEXT,
    config: ConfigFlag = None,
    trust_config: TrustConfigFlag = False,
    project: ProjectFlag = None,
    all_projects: AllProjectsFlag = False,
    budget: ManyBudgetFlag = None,
    no_color: NoColorFlag = False,
) -> int:
    """List the newest backups, and say how old the last good one is.

    Exit codes: 0; 2 usage or configuration; 3 the table cannot be read, or may hide rows.
    """
    from backup_doctor.cli.backups_listing import ListRequest, show_backups
    from backup_doctor.cli.backups_projects import show_each

    return (show_each if all_projects else show_backups)(
        ListRequest(
            limit=limit,
            status=tuple(status or ()),
            as_json=form is ListFormat.JSON,
            config=tuple(config or ()),
            trust_config=trust_config,
            project=project,
            budget_s=budget_of(budget, all_projects=all_projects),
            no_color=no_color,
        )
    )
