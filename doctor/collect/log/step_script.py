"""The script of a step, as the log's own `Run` block shows it, and what it runs of the repository.

Source: actions/runner, src/Runner.Worker/Handlers/ScriptHandler.cs; GitHub, "Metadata syntax".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.log import header
from backup_doctor.collect.script import (
    Surroundings,
    environment_of,
    language_of,
    read,
    read_action,
)
from backup_doctor.evidence.base import Unseen, Why

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.collect.log.sections import Section
    from backup_doctor.collect.script.model import Script

GITHUB_SCRIPT = "actions/github-script"


def _nothing(_: str) -> str | None:
    return None


class RepositoryFiles(Immutable, frozen=True):
    """Files of the repository by their paths, and the directory in which the script runs."""

    text: Callable[[str], str | None] = _nothing
    directory: str = ""


NONE = RepositoryFiles()


def script_of(section: Section, files: RepositoryFiles = NONE) -> Script | None:
    """The calls and prints of a step's script; None where there is none that can be read."""
    language, text = _shown(section)
    shown = {one.name: one.value for one in header.variables(section) if one.value is not None}
    environment = environment_of(shown)
    if text:
        around = Surroundings(
            resolve=files.text, environment=environment, directory=files.directory
        )
        return read(text, language, around) if language_of(language) else None
    if section.title.startswith("./"):
        return read_action(section.title, files.text)
    return None


def unreadable(section: Section) -> Unseen | None:
    """Why a step's script cannot be read although its language is one of ours."""
    from backup_doctor.collect.script.parser import missing

    language = language_of(_shown(section)[0])
    reason = missing(language) if language else None
    if reason is None:
        return None
    return Unseen(
        why=Why.CRASHED,
        what="The script of the update step could not be parsed, so which call a line of the log is "
        f"of was told by the line's words alone: {reason}",
        remedy="Install backup-doctor again: its parser (tree-sitter) is missing or does not fit.",
    )


def _shown(section: Section) -> tuple[str, str]:
    """The shell or language, and the text; both empty where the step has no script of its own."""
    if section.title.startswith(GITHUB_SCRIPT):
        return "javascript", _handed(section)
    shell = (line.text for line in section.header if line.text.startswith("shell: "))
    command = next(shell, "").removeprefix("shell: ")
    return (command, "\n".join(header.script(section))) if command else ("", "")


def _handed(section: Section) -> str:
    """The `script:` of a github-script: its further lines have no time stamp."""
    found: list[str] = []
    for line in section.header:
        if found and line.at is None:
            found.append(line.text)
        elif found:
            break
        elif line.text.startswith("  script: "):
            found.append(line.text.removeprefix("  script: "))
    return "\n".join(found)
