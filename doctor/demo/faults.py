"""The ways in which the demo can break a pipeline, each named.

A fault is put into a world after the row was inserted and before the workflow runs (`before`), or
after it ran (`after`). Faults change one thing each and can be combined.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from doctor.demo.storage import allow
from doctor.demo.world import FUNCTION, World


def _nothing(_world: World) -> None:
    """Leave the world as it is."""


@dataclass(frozen=True)
class Fault:
    """One way to break a pipeline.

    `root_cause` is the finding code that a right diagnosis names; None where the backup is healthy.
    """

    name: str
    description: str
    root_cause: str | None
    before: Callable[[World], None] = _nothing
    after: Callable[[World], None] = _nothing


def undeploy_function(world: World) -> None:
    """The edge function was never deployed, or was deleted."""
    del world.project.functions[FUNCTION]


def revoke_update(world: World) -> None:
    """A table created without grants: the writing role may look a row up, not change it."""
    world.sql("REVOKE UPDATE ON public.backup_history FROM service_role")


def subject_service_role_to_policies(world: World) -> None:
    """The writing role no longer bypasses row-level security, and may only read by its policy."""
    world.sql_as_superuser("ALTER ROLE service_role NOBYPASSRLS")
    world.sql(
        "CREATE POLICY service_role_reads ON public.backup_history"
        " FOR SELECT TO service_role USING (true)"
    )


def change_caller_key(world: World) -> None:
    """GitHub holds another BACKUP_API_KEY than the function."""
    world.github_secrets["BACKUP_API_KEY"] = world.backup_api_key[::-1]


def delete_rows(world: World) -> None:
    """The app's insert was never committed."""
    world.sql("DELETE FROM public.backup_history")


def deny_upload(world: World) -> None:
    """The pipeline's user may list the bucket and no longer write to it."""
    allow(world.bucket, world.bucket.pipeline, ["s3:ListBucket"])


def verify_jwt(world: World) -> None:
    """A deployment without config.toml: the platform wants a JWT, which the key is not."""
    world.project.functions[FUNCTION].verify_jwt = True


def both(first: Callable[[World], None], second: Callable[[World], None]) -> Callable[..., None]:
    """Put two changes into one."""

    def change(world: World) -> None:
        first(world)
        second(world)

    return change


_ALL = (
    Fault("healthy", "nothing is wrong: the backup succeeds", None),
    Fault(
        "stuck",
        "the function is not deployed and the fallback lacks a grant",
        "function/not-deployed",
        both(undeploy_function, revoke_update),
    ),
    Fault(
        "wrong-key",
        "GitHub's BACKUP_API_KEY is not the function's, and policies block the fallback",
        "secrets/api-key-mismatch",
        both(change_caller_key, subject_service_role_to_policies),
    ),
    Fault("no-row", "the row was never created", "row/missing", delete_rows),
    Fault(
        "no-upload",
        "the upload to S3 is denied",
        "workflow/failed-before-update",
        deny_upload,
    ),
    Fault(
        "jwt-gate",
        "the platform wants a JWT before the function runs, and the fallback lacks a grant",
        "function/jwt-gate",
        both(verify_jwt, revoke_update),
    ),
    Fault(
        "fallback-saved-it",
        "the function is not deployed, but the fallback updates the row",
        None,
        undeploy_function,
    ),
)

FAULTS: Final = {fault.name: fault for fault in _ALL}
