"""What takes the row out of the writing role's reach: grants, and row-level security."""

from __future__ import annotations

from typing import Final

from backup_doctor.demo.faults.changes import platform_sql, sql, together
from backup_doctor.demo.faults.defect import Side
from backup_doctor.demo.faults.fault import Fault

TABLE = "public.backup_history"
READS = f"CREATE POLICY reads ON {TABLE} FOR SELECT TO service_role USING (true);"
NO_BYPASS = "ALTER ROLE service_role NOBYPASSRLS"

# A view checks the policies of its table as its owner, whoever asks.
BEHIND_A_VIEW = f"""
    ALTER TABLE {TABLE} RENAME TO backups;
    CREATE VIEW {TABLE} AS SELECT * FROM public.backups;
    GRANT SELECT, INSERT, UPDATE ON {TABLE} TO service_role;
    GRANT SELECT ON {TABLE} TO backup_doctor;
    GRANT SELECT, INSERT, UPDATE ON public.backups TO authenticated;
    CREATE POLICY reads ON public.backups FOR SELECT TO authenticated USING (true);
    CREATE POLICY inserts ON public.backups FOR INSERT TO authenticated WITH CHECK (true);
    ALTER VIEW {TABLE} OWNER TO authenticated;
"""


def _grant(name: str, description: str, statement: str, *, in_lookup: bool = False) -> Fault:
    return Fault(
        name, description, Side.BOTH, "rls/no-grant", before=sql(statement), in_lookup=in_lookup
    )


def _policy(name: str, description: str, policies: str, *, in_lookup: bool = False) -> Fault:
    return Fault(
        name,
        f"the writing role lost BYPASSRLS, and {description}",
        Side.BOTH,
        "rls/role-without-bypass",
        before=together(platform_sql(NO_BYPASS), sql(policies)),
        in_lookup=in_lookup,
    )


FAULTS: Final = (
    _grant(
        "no-update-grant",
        "the writing role may not update the table",
        f"REVOKE UPDATE ON {TABLE} FROM service_role",
    ),
    _grant(
        "no-column-grant",
        "the writing role may update some columns only",
        f"REVOKE UPDATE ON {TABLE} FROM service_role;"
        f"GRANT UPDATE (status, finished_at, error_text) ON {TABLE} TO service_role",
    ),
    _grant(
        "no-grant",
        "the table was created without any grant",
        f"REVOKE ALL ON {TABLE} FROM service_role",
        in_lookup=True,
    ),
    _grant(
        "no-schema-usage",
        "the writing role may not use the schema",
        "REVOKE USAGE ON SCHEMA public FROM service_role, PUBLIC",
        in_lookup=True,
    ),
    _policy("role-without-bypass", "its policy only lets it read", READS),
    _policy("no-policy", "no policy lets it see anything", "SELECT 1", in_lookup=True),
    _policy(
        "policy-by-row",
        "its policy does not fit this row",
        f"{READS} CREATE POLICY updates ON {TABLE} FOR UPDATE TO service_role"
        " USING (workflow_run_id IS NOT NULL)",
    ),
    _policy(
        "restrictive-policy",
        "a restrictive policy keeps the row from it",
        f"CREATE POLICY everything ON {TABLE} TO service_role USING (true);"
        f"CREATE POLICY finished_only ON {TABLE} AS RESTRICTIVE FOR UPDATE"
        " USING (status <> 'in_progress')",
    ),
    _policy(
        "policy-with-check",
        "its policy refuses the row as it would become",
        f"{READS} CREATE POLICY updates ON {TABLE} FOR UPDATE TO service_role"
        " USING (true) WITH CHECK (status <> 'success')",
    ),
    Fault(
        "view-owner-bound",
        "the table is behind a view whose owner the policies bind",
        Side.BOTH,
        "rls/update-blocked",
        before=platform_sql(BEHIND_A_VIEW),
    ),
)
