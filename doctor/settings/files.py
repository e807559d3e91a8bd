"""Which files settings are read from, and how: each once, with a bound, and never a pipe or device."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from backup_doctor.base.files import read
from backup_doctor.settings.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LIMIT = 1024 * 1024
OWN_FILE = "backup-doctor.toml"
DOTENV = ".env"


def directories(cwd: Path) -> tuple[Path, ...]:
    """The working directory and those above it, up to the root of its git checkout.

    Outside a checkout, and in one of somebody else's (git itself refuses to work there), the working
    directory alone.
    """
    upwards = (cwd, *cwd.parents)
    root = next((place for place, one in enumerate(upwards) if _is_root(one)), 0)
    inside = upwards[: root + 1]
    return inside if {one.stat().st_uid for one in inside} == {cwd.stat().st_uid} else (cwd,)


def _is_root(directory: Path) -> bool:
    try:
        return (directory / ".git").exists()
    except OSError:  # a directory above, into which this user may not look
        return False


def nearest(cwd: Path, choose: Callable[[Path], Path | None]) -> Path | None:
    """The file that `choose` finds in the nearest directory that has one."""
    chosen = (choose(directory) for directory in directories(cwd))
    return next((path for path in chosen if path is not None), None)


def is_dotenv(path: Path) -> bool:
    """Whether a file is named as `.env` files are: `.env`, `.env.production`, `ops.env`."""
    return path.name.startswith(DOTENV) or path.suffix == DOTENV


def named(path: Path, cwd: Path) -> str:
    """A file as one would name it from the working directory."""
    return os.path.relpath(path, cwd)


def text(path: Path) -> str:
    """The text of a file.

    Raises:
        SettingsError: it is no file of text, is too long, or cannot be read.
    """
    try:
        return read(path, LIMIT).decode("utf-8-sig")
    except OSError as error:
        raise _unreadable(path, error.strerror or "it cannot be opened") from None
    except UnicodeDecodeError:
        raise _unreadable(path, "it is not UTF-8") from None


def _unreadable(path: Path, reason: str) -> SettingsError:
    return SettingsError(
        f"{path.name} cannot be read: {reason}.\nExample: backup-doctor --config {OWN_FILE} …"
    )
