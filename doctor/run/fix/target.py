"""Where a plan would be written: host, database and table, and what acts on the change there.

Asked by the plan's own route just before the person is asked: what another route showed may be of
another database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from backup_doctor.base.immutable import Immutable
from backup_doctor.base.quoting import one_line
from backup_doctor.collect.database.answers import Refusal
from backup_doctor.collect.deadline import Deadline
from backup_doctor.collect.sources import Sources
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.row import Route
from backup_doctor.evidence.sql import literal
from backup_doctor.run.fix import by_data_api

if TYPE_CHECKING:
    from backup_doctor.collect.database.answers import Rows
    from backup_doctor.evidence.case import Names
    from backup_doctor.run.fix.plan import Plan
    from backup_doctor.settings.model import Settings

LOOK_LIMIT_S = 15.0
UPDATE, INSERT = "UPDATE", "INSERT"
# pg_trigger.tgtype and pg_rewrite.ev_type (src/include/catalog/pg_trigger.h, nodes/nodes.h).
EVENTS = {UPDATE: (16, "2"), INSERT: (4, "3")}
# What a view shows, what inherits from the table and what it is parted into is written to as well.
STATEMENT = """\
WITH RECURSIVE relation AS (
  SELECT c.oid FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE n.nspname = {schema} AND c.relname = {table}
  UNION
  SELECT next.oid FROM relation AS r CROSS JOIN LATERAL (
    SELECT i.inhrelid AS oid FROM pg_catalog.pg_inherits AS i WHERE i.inhparent = r.oid
    UNION ALL
    SELECT d.refobjid FROM pg_catalog.pg_rewrite AS w
    JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_rewrite'::regclass
      AND d.objid = w.oid AND d.refclassid = 'pg_catalog.pg_class'::regclass
    WHERE w.ev_class = r.oid AND w.rulename = '_RETURN' AND d.refobjid <> r.oid
  ) AS next
)
SELECT current_database()::text AS database,
  (SELECT coalesce(jsonb_agg(DISTINCT t.tgname), '[]') FROM pg_catalog.pg_trigger AS t
    WHERE t.tgrelid IN (SELECT oid FROM relation) AND NOT t.tgisinternal
      AND t.tgenabled IN ('O', 'A') AND t.tgtype & {trigger_event} <> 0) AS triggers,
  (SELECT coalesce(jsonb_agg(DISTINCT w.rulename), '[]') FROM pg_catalog.pg_rewrite AS w
    WHERE w.ev_class IN (SELECT oid FROM relation) AND w.rulename <> '_RETURN'
      AND w.ev_enabled IN ('O', 'A') AND w.ev_type = {rule_event}) AS rules"""


class Target(Immutable, frozen=True, kw_only=True):
    """Where a plan would be written. `triggers` and `rules` are None where this route shows none.

    `refused` is why it must not be written there.
    """

    route: Route
    host: str
    database: str
    table: str
    triggers: tuple[str, ...] | None = None
    refused: str | None = None


def target_of(settings: Settings, plan: Plan) -> Target | Unseen:
    """Ask where the plan would be written, and what acts on the change."""
    if plan.route is Route.REST:
        return Target(
            route=plan.route,
            host=_host(settings.supabase_url),
            database=f"of project {settings.project_ref}" if settings.project_ref else "behind it",
            table=settings.names.table,
            refused=by_data_api.unable(settings, plan),
        )
    sources = Sources(settings, Deadline(LOOK_LIMIT_S))
    way = next(one for one in sources.database.ways if one.route is plan.route)
    reply = way.run(_statement(settings.names, INSERT if plan.inserts else UPDATE))
    if isinstance(reply, Refusal):
        return reply.unseen()
    return reply if isinstance(reply, Unseen) else _read(settings, plan, reply)


def _statement(names: Names, event: str) -> str:
    trigger_event, rule_event = EVENTS[event]
    return STATEMENT.format(
        schema=literal(names.schema),
        table=literal(names.table_name),
        trigger_event=trigger_event,
        rule_event=literal(rule_event),
    )


def _read(settings: Settings, plan: Plan, rows: Rows) -> Target:
    (found,) = rows
    rules = tuple(map(str, found["rules"]))
    direct = plan.route is Route.DIRECT
    of_project = f"{found['database']} of project {settings.project_ref}"
    return Target(
        route=plan.route,
        host=_database_host(settings) if direct else _host(settings.management_url),
        database=str(found["database"]) if direct else of_project,
        table=settings.names.table,
        triggers=tuple(map(str, found["triggers"])),
        refused=_of_rules(rules) if rules else None,
    )


def _of_rules(rules: tuple[str, ...]) -> str:
    named = one_line(", ".join(rules))
    return (
        f"a rule on the table ({named}) turns the statement into another one. Look at the "
        "rule, and paste the SQL yourself if it does no harm."
    )


def _host(url: str | None) -> str:
    return urlsplit(url or "").netloc


def _database_host(settings: Settings) -> str:
    from backup_doctor.collect.database.address import parameters, place

    assert settings.database_url is not None, "the row was read from it"
    found = parameters(settings.database_url.reveal())
    return "" if isinstance(found, Unseen) else place(found)
