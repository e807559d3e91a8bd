"""Looks at the row and its table: directly, else by the Management API, else over PostgREST."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from doctor.case import Asked
from doctor.database.answers import LOCKED
from doctor.database.rows import Keys, keys_of, read_rows
from doctor.database.view import NOT_ASKED, View, look_through
from doctor.evidence.base import Unseen, Why, unseen
from doctor.evidence.row import BackupRow, Route, RouteFailure, RowEvidence, Table
from doctor.evidence.workflow import WorkflowEvidence

if TYPE_CHECKING:
    from doctor.case import Case
    from doctor.evidence.row import ApiAnswer
    from doctor.sources import Sources

SERVICE_ROLE = "service_role"
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
NOTHING = View(rows=NO_WAY, table=NO_CATALOGUE, server=NO_CATALOGUE, locks=NO_CATALOGUE)


@dataclass(frozen=True)
class Survey:
    """What all ways together showed: `route` is the one that showed the row (or the table)."""

    view: View = NOTHING
    route: Route | None = None
    failures: tuple[RouteFailure, ...] = ()


def look(ask: Sources, case: Case) -> RowEvidence:
    """The row, its table, who holds it, and how the pipeline's own look-up is answered."""
    keys = _keys(case.asked)
    api = ask.meanwhile(lambda: _pipelines_look_up(ask, keys))
    survey = _survey(ask, case, keys)
    if _only_a_run(case.asked) and survey.view.rows == ():
        survey = _survey_by_run(ask, case, survey)
    view = survey.view
    return RowEvidence(
        route=survey.route,
        rows=view.rows,
        table=view.table,
        server=view.server,
        api=api.result(),
        failures=survey.failures,
        locks=view.locks,
        earlier_sizes=view.sizes,
    )


def _keys(asked: Asked) -> Keys | None:
    return None if asked == Asked() else keys_of(asked)


def _pipelines_look_up(ask: Sources, keys: Keys | None) -> ApiAnswer | Unseen:
    """The look-up of the backup's id as the pipeline makes it; any row for no backup in hand."""
    column, value = keys[0] if keys else (None, "")
    return ask.data_api.look_up(column, value)


def _survey(ask: Sources, case: Case, keys: Keys | None) -> Survey:
    """Try each way until one shows the row, and keep the best of what they showed."""
    survey = Survey()
    for way in ask.database.ways:
        roles = (ask.settings.writer_role, ask.data_api.role or SERVICE_ROLE)
        seen = look_through(way, ask, case.names, keys, *roles)
        wanted = seen.table if keys is None else seen.rows
        survey = _with(survey, seen)
        if not isinstance(wanted, Unseen):
            return replace(survey, route=way.route)
        failures = (*survey.failures, RouteFailure(route=way.route, reason=wanted))
        survey = replace(survey, failures=failures)
        if wanted.code == LOCKED:  # another session would wait for the same lock
            break
    if keys is None:
        return replace(survey, view=replace(survey.view, rows=NOT_ASKED))
    return _over_rest(ask, case, keys, survey)


def _with(survey: Survey, seen: View) -> Survey:
    """The rows are the last way's; the catalogue is the first's that could see it."""
    known = survey.view if not isinstance(survey.view.table, Unseen) else seen
    return replace(survey, view=replace(known, rows=seen.rows, sizes=seen.sizes or known.sizes))


def _over_rest(ask: Sources, case: Case, keys: Keys, survey: Survey) -> Survey:
    """The row alone, with the service key."""
    answers = ask.at_once(*(partial(ask.data_api.rows, *key) for key in keys))
    found = [row for answer in answers if not isinstance(answer, Unseen) for row in answer]
    rows = _newest_first(read_rows(_distinct(found), case.names))
    reason = next(iter(unseen(*answers)), None)
    if reason is None and not rows and not _sees_all(ask.data_api.role, survey.view.table):
        reason = _may_be_hidden(ask.data_api.role)
    if rows or reason is None:
        return replace(survey, route=Route.REST, view=replace(survey.view, rows=rows))
    failures = (*survey.failures, RouteFailure(route=Route.REST, reason=reason))
    return _unanswered(replace(survey, failures=failures))


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


def _sees_all(role: str | None, table: Table | Unseen | None) -> bool:
    """Whether policies hide nothing from the key's role; service_role's bypass is presumed."""
    if not isinstance(table, Table):
        return role == SERVICE_ROLE
    grants = table.grants_of(role or "")
    bypasses = grants is not None and (grants.bypasses_rls or grants.superuser)
    return bypasses or not table.rls_enabled


def _may_be_hidden(role: str | None) -> Unseen:
    return Unseen(
        why=Why.DENIED,
        what=f"The key's role ({role or 'unknown'}) sees no such row, but row-level security may "
        "hide it.",
        remedy="Set SUPABASE_SERVICE_ROLE_KEY to the project's service-role (or secret) key.",
        dependency="Supabase's Data API",
    )


def _only_a_run(asked: Asked) -> bool:
    return asked.run_id is not None and asked.dispatch_id is None and asked.backup_id is None


def _survey_by_run(ask: Sources, case: Case, survey: Survey) -> Survey:
    """No row names the run (the pipeline may write that last): ask the run for its dispatch id."""
    workflow = ask.need(WorkflowEvidence)
    asked = _asked_of_run(workflow)
    if asked is not None:
        return _survey(ask, case, keys_of(asked))
    ids = workflow.reading.ids if workflow and workflow.reading else ()
    named = _survey(ask, case, tuple(("dispatch_id", one) for one in ids)) if ids else survey
    rows = named.view.rows
    if isinstance(rows, Unseen) or len({row.dispatch_id for row in rows}) == 1:
        return named
    unknown = Unseen(
        why=Why.NOT_FOUND,
        what=f"Which backup run {case.asked.run_id} made is not known: no row names the run, and the "
        f"run's log names {'several backups' if rows else 'none'}.",
        remedy="Give --dispatch-id.",
        dependency="PostgreSQL",
    )
    return replace(survey, view=replace(survey.view, rows=unknown))


def _asked_of_run(workflow: WorkflowEvidence | None) -> Asked | None:
    """What the run's title or log says of the backup that it makes."""
    if workflow is None:
        return None
    log = workflow.reading
    env = {variable.name: variable.value for variable in log.variables} if log else {}
    said = {**env, **(log.assignments if log else {})}
    dispatch_id = workflow.run_title_dispatch or said.get("DISPATCH_ID")
    backup_id = said.get("BACKUP_ID")
    if not dispatch_id and not backup_id:
        return None
    return Asked(dispatch_id=dispatch_id or None, backup_id=backup_id or None)
