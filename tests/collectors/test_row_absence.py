"""What is not seen is only absent where it would have been seen, by SQL and through the Data API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backup_doctor.collect.row.collector import look
from backup_doctor.demo.supabase.gateway import Gateway
from backup_doctor.demo.supabase.state import Project
from backup_doctor.evidence.base import Shown, Unseen
from backup_doctor.evidence.case import Names
from backup_doctor.evidence.row import Route, RowEvidence
from backup_doctor.evidence.sql import literal
from backup_doctor.settings.model import Secret, Settings
from tests.database.lab import ROW_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.database.lab import Lab

UUID = "3f2a8c1e-5b7d-4e9a-8c6f-0123456789ab"


@pytest.fixture
def gateway(stuck: Lab) -> Iterator[Gateway]:
    with Gateway(Project(stuck.uri("supabase_admin"))) as running:
        yield running


@pytest.fixture(params=["SQL", "Data API"])
def seen(
    request: pytest.FixtureRequest, stuck: Lab, gateway: Gateway
) -> Callable[..., RowEvidence]:
    """Looks at the row by one of the routes, with a key or user that sees all, or not all."""

    def by_route(names: Names | None = None, *, sees_all: bool = True, **asked: str) -> RowEvidence:
        stuck.names = names or Names()
        if request.param == "SQL":
            settings = stuck.settings("backup_doctor" if sees_all else "authenticator")
        else:
            role = "service_role" if sees_all else "anon"
            key = Secret(getattr(gateway.project.keys, role))
            settings = Settings(names=stuck.names, supabase_url=gateway.url, service_key=key)
        return look(stuck.ask(settings), stuck.case(**asked))

    return by_route


def rename(lab: Lab, dispatch_id: str) -> None:
    lab.sql(f"UPDATE public.backup_history SET dispatch_id = {literal(dispatch_id)}")


def remedy(gap: object) -> str:
    assert isinstance(gap, Unseen)
    return f"{gap.what} {gap.remedy}"


# The id -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [" nightly-42", "nightly-42 ", "nightly-42\n", "'nightly-42'", '"nightly-42"', "`nightly-42`"],
)
def test_an_id_with_blanks_or_quotes_around_it_finds_its_row(
    seen: Callable[..., RowEvidence], typed: str
) -> None:
    evidence = seen(dispatch_id=typed)

    assert evidence.newest is not None
    assert evidence.newest.id == ROW_ID
    assert evidence.respelled == "nightly-42"
    assert any("found as 'nightly-42'" in note.what for note in evidence.notes())


def test_an_id_that_has_blanks_or_quotes_is_found_as_it_is(
    stuck: Lab, seen: Callable[..., RowEvidence]
) -> None:
    stuck.sql("INSERT INTO public.backup_history (dispatch_id) VALUES ('''nightly-42''')")

    evidence = seen(dispatch_id="'nightly-42'")

    assert isinstance(evidence.rows, tuple)
    assert [row.dispatch_id for row in evidence.rows] == ["'nightly-42'"]
    assert evidence.respelled is None


@pytest.mark.parametrize("stored", [UUID, UUID.upper(), UUID[:20].upper() + UUID[20:]])
@pytest.mark.parametrize("typed", [UUID, UUID.upper(), f" {UUID.upper()} "])
def test_a_uuid_is_found_in_letters_of_either_case(
    stuck: Lab, seen: Callable[..., RowEvidence], stored: str, typed: str
) -> None:
    rename(stuck, stored)

    evidence = seen(dispatch_id=typed)

    assert evidence.newest is not None
    assert evidence.newest.dispatch_id == stored


@pytest.mark.parametrize("typed", [ROW_ID.upper(), f"'{ROW_ID}'"])
def test_so_is_the_id_of_the_row_itself(seen: Callable[..., RowEvidence], typed: str) -> None:
    evidence = seen(backup_id=typed)

    assert evidence.newest is not None
    assert evidence.newest.id == ROW_ID


# Did you mean -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("nightly-42", "Nightly-42"),
        ("nightly-42", "nightly-43"),
        ("nightly-42", "nightly-2"),
        ("nightly-42", "nightly--42"),
        ("nightly-42", "nihgtly-42"),
        ("nightly-42", "nightly-42-retry"),
        ("nightly-42", "nightly"),
        (UUID, UUID[:8]),
        ("nightly_42%", "nightly_42"),
    ],
)
def test_a_row_whose_id_is_nearly_the_one_asked_for_is_named_and_not_taken(
    stuck: Lab, seen: Callable[..., RowEvidence], stored: str, typed: str
) -> None:
    rename(stuck, stored)

    evidence = seen(dispatch_id=typed)

    assert evidence.rows == ()
    assert [row.dispatch_id for row in evidence.near] == [stored]


@pytest.mark.parametrize("typed", ["weekly-42", "backup", "nightly-99999", UUID, "n", "42"])
def test_a_row_of_quite_another_id_is_not_named(
    seen: Callable[..., RowEvidence], typed: str
) -> None:
    evidence = seen(dispatch_id=typed)

    assert evidence.rows == ()
    assert evidence.near == ()


def test_the_three_nearest_are_named_the_nearest_first(
    stuck: Lab, seen: Callable[..., RowEvidence]
) -> None:
    for one in ("NIGHTLY-9", "nightly-8", "nightly-9-of-two", "nightly-99-x", "other"):
        stuck.sql(f"INSERT INTO public.backup_history (dispatch_id) VALUES ('{one}')")

    near = [row.dispatch_id for row in seen(dispatch_id="nightly-9").near]

    assert near[0] == "NIGHTLY-9"
    assert near[1] == "nightly-8"
    assert len(near) == 3


def test_a_like_id_of_long_ago_is_found_among_many(
    stuck: Lab, seen: Callable[..., RowEvidence]
) -> None:
    stuck.sql("UPDATE public.backup_history SET created_at = '2020-01-01'")
    stuck.sql(
        "INSERT INTO public.backup_history (dispatch_id)"
        " SELECT 'other ' || n FROM generate_series(1, 1500) AS n"
    )

    assert [row.dispatch_id for row in seen(dispatch_id="NIGHTLY-42").near] == ["nightly-42"]


def test_only_what_names_a_near_row_is_kept_of_it(
    stuck: Lab, seen: Callable[..., RowEvidence]
) -> None:
    stuck.sql("ALTER TABLE public.backup_history ADD customer text DEFAULT 'Jane'")

    (near,) = seen(dispatch_id="nightly-43").near

    assert set(near.values) == {"id", "dispatch_id", "status", "created_at"}


# Whether it would have been seen ------------------------------------------------------------------


def test_a_row_that_would_have_been_seen_is_absent(seen: Callable[..., RowEvidence]) -> None:
    evidence = seen(dispatch_id="weekly-1")

    assert evidence.rows == ()
    assert isinstance(evidence.absent, Shown)


def test_for_who_may_not_see_all_no_row_proves_nothing(
    stuck: Lab, seen: Callable[..., RowEvidence]
) -> None:
    stuck.sql("GRANT SELECT ON public.backup_history TO authenticator, anon", "supabase_admin")

    evidence = seen(dispatch_id="weekly-1", sees_all=False)

    assert "row-level security may hide it" in remedy(evidence.rows)
    assert evidence.absent is None


def test_a_policy_that_lets_every_row_through_hides_none(stuck: Lab) -> None:
    stuck.sql("GRANT SELECT ON public.backup_history TO authenticator", "supabase_admin")
    stuck.sql("CREATE POLICY all_rows ON public.backup_history FOR SELECT USING (true)")

    evidence = look(stuck.ask(stuck.settings("authenticator")), stuck.case(dispatch_id="weekly-1"))

    assert evidence.rows == ()
    assert isinstance(evidence.absent, Shown)


def test_a_restrictive_policy_beside_it_may_hide_some(stuck: Lab) -> None:
    stuck.sql("GRANT SELECT ON public.backup_history TO authenticator", "supabase_admin")
    stuck.sql("CREATE POLICY all_rows ON public.backup_history FOR SELECT USING (true)")
    stuck.sql(
        "CREATE POLICY own ON public.backup_history AS RESTRICTIVE FOR SELECT"
        " USING (status = 'success')"
    )

    evidence = look(stuck.ask(stuck.settings("authenticator")), stuck.case(dispatch_id="weekly-1"))

    assert isinstance(evidence.rows, Unseen)


def test_an_empty_table_is_a_proof_for_sql_and_none_for_the_data_api(
    stuck: Lab, seen: Callable[..., RowEvidence]
) -> None:
    stuck.sql("DELETE FROM public.backup_history")

    evidence = seen()

    if evidence.route is Route.DIRECT:
        assert evidence.rows == ()
    else:
        told = remedy(evidence.rows)
        assert "shows the doctor no row at all" in told
        assert "SUPABASE_DB_URL" in told
        assert "BACKUP_DOCTOR_TABLE" in told


def test_a_view_that_shows_nothing_proves_nothing(stuck: Lab) -> None:
    stuck.sql("ALTER TABLE public.backup_history RENAME TO all_backups")
    stuck.sql(
        "CREATE VIEW public.backup_history AS SELECT * FROM public.all_backups"
        " WHERE status = 'success'"
    )
    stuck.sql("GRANT SELECT ON public.backup_history TO backup_doctor")

    assert isinstance(look(stuck.ask(), stuck.case()).rows, Unseen)


@pytest.mark.parametrize(
    ("condition", "shown"), [("", True), (" WHERE error_text IS DISTINCT FROM 'deleted'", False)]
)
def test_a_row_that_a_views_query_may_leave_out_is_not_missing(
    stuck: Lab, condition: str, *, shown: bool
) -> None:
    stuck.sql("ALTER TABLE public.backup_history RENAME TO all_backups")
    stuck.sql(f"CREATE VIEW public.backup_history AS SELECT * FROM public.all_backups{condition}")
    stuck.sql("GRANT SELECT ON public.backup_history TO backup_doctor")
    other = stuck.case(dispatch_id="5f0c1d2e-1111-4222-8333-444455556666")

    rows = look(stuck.ask(), other).rows

    assert (rows == ()) is shown
    assert shown or "its query may leave it out" in getattr(rows, "what", "")


@pytest.mark.parametrize("odd", ["a\0b", "\udcff"])
def test_an_id_that_no_column_can_hold_is_surely_absent(
    seen: Callable[..., RowEvidence], odd: str
) -> None:
    evidence = seen(dispatch_id=odd)

    assert evidence.rows == ()
    assert isinstance(evidence.absent, Shown)


# Columns ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("guide_name", ["dispatch_id", "id", "status"])
def test_without_a_column_that_is_needed_the_row_is_unknown_and_the_setting_is_named(
    stuck: Lab, seen: Callable[..., RowEvidence], guide_name: str
) -> None:
    stuck.sql(f"ALTER TABLE public.backup_history RENAME {guide_name} TO the_{guide_name}")

    told = remedy(seen().rows)

    assert f"has no column {guide_name}" in told
    assert f"BACKUP_DOCTOR_COLUMNS_{guide_name.upper()}" in told
    assert f"the_{guide_name}" in told


@pytest.mark.parametrize(
    "guide_name",
    ["s3_key", "size_bytes", "finished_at", "error_text", "workflow_run_id", "created_at"],
)
def test_without_any_other_the_row_is_seen_all_the_same(
    stuck: Lab, seen: Callable[..., RowEvidence], guide_name: str
) -> None:
    stuck.sql(f"ALTER TABLE public.backup_history DROP COLUMN {guide_name}")

    evidence = seen()

    assert evidence.newest is not None
    assert evidence.newest.id == ROW_ID
    assert guide_name not in evidence.columns
    assert Names().fitted(evidence.columns).column(guide_name) == ""


def test_a_column_that_the_settings_say_is_none_is_not_read(
    stuck: Lab, seen: Callable[..., RowEvidence]
) -> None:
    stuck.sql("UPDATE public.backup_history SET error_text = 'something of another meaning'")

    evidence = seen(Names(columns={"error_text": ""}))

    assert evidence.newest is not None
    assert evidence.newest.error_text is None


@pytest.mark.parametrize("column", ["s3_key", "size_bytes", "finished_at"])
def test_a_column_that_no_good_row_has_is_known_as_unwritten(
    stuck: Lab, seen: Callable[..., RowEvidence], column: str
) -> None:
    stuck.sql("UPDATE public.backup_history SET status = 'success'")
    good = {"s3_key": "'k'", "size_bytes": "1", "finished_at": "now()"} | {column: "NULL"}
    stuck.sql(
        f"INSERT INTO public.backup_history (dispatch_id, status, {', '.join(good)})"
        f" VALUES ('other', 'success', {', '.join(good.values())})"
    )

    evidence = seen()

    assert evidence.unwritten == (column,)
    assert evidence.has_good


def test_with_no_other_good_row_nothing_is_known_of_what_is_written(
    stuck: Lab, seen: Callable[..., RowEvidence]
) -> None:
    stuck.sql("UPDATE public.backup_history SET status = 'success'")

    assert not seen().has_good
