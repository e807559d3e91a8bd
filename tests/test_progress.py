"""The progress line is for a person at a terminal, and for nobody else."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from backup_doctor.cli.progress import Progress
from backup_doctor.evidence.base import Evidence
from backup_doctor.judge.framework import Check

if TYPE_CHECKING:
    import pytest


class Terminal(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


CHECK = Check(name="row", step=3, title="Row", evidence=Evidence)


def test_a_terminal_is_told_what_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")

    with Progress(wanted=True) as progress:
        progress.started(CHECK)

    assert "Looking at row" in terminal.getvalue()
    assert terminal.getvalue().endswith("\x1b[?25h\r\x1b[1A\x1b[2K"), "the line is gone again"


def test_a_pipe_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr("sys.stderr", pipe)

    with Progress(wanted=True) as progress:
        progress.started(CHECK)
        progress.finished(CHECK, 0.1)

    assert pipe.getvalue() == ""


def test_nothing_is_shown_after_the_block_was_left(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with Progress(wanted=True) as progress:
        pass
    before = terminal.getvalue()

    progress.started(CHECK)

    assert terminal.getvalue() == before
