"""The state of the last sweep, the addresses of a switch, and what of an address is secret."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from backup_doctor.run.sweep import notify
from backup_doctor.run.sweep import ping as module_of_ping
from backup_doctor.run.sweep.notify import CUT, LONGEST, NotSentError, fitting, secrets_in, send
from backup_doctor.run.sweep.ping import Signal, address, ping
from backup_doctor.run.sweep.state import SweepState, news, read_state, state_of, write_state
from tests.sweep.listener import dripping
from tests.sweep.results import sweep, swept

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
URL = "https://hc-ping.com/5a3b1c9e-0000-4000-8000-000000000000"


def told(**fields: Any) -> SweepState:
    """What was told an hour ago."""
    return SweepState(
        told_at=NOON - timedelta(hours=1), seen_at=NOON - timedelta(hours=1), **fields
    )


def said(
    before: SweepState, after: SweepState, now: datetime = NOON, **more: Mapping[str, str]
) -> str:
    """What is told, in a sentence; empty where nothing is."""
    found = news(before, after, now, **more)
    return found.said if found else ""


def test_nothing_new_is_no_news() -> None:
    same = told(stuck={"a": "function/not-deployed"})

    assert news(same, same, NOON) is None
    assert news(SweepState(), SweepState(), NOON) is None


def test_what_changed_is_told_in_one_sentence() -> None:
    before = told(stuck={"a": "unknown", "b": "unknown"})
    after = told(stuck={"b": "rls/no-grant", "c": "unknown", "d": "unknown"})

    assert said(before, after) == (
        "Since the last message (2026-11-24 11:00 UTC): 2 new, 1 no longer stuck, 1 with another cause."
    )
    assert said(SweepState(), after) == "Since the last sweep: 3 new."


def test_of_what_is_no_longer_stuck_it_is_said_how_it_ended() -> None:
    before = told(stuck=dict.fromkeys("abcd", "unknown"))
    endings = {"a": "success", "b": "failed", "c": "success"}

    assert said(before, told(), endings=endings).endswith(
        ": 4 no longer stuck (2 success, 1 failed and 1 not seen)."
    )


def test_more_of_a_cause_that_was_told_waits_and_is_not_lost() -> None:
    before = told(stuck={"a": "rls/no-grant"})
    more = told(stuck=dict.fromkeys("ab", "rls/no-grant"))
    another = told(stuck={"a": "rls/no-grant", "b": "row/locked"})

    assert news(before, more, NOON) is None
    assert "1 new" in said(before, more, NOON + timedelta(hours=3))
    assert "1 new" in said(before, another)


def test_what_stays_wrong_is_told_once_a_day() -> None:
    before = told(stuck={"a": "rls/no-grant"}, late=True)

    again = said(before, before, NOON + timedelta(hours=23))

    assert again == ("Still so: nothing has changed since the last message (2026-11-24 11:00 UTC).")
    assert news(told(), told(), NOON + timedelta(days=9)) is None


def test_a_clock_that_was_set_back_silences_nothing() -> None:
    ahead = SweepState(stuck={"a": "unknown"}, told_at=NOON + timedelta(days=9), seen_at=NOON)

    assert said(ahead, ahead).startswith("Still so")


def test_that_good_backups_stop_and_come_again_is_news() -> None:
    late, well = told(late=True), told()

    assert said(well, late).endswith(": no good backup lately.")
    assert said(late, well).endswith(": good backups again.")
    assert news(late, late, NOON) is None


def test_a_credential_that_nobody_takes_is_told_once_and_that_it_is_taken_again() -> None:
    refused, well = told(refused=("GitHub does not accept the token.",)), told()

    assert said(well, refused).endswith(": a credential is refused.")
    assert said(refused, well).endswith(": all credentials are taken again.")
    assert said(refused, refused) == ""
    assert state_of(sweep(complete=False), refused).refused == refused.refused


def test_that_not_all_can_be_seen_is_news_once() -> None:
    blind, well = told(blind=True), told()

    assert said(well, blind).endswith(": not all can be seen.")
    assert said(blind, well).endswith(": all can be seen again.")
    assert news(blind, blind, NOON) is None


@pytest.mark.parametrize(
    ("seen_before", "is_told"),
    [
        (timedelta(minutes=30), False),
        (timedelta(minutes=89), False),
        (timedelta(minutes=90), True),
        (timedelta(days=1), True),
        (timedelta(minutes=-5), True),
        (None, True),
    ],
)
def test_a_single_blind_moment_is_not_told(seen_before: timedelta | None, is_told: bool) -> None:
    blind = sweep(complete=False)
    before = SweepState(seen_at=None if seen_before is None else blind.at - seen_before)

    after = state_of(blind, before)

    assert after.blind is is_told
    assert after.seen_at == before.seen_at


def test_what_a_sweep_did_not_see_is_not_over() -> None:
    before = SweepState(stuck={"seen-before": "unknown"}, late=True)

    after = state_of(sweep(complete=False), before)

    assert after == SweepState(stuck={"seen-before": "unknown"}, late=True, blind=True)
    assert "no longer stuck" not in said(before, after)
    assert "good backups again" not in said(before, after)


def test_a_cause_that_was_known_is_not_lost_to_a_sweep_that_sees_less() -> None:
    before = SweepState(stuck={"d-1": "rls/no-grant"})

    assert state_of(sweep(swept(None)), before).stuck == before.stuck
    assert state_of(sweep(swept(None)), SweepState()).stuck == {"d-1": "unknown"}


def test_a_state_of_an_older_version_is_read(tmp_path: Path) -> None:
    (tmp_path / "last.json").write_text('{"stuck": {"a": "unknown"}, "late": true}')

    assert read_state(tmp_path / "last.json") == SweepState(stuck={"a": "unknown"}, late=True)


def test_the_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    state = SweepState(stuck={"ünï": "unknown"})

    write_state(tmp_path / "last.json", state)

    assert read_state(tmp_path / "last.json") == state
    assert [file.name for file in tmp_path.iterdir()] == ["last.json"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"stuck": 3}',
        b"\xff\x00",
        b'{"stuck": {"\xff": "unknown"}}',
        b'{"told_at": "2026-11-24T12:00:00"}',
    ],
)
def test_a_file_that_is_no_state_is_told_from_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "last.json").write_bytes(content)

    with pytest.raises(msgspec.DecodeError):
        read_state(tmp_path / "last.json")
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


def test_a_switch_that_never_comes_to_an_answer_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module_of_ping, "WHOLE_LIMIT_S", 0.5)
    with dripping(b"HTTP/1.1 200 OK\r\nX-Slow: ") as address:
        said = ping(f"http://{address}/", Signal.FAIL)

    assert said == "The address of --ping did not answer within 0.5 s."


def test_a_switch_has_heard_whatever_it_says_beside_its_status() -> None:
    """All of a body without an end was read, for as long as a ping may take."""
    with dripping() as address:
        began = time.monotonic()
        said = ping(f"http://{address}/", Signal.FAIL)

    assert said is None
    assert time.monotonic() - began < 5


def test_who_takes_a_message_byte_by_byte_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(notify, "LIMIT_S", 0.5)
    with dripping() as address:
        began = time.monotonic()
        assert send({1: f"json://{address}/"}, "title", "body", failing=True) == (1,)

    assert time.monotonic() - began < 5


def test_a_switch_that_nobody_serves_is_told_by_no_more_than_its_error() -> None:
    problem = ping("http://127.0.0.1:1/0f1e2d3c-secret-slug", Signal.FAIL, "It failed.")

    assert problem == "The address of --ping could not be notified (ConnectError)."


def test_without_apprise_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)

    with pytest.raises(NotSentError, match="apprise is missing: pip install"):
        send({1: "json://127.0.0.1:1"}, "title", "body", failing=True)


def test_an_address_that_cannot_be_taken_apart_is_secret_as_a_whole() -> None:
    assert "json://[::1/secret" in set(secrets_in(["json://[::1/secret"]))


def test_a_message_that_is_too_long_ends_with_a_whole_line_and_says_so() -> None:
    body = "\n".join(f"- **cause {nth}**: {'x' * 200}" for nth in range(30))

    cut = fitting(body)

    assert len(cut) <= LONGEST
    assert cut.removesuffix(CUT) in body
    assert cut.removesuffix(CUT).endswith("x" * 200)
    assert fitting("short") == "short"
