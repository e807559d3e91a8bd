"""What `audit` proposes: the SQL that the main command would print, and the rows that get none."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from backup_doctor.base.quoting import one_line
from backup_doctor.report.render.formats import Look
from backup_doctor.run.audit.model import (
    DisagreeingRows,
    DisagreementKind,
    Item,
    LeftRow,
    Proposals,
)
from backup_doctor.run.audit.rendering import as_markdown, as_text
from tests.audit.scene import FOLDER, Scene
from tests.audit.test_report import summary
from tests.e2e.doctoring import psql
from tests.programs import bare
from tests.render.fixtures import HOSTILE_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backup_doctor.demo.world import World

STATEMENT = re.compile(r"^UPDATE .*?;$", re.DOTALL | re.MULTILINE)
ROWS = "SELECT * FROM public.backup_history ORDER BY id"
AGED = "created_at = created_at - interval '9 hours'"


@dataclass
class Damaged:
    """Backups that a pipeline really made, and what was done to them since, by the rows' ids."""

    scene: Scene
    stuck: str
    other_size: str
    gone: str
    doubtful: str

    def main_command(self, backup_id: str) -> subprocess.CompletedProcess[str]:
        """`fix` of one row: what it prints."""
        return subprocess.run(
            [sys.executable, "-m", "backup_doctor", "fix", "--backup-id", backup_id],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.scene.directory,
            env=bare(**self.scene.world.environment()),
            timeout=120,
        )


def made(world: World) -> str:
    """A backup that the pipeline makes, and that is right; the id of its row."""
    dispatch_id = world.insert_row()
    world.run_pipeline(dispatch_id)
    found = psql(world, f"SELECT id FROM backup_history WHERE dispatch_id = '{dispatch_id}'")
    return str(re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", found)[0])


def change(world: World, row_id: str, what: str) -> None:
    """Change a row as nobody should have."""
    world.sql(f"UPDATE public.backup_history SET {what} WHERE id = '{row_id}'")


@pytest.fixture
def damaged(world: World, tmp_path: Path) -> Iterator[Damaged]:
    scene = Scene(world, tmp_path)
    stuck, other_size, gone, whole = (made(world) for _ in range(4))
    change(world, stuck, f"status = 'in_progress', s3_key = NULL, size_bytes = NULL, {AGED}")
    change(world, other_size, "size_bytes = 7")
    change(world, gone, f"s3_key = '{FOLDER}/gone.zip', dispatch_id = 'nightly-that-is-gone'")
    doubtful = scene.row(scene.put(f"{FOLDER}/not-a-zip.zip"), "in_progress", None)
    assert whole
    yield Damaged(scene, stuck, other_size, gone, doubtful)
    scene.clear()


def test_it_proposes_what_the_main_command_prints_and_lists_the_rest(damaged: Damaged) -> None:
    text, markdown = (damaged.scene.command("--format", form) for form in ("text", "markdown"))

    for told in (text, markdown):
        assert told.returncode == 1, told.stderr
        assert "backups/2026/01/15/not-a-zip.zip is not surely this backup's" in one_line(
            told.stdout
        )
        assert f"backup-doctor --backup-id {damaged.doubtful}" in told.stdout
    for row_id in (damaged.stuck, damaged.other_size, damaged.gone):
        (statement,) = STATEMENT.findall(damaged.main_command(row_id).stdout)
        assert statement in text.stdout
        assert statement in markdown.stdout
    assert len(STATEMENT.findall(text.stdout)) == 3
    assert "<details><summary>SQL for 3 rows</summary>" in markdown.stdout


def test_its_script_sets_the_rows_right_and_twice_changes_nothing_more(damaged: Damaged) -> None:
    scene, file = damaged.scene, damaged.scene.directory / "fix.sql"
    told = scene.command("--format", "json", "--fix-script", str(file))

    script = file.read_text()
    psql(scene.world, script)
    once = psql(scene.world, ROWS)
    psql(scene.world, script)
    again = scene.command("--format", "json")

    assert "UPDATE" not in told.stdout
    assert psql(scene.world, ROWS) == once
    assert file.stat().st_mode & 0o777 == 0o600
    assert "the rows of 3 of 4 disagreements" in script
    assert f"-- Left out: '{damaged.doubtful}': no sure fix" in script
    left = [json.loads(line)["backup_id"] for line in again.stdout.splitlines()]
    assert [one for one in left if one] == [damaged.doubtful]


def test_the_totals_alone_need_no_diagnosis(scene: Scene) -> None:
    scene.row(scene.put(f"{FOLDER}/other.zip", 6))

    totals, page = (scene.command("--format", "text", "--limit", at) for at in ("0", "1"))

    assert totals.returncode == page.returncode == 1
    assert "SQL for 1 row" in page.stdout
    assert "SQL for" not in totals.stdout


def test_a_script_that_cannot_be_written_is_an_error_of_the_tool(scene: Scene) -> None:
    done = scene.command("--format", "json", "--fix-script", "no/such/folder/fix.sql")

    assert done.returncode == 4
    assert "The script could not be written to no/such/folder/fix.sql" in done.stderr


def test_each_kind_has_its_turn_and_the_others_are_counted() -> None:
    rows = DisagreeingRows(3, 3)
    for at in range(4):
        rows.take(Item(kind=DisagreementKind.MISSING_OBJECT, backup_id=f"gone-{at}"))
    rows.take(Item(kind=DisagreementKind.SIZE_MISMATCH, backup_id="other"))
    rows.take(Item(kind=DisagreementKind.ORPHAN_OBJECT, s3_key="of nobody"))

    assert rows.chosen() == ("gone-0", "other", "gone-1")
    assert rows.rest() == 2


def test_a_row_in_two_kinds_is_diagnosed_once() -> None:
    rows = DisagreeingRows(3, 3)
    for kind in (DisagreementKind.DUPLICATE_KEY, DisagreementKind.SIZE_MISMATCH):
        rows.take(Item(kind=kind, backup_id="one"))

    assert (rows.chosen(), rows.rest()) == (("one",), 0)


@pytest.mark.parametrize("render", [as_text, as_markdown])
def test_a_hostile_id_and_reason_stay_text(render: Any) -> None:
    left = [LeftRow(backup_id=HOSTILE_TEXT, why=HOSTILE_TEXT)]
    proposals = Proposals(script="", ready=0, left=left, rest=1_234)

    text = render(summary(proposals=proposals, project="a b"), Look())

    assert "--project 'a b' --backup-id $'" in text
    assert "The rows of 1,234 more disagreements were not diagnosed" in one_line(text)
    assert "\x1b[" not in text
    assert not any(line.startswith("::") for line in text.splitlines())
