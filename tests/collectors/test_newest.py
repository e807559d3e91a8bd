"""The last good backup: seen by SQL and by the service key alone, and missing only where it would be seen."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from backup_doctor.collect.row.collector import look
from backup_doctor.collect.row.newest import last_good, newest_rows
from backup_doctor.demo.supabase.gateway import Gateway
from backup_doctor.demo.supabase.state import Project
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.case import Asked, Names
from backup_doctor.evidence.row import LastGood
from backup_doctor.judge.freshness import Freshness, freshness, sentence
from backup_doctor.settings.model import Secret, Settings
from tests.collectors.conftest import lab, postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.database.lab import Lab

__all__ = ["lab", "postgres"]
DAY = 86_400.0
GOOD = "INSERT INTO public.backup_history (dispatch_id, status, s3_key, created_at, finished_at)"
WAYS = pytest.mark.parametrize("by_sql", [True, False], ids=["sql", "data-api"])


@pytest.fixture
def gateway(lab: Lab) -> Iterator[Gateway]:
    lab.migrate()
    with Gateway(Project(lab.uri("supabase_admin"))) as running:
        yield running


def seen(
    lab: Lab, gateway: Gateway, *, by_sql: bool, names: Names | None = None, role: str = "secret"
) -> LastGood | Unseen:
    """What the look-up of no backup in particular says of the last good one."""
    chosen = names or Names()
    key = Secret(getattr(gateway.project.keys, role))
    over_rest = Settings(names=chosen, supabase_url=gateway.url, service_key=key)
    settings = lab.settings() if by_sql else over_rest
    case = replace(lab.case(), asked=Asked(), names=chosen)
    found = look(lab.ask(settings), case).last_good
    assert found is not None
    return found


def told(lab: Lab, gateway: Gateway, max_age_s: float | None = DAY, **how: Any) -> Freshness:
    return freshness(seen(lab, gateway, **how), max_age_s, lab.case().now)


@WAYS
def test_the_last_one_is_the_last_to_be_finished(
    lab: Lab, gateway: Gateway, *, by_sql: bool
) -> None:
    lab.sql(
        f"{GOOD} VALUES ('slow', 'success', 'k1', now() - interval '9 h', now() - interval '1 h'),"
        " ('quick', 'success', 'k2', now() - interval '6 h', now() - interval '5 h'),"
        " ('untimed', 'success', 'k3', now() - interval '2 h', NULL),"
        " ('to come', 'success', 'k4', now() - interval '8 h', '2099-01-01'),"
        " ('keyless', 'success', NULL, now(), now()), ('failed', 'failed', 'k5', now(), now())"
    )

    fresh = told(lab, gateway, by_sql=by_sql)

    assert fresh.last_good is not None
    assert (fresh.last_good.dispatch_id, fresh.ok) == ("slow", True)
    assert fresh.age is not None
    assert abs(fresh.age - timedelta(hours=1)) < timedelta(minutes=1)
    assert sentence(fresh).startswith("The last good backup is 1 h old; ")


@WAYS
def test_none_at_all_is_said_where_other_rows_are_seen(
    lab: Lab, gateway: Gateway, *, by_sql: bool
) -> None:
    fresh = told(lab, gateway, by_sql=by_sql)

    assert (fresh.ok, fresh.last_good, fresh.unseen) == (False, None, None)
    assert sentence(fresh).startswith("No backup has succeeded at all; ")


def test_an_empty_table_proves_nothing_by_the_data_api(lab: Lab, gateway: Gateway) -> None:
    lab.sql("DELETE FROM public.backup_history")

    fresh = told(lab, gateway, by_sql=False)

    assert fresh.ok is None
    assert fresh.unseen is not None
    assert sentence(fresh).startswith("Could not determine whether")
    assert told(lab, gateway, by_sql=True).ok is False


def test_an_old_one_proves_nothing_to_a_key_from_which_rows_may_be_hidden(
    lab: Lab, gateway: Gateway
) -> None:
    lab.sql(f"{GOOD} SELECT 'old', 'success', 'k', t, t FROM (SELECT now() - interval '3 d') o(t)")
    lab.sql("GRANT SELECT ON public.backup_history TO anon", "supabase_admin")
    lab.sql("CREATE POLICY most ON public.backup_history FOR SELECT USING (status <> 'failed')")

    public = told(lab, gateway, by_sql=False, role="publishable")
    owner = told(lab, gateway, by_sql=False)

    assert (public.ok, owner.ok) == (None, False)
    assert told(lab, gateway, 4 * DAY, by_sql=False, role="publishable").ok is True
    assert public.last_good_at == owner.last_good_at


@WAYS
def test_a_table_without_a_finish_time_or_a_key_tells_when_one_was_begun(
    lab: Lab, gateway: Gateway, *, by_sql: bool
) -> None:
    lab.sql(f"{GOOD} VALUES ('a', 'success', 'k', now() - interval '3 h', now())")
    lab.sql("ALTER TABLE public.backup_history DROP COLUMN finished_at, DROP COLUMN s3_key")

    fresh = told(lab, gateway, by_sql=by_sql)

    assert fresh.ok is True
    assert fresh.age is not None
    assert fresh.age > timedelta(hours=2)


@WAYS
def test_without_any_time_nobody_can_tell(lab: Lab, gateway: Gateway, *, by_sql: bool) -> None:
    lab.sql(f"{GOOD} VALUES ('a', 'success', 'k', now(), now())")
    lab.sql("ALTER TABLE public.backup_history DROP COLUMN finished_at, DROP COLUMN created_at")

    assert told(lab, gateway, by_sql=by_sql).ok is None


def test_words_that_an_enum_lacks_hide_no_good_backup(lab: Lab, gateway: Gateway) -> None:
    lab.sql(
        "ALTER TABLE public.backup_history DROP CONSTRAINT backup_history_status_check,"
        " ALTER status DROP DEFAULT"
    )
    lab.sql("CREATE TYPE public.state AS ENUM ('in_progress', 'success')")
    lab.sql("ALTER TABLE public.backup_history ALTER status TYPE public.state USING status::state")
    lab.sql(f"{GOOD} VALUES ('a', 'success', 'k', now(), now())")
    names = Names(success="done", more_words={"success": ("success",)})

    assert told(lab, gateway, by_sql=True, names=names).ok is True
    assert told(lab, gateway, by_sql=False, names=names).ok is True


def test_a_way_that_fails_is_followed_by_the_next(lab: Lab, gateway: Gateway) -> None:
    lab.sql(f"{GOOD} VALUES ('a', 'success', 'k', now(), now())")
    settings = Settings(
        names=Names(),
        supabase_url=gateway.url,
        service_key=Secret(gateway.project.keys.secret),
        database_url=Secret("postgresql://nobody:wrong@127.0.0.1:1/none"),
    )
    ask = lab.ask(settings)

    good = last_good(ask, settings.names, None)
    page = newest_rows(ask, settings.names, None, ("success", "in_progress"), 1)

    assert isinstance(good, LastGood)
    assert good.row is not None
    assert not isinstance(page, Unseen)
    assert [row.dispatch_id for row in page.rows] == ["a"]
    assert (page.unproved, "status" in page.columns) == (None, True)
