"""What a shell offers to complete, and that it offers nothing that a shell would expand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.database.conftest import lab, postgres
from tests.programs import bare

if TYPE_CHECKING:
    from tests.database.lab import Lab

__all__ = ["lab", "postgres"]
ROOT = Path(__file__).parents[2]


def offered(line: str, directory: Path, **environ: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "backup_doctor"],
        capture_output=True,
        text=True,
        check=False,
        cwd=directory,
        env=bare(
            PYTHONPATH=str(ROOT),
            _BACKUP_DOCTOR_COMPLETE="complete_bash",
            COMP_WORDS=line,
            COMP_CWORD=str(len(line.split(" ")) - 1),
            **environ,
        ),
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("backup-doctor prefl", ["preflight"]),
        ("backup-doctor explain row/none", ["row/none-lately"]),
        ("backup-doctor --only obj", ["object"]),
        ("backup-doctor demo not-deplo", ["not-deployed"]),
        ("backup-doctor watch --dispatch-id ", []),
    ],
)
def test_commands_codes_and_checks_are_completed(
    tmp_path: Path, line: str, wanted: list[str]
) -> None:
    assert offered(line, tmp_path) == wanted


def test_ids_of_recent_backups_are_completed_and_no_hostile_one(lab: Lab, tmp_path: Path) -> None:
    lab.migrate()
    lab.sql(
        "INSERT INTO public.backup_history (dispatch_id) VALUES"
        " ('night$(touch x)'), ('night *'), ('nightly-43'), ('other')"
    )

    found = offered(
        "backup-doctor --dispatch-id night",
        tmp_path,
        SUPABASE_DB_URL=lab.uri("backup_doctor"),
    )

    assert found == ["nightly-43", "nightly-42"]
