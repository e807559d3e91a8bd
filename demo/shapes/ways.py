"""The ways in which a row comes to be right: by one of the two, late, or again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from backup_doctor.demo.faults.rewriting import UPDATE, age
from backup_doctor.demo.shapes.shape import Shape, back_up
from backup_doctor.demo.world import FUNCTION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backup_doctor.demo.world import World

FALLBACK = 'echo "Falling back to a direct update of backup_history"'
REVOKE = "REVOKE UPDATE ON public.backup_history FROM service_role"
GRANT = "GRANT UPDATE ON public.backup_history TO service_role"


def without_fallback(world: World) -> None:
    """The script knows the function alone."""
    world.edit(UPDATE, FALLBACK, "exit 1")


def without_function(world: World) -> None:
    """There is no function, and no key for one: the script updates the table directly."""
    del world.project.functions[FUNCTION]
    del world.project.function_secrets["BACKUP_API_KEY"]
    del world.github_secrets["BACKUP_API_KEY"]


def environment_without_key(world: World) -> Mapping[str, str]:
    """The doctor is given no function key either: there is none."""
    world.github_secrets.setdefault("BACKUP_API_KEY", "")
    return world.environment() | {"BACKUP_API_KEY": ""}


def mended_after_failure(world: World) -> str:
    """Run with both ways broken, and mend them; return the dispatch id of the stuck row."""
    dispatch_id = world.insert_row()
    function = world.project.functions.pop(FUNCTION)
    world.sql(REVOKE)
    world.run_pipeline(dispatch_id)
    world.project.functions[FUNCTION] = function
    world.sql(GRANT)
    return dispatch_id


def run_again(world: World) -> str:
    """After a failed run, someone dispatched the workflow once more for the same row."""
    dispatch_id = mended_after_failure(world)
    world.run_pipeline(dispatch_id)
    return dispatch_id


def attempt_again(world: World) -> str:
    """After a failed run, someone pressed "Re-run jobs"."""
    dispatch_id = mended_after_failure(world)
    (failed,) = world.repository.runs
    world.run_pipeline(dispatch_id, again=failed)
    return dispatch_id


def mended_by_hand(world: World) -> str:
    """After a failed run, someone updated the row as the guide says."""
    dispatch_id = mended_after_failure(world)
    (key,) = world.objects()
    size = world.servers.storage.s3.head_object(Bucket=world.bucket.name, Key=key)["ContentLength"]
    world.sql(
        f"UPDATE public.backup_history SET s3_key = '{key}', size_bytes = {size},"
        " status = 'success', finished_at = now(), error_text = NULL"
    )
    return dispatch_id


def long_ago(world: World) -> None:
    """The row is of last season, and GitHub has deleted the run by now."""
    age(world, timedelta(days=120))
    world.sql("UPDATE public.backup_history SET workflow_run_id = NULL")
    world.repository.runs.clear()


SHAPES: Final = (
    Shape("plain", "the reference pipeline"),
    Shape("function-only", "the script has no fallback", without_fallback),
    Shape(
        "fallback-only",
        "there is no function and no key for it",
        without_function,
        environment=environment_without_key,
    ),
    Shape("run-again", "a failed run was dispatched again for the same row", run=run_again),
    Shape("second-attempt", "a failed run was re-run", run=attempt_again),
    Shape("mended-by-hand", "a stuck row was updated as the guide says", run=mended_by_hand),
    Shape(
        "old-row",
        "the row is older than the function, and its run is deleted",
        without_function,
        back_up,
        long_ago,
        environment_without_key,
    ),
)
