"""Looks at the row and its table: directly, else by the Management API, else over PostgREST."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from backup_doctor.base.immutable import Immutable
from backup_doctor.collect.clients.data_api import NO_COLUMN
from backup_doctor.collect.clients.key_role import SERVICE_ROLE
from backup_doctor.collect.database.answers import LOCKED
from backup_doctor.collect.database.rows import (
    JUDGED_COLUMNS,
    Keys,
    best_spelled,
    in_one_call,
    keys_of,
    read_rows,
    unpadded,
)
from backup_doctor.collect.database.view import NOT_ASKED, TableView, look_through
from backup_doctor.collect.row.absence import (
    Absence,
    absence_by_rest,
    absence_by_sql,
    may_be_hidden,
)
from backup_doctor.collect.row.columns import columns_of, needed_gap
from backup_doctor.collect.row.newest import last_good
from backup_doctor.collect.row.rest_zone import read_at_latest
from backup_doctor.collect.row.run_asked import asked_of_run
from backup_doctor.evidence.base import Shown, Unseen, Why, unseen
from backup_doctor.evidence.case import Asked, Status, bare_id
from backup_doctor.evidence.reuse import period_of, row_of_run
from backup_doctor.evidence.row import (
    BackupRow,
    Route,
    RouteFailure,
    RowEvidence,
    Table,
)
from backup_doctor.evidence.workflow import Run, WorkflowEvidence

if TYPE_CHECKING:
    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.row import ApiAnswer, Period

NO_CATALOGUE = Unseen(
    why=Why.NOT_CONFIGURED,
    what="Without SQL access the table's columns, constraints, grants and locks cannot be seen.",
    remedy="Set SUPABASE_DB_URL (or SUPABASE_ACCESS_TOKEN).",
    dependency="PostgreSQL",
)
NO_WAY = Unseen(
    why=Why.NOT_CONFIGURED,
    what="No way to the database is configured.",
    remedy="Set SUPABASE_DB_URL, or SUPABASE_ACCESS_TOKEN, or SUPABASE_URL and "
    "SUPABASE_SERVICE_ROLE_KEY.",
    dependency="PostgreSQL",
)
NO_SUCH_ID = Absence(shown=Shown(by="No column of text can hold this id."))
NOTHING = TableView(rows=NO_WAY, table=NO_CATALOGUE, server=NO_CATALOGUE, locks=NO_CATALOGUE)


class Survey(Immutable, frozen=True):
    """What all ways together showed: `route` is the one that showed the row (or the table)."""

    view: TableView = NOTHING
    route: Route | None = None
    failures: tuple[RouteFailure, ...] = ()
    absence: Absence | None = None


def look(ask: Sources, case: Case) -> RowEvidence:
    """The row, its table, who holds it, and how the pipeline's own look-up is answered."""
    keys = _keys(case.asked)
    api = ask.meanwhile(lambda: _pipelines_look_up(ask, keys))
    survey = _survey(ask, case, keys)
    if _only_a_run(case.asked) and survey.view.rows == ():
        survey = _survey_by_run(ask, case, survey)
    elif survey.view.rows == ():
        survey = _settled(ask, case, survey, keys)
    view, absence = survey.view, survey.absence
    if isinstance(view.rows, tuple) and isinstance(view.table, Table):
        view = replace(view, rows=unpadded(view.rows, view.table, case.names))
    columns = columns_of(view.table, view.rows) or _shown_columns(ask, survey)
    found = isinstance(view.rows, tuple) and bool(view.rows)
    by_dispatch = case.asked.dispatch_id is not None and not found
    gap = needed_gap(case.names, columns, by_dispatch=by_dispatch) if keys else None
    seen = RowEvidence(
        route=survey.route,
        rows=gap or view.rows,
        table=view.table,
        server=view.server,
        api=api.result(),
        failures=survey.failures,
        locks=view.locks,
        earlier_sizes=view.sizes,
        columns=columns,
        unwritten=view.unwritten,
        has_good=view.has_good,
        absent=absence.shown if absence and isinstance(absence.shown, Shown) else None,
        near=absence.near if absence else (),
        respelled=_respelled(case.asked, view.rows),
        period=_period(ask, case, view.rows),
    )
    if not case.is_preflight:
        return seen
    names = case.names.fitted(seen.columns) if seen.columns else case.names
    return msgspec.structs.replace(seen, last_good=last_good(ask, names, seen.table))


def _period(ask: Sources, case: Case, rows: tuple[BackupRow, ...] | Unseen) -> Period | None:
    """The newest row's own time; where it was asked for by its own id, the others are looked up."""
    if isinstance(rows, Unseen) or not rows or not (dispatch_id := rows[0].dispatch_id):
        return None
    same: tuple[BackupRow, ...] | Unseen = rows
    if len(rows) == 1 and not case.asked.dispatch_id:
        by_dispatch = msgspec.structs.replace(case, asked=Asked(dispatch_id=dispatch_id))
        same = _survey(ask, by_dispatch, (("dispatch_id", dispatch_id),)).view.rows
    return None if isinstance(same, Unseen) else period_of(rows[0], same)


def _shown_columns(ask: Sources, survey: Survey) -> tuple[str, ...]:
    """The columns of another row, where the catalogue cannot be asked and one of ours is not there."""
    if survey.absence is not None:
        return survey.absence.columns
    rows = survey.view.rows
    lacks = isinstance(rows, Unseen) and rows.code == NO_COLUMN
    page = ask.data_api.newest() if lacks else []
    return tuple(page[0]) if not isinstance(page, Unseen) and page else ()


def _keys(asked: Asked) -> Keys | None:
    return None if asked == Asked() else keys_of(asked)


def _pipelines_look_up(ask: Sources, keys: Keys | None) -> ApiAnswer | Unseen:
    """The look-up of the backup's id as the pipeline makes it; any row for no backup in hand."""
    column, value = keys[0] if keys else (None, "")
    return ask.data_api.look_up(column, value)


# What the ways show ------------------------------------------------------------------------------


def _survey(ask: Sources, case: Case, keys: Keys | None) -> Survey:
    """Try each way until one shows the row, and keep the best of what they showed."""
    survey = Survey()
    for way in ask.database.ways:
        roles = (ask.settings.writer_role, ask.data_api.role or SERVICE_ROLE)
        seen = look_through(way, ask, case.names, keys, *roles)
        wanted = seen.table if keys is None else seen.rows
        survey = _with(survey, seen)
        if not isinstance(wanted, Unseen) or seen.table is None:
            return _chosen(replace(survey, route=way.route), case.asked)
        failures = (*survey.failures, RouteFailure(route=way.route, reason=wanted))
        survey = replace(survey, failures=failures)
        if wanted.code == LOCKED:  # another session would wait for the same lock
            break
    if keys is None:
        return replace(survey, view=replace(survey.view, rows=NOT_ASKED))
    return _chosen(_over_rest(ask, case, keys, survey), case.asked)


def _with(survey: Survey, seen: TableView) -> Survey:
    """The rows are the last way's; the catalogue is the first's that could see it."""
    known = survey.view if not isinstance(survey.view.table, Unseen) else seen
    return replace(
        survey,
        view=replace(
            known,
            rows=seen.rows,
            sizes=seen.sizes or known.sizes,
            unwritten=seen.unwritten or known.unwritten,
            has_good=seen.has_good or known.has_good,
        ),
    )


def _chosen(survey: Survey, asked: Asked) -> Survey:
    """With the rows that have the id as given, if any has; else those with it in another spelling."""
    rows = survey.view.rows
    if isinstance(rows, Unseen):
        return survey
    return replace(survey, view=replace(survey.view, rows=best_spelled(rows, asked)))


def _over_rest(ask: Sources, case: Case, keys: Keys, survey: Survey) -> Survey:
    """The row alone, with the service key."""
    answers = ask.at_once(*(partial(ask.data_api.rows, *key) for key in in_one_call(keys)))
    found = [row for answer in answers if not isinstance(answer, Unseen) for row in answer]
    rows = _newest_first(read_at_latest(ask, _distinct(found), case.names))
    reason = next(iter(unseen(*answers)), None)
    if rows or reason is None:
        view = replace(survey.view, rows=rows, **_of_good_rows(ask, case, rows))
        return replace(survey, route=Route.REST, view=view)
    failures = (*survey.failures, RouteFailure(route=Route.REST, reason=reason))
    return _unanswered(replace(survey, failures=failures))


def _of_good_rows(ask: Sources, case: Case, rows: tuple[BackupRow, ...]) -> dict[str, Any]:
    """What other good rows do not have either, where the newest row says success and lacks something."""
    newest = rows[0] if rows else None
    lacking = [name for name in JUDGED_COLUMNS if newest and not getattr(newest, name)]
    if newest is None or not lacking or newest.status not in case.names.words(Status.SUCCESS):
        return {}
    good = ask.data_api.good_rows()
    if isinstance(good, Unseen):
        return {}
    others = [row for row in read_rows(good, case.names) if row.id != newest.id]
    unwritten = (name for name in lacking if not any(getattr(row, name) for row in others))
    return {"unwritten": tuple(unwritten), "has_good": bool(others)}


def _unanswered(survey: Survey) -> Survey:
    """No way showed the row: the reason is the best configured way's own."""
    tried = tuple(
        failure for failure in survey.failures if failure.reason.why is not Why.NOT_CONFIGURED
    )
    reason = tried[0].reason if tried else NO_WAY
    return replace(survey, failures=tried, view=replace(survey.view, rows=reason))


def _distinct(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for place, row in enumerate(found) if row not in found[:place]]


def _newest_first(rows: tuple[BackupRow, ...]) -> tuple[BackupRow, ...]:
    oldest = datetime.min.replace(tzinfo=UTC)
    return tuple(sorted(rows, key=lambda row: row.created_at or oldest, reverse=True))


def _respelled(asked: Asked, rows: tuple[BackupRow, ...] | Unseen) -> str | None:
    """The id as the row has it, where it was asked for in another notation than in another case."""
    given = asked.dispatch_id or asked.backup_id
    if given is None or isinstance(rows, Unseen) or not rows:
        return None
    ids = tuple(filter(None, (rows[0].dispatch_id, rows[0].id)))
    is_cased = bare_id(given) == given and given.lower() in map(str.lower, ids)
    return None if given in ids or is_cased else next(iter(ids), None)


# No row ------------------------------------------------------------------------------------------


def _settled(ask: Sources, case: Case, survey: Survey, keys: Keys | None) -> Survey:
    """No row is believed only where one would have been seen; the very UUID in mixed case is found."""
    absence = _absence(ask, case, survey) if keys else NO_SUCH_ID
    if absence.spelling is not None:
        found = _survey(ask, case, (("dispatch_id", absence.spelling), ("id", absence.spelling)))
        if found.view.rows:
            return found
    if isinstance(absence.shown, Unseen):
        survey = replace(survey, view=replace(survey.view, rows=absence.shown))
    return replace(survey, absence=absence)


def _absence(ask: Sources, case: Case, survey: Survey) -> Absence:
    """Whether the way that showed no row would have shown it."""
    role, table = ask.data_api.role, survey.view.table
    way = next((one for one in ask.database.ways if one.route is survey.route), None)
    if way is not None and isinstance(table, Table):
        return absence_by_sql(way, case, table)
    if survey.route is Route.REST:
        return absence_by_rest(ask, case, sees_all=_sees_all(role, table))
    return Absence(shown=may_be_hidden(role))


def _sees_all(role: str | None, table: Table | Unseen | None) -> bool:
    """Whether policies hide nothing from the key's role; service_role's bypass is presumed."""
    if not isinstance(table, Table):
        return role == SERVICE_ROLE
    grants = table.grants_of(role or "")
    bypasses = grants is not None and (grants.bypasses_rls or grants.superuser)
    return bypasses or not table.rls_enabled


# Nothing but a run -------------------------------------------------------------------------------


def _only_a_run(asked: Asked) -> bool:
    return asked.run_id is not None and asked.dispatch_id is None and asked.backup_id is None


def _of_run(survey: Survey, workflow: WorkflowEvidence | None) -> Survey:
    """With the one row for which the run was started, where its dispatch id is other backups' too."""
    rows, run = survey.view.rows, workflow.run if workflow else None
    started = run.created_at if isinstance(run, Run) else None
    mine = row_of_run(rows, started) if isinstance(rows, tuple) else None
    return survey if mine is None else replace(survey, view=replace(survey.view, rows=(mine,)))


def _survey_by_run(ask: Sources, case: Case, survey: Survey) -> Survey:
    """No row names the run (the pipeline may write that last): ask the run for its dispatch id."""
    workflow = ask.need(WorkflowEvidence)
    asked = asked_of_run(workflow)
    if asked is not None:
        named = msgspec.structs.replace(case, asked=asked)
        keys = keys_of(asked)
        found = _of_run(_survey(ask, named, keys), workflow)
        return _settled(ask, named, found, keys) if found.view.rows == () else found
    ids = workflow.reading.ids if workflow and workflow.reading else ()
    named_by_log = _survey(ask, case, tuple(("dispatch_id", one) for one in ids)) if ids else survey
    rows = named_by_log.view.rows
    if isinstance(rows, Unseen) or len({row.dispatch_id for row in rows}) == 1:
        return named_by_log
    unknown = Unseen(
        why=Why.NOT_FOUND,
        what=f"Which backup run {case.asked.run_id} made is not known: no row names the run, and the "
        f"run's log names {'several backups' if rows else 'none'}.",
        remedy="Give --dispatch-id.",
        dependency="PostgreSQL",
    )
    return replace(survey, view=replace(survey.view, rows=unknown))
