"""Which of several steps that speak of the table finishes the row."""

from __future__ import annotations

import pytest

from backup_doctor.collect.workflow.file import read_workflow
from backup_doctor.services.update_step import named_update

TABLE, FUNCTION = "backup_history", "update-backup"
NOTE = "Update workflow_run_id in backup_history"
UPLOAD = "Upload to S3"
UPDATE = "Update backup_history and system_settings"


def chosen(*names: str, table: str = TABLE) -> str | None:
    at = named_update(names, table, FUNCTION)
    return None if at is None else names[at]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("Checkout", NOTE, "Export database", UPLOAD, UPDATE, "Handle backup failure"), UPDATE),
        (
            (NOTE, UPLOAD, "Update backup_history after S3 upload", "Handle backup failure"),
            "Update backup_history after S3 upload",
        ),
        ((NOTE, "Dump", UPDATE), UPDATE),
        ((NOTE,), NOTE),
        ((UPLOAD, UPDATE, "Verify backup_history"), UPDATE),
        ((UPLOAD, "Check backup_history", UPDATE), UPDATE),
        ((UPLOAD, UPDATE, "Upload logs to S3", "Prune backup_history"), UPDATE),
        ((UPLOAD, UPDATE, "Mark backup_history as failed"), UPDATE),
        (("Mark backup_history as failed",), None),
        ((UPLOAD, "Update backup_history on failure", UPDATE), UPDATE),
        (
            ("Set backup_history running", "Dump", "Set backup_history done"),
            "Set backup_history done",
        ),
        (
            ("Insert row into backup_history", "Dump", UPLOAD, "Finish BACKUP_HISTORY"),
            "Finish BACKUP_HISTORY",
        ),
        (("Post Update backup_history", UPDATE), UPDATE),
        ((NOTE, UPLOAD, "Post success to backup_history"), "Post success to backup_history"),
        ((UPLOAD, "Post Upload to S3", UPDATE), UPDATE),
        (("Dump", "Call update-backup"), "Call update-backup"),
        (("Call update-backup", UPLOAD, UPDATE), UPDATE),
        (("Dump", UPLOAD), None),
        ((), None),
    ],
)
def test_it_comes_after_the_upload_and_is_no_handler(
    names: tuple[str, ...], expected: str | None
) -> None:
    assert chosen(*names) == expected


@pytest.mark.parametrize(
    ("table", "names", "expected"),
    [
        (
            "export_runs",
            ("Note export_runs started", UPLOAD, "Write export_runs"),
            "Write export_runs",
        ),
        ("export_runs", (UPLOAD, "Write EXPORT_RUNS"), "Write EXPORT_RUNS"),
        ("backups", ("Upload backups to S3", "Update backups"), "Update backups"),
        ("backups", ("Dump backups", "Upload backups to S3"), None),
        ("runs", ("Prune dryruns", "Update prunings"), None),
    ],
)
def test_a_configured_table_is_looked_for_in_the_names(
    table: str, names: tuple[str, ...], expected: str | None
) -> None:
    assert chosen(*names, table=table) == expected


FILE = """
on: {workflow_dispatch: {}, schedule: [{cron: "0 2 * * *"}]}
jobs:
  prepare:
    steps: [{name: Update workflow_run_id in backup_history, run: ./note.sh}]
  backup:
    needs: prepare
    steps:
      - {name: Upload to S3, run: aws s3 cp dump.zip s3://bucket}
      - {name: Sync backup_history, if: failure(), run: ./failed.sh}
      - {name: Update backup_history, run: ./update.sh}
  verify:
    needs: backup
    steps: [{name: Look at it, run: "psql -c 'SELECT 1 FROM backup_history'"}]
"""


def test_the_file_is_read_by_the_same_choice_over_all_of_its_jobs() -> None:
    file = read_workflow("w.yml", FILE.encode(), step="Update it", function=FUNCTION)

    assert (file.job, file.update_step and file.update_step.name) == (
        "backup",
        "Update backup_history",
    )
    assert file.writing_jobs == ("prepare", "verify")


def test_a_configured_table_is_looked_for_in_the_file() -> None:
    text = FILE.replace("backup_history", "export_runs")

    unknown = read_workflow("w.yml", text.encode(), step="Update it", function=FUNCTION)
    known = read_workflow(
        "w.yml", text.encode(), step="Update it", function=FUNCTION, table="export_runs"
    )

    assert unknown.update_step is None
    assert known.update_step is not None
    assert known.update_step.name == "Update export_runs"
