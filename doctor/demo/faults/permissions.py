"""What takes the row out of the writing role's reach: grants, and row-level security."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from doctor.demo.faults.fault import Fault, Side

if TYPE_CHECKING:
    from doctor.demo.world import World


def revoke_update(world: World) -> None:
    """A table created without grants: the writing role may look a row up, not change it."""
    world.sql("REVOKE UPDATE ON public.backup_history FROM service_role")


def subject_to_policies(world: World) -> None:
    """The writing role no longer bypasses row-level security, and may only read by its policy."""
    world.sql_as_superuser("ALTER ROLE service_role NOBYPASSRLS")
    world.sql(
        "CREATE POLICY service_role_reads ON public.backup_history"
        " FOR SELECT TO service_role USING (true)"
    )


FAULTS: Final = (
    Fault(
        "no-update-grant",
        "the writing role may not update the table",
        Side.BOTH,
        "rls/no-grant",
        revoke_update,
    ),
    Fault(
        "role-without-bypass",
        "the writing role lost BYPASSRLS, and its policy only lets it read",
        Side.BOTH,
        "rls/role-without-bypass",
        subject_to_policies,
    ),
)
