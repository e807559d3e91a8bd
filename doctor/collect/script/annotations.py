"""Workflow commands in a printed line, as the log shows them: `::error file=x::m` is `##[error]m`.

Source: actions/runner, src/Runner.Worker/ActionCommandManager.cs.
"""

from __future__ import annotations

from backup_doctor.collect.script.values import Lit, Text

_SHOWN = {
    "::error": "##[error]",
    "::warning": "##[warning]",
    "::notice": "##[notice]",
    "::group": "##[group]",
}
_SILENT = (
    "::add-mask",
    "::set-output",
    "::debug",
    "::save-state",
    "::stop-commands",
    "::endgroup",
    "::add-matcher",
    "::remove-matcher",
)


def as_shown(line: Text) -> Text | None:
    """The line as it stands in the log; None if the runner keeps it to itself."""
    first = line.parts[0] if line.parts else None
    if not isinstance(first, Lit) or not first.text.lstrip().startswith("::"):
        return line
    told = first.text.lstrip()
    if told.startswith(_SILENT):
        return None
    shown = next((mark for command, mark in _SHOWN.items() if told.startswith(command)), None)
    if shown is None:
        return line
    start = Lit(shown, first.path, first.line, first.origin)
    for index, part in enumerate(line.parts):
        if not isinstance(part, Lit):
            continue
        _, mark, message = (told[2:] if index == 0 else part.text).partition("::")
        if mark:
            rest = (Lit(message, part.path, part.line, part.origin),) if message else ()
            return Text((start, *rest, *line.parts[index + 1 :]))
    return line
