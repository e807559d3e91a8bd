"""Who names a key is asked of a real PostgreSQL, directly and through the Data API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backup_doctor.collect.row.key_owners import key_owners, names_key
from backup_doctor.collect.sources import Sources
from backup_doctor.demo.supabase.gateway import Gateway
from backup_doctor.demo.supabase.state import Project
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Names
from backup_doctor.evidence.row import BackupRow
from backup_doctor.evidence.sql import literal
from backup_doctor.settings.model import Secret, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.database.lab import Lab

KEY = "backups/2026/01/15/backup_100%_5.zip"
NAMES = Names(bucket="acme")
SPELLINGS = (
    KEY,
    f"/{KEY}",
    f"s3://acme/{KEY}",
    f"s3://***/{KEY}",
    "https://acme.s3.eu-west-1.amazonaws.com/backups/2026/01/15/backup_100%25_5.zip",
    f"https://acme.s3.amazonaws.com/{KEY.replace('%', '%25')}?X-Amz-Signature=abc",
)
OTHERS = (
    "backups/2026/01/16/backup_100%_5.zip",
    f"s3://other/{KEY}",
    f"{KEY}.sha256",
    f"x{KEY}",
    "backups/2026/01/15/backup_100x_5.zip",
    "",
)


@pytest.fixture
def gateway(stuck: Lab) -> Iterator[Gateway]:
    with Gateway(Project(stuck.uri("supabase_admin"))) as running:
        yield running


@pytest.fixture(params=["SQL", "Data API"])
def ask(request: pytest.FixtureRequest, stuck: Lab, gateway: Gateway) -> Callable[..., Sources]:
    def sources(names: Names = NAMES, role: str = "service_role") -> Sources:
        stuck.names = names
        if request.param == "SQL":
            user = "backup_doctor" if role == "service_role" else "authenticator"
            return stuck.ask(stuck.settings(user))
        key = getattr(gateway.project.keys, role)
        settings = Settings(names=names, supabase_url=gateway.url, service_key=Secret(key))
        return stuck.ask(settings)

    return sources


def add(lab: Lab, *keys: str, status: str = "success") -> None:
    for place, key in enumerate(keys):
        lab.sql(
            "INSERT INTO public.backup_history (dispatch_id, status, s3_key, created_at) VALUES "
            f"('d-{place}', '{status}', {literal(key)}, '2026-01-15T00:0{place}Z')"
        )


@pytest.mark.parametrize("status", ["success", "failed", "in_progress"])
def test_every_row_that_names_the_key_is_found_whatever_its_status(
    stuck: Lab, ask: Callable[..., Sources], status: str
) -> None:
    add(stuck, *SPELLINGS, status=status)
    add(stuck, *OTHERS)

    owners = key_owners(ask(), NAMES, [KEY])

    assert isinstance(owners, tuple)
    assert [row.s3_key for row in owners] == list(reversed(SPELLINGS))
    assert {row.status for row in owners} == {status}
    assert owners[0].dispatch_id == f"d-{len(SPELLINGS) - 1}"


def test_a_key_that_nobody_names_has_no_owner(stuck: Lab, ask: Callable[..., Sources]) -> None:
    add(stuck, *OTHERS)

    assert key_owners(ask(), NAMES, [KEY]) == ()


def test_several_keys_are_asked_about_at_once(stuck: Lab, ask: Callable[..., Sources]) -> None:
    add(stuck, "a/one.zip", "b/two.zip", "c/three.zip")

    owners = key_owners(ask(), NAMES, ["a/one.zip", "b/two.zip", "never.zip"])

    assert isinstance(owners, tuple)
    assert [row.s3_key for row in owners] == ["b/two.zip", "a/one.zip"]


@pytest.mark.parametrize(
    "key", ["it's.zip", 'a"b.zip', "back\\slash.zip", "with (braces), comma.zip", "ü ∞*.zip"]
)
def test_an_odd_key_is_found(stuck: Lab, ask: Callable[..., Sources], key: str) -> None:
    add(stuck, key)

    owners = key_owners(ask(), NAMES, [key])

    assert isinstance(owners, tuple)
    assert [row.s3_key for row in owners] == [key]


def test_no_row_is_no_proof_for_who_may_not_see_all(
    stuck: Lab, ask: Callable[..., Sources]
) -> None:
    stuck.sql("GRANT SELECT ON public.backup_history TO authenticator, anon", "supabase_admin")
    add(stuck, KEY)

    owners = key_owners(ask(role="anon"), NAMES, [KEY])

    assert isinstance(owners, Unseen)
    assert owners.why is Why.DENIED


def test_only_the_configured_columns_are_kept(stuck: Lab, ask: Callable[..., Sources]) -> None:
    stuck.sql("ALTER TABLE public.backup_history ADD COLUMN customer text DEFAULT 'Jane'")
    add(stuck, KEY)

    (owner,) = key_owners(ask(), NAMES, [KEY])  # type: ignore[misc]

    assert "customer" not in owner.values
    assert owner.values["s3_key"] == KEY


def test_a_table_without_keys_names_none(stuck: Lab, ask: Callable[..., Sources]) -> None:
    names = Names(columns={"s3_key": ""})

    assert key_owners(ask(names), names, [KEY]) == ()


def test_nobody_to_ask_is_no_proof() -> None:
    from backup_doctor.collect.deadline import Deadline

    assert isinstance(key_owners(Sources(Settings(), Deadline(5)), NAMES, [KEY]), Unseen)


@pytest.mark.parametrize("text", SPELLINGS)
def test_a_key_is_known_in_every_spelling(text: str) -> None:
    assert names_key(BackupRow(s3_key=text), KEY, "acme")


@pytest.mark.parametrize("text", [*OTHERS, None])
def test_another_key_is_another(text: str | None) -> None:
    assert not names_key(BackupRow(s3_key=text), KEY, "acme")
