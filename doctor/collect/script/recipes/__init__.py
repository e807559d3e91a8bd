"""Recipes that a command runner has in a file of its own: `make backup`, `just backup`, `task backup`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.collect.script.recipes.just import read_justfile
from backup_doctor.collect.script.recipes.make import read_makefile
from backup_doctor.collect.script.recipes.task import read_taskfile

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.collect.script.recipes.model import RecipeBook

_MAKE = (("Makefile", "makefile", "GNUmakefile"), read_makefile)
_TASK = (("Taskfile.yml", "Taskfile.yaml", "taskfile.yml"), read_taskfile)
RUNNERS: dict[str, tuple[tuple[str, ...], Callable[[str], RecipeBook | None]]] = {
    "make": _MAKE,
    "gmake": _MAKE,
    "just": (("justfile", "Justfile", ".justfile"), read_justfile),
    "task": _TASK,
    "go-task": _TASK,
}
"""Each runner's files, the likeliest first, and who reads them."""
