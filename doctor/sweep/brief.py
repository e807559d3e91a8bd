"""A backup's case from the lists alone: what is known of it without asking for it in particular."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from doctor.collectors.run_title import dispatch_of
from doctor.evidence.base import Unseen, Why
from doctor.evidence.object import KeySource, ObjectEvidence, Search, ZipTail
from doctor.evidence.workflow import Run, WorkflowEvidence
from doctor.sweep.runs import NOT_READ, Match
from doctor.sweep.shelf import Shelf, keys_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from doctor.case import Case
    from doctor.evidence.base import Evidence
    from doctor.evidence.object import StoredObject
    from doctor.sweep.backup import StuckBackup
    from doctor.sweep.shared import Shared

NOT_OPENED = Unseen(
    why=Why.NOT_ASKED,
    what="Whether the file is whole was not looked at: a sweep opens a limited number of files.",
    remedy="Diagnose this backup alone, or give --fix-script to open them all.",
    dependency="S3",
)
NOT_LISTED = Unseen(
    why=Why.NOT_ASKED,
    what="The row names a key outside of what was listed.",
    remedy="Diagnose this backup alone.",
    dependency="S3",
)


def brief_case(
    shared: Shared,
    backup: StuckBackup,
    match: Match,
    shelf: Shelf | Unseen,
    tails: Mapping[str, ZipTail | Unseen],
) -> Case:
    """The case of a backup whose run was not read. Pure."""
    evidence: dict[str, Evidence | Unseen] = {
        "secrets": shared.secrets,
        "function": shared.function,
        "row": shared.row_of(backup),
        "workflow": _workflow(shared, backup, match),
        "object": _object(backup, shelf, tails),
        "rls": shared.rls,
    }
    return msgspec.structs.replace(shared.case, asked=backup.asked, evidence=evidence)


def _workflow(shared: Shared, backup: StuckBackup, match: Match) -> WorkflowEvidence:
    known = shared.case.workflow
    workflows = known.workflows if known else ()
    run = match.run
    if not isinstance(run, Run):
        searched = "the titles of all runs around the row's creation; none is without a dispatch"
        return WorkflowEvidence(
            run=run, searched=searched if run is None else "", workflows=workflows
        )
    return WorkflowEvidence(
        run=run,
        found_by=match.by,
        jobs=NOT_READ,
        log=NOT_READ,
        workflows=workflows,
        run_title_dispatch=dispatch_of(run.title, like=backup.row.dispatch_id),
    )


def _object(
    backup: StuckBackup, shelf: Shelf | Unseen, tails: Mapping[str, ZipTail | Unseen]
) -> ObjectEvidence:
    if isinstance(shelf, Unseen):
        return ObjectEvidence(bucket=shelf, head=shelf)
    here = shelf.at_key(backup)
    named = keys_of(backup, shelf.bucket)
    expected = here.key if here else next(iter(named), None)
    source = KeySource.ROW if expected else None
    if here is not None:
        return ObjectEvidence(
            bucket=shelf.bucket,
            expected_key=expected,
            key_source=source,
            head=here,
            tail=_tail(here, tails),
        )
    hits = shelf.naming(backup)
    search: Search | Unseen = Search(
        prefixes=tuple(shelf.walked),
        listed=shelf.listed,
        complete=shelf.complete or bool(hits),
        hits=hits,
    )
    if shelf.gap is not None and not hits:
        search = shelf.gap
    return ObjectEvidence(
        bucket=shelf.bucket,
        expected_key=expected,
        key_source=source,
        head=None if expected is None or shelf.covers(expected) else NOT_LISTED,
        search=search,
        found_tail=_tail(hits[0], tails) if len(hits) == 1 else None,
    )


def _tail(found: StoredObject, tails: Mapping[str, ZipTail | Unseen]) -> ZipTail | Unseen | None:
    return tails.get(found.key, NOT_OPENED)
