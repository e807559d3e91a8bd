"""The files of a checkout: few, small, regular, and reached through no link."""

from __future__ import annotations

import os
import posixpath
import stat
from functools import cached_property
from typing import TYPE_CHECKING

from backup_doctor.base.files import read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE_LIMIT = 256 * 1024
ENTRIES = 20_000
DEPTH = 6
NOT_OURS = frozenset(
    {".git", "node_modules", ".venv", "venv", "dist", "build", "target", "vendor", "__pycache__"}
)


class Checkout:
    """A folder and what is in it. Paths are relative, with `/`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._texts: dict[str, str | None] = {}

    def text(self, path: str) -> str | None:
        """A file's text; None if it is no regular file of this checkout, or cannot be read."""
        path = posixpath.normpath(path)
        if path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts[path]

    def _read(self, path: str) -> str | None:
        if not path.isprintable() or path.startswith(("/", "..", "~")) or not self._is_file(path):
            return None
        try:
            return read(self.root / path, FILE_LIMIT).decode("utf-8-sig", "replace")
        except OSError:
            return None

    def _is_file(self, path: str) -> bool:
        """Whether every folder on the way is one, and the end a regular file: no links."""
        parts = path.split("/")
        try:
            modes = [
                (self.root / "/".join(parts[: at + 1])).lstat().st_mode for at in range(len(parts))
            ]
        except (OSError, ValueError):
            return False
        return all(map(stat.S_ISDIR, modes[:-1])) and stat.S_ISREG(modes[-1])

    def under(self, folder: str, *endings: str) -> tuple[str, ...]:
        """The files below a folder with one of these endings, in the order of their paths."""
        inside = f"{folder}/" if folder else ""
        return tuple(one for one in self._paths if one.startswith(inside) and one.endswith(endings))

    @cached_property
    def _paths(self) -> tuple[str, ...]:
        found = (path for _, path in zip(range(ENTRIES), self._walk("", 0), strict=False))
        return tuple(sorted(found))

    def _walk(self, folder: str, depth: int) -> Iterator[str]:
        try:
            with os.scandir(self.root / folder) as entries:
                here = sorted(entries, key=lambda one: one.name)
        except OSError:
            return
        for one in here:
            path = f"{folder}/{one.name}" if folder else one.name
            if one.is_file(follow_symlinks=False):
                yield path
            elif one.is_dir(follow_symlinks=False) and depth < DEPTH and one.name not in NOT_OURS:
                yield from self._walk(path, depth + 1)

    def line(self, path: str, needle: str, start: int = 1) -> int:
        """The number of the first line from `start` that has this text; `start` if none has."""
        lines = (self.text(path) or "").splitlines()
        return next(
            (at for at, line in enumerate(lines, 1) if at >= start and needle in line), start
        )
