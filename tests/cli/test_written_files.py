"""Every file that a command writes is its owner's alone, and no link of a checkout leads it astray."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from tests.bundle import samples
from tests.cli.command import doctor
from tests.collect.repository.shapes import guides

if TYPE_CHECKING:
    from pathlib import Path

SAVED = str(samples.STUCK)
WRITERS = {
    f"report{ending}": ("--from-evidence", SAVED, "--report", "{path}")
    for ending in (".md", ".json", ".html", ".xml", ".txt")
} | {
    "evidence.json": ("--dispatch-id", "d", "--save-evidence", "{path}"),
    "shared.json.gz": ("redact", SAVED, "-o", "{path}"),
}


@pytest.mark.parametrize("name", WRITERS)
def test_only_its_owner_may_read_it(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch(mode=0o644)

    doctor(*(part.format(path=name) for part in WRITERS[name]), cwd=tmp_path)

    assert (tmp_path / name).stat().st_size
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("form", ["its own place", "a folder above it"])
def test_it_is_not_written_through_a_link(name: str, form: str, tmp_path: Path) -> None:
    here, away = checkout(tmp_path)
    path = f"out/{name}"
    if form == "its own place":
        (here / "out").mkdir()
        (here / path).symlink_to(away / name)
    else:
        (here / "out").symlink_to(away, target_is_directory=True)

    done = doctor(*(part.format(path=path) for part in WRITERS[name]), cwd=here)

    assert "is a symbolic link" in done.stderr
    assert done.returncode in {2, 4}
    assert list(away.iterdir()) == []


@pytest.mark.parametrize("name", ["backup-doctor.toml", "backup-doctor-job.yml"])
@pytest.mark.parametrize("flags", [(), ("--force",)])
def test_init_writes_through_no_link(name: str, flags: tuple[str, ...], tmp_path: Path) -> None:
    here, away = checkout(tmp_path)
    guides(here)
    (here / name).symlink_to(away / "not-there-yet")

    done = doctor("init", *flags, cwd=here)

    assert done.returncode == 2
    assert name in done.stderr
    assert list(away.iterdir()) == []


def test_a_report_folder_that_is_a_link_is_refused_and_nothing_removed(tmp_path: Path) -> None:
    here, away = checkout(tmp_path)
    (away / "backup-doctor.md").write_text("mine")
    (here / "backup-doctor-report").symlink_to(away, target_is_directory=True)

    done = doctor("ci", "--run-id=1", cwd=here)

    assert done.returncode == 2
    assert "--report-dir backup-doctor-report cannot be written" in done.stderr
    assert [file.read_text() for file in away.iterdir()] == ["mine"]


@pytest.mark.parametrize(("output", "summary"), [("link", ""), ("", "link")])
def test_the_run_is_not_told_through_a_link(output: str, summary: str, tmp_path: Path) -> None:
    here, away = checkout(tmp_path)
    (away / "file").write_text("mine")
    (here / "link").symlink_to(away / "file")

    done = doctor(
        "ci", "--run-id=1", case="stuck", cwd=here,
        GITHUB_OUTPUT=output, GITHUB_STEP_SUMMARY=summary,
    )  # fmt: skip

    assert done.returncode == 1
    assert "is a symbolic link" in done.stderr
    assert (away / "file").read_text() == "mine"


def checkout(folder: Path) -> tuple[Path, Path]:
    """The checkout that the doctor runs in, and a folder beside it."""
    (folder / "checkout").mkdir()
    (folder / "away").mkdir()
    return folder / "checkout", folder / "away"
