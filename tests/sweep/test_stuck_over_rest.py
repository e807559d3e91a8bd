"""Stuck rows by the service key alone: an empty answer is no all-clear unless other rows are shown."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backup_doctor.demo.supabase.gateway import Gateway
from backup_doctor.demo.supabase.state import Project
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.case import Asked, Names
from backup_doctor.run.runner import Silent
from backup_doctor.run.sweep.close import CloseReader
from backup_doctor.run.sweep.shared import collect_shared
from backup_doctor.run.sweep.stuck import StuckFound, StuckSearch, find_stuck
from backup_doctor.settings.model import Secret, Settings
from tests.programs import bare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.database.lab import Lab

ROOT = Path(__file__).parents[2]
UUID = "3f0c7d52-8a1e-4b7e-9f64-1c2d3e4f5a6b"


@pytest.fixture
def gateway(lab: Lab) -> Iterator[Gateway]:
    lab.migrate()
    with Gateway(Project(lab.uri("supabase_admin"))) as running:
        yield running


def found(
    lab: Lab, gateway: Gateway, names: Names | None = None, role: str = "secret"
) -> StuckFound:
    chosen = names or Names()
    key = Secret(getattr(gateway.project.keys, role))
    settings = Settings(names=chosen, supabase_url=gateway.url, service_key=key)
    looked_for = StuckFound()
    find_stuck(lab.ask(settings), StuckSearch(names=chosen, older_than_s=7200), looked_for)
    return looked_for


def test_a_stuck_row_is_found_and_that_is_all(lab: Lab, gateway: Gateway) -> None:
    stuck = found(lab, gateway)

    assert [one.row.dispatch_id for one in stuck.backups] == ["nightly-42"]
    assert stuck.gap is None


def test_a_backup_that_is_read_closely_has_the_other_rows_of_its_id(
    lab: Lab, gateway: Gateway
) -> None:
    lab.sql(
        "INSERT INTO public.backup_history (dispatch_id, status, created_at)"
        " VALUES ('nightly-42', 'success', now())"
    )
    (alone,) = found(lab, gateway).backups
    key = Secret(gateway.project.keys.secret)
    settings = Settings(names=Names(), supabase_url=gateway.url, service_key=key)
    shared = collect_shared(settings, 60.0, Silent())

    case = CloseReader(shared=shared, github=shared.ask.github).read(alone, function_log=False)

    assert alone.asked == Asked(backup_id=alone.row.id)
    assert case.asked == Asked(backup_id=alone.row.id)
    assert case.row is not None
    assert case.row.period is not None
    assert case.row.rows == (alone.row,)


def test_each_of_two_stuck_backups_with_one_id_is_found(lab: Lab, gateway: Gateway) -> None:
    lab.sql(
        "INSERT INTO public.backup_history (dispatch_id, created_at)"
        " VALUES ('nightly-42', now() - interval '1 day')"
    )

    both = found(lab, gateway).backups

    assert {one.asked for one in both} == {
        Asked(backup_id=next(one.row.id for one in both if one.has_next)),
        Asked(dispatch_id="nightly-42"),
    }


def test_a_row_that_was_inserted_twice_is_judged_with_the_other_one(
    lab: Lab, gateway: Gateway
) -> None:
    lab.sql(
        f"UPDATE public.backup_history SET dispatch_id = '{UUID}';"
        "INSERT INTO public.backup_history (dispatch_id, status, created_at)"
        " SELECT dispatch_id, 'success', created_at + interval '2 seconds' FROM public.backup_history"
    )
    (stuck,) = found(lab, gateway).backups
    key = Secret(gateway.project.keys.secret)
    settings = Settings(names=Names(), supabase_url=gateway.url, service_key=key)
    shared = collect_shared(settings, 60.0, Silent())

    case = CloseReader(shared=shared, github=shared.ask.github).read(stuck, function_log=False)

    assert case.asked == Asked(dispatch_id=UUID)
    assert case.row is not None
    assert not isinstance(case.row.rows, Unseen)
    assert [one.status for one in case.row.rows] == ["success", "in_progress"]


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
@pytest.mark.parametrize("made", ["now()", "now() AT TIME ZONE 'UTC'"])
def test_times_without_a_zone_neither_hide_a_stuck_row_nor_make_one(
    lab: Lab, gateway: Gateway, zone: str, made: str
) -> None:
    lab.sql("ALTER TABLE public.backup_history ALTER created_at TYPE timestamp")
    lab.sql(f"ALTER DATABASE {lab.name} SET timezone = '{zone}'", "supabase_admin")
    lab.sql("DELETE FROM public.backup_history")
    lab.sql(
        "INSERT INTO public.backup_history (dispatch_id, created_at) VALUES"
        f" ('old', {made} - interval '20 h'), ('young', {made} - interval '10 min')"
    )

    assert [one.row.dispatch_id for one in found(lab, gateway).backups] == ["old"]


def test_none_is_stuck_where_other_rows_are_shown(lab: Lab, gateway: Gateway) -> None:
    lab.sql("UPDATE public.backup_history SET status = 'success'")

    stuck = found(lab, gateway)

    assert (stuck.backups, stuck.gap) == ([], None)


def test_an_empty_answer_alone_is_no_all_clear(lab: Lab, gateway: Gateway) -> None:
    lab.sql("DELETE FROM public.backup_history")

    stuck = found(lab, gateway)

    assert stuck.gap is not None
    assert "shows the doctor no row at all" in stuck.gap.what


def test_a_key_from_which_rows_may_be_hidden_shows_no_more_than_some(
    lab: Lab, gateway: Gateway
) -> None:
    lab.sql("GRANT SELECT ON public.backup_history TO anon", "supabase_admin")
    lab.sql("CREATE POLICY most ON public.backup_history FOR SELECT USING (status <> 'failed')")

    stuck = found(lab, gateway, role="publishable")

    assert [one.row.dispatch_id for one in stuck.backups] == ["nightly-42"]
    assert stuck.gap is not None
    assert "row-level security may hide it" in stuck.gap.what


def test_every_word_for_in_progress_is_looked_for(lab: Lab, gateway: Gateway) -> None:
    lab.sql("ALTER TABLE public.backup_history DROP CONSTRAINT backup_history_status_check")
    lab.sql("INSERT INTO public.backup_history VALUES (DEFAULT, 'b')")
    lab.sql(
        "UPDATE public.backup_history SET created_at = '2026-01-01',"
        " status = CASE dispatch_id WHEN 'b' THEN 'run, (ning)' ELSE 'queued' END"
    )
    names = Names(in_progress="queued", more_words={"in_progress": ("run, (ning)",)})

    assert len(found(lab, gateway, names).backups) == 2


ENUM = """
ALTER TABLE public.backup_history ALTER status DROP DEFAULT,
  DROP CONSTRAINT backup_history_status_check;
CREATE TYPE public.backup_status AS ENUM ('in_progress', 'success', 'failed');
ALTER TABLE public.backup_history
  ALTER status TYPE public.backup_status USING status::public.backup_status
"""


def test_a_word_that_an_enum_does_not_have_hides_no_row_of_the_others(
    lab: Lab, gateway: Gateway
) -> None:
    lab.sql(ENUM)
    first = Names(more_words={"in_progress": ("queued", "running")})
    last = Names(in_progress="queued", more_words={"in_progress": ("in_progress",)})
    none = Names(in_progress="queued", more_words={"in_progress": ("running",)})

    assert len(found(lab, gateway, first).backups) == 1
    assert len(found(lab, gateway, last).backups) == 1
    assert found(lab, gateway, none).backups == []


def test_a_table_that_does_not_say_when_a_row_was_made_is_searched_all_the_same(
    lab: Lab, gateway: Gateway
) -> None:
    lab.sql("ALTER TABLE public.backup_history DROP COLUMN created_at")

    assert len(found(lab, gateway).backups) == 1
    assert len(found(lab, gateway, Names(columns={"created_at": ""})).backups) == 1


@pytest.mark.parametrize("made", ["NULL", "now() + interval '2 days'", "'infinity'"])
def test_a_row_of_which_no_time_tells_the_age_is_found(
    lab: Lab, gateway: Gateway, made: str
) -> None:
    lab.sql("ALTER TABLE public.backup_history ALTER COLUMN created_at DROP NOT NULL")
    lab.sql(f"UPDATE public.backup_history SET created_at = {made}")

    assert len(found(lab, gateway).backups) == 1


def test_a_young_row_is_not_found(lab: Lab, gateway: Gateway) -> None:
    lab.sql("UPDATE public.backup_history SET created_at = now() + interval '1 minute'")

    assert found(lab, gateway).backups == []


def test_the_command_says_that_it_cannot_tell_and_ends_with_3(
    lab: Lab, gateway: Gateway, tmp_path: Path
) -> None:
    lab.sql("DELETE FROM public.backup_history")
    environ = {
        "SUPABASE_URL": gateway.url,
        "SUPABASE_SERVICE_ROLE_KEY": gateway.project.keys.secret,
    }

    done = subprocess.run(
        [sys.executable, "-m", "backup_doctor", "sweep", "--format", "text", "--budget", "20"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=bare(PYTHONPATH=str(ROOT), **environ),
        timeout=60,
    )

    assert done.returncode == 3
    assert "Could not determine whether backups are stuck." in done.stdout
    assert done.stdout.count("shows the doctor no row at all") == 1
    assert "No stuck backups" not in done.stdout
