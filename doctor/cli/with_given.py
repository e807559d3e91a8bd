"""The flags that the main job shares with other commands, as typer reads them."""

import inspect
from collections.abc import Callable, Collection
from functools import wraps
from typing import Any, Final

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
from backup_doctor.cli.given import Given

FLAGS: Final = {
    "dispatch_id": DispatchIdFlag,
    "backup_id": BackupIdFlag,
    "run_id": RunIdFlag,
    "form": FormFlag,
    "report": ReportFlag,
    "only": OnlyFlag,
    "skip": SkipFlag,
    "config": ConfigFlag,
    "trust_config": TrustConfigFlag,
    "project": ProjectFlag,
    "probe_function": ProbeFunctionFlag,
    "no_probe": NoProbeFlag,
    "template_dir": TemplateDirFlag,
    "save_evidence": SaveEvidenceFlag,
    "from_evidence": FromEvidenceFlag,
    "budget": BudgetFlag,
    "strict": StrictFlag,
    "exit_zero": ExitZeroFlag,
    "quiet": QuietFlag,
    "verbose": VerboseFlag,
    "no_color": NoColorFlag,
}


def with_given(
    *, without: Collection[str] = (), **instead: object
) -> Callable[[Callable[..., int | None]], Callable[..., int | None]]:
    """Let a command have the flags of `Given`, but those `without`, in place of its parameter `given`.

    `instead` is what typer is told of a flag where it means something else to this command.
    """
    nothing = Given()
    shared = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=getattr(nothing, name),
            annotation=(FLAGS | instead)[name],
        )
        for name in Given.__struct_fields__
        if name not in without
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
