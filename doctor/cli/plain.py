"""The call that is made at three in the morning, read without typer: one backup, a format, a few switches.

typer and the pydantic that it brings take a tenth of a second to read it. Every other command line is
typer's, and so is every mistake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backup_doctor.cli.given import Given
from backup_doctor.report.render.formats import Format

if TYPE_CHECKING:
    from collections.abc import Sequence

IDS = {"--dispatch-id": "dispatch_id", "--backup-id": "backup_id", "--run-id": "run_id"}
SWITCHES = {
    "--no-probe": "no_probe",
    "--strict": "strict",
    "--exit-zero": "exit_zero",
    "--quiet": "quiet",
    "-q": "quiet",
    "--verbose": "verbose",
    "-v": "verbose",
    "--no-color": "no_color",
}
FORMATS = frozenset(Format)


def plain(arguments: Sequence[str]) -> Given | None:
    """What was given, as typer would have read it; None where typer is to read it."""
    if len(arguments) < len(("--dispatch-id", "ID")):
        return None
    flag, value, *more = arguments
    if flag not in IDS or value.startswith("-") or not value:
        return None
    given: dict[str, Any] = {IDS[flag]: value}
    words = iter(more)
    for word in words:
        if word in SWITCHES:
            given[SWITCHES[word]] = True
        elif word == "--format" and (form := next(words, None)) in FORMATS:
            given["form"] = Format(form)
        else:
            return None
    return Given(**given)
