"""What keeps the edge function from updating the row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from doctor.demo.faults.fault import Fault, Side
from doctor.demo.world import FUNCTION

if TYPE_CHECKING:
    from doctor.demo.world import World


def undeploy(world: World) -> None:
    """The edge function was never deployed, or was deleted."""
    del world.project.functions[FUNCTION]


def change_caller_key(world: World) -> None:
    """GitHub holds another BACKUP_API_KEY than the function."""
    world.github_secrets["BACKUP_API_KEY"] = world.backup_api_key[::-1]


def verify_jwt(world: World) -> None:
    """A deployment without config.toml: the platform wants a JWT, which the key is not."""
    world.project.functions[FUNCTION].verify_jwt = True


FAULTS: Final = (
    Fault(
        "not-deployed",
        "the function is not deployed",
        Side.FUNCTION,
        "function/not-deployed",
        undeploy,
    ),
    Fault(
        "verify-jwt",
        "the platform wants a JWT before the function runs",
        Side.FUNCTION,
        "function/jwt-gate",
        verify_jwt,
    ),
    Fault(
        "other-caller-key",
        "GitHub's BACKUP_API_KEY is not the function's",
        Side.FUNCTION,
        "secrets/api-key-mismatch",
        change_caller_key,
    ),
)
