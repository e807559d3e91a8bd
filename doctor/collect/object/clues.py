"""What the row and the log say of a backup's file: its key, its ids, its time, its bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.object.search import Sought
from backup_doctor.evidence.ids import Ids, ids_of
from backup_doctor.evidence.object import KeySource
from backup_doctor.evidence.object_keys import FileKind, kind_of, places
from backup_doctor.evidence.workflow import Run

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.log import LogReading
    from backup_doctor.evidence.row import BackupRow
    from backup_doctor.evidence.workflow import WorkflowEvidence
    from backup_doctor.settings.model import Settings

KEY_VARIABLE = "S3_KEY"
# Where an endpoint is the user's own word; a file in the working directory may be a stranger's.
USERS_OWN = frozenset({"the environment", "a flag", "the default"})


class Clues(Immutable, frozen=True, kw_only=True):
    """`text` is the key as `source` has it, if anyone names one; `others` are the log's rest."""

    sought: Sought
    text: str | None = None
    source: KeySource | None = None
    others: tuple[str, ...] = ()

    def bucket(self) -> str | None:
        """The bucket that an s3:// text or a URL names."""
        texts = (self.text, *self.others) if self.text else self.others
        named = (place.bucket for text in texts for place in places(text, None))
        return next((name for name in named if name), None)


def from_row(case: Case, row: BackupRow | None) -> Clues:
    """What the row tells, before any log is read."""
    sought = Sought(
        ids=ids_of(case.asked, row), prefix=case.names.prefix, since=row.created_at if row else None
    )
    key = row.s3_key if row and row.s3_key and row.s3_key.strip() else None
    return Clues(sought=sought, text=key, source=KeySource.ROW if key else None)


def with_log(clues: Clues, workflow: WorkflowEvidence | None) -> Clues:
    """The clues with those of the run and its log; what the row says goes first."""
    if workflow is None:
        return clues
    sought = clues.sought
    if sought.since is None and isinstance(workflow.run, Run):
        sought = replace(sought, since=workflow.run.created_at)
    if not sought.ids:
        sought = replace(sought, ids=Ids([workflow.run_title_dispatch]))
    named = _keys(workflow.reading, sought) if workflow.reading else ()
    text = clues.text or next(iter(named), None)
    return Clues(
        sought=sought,
        text=text,
        source=clues.source or (KeySource.LOG if text else None),
        others=tuple(one for one in named if one != text),
    )


def _keys(reading: LogReading, sought: Sought) -> tuple[str, ...]:
    """Every key that the log names: the debug line's first, then uploads, the likeliest first.

    Then the keys without a bucket once more, in those that the steps were given.
    """
    uploaded = sorted(
        reading.uploaded,
        key=lambda text: (not sought.ids.whole_in(text), kind_of(text) is not FileKind.BACKUP),
    )
    named = (reading.assignments.get(KEY_VARIABLE, ""), *uploaded)
    texts = tuple(dict.fromkeys(text for text in named if places(text, None)))
    bare = [text.lstrip("/") for text in texts if "://" not in text]
    return (*texts, *(f"s3://{bucket}/{text}" for bucket in reading.buckets for text in bare))


def may_follow(settings: Settings) -> bool:
    """Whether a bucket that only a row or a log names may be given the user's credentials."""
    endpoint = settings.origins.get("endpoint")
    own = endpoint is None or endpoint.place in USERS_OWN
    return own and "bucket" not in settings.withheld
