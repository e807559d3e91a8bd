"""The update that the pipeline makes: what is known of the backup, and likely values else."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.database.expressions import named_by
from backup_doctor.evidence.case import Status, dispatch_id_of
from backup_doctor.evidence.columns import FILLED_BY_UPDATE
from backup_doctor.evidence.row import BackupRow
from backup_doctor.evidence.sql import identifier, literal
from backup_doctor.evidence.workflow import Run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from backup_doctor.evidence.case import Case, Names
    from backup_doctor.evidence.object import ObjectEvidence
    from backup_doctor.evidence.row import Table
    from backup_doctor.evidence.workflow import WorkflowEvidence

LIKELY_SIZE = 1_000_000
LIKELY_RUN = "1"


class Update(Immutable, frozen=True, kw_only=True, dict=True):
    """One update of `row` (None: of a row that is not there).

    `values` are what it writes, by the guide's column names, as text that fits any column's type;
    `assumed` are the names among them whose value nobody told. A `foreseen` row is the next
    backup's: it is in no table yet, and of its columns only those in its `values` are known. A
    `past` row is as it was when the pipeline wrote: it says something else by now.
    """

    names: Names
    table: Table
    row: BackupRow | None
    values: Mapping[str, str | None]
    assumed: tuple[str, ...] = ()
    foreseen: bool = False
    past: bool = False

    @cached_property
    def written(self) -> dict[str, str | None]:
        """The values by the user's column names; columns that cannot be written are left out."""
        writable = {column.name for column in self.table.columns if not column.generated}
        by_name = {self.names.column(name): value for name, value in self.values.items()}
        return {name: value for name, value in by_name.items() if name in writable}

    @property
    def guessed(self) -> tuple[str, ...]:
        """`assumed` by the user's column names."""
        return tuple(self.names.column(name) for name in self.assumed)

    def unknown(self, *, new: bool) -> tuple[str, ...]:
        """The columns whose value nobody knows, in the old row or in the new one."""
        columns = self.table.columns if self.foreseen and self.row else ()
        before = [one.name for one in columns if self.row and one.name not in self.row.values]
        if not new:
            return tuple(before)
        return (*(name for name in before if name not in self.written), *self.guessed)

    @property
    def qualified(self) -> str:
        """The table's name in SQL."""
        return identifier(self.names.schema, self.names.table_name)

    def new_row(self, without: tuple[str, ...] = ()) -> dict[str, Any]:
        """The whole row after the update as JSON; columns of `without` stay as they were."""
        written = {name: value for name, value in self.written.items() if name not in without}
        return {**(self.row.values if self.row else {}), **written}

    def statement(self, values: Mapping[str, str | None] | None = None) -> str:
        """The UPDATE, with other values where some are given."""
        chosen = self.written if values is None else values
        changes = ", ".join(f"{identifier(name)} = {literal(one)}" for name, one in chosen.items())
        return f"UPDATE {self.qualified} SET {changes} WHERE {self.where}"

    @property
    def where(self) -> str:
        """What finds the row: its id, as the pipeline finds it; any row, where it is not there."""
        key = self.names.column("id")
        if self.table.column(key) is None:
            return "true"
        if self.row is None or self.row.id is None:
            return f"{identifier(key)} IS NOT NULL"
        return f"{identifier(key)} = {literal(self.row.id)}"


def expected_update(
    case: Case,
    table: Table,
    row: BackupRow | None,
    now: datetime,
    *,
    workflow: WorkflowEvidence | None = None,
    stored: ObjectEvidence | None = None,
) -> Update:
    """What the pipeline would write to `row`: told by the object, else the log, else the row."""
    waits = row is not None and case.names.status_of(row.status) is Status.IN_PROGRESS
    past = row is not None and not case.is_preflight and not waits
    before = foreseen_row(case.names) if case.is_preflight else row
    if past and row is not None:
        before = _as_it_was(row, case.names)
    known = {
        "s3_key": _key(row, workflow, stored),
        "size_bytes": _size(row, workflow, stored),
        "workflow_run_id": _run_id(case, row, workflow),
    }
    likely = {
        "s3_key": _likely_key(case, row, now),
        "size_bytes": LIKELY_SIZE,
        "workflow_run_id": LIKELY_RUN,
    }
    told = {name: value for name, value in known.items() if value is not None}
    # Where no rule asks for the time, any will do, and what was asked ahead is what is asked.
    timed = not case.is_preflight and _is_asked_for(table, case.names.column("finished_at"))
    made = _ended(workflow) if timed else None
    return Update(
        names=case.names,
        table=table,
        row=before,
        values={
            **{name: str(value) for name, value in {**likely, **told}.items()},
            "status": _status(case, workflow),
            "finished_at": (made or now).isoformat(),
            "error_text": None,
        },
        assumed=(
            *(name for name in likely if name not in told),
            *(name for name in _unnamed(case, workflow) if name not in likely or name in told),
        ),
        foreseen=case.is_preflight,
        past=past,
    )


def _status(case: Case, workflow: WorkflowEvidence | None) -> str:
    """The word that the update step's script writes, where one is known; else what a success is called."""
    log = workflow.newest_reading if workflow else None
    return (log.word_written(case.names.column("status")) if log else None) or case.names.success


def _is_asked_for(table: Table, column: str) -> bool:
    """Whether a constraint names the column."""
    return any(named_by(one, (column,)) for one in table.constraints)


def _ended(workflow: WorkflowEvidence | None) -> datetime | None:
    """When the update was made, as GitHub tells."""
    steps = (workflow.update_step, workflow.job) if workflow else ()
    return next((one.completed_at for one in steps if one and one.completed_at), None)


def _unnamed(case: Case, workflow: WorkflowEvidence | None) -> tuple[str, ...]:
    """What the script never names in an update of the table by itself, where it has one."""
    log = workflow.newest_reading if workflow else None
    direct = (one for one in (log.attempts if log else ()) if one.updates)
    named = [
        set(one.columns) for one in direct if one.columns and (one.is_direct or one.kind == "sql")
    ]
    if not named:
        return ()
    columns = set[str]().union(*named)
    return tuple(name for name in FILLED_BY_UPDATE if case.names.column(name) not in columns)


def _as_it_was(row: BackupRow, names: Names) -> BackupRow:
    """The row before the update: in progress, and what an update fills in still empty."""
    before = {"status": names.in_progress, **dict.fromkeys(FILLED_BY_UPDATE)}
    values = {names.column(name): value for name, value in before.items()}
    known = {name: value for name, value in values.items() if name in row.values}
    return msgspec.structs.replace(row, status=names.in_progress, values={**row.values, **known})


def foreseen_row(names: Names) -> BackupRow:
    """The row that the next backup begins with, as far as it is known: in progress and empty."""
    known = {"status": names.in_progress, **dict.fromkeys(FILLED_BY_UPDATE)}
    values = {names.column(name): value for name, value in known.items()}
    return BackupRow(status=names.in_progress, values=values)


def _said(workflow: WorkflowEvidence | None, name: str) -> str | None:
    log = workflow.reading if workflow else None
    return (log.assignments.get(name) if log else None) or None


def _key(
    row: BackupRow | None, workflow: WorkflowEvidence | None, stored: ObjectEvidence | None
) -> str | None:
    if stored and stored.present:
        return stored.present.key
    expected = stored.expected_key if stored else None
    return _said(workflow, "S3_KEY") or expected or (row.s3_key if row else None)


def _size(
    row: BackupRow | None, workflow: WorkflowEvidence | None, stored: ObjectEvidence | None
) -> int | None:
    if stored and stored.present:
        return stored.present.size
    if stored and stored.latest:
        # The next backup will be about as large as the last one.
        return stored.latest.size
    said = _said(workflow, "BACKUP_SIZE") or ""
    if said.isascii() and said.isdigit():
        return int(said)
    return row.size_bytes if row else None


def _run_id(
    case: Case, row: BackupRow | None, workflow: WorkflowEvidence | None
) -> str | int | None:
    if workflow and isinstance(workflow.run, Run):
        return workflow.run.id
    if workflow and isinstance(workflow.recent, tuple) and workflow.recent:
        # The next run's id will be a little larger.
        return workflow.recent[0].id
    return case.asked.run_id or (row.workflow_run_id if row else None)


def _likely_key(case: Case, row: BackupRow | None, now: datetime) -> str:
    """A key as the guide has them: backups/2024/01/15/backup-xxx.zip."""
    made = row.created_at if row and row.created_at else now
    named = dispatch_id_of(case.asked, row) or "unknown"
    return f"{case.names.prefix}{made:%Y/%m/%d}/backup-{named}.zip"
