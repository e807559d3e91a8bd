"""The case: everything that judgement may know, and nothing else."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

import msgspec

from backup_doctor.evidence.base import Evidence, Fact, Unseen
from backup_doctor.evidence.clock import Clock
from backup_doctor.evidence.columns import GUIDE_COLUMNS
from backup_doctor.evidence.function import FunctionEvidence
from backup_doctor.evidence.object import ObjectEvidence
from backup_doctor.evidence.rls import RlsEvidence
from backup_doctor.evidence.row import BackupRow, RowEvidence
from backup_doctor.evidence.secrets import SecretsEvidence
from backup_doctor.evidence.workflow import WorkflowEvidence

if TYPE_CHECKING:
    from collections.abc import Collection

    from backup_doctor.evidence.log import LogReading

E = TypeVar("E", bound=Evidence)

# Without these no row can be found by its dispatch id, and none can be judged.
NEEDED_COLUMNS = ("id", "dispatch_id", "status")


class Status(StrEnum):
    """The states that a status word can mean."""

    IN_PROGRESS = "in_progress"
    SUCCESS = "success"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class Names(Fact, frozen=True, kw_only=True):
    """The names of the user's pipeline: settings that are no secrets and that judgement needs.

    `columns` maps the guide's column names to the user's; empty: the table has none. `in_progress`,
    `success`, `failed` and `cancelled` are the words that are written; `more_words` has what else a
    row may say for each. `calls_function` is false where the pipeline calls no function (`function`
    is then the guide's, and nobody's). `secrets` maps the settings' names to what the pipeline's own
    secrets are called; `given` has the settings that somebody set: all others are the guide's.
    `writer_role` is the role of the pipeline's key. `github_server` is where people and gh reach
    GitHub; `s3_endpoint` is set for a store that is not Amazon's. `stuck_after_s` and
    `max_age_s` are in seconds. `project` is the one of several in the file that was chosen.
    """

    table: str = "public.backup_history"
    columns: dict[str, str] = {}
    in_progress: str = "in_progress"
    success: str = "success"
    failed: str = "failed"
    cancelled: str = "cancelled"
    more_words: dict[str, tuple[str, ...]] = {}
    function: str = "update-backup"
    calls_function: bool = True
    secrets: dict[str, str] = {}
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
    max_age_s: float | None = None
    given: tuple[str, ...] = ()
    writer_role: str = "service_role"
    github_server: str = "https://github.com"
    s3_endpoint: str | None = None
    project: str | None = None

    def column(self, guide_name: str) -> str:
        """The user's name of one of the guide's columns; empty where the table has none."""
        return self.columns.get(guide_name, guide_name)

    def fitted(self, columns: Collection[str]) -> Names:
        """The same for a table with these columns: what it lacks and nobody named, it does not have.

        A column that is named, or without which no row can be found and judged, stays as it is.
        """
        absent = {
            name: ""
            for name in GUIDE_COLUMNS
            if self.column(name) not in columns
            and f"columns.{name}" not in self.given
            and name not in NEEDED_COLUMNS
        }
        return msgspec.structs.replace(self, columns={**self.columns, **absent}) if absent else self

    def words(self, status: Status) -> tuple[str, ...]:
        """Every word that means this state, the one that is written first."""
        written = {
            Status.IN_PROGRESS: self.in_progress,
            Status.SUCCESS: self.success,
            Status.FAILED: self.failed,
            Status.CANCELLED: self.cancelled,
        }
        if status not in written:
            return ()
        return (written[status], *self.more_words.get(status, ()))

    def status_of(self, word: str | None) -> Status:
        """The state that a row's status word means; UNKNOWN for none of the configured ones."""
        return next((one for one in Status if word in self.words(one)), Status.UNKNOWN)

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


# What a person or a shell leaves around an id.
_QUOTES = ('""', "''", "``", "\u201c\u201d", "\u2018\u2019", "\u00ab\u00bb")


def bare_id(given: str) -> str:
    """An id without the blanks and the pairs of quotes around it; as given where nothing else is."""
    bare = given.strip()
    while len(bare) > 1 and f"{bare[0]}{bare[-1]}" in _QUOTES:
        bare = bare[1:-1].strip()
    return bare or given


def dispatch_id_of(asked: Asked, row: BackupRow | None) -> str | None:
    """The row's own dispatch id once the row is found; else what was asked, bare; None without both."""
    own = row.dispatch_id if row else None
    return own or (bare_id(asked.dispatch_id) if asked.dispatch_id else None)


class Case(Fact, frozen=True, kw_only=True):
    """One backup, with the evidence that was collected, by check. `now` is UTC.

    `now` is by the services' clocks, as far as they told the time; `clock` is what they said.

    A check that was not run (`--skip`, `--only`) has no entry; one whose collector failed has
    `Unseen`.
    """

    asked: Asked
    names: Names
    now: datetime
    evidence: dict[str, Evidence | Unseen] = {}
    skipped: tuple[str, ...] = ()
    clock: Clock = Clock()

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
    def dispatch_id(self) -> str | None:
        """What the run, its log and the file are looked for with; see `dispatch_id_of`."""
        return dispatch_id_of(self.asked, self.backup)

    @property
    def log(self) -> LogReading | None:
        """The log of the job that holds the update step."""
        workflow = self.workflow
        return workflow.reading if workflow else None

    @property
    def backup(self) -> BackupRow | None:
        """The row that this diagnosis is about: the newest."""
        return self.row.newest if self.row else None
