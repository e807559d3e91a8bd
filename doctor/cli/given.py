"""The flags that the main job shares with other commands, written once and handed over as one value."""

import inspect
from collections.abc import Callable, Collection
from dataclasses import dataclass, fields
from functools import wraps
from typing import Any

from backup_doctor.cli.flags import (
    BackupIdFlag,
    BudgetFlag,
    ConfigFlag,
    DispatchIdFlag,
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
    RunIdFlag,
    SaveEvidenceFlag,
    SkipFlag,
    StrictFlag,
    TemplateDirFlag,
    TrustConfigFlag,
    VerboseFlag,
)


@dataclass(frozen=True, kw_only=True)
class Given:
    """The flags as typer read them; one that a command does not have is as if it was not given."""

    dispatch_id: DispatchIdFlag = None
    backup_id: BackupIdFlag = None
    run_id: RunIdFlag = None
    form: FormFlag = None
    report: ReportFlag = None
    only: OnlyFlag = None
    skip: SkipFlag = None
    config: ConfigFlag = None
    trust_config: TrustConfigFlag = False
    project: ProjectFlag = None
    probe_function: ProbeFunctionFlag = False
    no_probe: NoProbeFlag = False
    template_dir: TemplateDirFlag = None
    save_evidence: SaveEvidenceFlag = None
    from_evidence: FromEvidenceFlag = None
    budget: BudgetFlag = 60.0
    strict: StrictFlag = False
    exit_zero: ExitZeroFlag = False
    quiet: QuietFlag = False
    verbose: VerboseFlag = False
    no_color: NoColorFlag = False


def with_given(
    *, without: Collection[str] = (), **instead: object
) -> Callable[[Callable[..., int | None]], Callable[..., int | None]]:
    """Let a command have the flags of `Given`, but those `without`, in place of its parameter `given`.

    `instead` is what typer is told of a flag where it means something else to this command.
    """
    shared = [
        inspect.Parameter(
            one.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=one.default,
            annotation=instead.get(one.name, one.type),
        )
        for one in fields(Given)
        if one.name not in without
    ]

    def decorated(command: Callable[..., int | None]) -> Callable[..., int | None]:
        @wraps(command)
        def called(**flags: Any) -> int | None:  # noqa: ANN401 -- of every type that a flag has
            given = Given(**{one.name: flags.pop(one.name) for one in shared})
            return command(given=given, **flags)

        signature = inspect.signature(command)
        own = [
            one.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for one in signature.parameters.values()
            if one.name != "given"
        ]
        # Typer reads both.
        called.__signature__ = signature.replace(parameters=[*shared, *own])  # type: ignore[attr-defined]
        called.__annotations__ = {one.name: one.annotation for one in (*shared, *own)}
        return called

    return decorated
