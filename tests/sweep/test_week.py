"""A week on duty: what was sent each morning and night, and what was not.

Every message is one that one would act on, or says that what one acted on is over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from msgspec.structs import replace

from backup_doctor.evidence import clocks
from backup_doctor.run import runner
from backup_doctor.run.sweep.sweeping import Sweeping, Wish
from tests.sweep.crowd import Quiet, settings_of
from tests.sweep.week import GOOD_ROW, Message, Week, week

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backup_doctor.demo.world import Servers, World

pytestmark = pytest.mark.slow
NOBODY = "postgresql://doctor:expired-secret@127.0.0.1:1/none"
EXPIRED = "github_pat_" + "0" * 40
BLIND = {
    "CRM_SUPABASE_DB_URL": NOBODY,
    "CRM_SUPABASE_ACCESS_TOKEN": "sbp_" + "0" * 40,
    "CRM_SUPABASE_SERVICE_ROLE_KEY": "sb_secret_" + "0" * 20,
}


@pytest.fixture
def duty(servers: Servers, tmp_path: Path) -> Iterator[Week]:
    with week(servers, tmp_path) as opened:
        yield opened


def only(messages: list[Message]) -> Message:
    (message,) = messages
    return message


@dataclass
class Diary:
    """What was sent, and when."""

    duty: Week
    messages: dict[str, Message] = field(default_factory=dict)

    def sweep(self, when: str, code: int) -> None:
        sent = self.duty.sweep()
        assert self.duty.code == code, (when, self.duty.err)
        if sent:
            self.messages[when] = only(sent)


def a_function_is_removed(duty: Week, diary: Diary) -> str:
    """On Monday night; of one project, whose fallback lacks a grant."""
    duty.wait(hours=24)
    duty.good_night("blog", "crm", "docs", "mail")
    stuck = duty.backup("shop", "stuck")
    duty.wait(hours=1)
    diary.sweep("Tuesday, 1:00", 0)
    duty.wait(hours=2)
    diary.sweep("Tuesday, 3:00", 1)
    duty.wait(minutes=30)
    diary.sweep("Tuesday, 3:30", 1)
    duty.wait(hours=5)
    diary.sweep("Tuesday, 8:30", 1)
    duty.end("shop")
    diary.sweep("Tuesday, 8:31", 0)
    return stuck


def a_token_expires(duty: Week, diary: Diary) -> None:
    """On Tuesday; it is renewed half an hour later."""
    duty.wait(hours=4)
    duty.own = {"CRM_GITHUB_TOKEN": EXPIRED}
    diary.sweep("Tuesday, noon", 0)
    duty.wait(minutes=30)
    diary.sweep("Tuesday, 12:30", 0)
    duty.own = {}
    diary.sweep("Tuesday, 12:31", 0)


def no_backup_at_all(duty: Week, diary: Diary) -> None:
    """From Tuesday night on: the machine that dispatches them is down."""
    duty.wait(hours=12)
    diary.sweep("Wednesday, 1:00", 0)
    duty.wait(hours=2.5)
    diary.sweep("Wednesday, 3:30", 1)
    duty.wait(hours=8)
    diary.sweep("Wednesday, 11:30", 1)
    duty.wait(hours=16)
    diary.sweep("Thursday, 3:30", 1)
    duty.good_night()
    diary.sweep("Thursday, 3:31", 0)


def nothing_can_be_seen(duty: Week, diary: Diary) -> None:
    """On Thursday, of one: for a moment, and then for hours."""
    duty.wait(minutes=30)
    duty.own = BLIND
    diary.sweep("Thursday, 4:00", 3)
    duty.own = {}
    diary.sweep("Thursday, 4:01", 0)
    duty.own = BLIND
    duty.wait(hours=2)
    diary.sweep("Thursday, 6:00", 3)
    duty.wait(minutes=30)
    diary.sweep("Thursday, 6:30", 3)
    duty.own = {}
    diary.sweep("Thursday, 6:31", 0)


def test_a_week_on_duty(duty: Week) -> None:
    diary = Diary(duty)

    diary.sweep("Monday, midnight", 0)
    stuck = a_function_is_removed(duty, diary)
    a_token_expires(duty, diary)
    no_backup_at_all(duty, diary)
    nothing_can_be_seen(duty, diary)

    told = diary.messages
    assert {when: message.title for when, message in told.items()} == {
        "Tuesday, 3:00": "shop: no good backup for 1 d 3 h; 1 stuck backup: function/not-deployed",
        "Tuesday, 8:31": "shop: 1 no longer stuck (now success), good backups again",
        "Tuesday, noon": "crm: a credential is refused",
        "Tuesday, 12:31": "crm: all credentials are taken again",
        "Wednesday, 3:30": "4 projects to look at: blog, crm, docs, mail",
        "Wednesday, 11:30": "shop: no good backup for 1 d 3 h",
        "Thursday, 3:30": "4 projects to look at: blog, crm, docs, mail",
        "Thursday, 3:31": "right again: blog, crm, docs, mail, shop",
        "Thursday, 6:00": "crm: Could not determine whether backups are stuck.",
        "Thursday, 6:31": "crm: all can be seen again",
    }
    kinds = {message.kind for when, message in told.items() if "1" in when.rpartition(":")[2]}
    assert kinds == {"success"}
    night, none = told["Tuesday, 3:00"].body, told["Wednesday, 3:30"].body
    assert f"- Then its row: `backup-doctor fix --project shop --dispatch-id {stuck}`" in night
    assert "- First: Deploy update-backup" in night
    assert "Set CRM_GITHUB_TOKEN to a token that has not expired" in told["Tuesday, noon"].body
    assert "- blog: no good backup for 1 d 3 h" in none
    assert "First: see whether backups are made at all: `backup-doctor list --project blog`" in none
    assert "Still so: nothing has changed" in told["Thursday, 3:30"].body
    assert "Refused: Supabase" in told["Thursday, 6:00"].body
    assert not re.search("expired-secret|sb_secret_0|github_pat_0", str(duty.phone.heard))


def test_of_five_one_that_is_not_configured_is_told_and_hides_none(duty: Week) -> None:
    duty.backup("shop", "stuck")
    duty.wait(hours=3)
    duty.configure(docs="no url")

    both = only(duty.sweep())
    duty.wait(minutes=30)
    again = duty.sweep()

    assert (duty.code, again) == (3, [])
    assert both.title == "2 projects to look at: docs, shop"
    assert "projects.docs" in both.body
    assert "1 stuck backup: function/not-deployed" in both.body


def test_a_file_of_projects_that_cannot_be_read_is_told_once_and_again_the_next_time(
    duty: Week,
) -> None:
    def broken() -> list[Message]:
        (duty.folder / "backup-doctor.toml").write_text("[projects")
        return duty.sweep()

    first, second = broken(), broken()
    duty.configure()
    well = duty.sweep()
    third = broken()

    assert duty.code == 2
    assert (second, well) == ([], [])
    assert "is not valid TOML" in only(first).body
    assert "Since the last sweep: not all can be seen." in only(third).body


def test_a_state_that_is_lost_or_broken_or_cannot_be_written_silences_nothing(duty: Week) -> None:
    duty.backup("mail", "stuck")
    duty.wait(hours=3)
    state = duty.folder / "state.json.mail"
    title = "mail: 1 stuck backup: function/not-deployed"

    first = only(duty.sweep())
    state.write_text('{"stuck": 3')
    broken, said = only(duty.sweep()), duty.err
    state.unlink()
    lost = only(duty.sweep())
    state.unlink()
    state.mkdir()
    unwritable = [only(duty.sweep()) for _ in range(2)]

    assert {one.title for one in (first, broken, lost, *unwritable)} == {title}
    assert (
        "The state in state.json.mail cannot be used (it holds no state): all is told again."
        in said
    )
    assert "this message comes after every sweep until it can" in unwritable[0].body
    assert "could not be written to state.json.mail" in duty.err


def test_an_address_that_is_down_is_said_and_gets_the_message_later_and_the_others_at_once(
    duty: Week,
) -> None:
    duty.backup("mail", "stuck")
    duty.wait(hours=3)
    nowhere = "json://127.0.0.1:1/hooks/0a1b2c3d4e5f6a7b"

    told = duty.sweep("--notify", nowhere)
    code, said = duty.code, duty.err
    later = duty.sweep("--notify", nowhere)
    # The second address takes messages now: it is the same as the first.
    back = duty.sweep("--notify", duty.flags[-1].replace("9a8b", "1234"))
    quiet = duty.sweep("--notify", duty.flags[-1].replace("9a8b", "1234"))

    assert (code, len(told)) == (1, 1)
    assert "the address 2 of --notify did not take the message" in said
    assert nowhere not in said
    assert (later, quiet) == ([], [])
    assert "Sent once more" in only(back).body
    assert duty.code == 1


def test_sql_that_cannot_be_asked_is_followed_by_the_data_api(duty: Week) -> None:
    duty.backup("crm", "stuck")
    duty.wait(hours=3)
    duty.own = {name: BLIND[name] for name in BLIND if "ROLE" not in name}

    told = only(duty.sweep())

    assert told.title == "crm: 1 stuck backup: function/not-deployed"
    assert (
        "Refused: Supabase's Management API does not accept CRM_SUPABASE_ACCESS_TOKEN" in told.body
    )


def test_a_clock_that_is_wrong_hides_no_night_without_a_backup(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sql(GOOD_ROW)
    world.sql("UPDATE public.backup_history SET finished_at = now() - interval '2 d'")
    settings = settings_of(world, tmp_path)
    daily = msgspec.structs.replace(settings.names, max_age_s=93_600.0)
    for module in (clocks, runner):
        monkeypatch.setattr(module, "own_now", lambda: datetime.now(UTC) - timedelta(days=3))

    slow = Sweeping(replace(settings, names=daily), Wish(older_than_s=7200), Quiet()).run()

    assert slow.late
    assert slow.freshness.age is not None
    # The services' clocks tell the time to the second.
    assert abs(slow.freshness.age - timedelta(days=2)) < timedelta(minutes=10)
