"""The state of the last sweep, the addresses of a switch, and what of an address is secret."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from backup_doctor.run.sweep.notify import NotSentError, secrets_in, send
from backup_doctor.run.sweep.ping import Signal, address, ping
from backup_doctor.run.sweep.state import SweepState, news, read_state, state_of, write_state
from tests.sweep.results import sweep

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://hc-ping.com/5a3b1c9e-0000-4000-8000-000000000000"


def test_nothing_new_is_no_news() -> None:
    same = SweepState(stuck={"a": "function/not-deployed"})

    assert news(same, same) is None


def test_what_changed_is_told_in_one_sentence() -> None:
    before = SweepState(stuck={"a": "unknown", "b": "unknown"})
    after = SweepState(stuck={"b": "rls/no-grant", "c": "unknown", "d": "unknown"})

    assert news(before, after) == (
        "Since the last sweep: 2 new, 1 no longer stuck, 1 with another cause."
    )


def test_that_good_backups_stop_and_come_again_is_news() -> None:
    late, well = SweepState(late=True), SweepState()

    assert news(well, late) == "Since the last sweep: no good backup lately."
    assert news(late, well) == "Since the last sweep: good backups again."
    assert news(late, late) is None


def test_that_not_all_can_be_seen_is_news_once() -> None:
    blind, well = SweepState(blind=True), SweepState()

    assert news(well, blind) == "Since the last sweep: not all can be seen."
    assert news(blind, well) == "Since the last sweep: all can be seen again."
    assert news(blind, blind) is None


def test_what_a_sweep_did_not_see_is_not_over() -> None:
    before = SweepState(stuck={"seen-before": "unknown"})

    after = state_of(sweep(complete=False), before)

    assert after == SweepState(stuck={"seen-before": "unknown"}, blind=True)
    assert "no longer stuck" not in (news(before, after) or "")


def test_a_state_of_an_older_version_is_read(tmp_path: Path) -> None:
    (tmp_path / "last.json").write_text('{"stuck": {"a": "unknown"}, "late": true}')

    assert read_state(tmp_path / "last.json") == SweepState(stuck={"a": "unknown"}, late=True)


def test_the_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    state = SweepState(stuck={"ünï": "unknown"})

    write_state(tmp_path / "last.json", state)

    assert read_state(tmp_path / "last.json") == state
    assert [file.name for file in tmp_path.iterdir()] == ["last.json"]


@pytest.mark.parametrize("content", [b"", b"[]", b'{"stuck": 3}', b"\xff\x00"])
def test_a_file_that_is_no_state_is_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "last.json").write_bytes(content)

    assert read_state(tmp_path / "last.json") == SweepState()
    assert read_state(tmp_path / "absent.json") == SweepState()


@pytest.mark.parametrize(
    ("url", "signal", "wanted"),
    [
        (URL, Signal.START, f"{URL}/start"),
        (URL, Signal.SUCCESS, URL),
        (f"{URL}/", Signal.FAIL, f"{URL}/fail"),
        (f"{URL}?create=1", Signal.FAIL, f"{URL}/fail?create=1"),
    ],
)
def test_a_signal_goes_to_its_own_address(url: str, signal: Signal, wanted: str) -> None:
    assert address(url, signal) == wanted


def test_the_credentials_of_an_address_are_secret_and_its_words_are_not() -> None:
    slack = "slack://TokenA123/TokenB456789/TokenC0123456789/#ops"
    mail = "mailto://me:pass%2Fword@example.com"

    found = {*secrets_in([slack, mail])}

    assert {"TokenB456789", "TokenC0123456789", slack, "me:pass/word@example.com"} <= found
    assert not {"hooks", "#ops", "slack"} & found


def test_a_switch_that_nobody_serves_is_told_by_no_more_than_its_error() -> None:
    problem = ping("http://127.0.0.1:1/0f1e2d3c-secret-slug", Signal.FAIL, "It failed.")

    assert problem == "The address of --ping could not be notified (ConnectError)."


def test_without_apprise_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)

    with pytest.raises(NotSentError, match="apprise is missing: pip install"):
        send(["json://127.0.0.1:1"], "title", "body", failing=True)


def test_an_address_that_cannot_be_taken_apart_is_secret_as_a_whole() -> None:
    assert "json://[::1/secret" in set(secrets_in(["json://[::1/secret"]))
