"""The case: everything that judgement may know, and nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from doctor.evidence.base import Evidence, Fact, Unseen
from doctor.evidence.function import FunctionEvidence
from doctor.evidence.object import ObjectEvidence
from doctor.evidence.rls import RlsEvidence
from doctor.evidence.row import BackupRow, RowEvidence
from doctor.evidence.secrets import SecretsEvidence
from doctor.evidence.workflow import WorkflowEvidence

if TYPE_CHECKING:
    from doctor.evidence.log import LogReading

E = TypeVar("E", bound=Evidence)

GUIDE_COLUMNS = (
    "id",
    "dispatch_id",
    "s3_key",
    "status",
    "size_bytes",
    "finished_at",
    "error_text",
    "workflow_run_id",
    "created_at",
)


class Names(Fact, frozen=True, kw_only=True):
    """The names of the user's pipeline: settings that are no secrets and that judgement needs.

    `columns` maps the guide's column names to the user's. `stuck_after_s` is in seconds.
    """

    table: str = "public.backup_history"
    columns: dict[str, str] = {}
    in_progress: str = "in_progress"
    success: str = "success"
    failed: str = "failed"
    function: str = "update-backup"
    workflow: str | None = None
    job: str | None = None
    step: str = "Update backup_history via Edge Function"
    trigger_step: str = "trigger-backup"
    repository: str | None = None
    bucket: str | None = None
    prefix: str = "backups/"
    project_ref: str | None = None
    supabase_url: str | None = None
    stuck_after_s: float = 7200.0

    def column(self, guide_name: str) -> str:
        """The user's name of one of the guide's columns."""
        return self.columns.get(guide_name, guide_name)

    @property
    def schema(self) -> str:
        """The table's schema; public where the setting names none."""
        return self.table.split(".", 1)[0] if "." in self.table else "public"

    @property
    def table_name(self) -> str:
        """The table's bare name."""
        return self.table.split(".", 1)[-1]


class Asked(Fact, frozen=True, kw_only=True):
    """What the user asked about: one of these is given (none for `preflight`)."""

    dispatch_id: str | None = None
    backup_id: str | None = None
    run_id: str | None = None


class Case(Fact, frozen=True, kw_only=True):
    """One backup, with the evidence that was collected, by check. `now` is UTC.

    A check that was not run (`--skip`, `--only`) has no entry; one whose collector failed has
    `Unseen`.
    """

    asked: Asked
    names: Names
    now: datetime
    evidence: dict[str, Evidence | Unseen] = {}
    skipped: tuple[str, ...] = ()

    @property
    def is_preflight(self) -> bool:
        """No backup is in hand: what is asked is whether the next one would get through."""
        return self.asked == Asked()

    def seen(self, kind: type[E]) -> E | None:
        """The evidence of that kind, where it was collected."""
        # A plain loop: the rules ask hundreds of times, and a sweep judges thousands of cases.
        for item in self.evidence.values():
            if isinstance(item, kind):
                return item
        return None

    @property
    def secrets(self) -> SecretsEvidence | None:
        """Step 2."""
        return self.seen(SecretsEvidence)

    @property
    def function(self) -> FunctionEvidence | None:
        """Step 5."""
        return self.seen(FunctionEvidence)

    @property
    def row(self) -> RowEvidence | None:
        """Step 3."""
        return self.seen(RowEvidence)

    @property
    def workflow(self) -> WorkflowEvidence | None:
        """Step 1."""
        return self.seen(WorkflowEvidence)

    @property
    def object(self) -> ObjectEvidence | None:
        """Step 6."""
        return self.seen(ObjectEvidence)

    @property
    def rls(self) -> RlsEvidence | None:
        """Solution 4."""
        return self.seen(RlsEvidence)

    @property
    def log(self) -> LogReading | None:
        """The log of the job that holds the update step."""
        workflow = self.workflow
        return workflow.reading if workflow else None

    @property
    def backup(self) -> BackupRow | None:
        """The row that this diagnosis is about: the newest."""
        return self.row.newest if self.row else None
