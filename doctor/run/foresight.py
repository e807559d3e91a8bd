"""What is asked last, asked ahead: while the log still comes, where a file was found that may be it.

The statements are made as they will be made, if the file turns out to be the backup's. What the
database said of them is there then; of all others, it is asked as if nobody had looked ahead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from backup_doctor.collect.database.constraints import judged_values
from backup_doctor.collect.database.update import expected_update
from backup_doctor.collect.object.rows import owners_of
from backup_doctor.collect.rls.collector import server_now
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.case import Status
from backup_doctor.evidence.ids import ids_of
from backup_doctor.evidence.object import ObjectEvidence
from backup_doctor.evidence.row import RowEvidence, Table
from backup_doctor.evidence.workflow import WorkflowEvidence
from backup_doctor.judge.fix_sql.rows import success
from backup_doctor.judge.fix_sql.statement import update
from backup_doctor.run.trying import tried

if TYPE_CHECKING:
    from backup_doctor.run.runner import DoctorRun


def foresee(run: DoctorRun) -> None:
    """Ask whose the file is, and what refuses its row's update, by the pipeline and by the repair."""
    rows = run.sources.need(RowEvidence)
    row = rows.newest if rows else None
    if rows is None or row is None or not isinstance(rows.table, Table):
        return
    waits = run.case.names.status_of(row.status) is Status.IN_PROGRESS
    file = run.sources.hints.file(run.deadline.left()) if waits else None
    bucket = run.case.names.bucket
    if file is None or bucket is None or isinstance(run.sources.database.direct, Unseen):
        return
    ask, table, stored = run.sources.ahead(), rows.table, ObjectEvidence(bucket=bucket, head=file)
    workflow = WorkflowEvidence(run=ask.hints.run) if ask.hints.run else None
    names = run.case.names.fitted(rows.columns) if rows.columns else run.case.names
    case = replace(run.case, names=names, evidence={"row": rows, "object": stored})
    expected = expected_update(
        run.case, table, row, server_now(ask, rows), workflow=workflow, stored=stored
    )
    repair = update(case, row, success(case, file), of_file=file.key)
    ids = ids_of(run.case.asked, row)
    owners = ask.meanwhile(lambda: owners_of(ask, run.case, rows, (file.key,), ids, bucket))
    values = ask.meanwhile(lambda: judged_values(ask.database.run, expected))
    if repair.statement is not None:
        tried(ask, case, repair)
    values.result()
    owners.result()
