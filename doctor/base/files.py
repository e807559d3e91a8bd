"""The user's files: read with a bound in size and time, written for their owner alone.

The folder that the doctor works in may be a stranger's checkout: a link in it may lead anywhere,
and what looks like a file may be a pipe that nobody fills.
"""

from __future__ import annotations

import errno
import os
import secrets
import select
import stat
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 64 * 1024
# So long a pipe that the user named may take until all of it is there.
PATIENCE_S = 5.0
MEBIBYTE = 1024 * 1024
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
OWNER_ALONE = 0o600
# Of a file's name, what stands in the name of the new one beside it.
_SHOWN = 40


def read(file: Path, most: int = MEBIBYTE, *, patience_s: float = 0.0) -> bytes:
    """All of a regular file; with patience also of a pipe, which may take so long.

    Raises:
        OSError: it cannot be read, is neither, holds more than `most` bytes, or takes longer.
    """
    # Without O_NONBLOCK, opening a pipe waits for somebody to write to it.
    opened = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _refuse_unusual(opened, patience_s)
        until = time.monotonic() + (patience_s or PATIENCE_S)
        data = bytearray()
        while True:
            left = until - time.monotonic()
            ready = left > 0 and select.select([opened], [], [], left)[0]
            if not ready:
                raise OSError(errno.ETIMEDOUT, f"its end did not come within {patience_s:g} s")
            chunk = os.read(opened, CHUNK)
            data += chunk
            if len(data) > most:
                raise OSError(errno.EFBIG, f"it is larger than {most:,} bytes")
            if not chunk:
                return bytes(data)
    finally:
        os.close(opened)


def _refuse_unusual(opened: int, patience_s: float) -> None:
    mode = os.fstat(opened).st_mode
    if stat.S_ISDIR(mode) or not (stat.S_ISREG(mode) or patience_s):
        raise OSError(errno.EINVAL, "it is not a regular file")


def write(file: Path, content: str | bytes, *, mode: int = OWNER_ALONE) -> None:
    """Write the file as a whole, or not at all, with this mode and through no symbolic link.

    Links in the path are refused below the working directory; above it, and in a path to elsewhere,
    they are the machine's or the user's own.

    Raises:
        OSError: it cannot be written; what was there is there still.
    """
    with _folder(file.parent) as folder:
        _refuse_what_is_no_file(file.name, folder)
        beside = f".{file.name[:_SHOWN]}.{secrets.token_hex(6)}"
        try:
            with os.fdopen(os.open(beside, _NEW, OWNER_ALONE, dir_fd=folder), "wb") as new:
                os.fchmod(new.fileno(), mode)
                new.write(_bytes(content))
                new.flush()
                os.fsync(new.fileno())
            os.replace(beside, file.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(beside, dir_fd=folder)
            raise


def append(file: Path, text: str) -> None:
    """Append to a file that may be there already, but not through a symbolic link.

    Raises:
        OSError: it cannot be written.
    """
    with _folder(file.parent) as folder:
        _refuse_link(file.name, folder)
        handle = os.open(file.name, _APPEND, OWNER_ALONE, dir_fd=folder)
        with os.fdopen(handle, "ab") as opened:
            opened.write(_bytes(text))


def make_folder(path: Path) -> None:
    """Make the folder, and those above it, where they are not there yet.

    Raises:
        OSError: it cannot be made, or a link leads to it.
    """
    with _folder(path, make=True):
        pass


def remove(file: Path) -> None:
    """Remove a file, if it is there.

    Raises:
        OSError: it cannot be removed, or a link leads to its folder.
    """
    with _folder(file.parent) as folder, suppress(FileNotFoundError):
        os.unlink(file.name, dir_fd=folder)


def _bytes(content: str | bytes) -> bytes:
    return content.encode(errors="backslashreplace") if isinstance(content, str) else content


@contextmanager
def _folder(path: Path, *, make: bool = False) -> Iterator[int]:
    """A descriptor of the folder, reached step by step from the working directory."""
    start, parts = _steps(path)
    folder = os.open(start, _FOLDER)
    try:
        for part in parts:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(part, dir_fd=folder)
            above, folder = folder, _step(part, folder)
            os.close(above)
        yield folder
    finally:
        os.close(folder)


def _steps(path: Path) -> tuple[Path, tuple[str, ...]]:
    """Where the way to a folder begins, and the names on it, none of which may be a link."""
    if not path.is_absolute():
        return Path(), path.parts
    there = (path, *path.parents)
    start = next(filter(_is_here, there), None) or next(above for above in there if above.is_dir())
    return start, path.relative_to(start).parts


def _is_here(path: Path) -> bool:
    try:
        return path.samefile(os.curdir)
    except OSError:
        return False


def _step(name: str, folder: int) -> int:
    try:
        return os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
    except OSError as error:
        if error.errno in (errno.ENOTDIR, errno.ELOOP):
            _refuse_link(name, folder)
        raise


def _refuse_what_is_no_file(name: str, folder: int) -> None:
    mode = _refuse_link(name, folder)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if mode and not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, f"{name} is not a regular file")


def _refuse_link(name: str, folder: int) -> int:
    """The mode of what is there; 0 where nothing is."""
    try:
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return 0
    if stat.S_ISLNK(mode):
        message = f"{name} is a symbolic link, and nothing is written through one"
        raise OSError(errno.ELOOP, message)
    return mode
