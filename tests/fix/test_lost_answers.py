"""A write whose answer was lost is looked up: what is said and counted is what became of the row."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from backup_doctor.evidence.row import Route
from backup_doctor.run.fix import outcome
from backup_doctor.run.fix.ending import Ending, Written
from backup_doctor.run.fix.outcome import Became, look_up, settle
from backup_doctor.run.fix.writer import Writer
from backup_doctor.settings.model import Secret, Settings
from tests.database.lab import ROW_ID
from tests.fix.losing import losing_answers, losing_calls
from tests.fix.plans import KEY, row_of, to_success
from tests.fix.test_fix_command import fix, rows
from tests.fix.test_fix_command import stuck as _stuck_world
from tests.fix.test_transaction import after, open_transaction

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.demo.world import World
    from tests.database.lab import Lab

COMMITTED = b"COMMIT\0"
REFUSED = b"invalid input syntax"
stuck_backup = _stuck_world


@pytest.fixture(autouse=True)
def _no_long_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome, "OVER_AFTER_S", 2.0)


def at(uri: str) -> Settings:
    return Settings(database_url=Secret(uri))


def test_a_change_that_nobody_confirmed_is_found_to_be_done(stuck: Lab) -> None:
    made = to_success(stuck)

    with losing_answers(stuck.uri(), COMMITTED) as uri:
        written = Writer(at(uri)).write(made)
        settled = settle(at(uri), made, written)

    assert written.ending is Ending.UNKNOWN
    assert settled.ending is Ending.COMMITTED
    assert "it is as announced" in settled.reason
    assert row_of(stuck)["s3_key"] == KEY


def test_a_change_that_was_refused_unheard_is_not_called_done(stuck: Lab) -> None:
    made = to_success(stuck)
    stuck.sql("UPDATE public.backup_history SET s3_key = 'by-the-pipeline.zip'")

    with losing_answers(stuck.uri(), REFUSED) as uri:
        written = Writer(at(uri)).write(made)
        settled = settle(at(uri), made, written)

    assert written.ending is Ending.UNKNOWN
    assert (settled.ending, settled.otherwise) == (Ending.ROLLED_BACK, True)
    assert "neither as it was nor as announced" in settled.reason


def test_a_row_that_stays_as_it_was_is_said_to_be_so_and_no_more(stuck: Lab) -> None:
    made = to_success(stuck)
    stuck.sql("ALTER TABLE public.backup_history ADD CONSTRAINT never CHECK (status <> 'success')")

    with losing_answers(stuck.uri(), b"violates check") as uri:
        settled = settle(at(uri), made, Writer(at(uri)).write(made))

    assert settled.ending is Ending.UNKNOWN
    assert "it is as it was" in settled.reason


def test_a_change_that_comes_late_is_waited_for(stuck: Lab) -> None:
    made = to_success(stuck)
    lost = "PostgreSQL broke off before it confirmed."

    later = after(1.0, lambda: Writer(at(stuck.uri())).write(made))
    settled = settle(at(stuck.uri()), made, Written(ending=Ending.UNKNOWN, reason=lost))
    later.join()

    assert settled.ending is Ending.COMMITTED


def test_a_session_that_the_server_itself_ended_needs_no_wait(
    stuck: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcome, "OVER_AFTER_S", 60.0)
    made = to_success(stuck)
    kill = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'backup-doctor fix' AND datname = current_database()"
    )
    pipeline = f"UPDATE public.backup_history SET size_bytes = 7 WHERE id = '{ROW_ID}'"

    with open_transaction(stuck, pipeline):
        killing = after(0.7, lambda: stuck.sql(kill, "supabase_admin"))
        written = Writer(at(stuck.uri())).write(made)
        killing.join()
    started = time.monotonic()
    settled = settle(at(stuck.uri()), made, written)

    assert (written.ending, written.over) == (Ending.UNKNOWN, True)
    assert settled.ending is Ending.ROLLED_BACK
    assert time.monotonic() - started < 5


def test_what_cannot_be_looked_up_stays_unknown(stuck: Lab) -> None:
    made = to_success(stuck)

    with losing_answers(stuck.uri(), COMMITTED) as uri:
        written = Writer(at(uri)).write(made)
    settled = settle(at(uri), made, written)

    assert settled.ending is Ending.UNKNOWN
    assert "could not be looked up" in settled.reason


def test_a_server_that_cannot_be_reached_was_sent_nothing(stuck: Lab) -> None:
    made = to_success(stuck)
    with losing_answers(stuck.uri(), COMMITTED) as uri:
        pass

    written = Writer(at(uri)).write(made)

    assert written.ending is Ending.NOT_BEGUN


def test_a_size_that_is_kept_as_text_is_compared_as_such(stuck: Lab) -> None:
    stuck.sql("ALTER TABLE public.backup_history ALTER size_bytes TYPE text")
    made = to_success(stuck)

    written = Writer(at(stuck.uri())).write(made)

    assert written.ending is Ending.COMMITTED
    assert look_up(at(stuck.uri()), made) is Became.AS_ANNOUNCED
    assert row_of(stuck)["size_bytes"] == "4096"


@pytest.mark.parametrize("route", [Route.DIRECT, Route.MANAGEMENT, Route.REST])
def test_fix_says_and_returns_what_became_of_the_row(
    world: World, stuck_backup: str, tmp_path: Path, route: Route
) -> None:
    dispatch_id = stuck_backup
    settings: dict[str, str | None] = {"SUPABASE_DB_URL": None, "SUPABASE_ACCESS_TOKEN": None}
    if route is Route.DIRECT:
        losing = losing_answers(world.owner_uri, COMMITTED)
    elif route is Route.MANAGEMENT:
        losing = losing_calls(world.management.url, "POST", re.compile(r"/database/query$"))
        settings["SUPABASE_ACCESS_TOKEN"] = world.access_token.value
    else:
        world.sql("GRANT SELECT, UPDATE ON public.backup_history TO service_role")
        losing = losing_calls(world.gateway.url, "PATCH", re.compile("/rest/v1/"))

    with losing as address:
        names = {
            Route.DIRECT: "SUPABASE_DB_URL",
            Route.MANAGEMENT: "SUPABASE_MANAGEMENT_URL",
            Route.REST: "SUPABASE_URL",
        }
        settings[names[route]] = address
        done = fix(world, dispatch_id, "--apply", "--yes", cwd=tmp_path, **settings)

    assert rows(world)[0]["status"] == "success"
    assert done.returncode == 0, done.stderr
    assert "The row was looked up: it is as announced." in done.stderr
    assert done.stdout.startswith("-- This restores the row")
