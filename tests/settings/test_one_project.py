"""A database URL of another project than the Supabase URL is not asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backup_doctor.evidence.base import Why

if TYPE_CHECKING:
    from tests.settings.conftest import Load

OURS, OTHERS = "abcdefghijklmnopqrst", "zyxwvutsrqponmlkjihg"
URL = f"https://{OURS}.supabase.co"


def direct(ref: str) -> str:
    return f"postgresql://postgres:pw@db.{ref}.supabase.co:5432/postgres"


def pooled(ref: str) -> str:
    return f"postgresql://doctor.{ref}:pw@aws-0-eu-central-1.pooler.supabase.com:6543/postgres"


@pytest.mark.parametrize("url", [direct(OTHERS), pooled(OTHERS)])
def test_a_database_of_another_project_is_not_asked_and_that_is_said(
    loaded: Load, url: str
) -> None:
    settings = loaded({"SUPABASE_URL": URL, "DATABASE_URL": url})
    why = settings.absent("database_url")

    assert settings.database_url is None
    assert why.why is Why.NOT_TRUSTED
    assert f"of the project {OTHERS}" in why.what
    assert f"SUPABASE_URL (the environment) names {OURS}" in why.what
    assert "pw" not in f"{why.what} {why.remedy}"


@pytest.mark.parametrize(
    "url",
    [
        direct(OURS),
        pooled(OURS),
        f"postgresql://postgres:pw@db.{OURS}-rr-us-east-1-abcde.supabase.co/postgres",
        "postgresql://postgres:pw@10.0.0.7/postgres",
        f"postgresql://postgres.{OTHERS}:pw@pgbouncer.internal/postgres",
    ],
)
def test_a_database_that_names_this_project_or_none_is_asked(loaded: Load, url: str) -> None:
    assert loaded({"SUPABASE_URL": URL, "SUPABASE_DB_URL": url}).database_url is not None


def test_the_project_is_the_one_that_is_named_else_nothing_is_compared(loaded: Load) -> None:
    custom = {"SUPABASE_URL": "https://api.acme.example", "SUPABASE_DB_URL": direct(OTHERS)}

    assert loaded(custom).database_url is not None
    assert loaded({**custom, "SUPABASE_PROJECT_REF": OURS}).database_url is None
    assert loaded({**custom, "SUPABASE_PROJECT_REF": OTHERS}).database_url is not None
