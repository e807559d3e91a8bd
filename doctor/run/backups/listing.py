"""The newest rows as they are, and how old the last good backup is. Nothing is diagnosed here."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from backup_doctor.collect.clients.data_api import NO_COLUMN
from backup_doctor.collect.database.answers import UNDEFINED_TABLE
from backup_doctor.collect.database.rows import read_rows, rows_statement
from backup_doctor.collect.database.statements import document
from backup_doctor.collect.row.columns import needed_gap
from backup_doctor.collect.row.newest import Newest, newest_rows
from backup_doctor.evidence.base import Unseen, Why
from backup_doctor.evidence.case import Asked, Case, Names, Status
from backup_doctor.evidence.ids import is_uuid
from backup_doctor.evidence.reuse import asked_of
from backup_doctor.evidence.row import Table
from backup_doctor.evidence.sql import can_be_stored
from backup_doctor.judge.freshness import Freshness, freshness
from backup_doctor.judge.mistakes import refuse_mistaken_names
from backup_doctor.run.backups.model import ListedBackup, Listing
from backup_doctor.run.runner import DoctorRun

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.row import BackupRow
    from backup_doctor.settings.model import Settings


def list_backups(
    settings: Settings, *, statuses: Sequence[Status], limit: int, budget_s: float
) -> Listing:
    """The newest rows, of these statuses where any is named.

    Raises:
        SettingsError: the configuration names what the database does not have.
    """
    run = DoctorRun(
        settings=replace(settings, no_probe=True), asked=Asked(), budget_s=budget_s, only=("row",)
    )
    collected = run.collect()
    case, ask = collected.case, run.sources
    words = [word for status in statuses for word in case.names.words(status)]
    page = _page(ask, case, settings, words, limit)
    fresh = freshness(case.row.last_good if case.row else None, case.names.max_age_s, case.now)
    listed = () if isinstance(page, Unseen) else tuple(_listed(row, case) for row in page.rows)
    return Listing(
        backups=listed,
        freshness=fresh,
        statuses=tuple(statuses),
        stuck_after_s=case.names.stuck_after_s,
        gap=page if isinstance(page, Unseen) else page.unproved,
        notes=_notes(case, fresh),
        warnings=collected.warnings,
        project=case.names.project,
        first_stuck=_first_stuck(ask, case, listed),
    )


def status_meant(word: str, names: Names) -> Status | None:
    """The state that a word means: one of the configured words, or the state's own name."""
    status = names.status_of(word)
    if status is not Status.UNKNOWN:
        return status
    return next((one for one in _states() if one.value == word), None)


def known_words(names: Names) -> tuple[str, ...]:
    """Every word that `status_meant` knows."""
    configured = (word for one in _states() for word in names.words(one))
    return tuple(dict.fromkeys((*configured, *(one.value for one in _states()))))


def _states() -> tuple[Status, ...]:
    return tuple(one for one in Status if one is not Status.UNKNOWN)


def _page(
    ask: Sources, case: Case, settings: Settings, words: Sequence[str], limit: int
) -> Newest | Unseen:
    seen = case.row
    if seen is None:  # the collector itself failed
        found = case.evidence.get("row")
        return found if isinstance(found, Unseen) else _NOT_LOOKED
    refuse_mistaken_names(case, settings)
    lacking = needed_gap(case.names, seen.columns)
    if lacking is not None:
        return lacking
    table = seen.table if isinstance(seen.table, Table) else None
    page = newest_rows(ask, case.names, table, words, limit)
    if isinstance(page, Newest):
        columns = page.columns
    elif page.code == NO_COLUMN:
        columns = _shown_columns(ask)
    elif isinstance(seen.rows, Unseen) and seen.rows.code == UNDEFINED_TABLE:
        return seen.rows
    else:
        return page
    if not seen.columns:
        known = msgspec.structs.replace(seen, columns=columns)
        evidence = {**case.evidence, "row": known}
        refuse_mistaken_names(msgspec.structs.replace(case, evidence=evidence), settings)
        return needed_gap(case.names, columns) or page
    return page


def _first_stuck(ask: Sources, case: Case, listed: Sequence[ListedBackup]) -> Asked | None:
    """By what the first stuck backup is found: its dispatch id may be that of a later one, listed or not."""
    rows = (one.row for one in listed if one.stuck and (one.row.dispatch_id or one.row.id))
    row = next(rows, None)
    if row is None:
        return None
    same = [one.row for one in listed if one.row.dispatch_id == row.dispatch_id]
    return asked_of(row, (*same, *_others(ask, case, row.dispatch_id)))


def _others(ask: Sources, case: Case, dispatch_id: str | None) -> tuple[BackupRow, ...]:
    """The rows with this dispatch id, as far as they can be seen; a UUID is not used again."""
    if not dispatch_id or is_uuid(dispatch_id) or not can_be_stored(dispatch_id):
        return ()
    table = case.row.table if case.row and isinstance(case.row.table, Table) else None
    by_id = (("dispatch_id", dispatch_id),)
    found = ask.database.query(rows_statement(case.names, by_id, table))
    told = found if isinstance(found, Unseen) else document(found)
    if not isinstance(told, Unseen):
        return read_rows(told["rows"], case.names)
    rows = ask.data_api.rows("dispatch_id", dispatch_id)
    return () if isinstance(rows, Unseen) else read_rows(rows, case.names)


def _shown_columns(ask: Sources) -> tuple[str, ...]:
    """The columns of any row, by the Data API."""
    page = ask.data_api.newest()
    return tuple(page[0]) if not isinstance(page, Unseen) and page else ()


def _listed(row: BackupRow, case: Case) -> ListedBackup:
    age = max(case.now - row.created_at, timedelta()) if row.created_at else None
    return ListedBackup(
        row=row, age=age, stuck=_is_stuck(case.names.status_of(row.status), age, case)
    )


def _is_stuck(status: Status, age: timedelta | None, case: Case) -> bool | None:
    """Whether it is in progress for too long; None where the status or the age is not known."""
    if status is Status.UNKNOWN:
        return None
    if status is not Status.IN_PROGRESS:
        return False
    return None if age is None else age > timedelta(seconds=case.names.stuck_after_s)


def _notes(case: Case, fresh: Freshness) -> tuple[Unseen, ...]:
    """The ways that failed before another answered, and why the freshness is not known."""
    failures = case.row.failures if case.row else ()
    untold = (fresh.unseen,) if fresh.unseen and fresh.max_age_s is not None else ()
    return (*(one.reason for one in failures), *untold)


_NOT_LOOKED = Unseen(why=Why.NOT_ASKED, what="The table was not looked at.")
