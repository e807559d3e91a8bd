"""The plain call of the main job is read without typer, and means the same."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from backup_doctor.cli.given import Given
from backup_doctor.cli.plain import SWITCHES, plain
from backup_doctor.cli.request import Request, request
from backup_doctor.cli.typed import by_typer
from backup_doctor.report.render.formats import Format

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = [
    ("--dispatch-id", "x"),
    ("--backup-id", "3f2a8c1e-5b7d-4e9a-8c6f-0123456789ab"),
    ("--run-id", "19400000001"),
    ("--dispatch-id", " 'x' "),
    *(("--dispatch-id", "x", switch) for switch in SWITCHES),
    ("--dispatch-id", "x", *SWITCHES),
    *(("--dispatch-id", "x", "--format", form) for form in Format),
    ("--run-id", "1", "--strict", "--format", "text", "--format", "json", "-q"),
]
TYPERS = [
    (),
    ("--dispatch-id",),
    ("--dispatch-id", ""),
    ("--dispatch-id", "-q"),
    ("--dispatch-id=x",),
    ("--dispatch-id", "x", "--backup-id", "y"),
    ("--dispatch-id", "x", "--config", "file.toml"),
    ("--dispatch-id", "x", "--probe-function"),
    ("--dispatch-id", "x", "--help"),
    ("--dispatch-id", "x", "--format"),
    ("--dispatch-id", "x", "--format", "pdf"),
    ("--dispatch-id", "x", "--format", "JSON"),
    ("--dispatch-id", "x", "--format=json"),
    ("--quiet", "--dispatch-id", "x"),
    ("fix", "--dispatch-id", "x"),
    ("--version", "--dispatch-id"),
]


@pytest.mark.parametrize("arguments", PLAIN)
def test_it_asks_for_what_typer_would_ask_for(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Request] = []
    monkeypatch.setattr("backup_doctor.cli.diagnose.diagnose", asked.append)

    given = plain(arguments)
    by_typer(arguments)

    assert given is not None
    assert asked == [request(given)]


@pytest.mark.parametrize("arguments", TYPERS)
def test_anything_else_is_typers(arguments: tuple[str, ...]) -> None:
    assert plain(arguments) is None


def test_typer_is_not_imported_for_it(tmp_path: Path) -> None:
    program = (
        "import sys; from backup_doctor.cli.entry import run;"
        "code = run(['--dispatch-id', 'x']);"
        "print(code, *{name.partition('.')[0] for name in sys.modules})"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={},
    )

    code, *modules = done.stdout.split()
    assert code == "2"
    assert not {"typer", "pydantic"} & set(modules)


@pytest.mark.parametrize("behind", ["", "/", "/job/55", "/attempts/2", "?pr=7#step:9:1"])
def test_a_run_may_be_named_by_its_whole_address(behind: str) -> None:
    address = f"https://github.com/acme/shop/actions/runs/19400000001{behind}"

    assert request(Given(run_id=address)).run_id == "19400000001"
