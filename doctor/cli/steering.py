"""Names that say what is written, and were given by a file that nobody named.

Such a file may belong to a stranger's pull request. A person who is asked sees each of them with its
source; where nobody is asked (--yes) they are not taken at all.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from backup_doctor.base.quoting import for_shell, one_line
from backup_doctor.cli.stderr import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.settings.model import Settings


def refusal(settings: Settings) -> str | None:
    """Why nothing is written without asking, and the command that names the files; None where it may be."""
    steered = settings.steered_by_found_files()
    if not steered:
        return None
    named = ", ".join(f"{name} ({origin.place})" for name, origin in steered.items())
    files = dict.fromkeys(origin.file for origin in steered.values() if origin.file)
    flags = [part for file in files for part in ("--config", file)]
    command = " ".join(for_shell(word) for word in (PROGRAM, *sys.argv[1:], *flags))
    return (
        f"Not applied: --yes takes no names from a file that was merely found: {one_line(named)}. "
        f"If the file is yours, name it:\n  {command}"
    )


def shown(settings: Settings) -> Iterator[str]:
    """Each such name with its value and source, for the person who is asked."""
    for name, origin in settings.steered_by_found_files().items():
        value = f"that of {origin.name}" if origin.indirect else _value(settings, name)
        said = f"{name} is {value}, by {origin.place}, which was merely found."
        yield one_line(said)


def _value(settings: Settings, name: str) -> str | None:
    group, _, key = name.partition(".")
    names = settings.names
    if group == "columns":
        return names.column(key)
    if group == "status":
        return str(getattr(names, key))
    if name == "endpoint":
        return settings.storage.endpoint
    return str(getattr(names, name))
