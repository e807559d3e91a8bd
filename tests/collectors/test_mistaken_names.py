"""A configured name that the database does not have is a mistake of the configuration: exit code 2."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backup_doctor.demo.supabase.gateway import Gateway
from backup_doctor.demo.supabase.state import Project
from tests.programs import bare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.database.lab import Lab

ROOT = Path(__file__).parents[2]
ASK = ("--dispatch-id", "nightly-42", "--only", "row")
COMMANDS = (
    ASK,
    ("preflight", "--only", "row"),
    ("fix", *ASK),
    ("sweep",),
    ("audit",),
    ("ci", *ASK),
)
MISTAKES = [
    ('table = "public.backup_histroy"', "BACKUP_DOCTOR_TABLE", "There is public.backup_history."),
    ('columns.status = "state"', "BACKUP_DOCTOR_COLUMNS_STATUS", "There is status, "),
    ('columns.finished_at = "done_at"', "BACKUP_DOCTOR_COLUMNS_FINISHED_AT", "There is "),
]


@pytest.fixture
def gateway(stuck: Lab) -> Iterator[Gateway]:
    with Gateway(Project(stuck.uri("supabase_admin"))) as running:
        yield running


@pytest.fixture(params=["SQL", "Data API"])
def environ(request: pytest.FixtureRequest, stuck: Lab, gateway: Gateway) -> dict[str, str]:
    if request.param == "SQL":
        return {"SUPABASE_DB_URL": stuck.uri("backup_doctor")}
    return {"SUPABASE_URL": gateway.url, "SUPABASE_SERVICE_ROLE_KEY": gateway.project.keys.secret}


def doctor(
    *arguments: str, cwd: Path, environ: dict[str, str], toml: str
) -> subprocess.CompletedProcess[str]:
    (cwd / "backup-doctor.toml").write_text(toml)
    return subprocess.run(
        [sys.executable, "-m", "backup_doctor", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=bare(PYTHONPATH=str(ROOT), **environ),
        timeout=60,
    )


@pytest.mark.parametrize(("toml", "variable", "there"), MISTAKES)
def test_it_is_one_message_that_names_what_is_there(
    tmp_path: Path, environ: dict[str, str], toml: str, variable: str, there: str
) -> None:
    done = doctor(*ASK, cwd=tmp_path, environ=environ, toml=toml)

    assert done.returncode == 2
    assert done.stdout == ""
    assert "(backup-doctor.toml)" in done.stderr
    assert variable in done.stderr
    assert there in done.stderr or "SUPABASE_URL" in environ
    assert "Example: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: one[0])
def test_it_is_so_for_every_command_that_asks_the_database(
    stuck: Lab, tmp_path: Path, command: tuple[str, ...]
) -> None:
    environ = {"SUPABASE_DB_URL": stuck.uri("backup_doctor")}

    done = doctor(*command, cwd=tmp_path, environ=environ, toml=MISTAKES[0][0])

    assert done.returncode == 2
    assert done.stdout == ""
    assert "There is public.backup_history." in done.stderr


@pytest.mark.parametrize("command", [ASK, ("preflight", "--only", "row")], ids=lambda one: one[0])
def test_the_data_apis_word_is_enough_where_no_row_shows_the_columns(
    stuck: Lab, gateway: Gateway, tmp_path: Path, command: tuple[str, ...]
) -> None:
    stuck.sql("DELETE FROM public.backup_history")
    key = gateway.project.keys.secret
    environ = {"SUPABASE_URL": gateway.url, "SUPABASE_SERVICE_ROLE_KEY": key}

    done = doctor(*command, cwd=tmp_path, environ=environ, toml='columns.id = "backup_id"')

    assert done.returncode == 2
    assert "columns.id (backup-doctor.toml)" in done.stderr


def test_a_role_that_is_not_there_is_one_too(stuck: Lab, tmp_path: Path) -> None:
    environ = {"SUPABASE_DB_URL": stuck.uri("backup_doctor")}

    done = doctor(*ASK, cwd=tmp_path, environ=environ, toml='writer_role = "service_rol"')

    assert done.returncode == 2
    assert "There is service_role, " in done.stderr


@pytest.mark.parametrize(
    "toml",
    [
        "",
        'table = "public.backup_history"',
        'columns.status = "status"',
        "columns.finished_at = false",
        'writer_role = "service_role"',
    ],
)
def test_what_is_there_or_is_not_named_is_none(
    tmp_path: Path, environ: dict[str, str], toml: str
) -> None:
    assert doctor(*ASK, cwd=tmp_path, environ=environ, toml=toml).returncode != 2


def test_the_guides_own_names_are_nobodys_mistake(stuck: Lab, tmp_path: Path) -> None:
    stuck.sql("ALTER TABLE public.backup_history RENAME TO backups")
    environ = {"SUPABASE_DB_URL": stuck.uri("backup_doctor")}

    done = doctor(*ASK, cwd=tmp_path, environ=environ, toml="")

    assert done.returncode == 3
    assert "public.backups" in done.stdout
    assert "BACKUP_DOCTOR_TABLE" in done.stdout
    assert "row/table-missing" not in done.stdout
