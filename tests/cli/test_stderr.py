"""Messages on standard error hold no secret, whatever went wrong and however early."""

from __future__ import annotations

import pytest

from backup_doctor.base.redaction import Redactor
from backup_doctor.cli import stderr
from backup_doctor.cli.codes import UsageError
from backup_doctor.cli.entry import run

SECRET = "canary-0f9c8e7d6b5a-canary"
Printed = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has told nothing yet, with a secret in its environment."""
    monkeypatch.setattr(stderr, "_in_use", [])
    monkeypatch.setenv("BACKUP_API_KEY", SECRET)


def test_before_any_settings_are_read_the_environments_secrets_are_known(capsys: Printed) -> None:
    stderr.tell(f"cannot read {SECRET} or {SECRET[:12]}…")

    assert SECRET[:8] not in capsys.readouterr().err


def test_from_then_on_those_of_the_settings_are(capsys: Printed) -> None:
    stderr.keep_out(Redactor(["of-a-file-b4d5c6"]))

    stderr.tell("cannot use of-a-file-b4d5c6")

    assert "of-a-file" not in capsys.readouterr().err


@pytest.mark.parametrize("debug", ["", "1"])
def test_an_error_in_the_tool_shows_no_secret_even_in_its_traceback(
    debug: str, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError(f"a mistake about {SECRET}")

    monkeypatch.setenv("BACKUP_DOCTOR_DEBUG", debug)
    monkeypatch.setattr("backup_doctor.cli.listing.checks", fail)

    code = run(["checks"])

    printed = capsys.readouterr().err
    assert code == 4
    assert SECRET[:8] not in printed
    assert ("Traceback" in printed) is bool(debug)


def test_a_mistake_of_the_users_is_told_without_the_secret_that_it_is_about(
    capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise UsageError(f"{SECRET} is no code", f"backup-doctor explain {SECRET}")

    monkeypatch.setattr("backup_doctor.cli.listing.explain", refuse)

    assert run(["explain", "x"]) == 2
    assert SECRET[:8] not in capsys.readouterr().err
