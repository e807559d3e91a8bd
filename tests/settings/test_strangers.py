"""In a job for another repository's change, a file that nobody named is not read."""

import json
from pathlib import Path
from typing import Any

import pytest

from backup_doctor.settings.load import Flags, load
from backup_doctor.settings.model import Settings

OWN = {"full_name": "acme/app"}
FORK = {"full_name": "stranger/app"}


def pull_request(head: Any) -> dict[str, Any]:
    return {"repository": OWN, "pull_request": {"head": {"repo": head}}}


def workflow_run(head: Any) -> dict[str, Any]:
    return {"repository": OWN, "workflow_run": {"id": 7, "head_repository": head}}


def in_a_job(
    folder: Path, event: dict[str, Any] | str, *, named: str = "pull_request", **flags: Any
) -> Settings:
    text = event if isinstance(event, str) else json.dumps(event)
    (folder / "event.json").write_text(text)
    environ = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": named,
        "GITHUB_EVENT_PATH": str(folder / "event.json"),
        "GITHUB_REPOSITORY": "acme/app",
    }
    (folder / "backup-doctor.toml").write_text('table = "customers"\n')
    (folder / ".env").write_text("BACKUP_BUCKET=theirs\n")
    return load(Flags(**flags), environ=environ, cwd=folder)


@pytest.mark.parametrize(
    ("event", "named"),
    [
        (pull_request(FORK), "pull_request"),
        (pull_request(FORK), "pull_request_target"),
        (pull_request(FORK), "pull_request_review"),
        (pull_request(None), "pull_request_target"),
        (workflow_run(FORK), "workflow_run"),
        (workflow_run(None), "workflow_run"),
        ({"repository": OWN}, "pull_request_target"),
        ("not json", "workflow_run"),
        ("[" * 100_000, "pull_request"),
    ],
)
def test_a_change_from_elsewhere_brings_no_settings(
    tmp_path: Path, event: dict[str, Any] | str, named: str
) -> None:
    settings = in_a_job(tmp_path, event, named=named)

    assert settings.names.table == "public.backup_history"
    assert settings.names.bucket is None
    assert [warning.split(" ", 1)[0] for warning in settings.warnings] == [
        ".env",
        "backup-doctor.toml",
    ]
    assert "--config backup-doctor.toml" in settings.warnings[1]


def test_not_even_where_files_may_be_trusted(tmp_path: Path) -> None:
    settings = in_a_job(tmp_path, pull_request(FORK), trust_config=True)

    assert settings.names.bucket is None


def test_a_file_that_is_named_is_read(tmp_path: Path) -> None:
    settings = in_a_job(tmp_path, pull_request(FORK), config=(Path("backup-doctor.toml"),))

    assert settings.names.table == "customers"
    assert settings.names.bucket is None


@pytest.mark.parametrize(
    ("event", "named"),
    [
        (pull_request({"full_name": "Acme/App"}), "pull_request"),
        (workflow_run(OWN), "workflow_run"),
        ({"repository": OWN, "inputs": {"dispatch_id": "x"}}, "workflow_dispatch"),
        ("", "schedule"),
    ],
)
def test_a_change_of_the_repositorys_own_brings_them(
    tmp_path: Path, event: dict[str, Any] | str, named: str
) -> None:
    settings = in_a_job(tmp_path, event, named=named)

    assert (settings.names.table, settings.names.bucket) == ("customers", "theirs")
    assert settings.warnings == ()


def test_outside_of_github_nothing_is_presumed(tmp_path: Path) -> None:
    (tmp_path / "backup-doctor.toml").write_text('table = "mine"\n')

    settings = load(Flags(), environ={"GITHUB_EVENT_NAME": "pull_request"}, cwd=tmp_path)

    assert settings.names.table == "mine"
