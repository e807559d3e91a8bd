"""Where a row would be written is said before anybody is asked, and what acts on the change there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from backup_doctor.cli.mending import described, located
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.row import Route
from backup_doctor.run.fix.target import Target, target_of
from backup_doctor.settings.model import Secret, Settings
from tests.fix.plans import to_new_row, to_success
from tests.fix.test_transaction import trigger

if TYPE_CHECKING:
    from backup_doctor.run.fix.plan import Plan
    from tests.database.lab import Lab

FIRST_LINE = "\nbackup-doctor: Change this row?"


def target(lab: Lab, plan: Plan) -> Target:
    found = target_of(lab.settings("postgres"), plan)
    assert not isinstance(found, Unseen)
    return found


def test_host_database_and_table_are_those_of_the_session_that_writes(stuck: Lab) -> None:
    found = target(stuck, to_success(stuck))

    assert found.host == f"127.0.0.1:{stuck.server.port}"
    assert (found.database, found.table) == (stuck.name, "public.backup_history")
    assert (found.triggers, found.refused) == ((), None)


def test_a_trigger_that_would_fire_is_named(stuck: Lab) -> None:
    trigger(stuck, "RETURN NEW;")
    stuck.sql(
        "CREATE TRIGGER asleep AFTER UPDATE ON public.backup_history EXECUTE FUNCTION interfere();"
        "ALTER TABLE public.backup_history DISABLE TRIGGER asleep;"
        "CREATE TRIGGER of_new_rows AFTER INSERT ON public.backup_history"
        " EXECUTE FUNCTION interfere()"
    )

    assert target(stuck, to_success(stuck)).triggers == ("interfere",)
    assert target(stuck, to_new_row("nightly-43")).triggers == ("of_new_rows",)


def test_the_triggers_of_the_table_behind_a_view_would_fire_too(stuck: Lab) -> None:
    trigger(stuck, "RETURN NEW;")
    stuck.sql(
        "ALTER TABLE public.backup_history RENAME TO backups;"
        "CREATE VIEW public.backup_history AS SELECT * FROM public.backups"
    )

    assert target(stuck, to_success(stuck)).triggers == ("interfere",)


@pytest.mark.parametrize("event", ["UPDATE", "INSERT"])
def test_a_rule_on_the_table_refuses_what_it_would_rewrite(stuck: Lab, event: str) -> None:
    stuck.sql(
        "CREATE TABLE public.kept (at timestamptz);"
        f"CREATE RULE keeps AS ON {event} TO public.backup_history DO ALSO"
        " INSERT INTO public.kept VALUES (now())"
    )
    update, insert = to_success(stuck), to_new_row("nightly-43")
    concerned, other = (update, insert) if event == "UPDATE" else (insert, update)

    assert "a rule on the table (keeps)" in (target(stuck, concerned).refused or "")
    assert target(stuck, other).refused is None


def test_a_name_from_the_database_adds_no_line_to_the_question(stuck: Lab) -> None:
    hostile = f'x"{FIRST_LINE} [y/N] y'
    quoted = hostile.replace('"', '""')
    trigger(stuck, "RETURN NEW;")
    stuck.sql(f'ALTER TRIGGER interfere ON public.backup_history RENAME TO "{quoted}"')
    made = to_success(stuck, f"backups/{FIRST_LINE}.zip")

    shown = [*described(made, stuck.names), *located(target(stuck, made))]

    assert not any("\n" in line for line in shown)
    assert any("It would fire the trigger" in line for line in shown)


def test_by_the_management_api_the_project_is_named(stuck: Lab) -> None:
    settings = Settings(
        names=stuck.names,
        database_url=Secret(stuck.uri()),
        project_ref="abcdefghijklmnopqrst",
        management_url="http://127.0.0.1:9",
        access_token=Secret("sbp_0123456789abcdef0123456789abcdef01234567"),
    )

    found = target_of(settings, replace(to_success(stuck), route=Route.MANAGEMENT))

    assert isinstance(found, Unseen)
    assert "Management API" in found.what


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("postgresql://u@db.example.com/x", "db.example.com:5432"),
        ("postgresql://u@a.example,b.example:6000/x", "a.example,b.example:,6000"),
        ("postgresql://u@good.example/x?hostaddr=192.0.2.1", "good.example:5432 (192.0.2.1)"),
        ("postgresql://u@/x?host=/run/postgresql", "/run/postgresql:5432"),
        ("postgresql:///x?service=backups", "backups:5432"),
    ],
)
def test_a_host_is_named_as_libpq_takes_it(
    given: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from backup_doctor.collect.database.address import parameters, place

    for name in ("PGHOST", "PGPORT", "PGHOSTADDR"):
        monkeypatch.delenv(name, raising=False)
    found = parameters(given)

    assert not isinstance(found, Unseen)
    assert place(found) == said
