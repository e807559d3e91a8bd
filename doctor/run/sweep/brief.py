"""A backup's case from the lists alone: what is known of it without asking for it in particular."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.object.rows import without_others
from backup_doctor.collect.workflow.run_title import dispatch_of
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.object import FileEnd, KeySource, ObjectEvidence, Search
from backup_doctor.evidence.workflow import Run, RunAttempt, WorkflowEvidence
from backup_doctor.run.sweep.runs import NOT_READ, Match
from backup_doctor.run.sweep.shelf import Shelf, ids_of, keys_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backup_doctor.evidence.base import Evidence
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.object import StoredObject
    from backup_doctor.run.sweep.backup import StuckBackup
    from backup_doctor.run.sweep.owners import Owners
    from backup_doctor.run.sweep.shared import Shared

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


class Unjudged(Immutable, frozen=True, kw_only=True):
    """A backup that is not judged yet, and its run as far as lists tell."""

    backup: StuckBackup
    match: Match


def brief_case(
    shared: Shared,
    one: Unjudged,
    shelf: Shelf | Unseen,
    tails: Mapping[str, FileEnd | Unseen],
    owners: Owners | Unseen,
) -> Case:
    """The case of a backup whose run was not read. Pure."""
    backup = one.backup
    evidence: dict[str, Evidence | Unseen] = {
        "secrets": shared.secrets,
        "function": shared.function,
        "row": shared.row_of(backup),
        "workflow": _workflow(shared, backup, one.match),
        "object": _object(backup, shelf, tails, owners),
        "rls": shared.rls,
        **shared.of_plugins(),
    }
    return msgspec.structs.replace(shared.case, asked=backup.asked, evidence=evidence)


def _workflow(shared: Shared, backup: StuckBackup, match: Match) -> WorkflowEvidence:
    known = shared.case.workflow
    workflows = known.workflows if known else ()
    run = match.run
    if not isinstance(run, Run):
        searched = "the titles of all runs around the row's creation; none is without a dispatch"
        return WorkflowEvidence(
            run=run,
            searched=searched if run is None else "",
            workflows=workflows,
            absence=match.absence,
        )
    return WorkflowEvidence(
        run=run,
        found_by=match.by,
        jobs=NOT_READ,
        log=NOT_READ,
        workflows=workflows,
        run_title_dispatch=dispatch_of(run.title, like=backup.row.dispatch_id),
        attempts=tuple(
            RunAttempt(run=one, found_by=match.by, may_write=one.status != "completed")
            for one in (run, *match.others)
        ),
    )


def _object(
    backup: StuckBackup,
    shelf: Shelf | Unseen,
    tails: Mapping[str, FileEnd | Unseen],
    owners: Owners | Unseen,
) -> ObjectEvidence:
    if isinstance(shelf, Unseen):
        return ObjectEvidence(bucket=shelf, head=shelf)
    here = shelf.at_key(backup)
    named = keys_of(backup, shelf.bucket)
    expected = here.key if here else next(iter(named), None)
    source = KeySource.ROW if expected else None
    if here is not None:
        found = ObjectEvidence(
            bucket=shelf.bucket,
            expected_key=expected,
            key_source=source,
            head=here,
            tail=_tail(here, tails),
        )
        return _with_owners(found, backup, owners)
    return _searched(backup, shelf, tails, owners, expected)


def _searched(
    backup: StuckBackup,
    shelf: Shelf,
    tails: Mapping[str, FileEnd | Unseen],
    owners: Owners | Unseen,
    expected: str | None,
) -> ObjectEvidence:
    """The evidence of a backup at whose key nothing is."""
    listed = shelf.search(backup)
    search: Search | Unseen = listed
    if listed.hits:
        search = msgspec.structs.replace(listed, complete=True)
    elif shelf.gap is not None:
        search = shelf.gap
    found = ObjectEvidence(
        bucket=shelf.bucket,
        expected_key=expected,
        key_source=KeySource.ROW if expected else None,
        head=None if expected is None or shelf.covers(expected) else NOT_LISTED,
        search=search,
    )
    sorted_out = without_others(_with_owners(found, backup, owners))
    here = sorted_out.present
    return msgspec.structs.replace(sorted_out, found_tail=_tail(here, tails) if here else None)


def _with_owners(
    found: ObjectEvidence, backup: StuckBackup, owners: Owners | Unseen
) -> ObjectEvidence:
    if isinstance(owners, Unseen):
        return msgspec.structs.replace(found, owners=owners)
    ids, own = ids_of(backup), backup.row.id
    others = tuple(one for key in found.keys for one in owners.of(key, ids, own))
    return msgspec.structs.replace(found, owners=others)


def _tail(found: StoredObject, tails: Mapping[str, FileEnd | Unseen]) -> FileEnd | Unseen | None:
    return tails.get(found.key, NOT_OPENED)
