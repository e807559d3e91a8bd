"""What the table says of other backups: who else has this file, and whose files were made near it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.database.others import (
    NEAR,
    columns_of,
    neighbours_statement,
    with_ids_statement,
)
from backup_doctor.collect.database.rows import read_row
from backup_doctor.collect.database.statements import document
from backup_doctor.collect.row.key_owners import key_owners, names_key
from backup_doctor.evidence.base import Unseen, Why, unseen
from backup_doctor.evidence.case import Names
from backup_doctor.evidence.object import KeyOwner, ObjectEvidence, Search
from backup_doctor.evidence.row import BackupRow, Route
from backup_doctor.evidence.sql import can_be_stored

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.ids import Ids
    from backup_doctor.evidence.row import RowEvidence

BY_GUIDE = Names()
MOST_KEYS = 8
# The Data API takes one question for each id.
MOST_IDS_ASKED = 6
NO_TIME = Unseen(
    why=Why.NOT_ASKED,
    what="Other backups' rows could not be looked for: the table has no time of creation.",
    dependency="PostgreSQL",
)


class Neighbours(Immutable, frozen=True, kw_only=True):
    """Other backups' rows: `later` were made next, the good ones next to this one on either side."""

    later: tuple[BackupRow, ...] = ()
    good_after: tuple[BackupRow, ...] = ()
    good_before: tuple[BackupRow, ...] = ()


def owners_of(
    ask: Sources,
    case: Case,
    rows: RowEvidence | None,
    keys: Iterable[str],
    ids: Ids,
    bucket: str,
) -> tuple[KeyOwner, ...] | Unseen:
    """The other rows, of whatever status, that have one of these objects."""
    # What no text of PostgreSQL can hold no row names.
    asked = tuple(filter(can_be_stored, dict.fromkeys(keys)))[:MOST_KEYS]
    if not asked:
        return ()
    own = rows.newest.id if rows and rows.newest else None
    rivals = tuple(dict.fromkeys(one for key in asked for one in ids.rivals_in(key)))
    names = msgspec.structs.replace(case.names, bucket=bucket)
    by_key, by_id = ask.at_once(
        partial(key_owners, ask, names, asked), partial(_with_ids, ask, case, rows, rivals)
    )
    if isinstance(by_key, Unseen):
        return by_key
    if isinstance(by_id, Unseen):
        return by_id
    others = {row.id: _told(row) for row in (*by_key, *by_id) if own is None or row.id != own}
    return tuple(owner for key in asked for owner in owning(key, others.values(), ids, bucket))


def _by_rest(ask: Sources, rows: RowEvidence | None) -> bool:
    """Whether the Data API is to be asked: no SQL can be run, or the row was seen through it."""
    return not ask.database.ways or (rows is not None and rows.route is Route.REST)


def _with_ids(
    ask: Sources, case: Case, rows: RowEvidence | None, rivals: Sequence[str]
) -> tuple[BackupRow, ...] | Unseen:
    """The rows that have one of these ids."""
    if not rivals:
        return ()
    columns = columns_of(case.names, rows.table if rows else None)
    found = ask.database.query(with_ids_statement(case.names, columns, rivals))
    told = found if isinstance(found, Unseen) else document(found)
    if not isinstance(told, Unseen):
        return tuple(read_told(told.get("rows", ())))
    return _with_ids_over_rest(ask, rivals) if _by_rest(ask, rows) else told


def _with_ids_over_rest(ask: Sources, rivals: Sequence[str]) -> tuple[BackupRow, ...] | Unseen:
    calls = [partial(ask.data_api.rows, "dispatch_id", one) for one in rivals[:MOST_IDS_ASKED]]
    answers = ask.at_once(*calls)
    failed = unseen(*answers)
    if failed:
        return failed[0]
    found = [row for answer in answers if not isinstance(answer, Unseen) for row in answer]
    return tuple(_told(read_row(values, ask.settings.names)) for values in found)


def without_others(evidence: ObjectEvidence) -> ObjectEvidence:
    """The evidence without the hits that are another row's, so that what is left is no choice. Pure."""
    search, owners = evidence.search, evidence.owners
    if not isinstance(search, Search) or isinstance(owners, Unseen):
        return evidence
    by_id = {one.key for one in owners if one.by_id}
    named = {one.key for one in owners}
    own = [one for one in search.hits if one.key not in by_id]
    own = [one for one in own if one.key not in named] or own
    if len(own) == len(search.hits):
        return evidence
    others = (one for one in search.hits if one not in own)
    search = replace(search, hits=tuple(own), possible=(*others, *search.possible))
    return replace(evidence, search=search, found_tail=None)


def owning(key: str, rows: Iterable[BackupRow], ids: Ids, bucket: str) -> Iterable[KeyOwner]:
    """The rows among these that have the object. Pure."""
    rivals = {one.lower() for one in ids.rivals_in(key)}
    for row in rows:
        if names_key(row, key, bucket):
            yield KeyOwner(key=key, row=row)
        elif {(row.dispatch_id or "").lower(), (row.id or "").lower()} & rivals:
            yield KeyOwner(key=key, row=row, by_id=True)


def neighbours_of(ask: Sources, case: Case, rows: RowEvidence | None) -> Neighbours | Unseen:
    """The backups that were made before and after this one."""
    row = rows.newest if rows else None
    columns = columns_of(case.names, rows.table if rows else None)
    if not {"created_at", "status", "s3_key"} <= set(columns):
        return NO_TIME
    found = ask.database.query(neighbours_statement(case.names, columns, row))
    told = found if isinstance(found, Unseen) else document(found)
    if isinstance(told, Unseen):
        return _neighbours_over_rest(ask, row) if _by_rest(ask, rows) else told
    return Neighbours(
        later=tuple(read_told(told.get("later", ()))),
        good_after=tuple(read_told(told.get("good_after", ()))),
        good_before=tuple(read_told(told.get("good_before", ()))),
    )


def _neighbours_over_rest(ask: Sources, row: BackupRow | None) -> Neighbours | Unseen:
    if not ask.settings.names.column("created_at"):
        return NO_TIME
    at = row.created_at if row else None
    near = partial(ask.data_api.near, at, NEAR)
    answers = ask.at_once(
        partial(near, after=True, good=False),
        partial(near, after=True, good=True),
        partial(near, after=False, good=True),
    )
    failed = unseen(*answers)
    if failed:
        return failed[0]
    names, own = ask.settings.names, row.id if row else None
    later, good_after, good_before = (
        tuple(
            one
            for one in (_told(read_row(values, names)) for values in answer)
            if own is None or one.id != own
        )
        for answer in answers
        if not isinstance(answer, Unseen)
    )
    return Neighbours(later=later, good_after=good_after, good_before=good_before)


def read_told(found: Iterable[dict[str, Any]]) -> list[BackupRow]:
    """Rows by the guide's column names, with what was asked of them alone."""
    return [_told(read_row(values, BY_GUIDE)) for values in found]


def _told(row: BackupRow) -> BackupRow:
    """The row without what nobody asked of it."""
    return replace(row, values={}, error_text=None, workflow_run_id=None)
