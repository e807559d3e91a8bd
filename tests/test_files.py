"""Files are read with a bound, and written whole, for their owner alone and through no link."""

from __future__ import annotations

import os
import stat
import threading
import time
from typing import TYPE_CHECKING

import pytest

from backup_doctor.base import files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

UMASKS = [0o000, 0o022, 0o077]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a folder beside it that nothing may reach."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "precious").write_text("mine")
    (tmp_path / "checkout").mkdir()
    monkeypatch.chdir(tmp_path / "checkout")
    return tmp_path / "checkout"


@pytest.mark.parametrize("umask", UMASKS)
def test_what_is_written_is_its_owners_alone_whatever_stood_there(here: Path, umask: int) -> None:
    file = here / "report.md"
    file.write_text("of yesterday")
    file.chmod(0o644)
    before = os.umask(umask)

    try:
        files.write(file, "of today \ud800")
    finally:
        os.umask(before)

    assert file.read_text() == "of today \\ud800"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(here.iterdir()) == [file]


def test_who_has_the_old_file_open_sees_none_of_the_new_one(here: Path) -> None:
    file = here / "report.md"
    file.write_text("of yesterday")

    with file.open() as reading:
        files.write(file, "of today")

        assert reading.read() == "of yesterday"


def test_a_file_that_cannot_be_written_stays_as_it_was_and_nothing_is_left_behind(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = here / "report.md"
    file.write_text("of yesterday")

    def fail(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        files.write(file, "of today")

    assert file.read_text() == "of yesterday"
    assert list(here.iterdir()) == [file]


@pytest.mark.parametrize("target", ["precious", "not-there-yet"])
def test_a_link_in_the_files_place_is_refused_and_stays(here: Path, target: str) -> None:
    link = here / "report.md"
    link.symlink_to(here.parent / "elsewhere" / target)

    for act in (files.write, files.append):
        with pytest.raises(OSError, match="is a symbolic link"):
            act(link, "x")

    assert link.is_symlink()
    assert elsewhere(here) == {"precious": "mine"}


@pytest.mark.parametrize(
    "path", ["out/precious", "out/deeper/precious", "./out/precious", "{here}/out/precious"]
)
@pytest.mark.parametrize("to", ["../elsewhere", "{above}/elsewhere"])
def test_a_link_below_the_working_directory_is_not_followed(here: Path, path: str, to: str) -> None:
    (here / "out").symlink_to(to.format(above=here.parent), target_is_directory=True)
    file = type(here)(path.format(here=here))
    acts: list[Callable[[], None]] = [
        lambda: files.write(file, "x"),
        lambda: files.append(file, "x"),
        lambda: files.make_folder(file.parent),
        lambda: files.remove(file),
    ]

    for act in acts:
        with pytest.raises(OSError, match="out is a symbolic link"):
            act()

    assert elsewhere(here) == {"precious": "mine"}


def test_a_link_above_the_working_directory_is_the_machines_own(here: Path) -> None:
    by_link = here.parent / "link"
    by_link.symlink_to(here.parent / "elsewhere", target_is_directory=True)

    files.write(by_link / "report.md", "x")

    assert elsewhere(here) == {"precious": "mine", "report.md": "x"}


@pytest.mark.parametrize("path", ["../elsewhere/report.md", "{above}/elsewhere/report.md"])
def test_a_path_to_elsewhere_is_the_users_own_wish(here: Path, path: str) -> None:
    files.write(type(here)(path.format(above=here.parent)), "x")

    assert elsewhere(here)["report.md"] == "x"


def test_a_device_is_not_exchanged_for_a_file(here: Path) -> None:
    os.mkfifo(here / "report.md")

    with pytest.raises(OSError, match="not a regular file"):
        files.write(here / "report.md", "x")

    assert stat.S_ISFIFO((here / "report.md").stat().st_mode)


def test_folders_are_made_and_a_file_in_them_appended_to_and_removed(here: Path) -> None:
    file = here / "a" / "b" / "c"

    files.make_folder(file.parent)
    files.make_folder(file.parent)
    files.append(file, "one\n")
    files.append(file, "two\n")

    assert file.read_text() == "one\ntwo\n"
    files.remove(file)
    files.remove(file)
    assert not file.exists()


def test_a_folder_that_is_not_there_is_named_by_the_reason(here: Path) -> None:
    for file in (here / "no" / "report.md", here.parent / "no" / "report.md"):
        with pytest.raises(FileNotFoundError):
            files.write(file, "x")


def test_a_file_is_read_whole_up_to_the_bound(here: Path) -> None:
    (here / "file").write_bytes(b"x" * 100_000)

    assert len(files.read(here / "file", 100_000)) == 100_000
    with pytest.raises(OSError, match=r"larger than 99,999 bytes"):
        files.read(here / "file", 99_999)


def test_an_endless_device_is_read_no_further_than_the_bound(here: Path) -> None:
    (here / "file").symlink_to("/dev/zero")

    with pytest.raises(OSError, match="larger than 1,048,576 bytes"):
        files.read(here / "file", patience_s=5)


@pytest.mark.parametrize("name", ["pipe", "link"])
def test_a_pipe_that_nobody_fills_is_not_waited_for_without_end(here: Path, name: str) -> None:
    os.mkfifo(here / "pipe")
    (here / "link").symlink_to("pipe")
    started = time.monotonic()

    with pytest.raises(OSError, match="its end did not come"):
        files.read(here / name, patience_s=0.2)

    assert time.monotonic() - started < 10


def test_a_pipe_that_drips_is_not_waited_for_without_end(here: Path) -> None:
    receiver, sender = os.pipe()
    done = threading.Event()

    def drip() -> None:
        while not done.wait(0.05):
            os.write(sender, b"x")

    thread = threading.Thread(target=drip)
    thread.start()
    with pytest.raises(OSError, match="its end did not come"):
        files.read(type(here)(f"/dev/fd/{receiver}"), patience_s=0.3)
    done.set()
    thread.join()
    os.close(sender)
    os.close(receiver)


def test_a_pipe_that_is_filled_is_read(here: Path) -> None:
    os.mkfifo(here / "pipe")
    writer = threading.Thread(target=lambda: (here / "pipe").write_bytes(b"x" * 200_000))
    writer.start()

    assert files.read(here / "pipe", patience_s=5) == b"x" * 200_000
    writer.join()


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_without_patience_a_file_is_a_regular_one(here: Path, make: Callable[[Path], None]) -> None:
    make(here / "file")

    with pytest.raises(OSError, match="it is not a regular file"):
        files.read(here / "file")


@pytest.mark.parametrize("name", ["", "none"])
def test_what_is_no_file_has_its_reason(here: Path, name: str) -> None:
    with pytest.raises(OSError, match=r"not a regular file|No such file"):
        files.read(here / name)


def elsewhere(here: Path) -> dict[str, str]:
    """What stands in the folder beside the working directory."""
    return {file.name: file.read_text() for file in (here.parent / "elsewhere").iterdir()}
