"""The ways in which the table can be read from end to end, best first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.evidence.base import Unseen, Why

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.collect.deadline import Deadline
    from backup_doctor.run.audit.table import AuditTable
    from backup_doctor.settings.model import Settings


def ways(settings: Settings, deadline: Deadline) -> Iterator[AuditTable]:
    """Those that are configured."""
    if settings.database_url is not None:
        from backup_doctor.run.audit.table_direct import DirectTable

        yield DirectTable(settings.database_url.reveal(), settings.names, deadline)
    if settings.access_token is not None and settings.project_ref is not None:
        from backup_doctor.collect.clients.management import Management
        from backup_doctor.run.audit.table_pages import PagedTable

        yield PagedTable(Management(settings, deadline), settings.names, deadline)
    if settings.supabase_url is not None and settings.service_key is not None:
        from backup_doctor.collect.clients.data_api import DataApi
        from backup_doctor.run.audit.table_data_api import DataApiTable

        yield DataApiTable(DataApi(settings, deadline), settings.names, deadline)


def no_way(settings: Settings) -> list[Unseen]:
    """Why there is none: what is withheld by the trust rule, else that nothing is set."""
    withheld = [
        settings.withheld[name]
        for name in ("database_url", "access_token", "supabase_url")
        if name in settings.withheld
    ]
    return withheld or [NOTHING_SET]


NOTHING_SET = Unseen(
    why=Why.NOT_CONFIGURED,
    what="No way to read the table is configured: no service-role key with the project's URL, no "
    "database URL, no Management API token.",
    remedy="Set SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY, or SUPABASE_DB_URL.",
    dependency="PostgreSQL",
)
