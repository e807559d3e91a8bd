"""What an audit came to, as every format but JSON tells it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from backup_doctor.base.quoting import for_shell
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.report.render.charts import in_units
from backup_doctor.run.audit.model import BackupState, DisagreementKind, Item, Proposals, counted

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Names
    from backup_doctor.run.audit.run import Audit

MEANINGS = {
    DisagreementKind.MISSING_OBJECT: "the row says success, and its object is not in the bucket",
    DisagreementKind.SIZE_MISMATCH: "the object has another size than the row says",
    DisagreementKind.STUCK_WITH_OBJECT: "in progress for too long, and the object is there",
    DisagreementKind.ORPHAN_OBJECT: "no row of any status names the object",
    DisagreementKind.DUPLICATE_KEY: "another row names the same key",
}
TO_DO = {
    DisagreementKind.MISSING_OBJECT: "Diagnose the row: the file may be elsewhere, or an older version "
    "of it may be left. If it is gone, let the row say failed.",
    DisagreementKind.SIZE_MISMATCH: "Diagnose the row: the file may be cut off or another one, or the "
    "row's size may be wrong.",
    DisagreementKind.STUCK_WITH_OBJECT: "backup-doctor sweep{project} says why they are stuck.",
    DisagreementKind.ORPHAN_OBJECT: "Diagnose the dispatch id in its name. If its row was deleted on "
    "purpose, delete the object too, for example by a lifecycle rule.",
    DisagreementKind.DUPLICATE_KEY: "One file can be the backup of one row only. If backups overwrite "
    "each other, put the dispatch id into the key.",
}


class KindSection(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of disagreement: how many there are, what to do, and the first of them."""

    kind: DisagreementKind
    meaning: str
    to_do: str
    count: int
    examples: list[Item]

    @property
    def more(self) -> int:
        """How many are not among the examples."""
        return self.count - len(self.examples)


@dataclass(kw_only=True)
class Examples:
    """The first items of each kind."""

    limit: int
    by_kind: defaultdict[DisagreementKind, list[Item]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def take(self, item: Item) -> None:
        """Keep it, if it is among the first."""
        kept = self.by_kind[item.kind]
        if len(kept) < self.limit:
            kept.append(item)


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides, what they disagree about, and what could not be read."""

    table: str
    bucket: str
    verdict: str
    rows: str
    read: str
    objects: str
    listed: str
    sections: list[KindSection]
    total: int
    gaps: list[Unseen]
    notes: list[str]
    proposals: Proposals | None = None
    project: str | None = None


def summarize(
    audit: Audit,
    examples: Examples,
    *,
    proposals: Proposals | None = None,
    interrupted: bool = False,
) -> Summary:
    """The summary of an audit, finished or not."""
    totals, names = audit.totals, audit.settings.names
    sections = [
        KindSection(
            kind=kind,
            meaning=meaning,
            to_do=_to_do(kind, names),
            count=totals.kinds[kind],
            examples=examples.by_kind[kind],
        )
        for kind, meaning in MEANINGS.items()
        if totals.kinds[kind]
    ]
    return Summary(
        table=names.table,
        bucket=f"s3://{names.bucket or '?'}/{names.prefix}",
        verdict=_verdict(audit, interrupted=interrupted),
        rows=_rows(audit),
        read=_read(audit),
        objects=_objects(audit),
        listed=_listed(audit),
        sections=sections,
        total=totals.kinds.total(),
        gaps=list(dict.fromkeys(totals.gaps)),
        notes=totals.notes,
        proposals=proposals,
        project=names.project,
    )


def _verdict(audit: Audit, *, interrupted: bool) -> str:
    if interrupted:
        return "interrupted"
    if not audit.totals.complete:
        return "incomplete"
    return "not clean" if audit.totals.kinds.total() else "clean"


def _to_do(kind: DisagreementKind, names: Names) -> str:
    project = f" --project {for_shell(names.project)}" if names.project else ""
    return TO_DO[kind].format(project=project)


def _objects(audit: Audit) -> str:
    totals = audit.totals
    if _is_unread(audit):
        return "not listed"
    return f"{counted(totals.objects, 'object')}, {in_units(totals.object_bytes)}"


def _listed(audit: Audit) -> str:
    if audit.inventory:
        return audit.inventory.told
    return "could not be read" if _is_unread(audit) else "listed now"


def _is_unread(audit: Audit) -> bool:
    """Whether nobody could look into the bucket."""
    looked = (Why.NOT_ASKED, Why.NOT_FOUND)
    refused = any(one.dependency == "S3" and one.why not in looked for one in audit.totals.gaps)
    return not audit.totals.objects and (refused or audit.settings.names.bucket is None)


def _rows(audit: Audit) -> str:
    rows = audit.totals.rows
    parts = [f"{rows[state]:,} {state}" for state in BackupState if rows[state]]
    return counted(rows.total(), "row") + (f": {', '.join(parts)}" if parts else "")


def _read(audit: Audit) -> str:
    if audit.route is None or audit.read_at is None:
        return "not read"
    return f"read through {audit.route} at {audit.read_at:%Y-%m-%d %H:%M:%S} UTC"
