"""What is wrong with the row itself: it is not there, there are two, or it is not complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import psycopg

from backup_doctor.demo.faults.defect import Side
from backup_doctor.demo.faults.fault import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.demo.world import World


def delete_rows(world: World) -> None:
    """The app's insert was never committed."""
    world.sql("DELETE FROM public.backup_history")


def move_rows_to_another_project(world: World) -> None:
    """The app inserts the row in its staging project, and dispatches the production workflow."""
    staging = world.servers.postgres.uri(world.another_database("staging"))
    with psycopg.connect(world.owner_uri) as production, psycopg.connect(staging) as elsewhere:
        rows = production.execute("DELETE FROM public.backup_history RETURNING dispatch_id")
        for (dispatch_id,) in rows:
            elsewhere.execute(
                "INSERT INTO public.backup_history (dispatch_id) VALUES (%s)", [dispatch_id]
            )


def insert_again(world: World) -> None:
    """The app's insert seemed to fail and was tried again: the run updates the newer row."""
    world.sql(
        "INSERT INTO public.backup_history (dispatch_id, created_at)"
        " SELECT dispatch_id, created_at - interval '2 seconds' FROM public.backup_history"
    )


def insert_late(world: World) -> None:
    """The same, but the second insert came when the run had done its work."""
    world.sql(
        "INSERT INTO public.backup_history (dispatch_id)"
        " SELECT dispatch_id FROM public.backup_history"
    )


def without(column: str) -> Callable[[World], None]:
    """An older version of the function, which does not write one column."""

    def forget(world: World) -> None:
        world.sql(f"UPDATE public.backup_history SET {column} = NULL WHERE status = 'success'")

    return forget


FAULTS: Final = (
    Fault("row-missing", "the row was never created", Side.ROW, "row/missing", delete_rows),
    Fault(
        "row-elsewhere",
        "the row was inserted in another project",
        Side.ROW,
        "row/missing",
        move_rows_to_another_project,
    ),
    Fault(
        "row-duplicate",
        "the app inserted the row twice, and the older one stays in progress",
        Side.AFTER,
        "row/duplicate",
        insert_again,
    ),
    Fault(
        "row-duplicate-late",
        "the app inserted the row again after the run, and the newer one stays in progress",
        Side.AFTER,
        "row/duplicate",
        after=insert_late,
    ),
    Fault(
        "row-without-size",
        "the row says success and has no size",
        Side.AFTER,
        "row/incomplete",
        after=without("size_bytes"),
    ),
    Fault(
        "row-without-key",
        "the row says success and has no key",
        Side.AFTER,
        "row/incomplete",
        after=without("s3_key"),
    ),
    Fault(
        "row-without-finish",
        "the row says success and does not say when it finished",
        Side.AFTER,
        "row/incomplete",
        after=without("finished_at"),
    ),
)
