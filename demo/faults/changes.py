"""The verbs of faults: each returns a change of the world that is still to be made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.demo.world import FUNCTION

if TYPE_CHECKING:
    from backup_doctor.demo.faults.fault import Change
    from backup_doctor.demo.world import World

SOURCE = f"supabase/functions/{FUNCTION}/index.ts"
SCRIPT = "scripts/update-backup-history.sh"
REQUESTS = "scripts/backup-history.sh"


def sql(statement: str) -> Change:
    """Run SQL as the owner, as in Supabase's SQL editor."""
    return lambda world: world.sql(statement)


def platform_sql(statement: str) -> Change:
    """Run SQL that only the platform may."""
    return lambda world: world.sql_as_superuser(statement)


def edit(path: str, old: str, new: str) -> Change:
    """Replace text in a file of the repository; an edited function is deployed."""
    return lambda world: world.edit(path, old, new)


def platform(**flags: object) -> Change:
    """Set what is wrong with the platform itself (`backup_doctor.demo.supabase.state.Faults`)."""

    def change(world: World) -> None:
        for name, value in flags.items():
            setattr(world.project.faults, name, value)

    return change


def together(*changes: Change) -> Change:
    """Make several changes, one after the other."""

    def change(world: World) -> None:
        for each in changes:
            each(world)

    return change
