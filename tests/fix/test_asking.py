"""The question before a write: answered by a person, on a terminal, while the diagnosis is fresh."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from backup_doctor.cli import mending
from backup_doctor.cli.mending import TOO_LATE, confirmed

if TYPE_CHECKING:
    import pytest


class Terminal(io.StringIO):
    """A stream of a terminal."""

    def isatty(self) -> bool:
        return True


def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Where the question is asked, and answered with yes."""
    stream = Terminal()
    monkeypatch.setattr("sys.stdin", stream)
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setattr("typer.confirm", lambda *_args, **_flags: True)
    return stream


def test_an_answer_in_time_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch)

    assert confirmed("Change this row?", yes=False)
    assert terminal.getvalue() == ""


def test_an_answer_that_comes_too_late_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch)
    monkeypatch.setattr(mending, "ANSWER_LIMIT_S", -1.0)

    assert not confirmed("Change this row?", yes=False)
    assert TOO_LATE in " ".join(terminal.getvalue().split())
