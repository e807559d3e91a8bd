"""What GitHub knows of a dispatch, and what the collector of the workflow makes of it."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import timedelta

import msgspec

from backup_doctor.collect.deadline import Deadline
from backup_doctor.collect.sources import Sources
from backup_doctor.collect.workflow.collector import look
from backup_doctor.demo.github.state import Job, Repository, Step
from backup_doctor.evidence.base import Evidence, Unseen, Why
from backup_doctor.evidence.case import Asked, Case, Names
from backup_doctor.evidence.log import LogReading
from backup_doctor.evidence.row import BackupRow, Period, RowEvidence
from backup_doctor.evidence.workflow import FoundBy, WorkflowEvidence
from backup_doctor.evidence.workflow import Run as FoundRun
from tests.clients.github_stand_in import MAY_READ, NOW, PATH, job, settings, stand_in
from tests.log.logs import DISPATCH, UPDATE, step
from tests.log.logs import job as log_of

NOT_ASKED = Unseen(why=Why.NOT_ASKED, what="Not asked in this test.")
OTHER = "11111111-2222-4333-8444-555555555555"
FAILED_CALL = "Edge function call failed (HTTP 404)"
FILE = f"""
run-name: Backup ${{{{ inputs.dispatch_id }}}}
jobs:
  backup:
    timeout-minutes: 30
    steps: [{{name: {UPDATE}, run: bash update.sh}}]
  diagnose: {{steps: [{{run: backup-doctor}}]}}
"""


def update_job(identity: int = 71, output: str = FAILED_CALL, **changes: object) -> Job:
    """A job that holds the update step, and its log."""
    steps = [Step(UPDATE, 2, started_at=NOW, completed_at=NOW)]
    text = log_of(step("bash update.sh", output)).decode()
    return job(identity, text, steps=steps, **changes)


@dataclass(frozen=True)
class Scene:
    """What GitHub knows, what the row says, and what is asked."""

    known: Repository
    row: BackupRow | None = field(
        default_factory=lambda: BackupRow(dispatch_id=DISPATCH, created_at=NOW)
    )
    asked: Asked = field(default_factory=lambda: Asked(dispatch_id=DISPATCH))
    names: Names = field(default_factory=Names)
    permissions: frozenset[str] = MAY_READ
    period: Period | None = None

    def look(self) -> WorkflowEvidence:
        return self.look_with_requests()[0]

    def look_with_requests(self) -> tuple[WorkflowEvidence, list[str]]:
        """The evidence, and the paths that GitHub was asked for."""
        earlier: Future[Evidence | Unseen] = Future()
        seen = rows_of(*filter(None, (self.row,)))
        earlier.set_result(msgspec.structs.replace(seen, period=self.period))
        case = Case(asked=self.asked, names=self.names, now=NOW + timedelta(hours=3))
        with stand_in(self.known, *self.permissions) as server:
            ask = Sources(settings(server.url), Deadline(30), {RowEvidence: earlier})
            return look(ask, case), [request.path for request in server.requests]


def rows_of(*rows: BackupRow) -> RowEvidence:
    """What the row's check says of these rows."""
    return RowEvidence(route=None, rows=rows, table=NOT_ASKED, server=NOT_ASKED, api=NOT_ASKED)


def found(evidence: WorkflowEvidence) -> tuple[int, FoundBy | None]:
    assert isinstance(evidence.run, FoundRun), evidence
    return evidence.run.id, evidence.found_by


def log(evidence: WorkflowEvidence) -> LogReading:
    assert isinstance(evidence.log, LogReading), evidence.log
    return evidence.log


def files(text: str = FILE) -> dict[str, bytes]:
    return {PATH: text.encode()}
