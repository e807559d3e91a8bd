"""The flags that several commands share, as typer reads them."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from doctor.audit.formats import AuditFormat
from doctor.render.formats import Format

DispatchIdFlag: TypeAlias = Annotated[
    str | None, typer.Option(metavar="ID", help="The backup's dispatch_id.")
]
BackupIdFlag: TypeAlias = Annotated[
    str | None, typer.Option(metavar="ID", help="The id of its row, instead.")
]
RunIdFlag: TypeAlias = Annotated[
    str | None, typer.Option(metavar="ID", help="Its GitHub Actions run, instead.")
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
    list[str] | None, typer.Option(metavar="CHECK", help="Run only this check. Repeatable.")
]
SkipFlag: TypeAlias = Annotated[
    list[str] | None, typer.Option(metavar="CHECK", help="Leave this check out. Repeatable.")
]
ConfigFlag: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Default: backup-doctor.toml.")
]
TrustConfigFlag: TypeAlias = Annotated[
    bool, typer.Option("--trust-config", help="Send credentials to hosts that a file names.")
]
ProbeFunctionFlag: TypeAlias = Annotated[
    bool, typer.Option("--probe-function", help="Call the function as the guide does, random id.")
]
TemplateDirFlag: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Templates of your own, by the same names.")
]
BudgetFlag: TypeAlias = Annotated[
    float, typer.Option(metavar="SECONDS", help="For the whole run, whatever hangs.")
]
StrictFlag: TypeAlias = Annotated[
    bool, typer.Option("--strict", help="Warnings count as failures.")
]
ExitZeroFlag: TypeAlias = Annotated[bool, typer.Option("--exit-zero", help="Report only.")]
QuietFlag: TypeAlias = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print nothing when healthy; no progress.")
]
VerboseFlag: TypeAlias = Annotated[
    bool, typer.Option("--verbose", "-v", help="Timings and all explanations.")
]
SaveEvidenceFlag: TypeAlias = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Save what was seen, without secrets: .json or .json.gz."),
]
FromEvidenceFlag: TypeAlias = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Judge what was saved; offline, and no id is needed."),
]
NoColorFlag: TypeAlias = Annotated[bool, typer.Option("--no-color", help="As NO_COLOR=1.")]
