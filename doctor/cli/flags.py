"""The flags that several commands share, as typer reads them."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from backup_doctor.cli import completing
from backup_doctor.cli.given import BUDGET_S
from backup_doctor.report.render.formats import Format
from backup_doctor.run.audit.formats import AuditFormat

DispatchIdFlag: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="ID", help="The backup's dispatch_id.", autocompletion=completing.dispatch_ids
    ),
]
BackupIdFlag: TypeAlias = Annotated[
    str | None, typer.Option(metavar="ID", help="Row id, instead of --dispatch-id.")
]
RunIdFlag: TypeAlias = Annotated[
    str | None, typer.Option(metavar="ID", help="GitHub Actions run, instead.")
]
FormFlag: TypeAlias = Annotated[
    Format | None,
    typer.Option("--format", help="Default: text on a terminal, markdown otherwise."),
]
AuditFormFlag: TypeAlias = Annotated[
    AuditFormat | None,
    typer.Option("--format", help="Default: text on a terminal, markdown otherwise."),
]
ReportFlag: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(metavar="FILE", help="Also write FILE: .md .json .html .xml .txt. Repeatable."),
]
OnlyFlag: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CHECK",
        help="Run only this check. Repeatable.",
        autocompletion=completing.checks,
    ),
]
SkipFlag: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CHECK",
        help="Skip this check. Repeatable.",
        autocompletion=completing.checks,
    ),
]
ConfigFlag: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(metavar="FILE", help="Settings: a .toml or a .env file. Repeatable."),
]
TrustConfigFlag: TypeAlias = Annotated[
    bool, typer.Option("--trust-config", help="Send credentials to hosts that a file names.")
]
ProjectFlag: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="One of [projects.NAME]; or set BACKUP_DOCTOR_PROJECT."),
]
AllProjectsFlag: TypeAlias = Annotated[
    bool, typer.Option("--all-projects", help="Do it for each of [projects.NAME].")
]
ProbeFunctionFlag: TypeAlias = Annotated[
    bool,
    typer.Option("--probe-function", help="POST a test body with a random id to the function."),
]
NoProbeFlag: TypeAlias = Annotated[
    bool, typer.Option("--no-probe", help="Never call the function with a body.")
]
TemplateDirFlag: TypeAlias = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Directory of templates that override the built-in ones."),
]
BudgetFlag: TypeAlias = Annotated[
    float, typer.Option(metavar="SECONDS", help="Time limit for the whole run.")
]
ManyBudgetFlag: TypeAlias = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS",
        help="Time limit for the whole run.  [default: 60; with --all-projects 300]",
    ),
]
StrictFlag: TypeAlias = Annotated[
    bool, typer.Option("--strict", help="Warnings count as failures.")
]
ExitZeroFlag: TypeAlias = Annotated[
    bool, typer.Option("--exit-zero", help="Only report: exit with 0.")
]
QuietFlag: TypeAlias = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print nothing when healthy; no progress.")
]
VerboseFlag: TypeAlias = Annotated[
    bool, typer.Option("--verbose", "-v", help="Timings and all explanations.")
]
SaveEvidenceFlag: TypeAlias = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Save the evidence, without secrets: .json or .json.gz."),
]
FromEvidenceFlag: TypeAlias = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Diagnose from a saved evidence file, offline."),
]
NoColorFlag: TypeAlias = Annotated[bool, typer.Option("--no-color", help="Disable colors.")]

MANY_S = 300.0


def budget_of(given: float | None, *, all_projects: bool) -> float:
    """The time for the whole run: of twenty projects each needs some of it."""
    if given is not None:
        return given
    return MANY_S if all_projects else BUDGET_S
