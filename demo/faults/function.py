"""What the platform does in the function's place: it is not there, not let in, or not run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backup_doctor.demo.faults.changes import SCRIPT, edit, platform
from backup_doctor.demo.faults.defect import Side
from backup_doctor.demo.faults.fault import Fault
from backup_doctor.demo.world import FUNCTION

if TYPE_CHECKING:
    from backup_doctor.demo.world import World

# Nothing listens on the port of the protocol tcpmux: the connection is refused, as by a host that
# is down.
NOBODY = "http://127.0.0.1:1"


def undeploy(world: World) -> None:
    """The edge function was never deployed, or was deleted."""
    del world.project.functions[FUNCTION]


def lose_bundle(world: World) -> None:
    """The function is listed as active, and its bundle is gone."""
    function = world.project.functions[FUNCTION]
    function.entrypoint = function.entrypoint.with_name("gone.ts")


def remove(world: World) -> None:
    """The platform lists the function as removed."""
    world.project.functions[FUNCTION].status = "REMOVED"


def throttle(world: World) -> None:
    """The platform lists the function as throttled."""
    world.project.functions[FUNCTION].status = "THROTTLED"


def verify_jwt(world: World) -> None:
    """A deployment without config.toml: the platform wants a JWT, which the key is not."""
    world.project.functions[FUNCTION].verify_jwt = True


def _fault(name: str, description: str, code: str, **changes: object) -> Fault:
    return Fault(name, description, Side.FUNCTION, f"function/{code}", **changes)  # type: ignore[arg-type]


FAULTS: Final = (
    _fault("not-deployed", "the function is not deployed", "not-deployed", before=undeploy),
    _fault(
        "other-function-name",
        "the step calls the function under a name that is not deployed",
        "not-deployed",
        before=edit(SCRIPT, "functions/v1/update-backup", "functions/v1/update_backup"),
    ),
    _fault(
        "bundle-gone",
        "the function is listed, and its bundle is gone",
        "not-deployed",
        before=lose_bundle,
    ),
    _fault(
        "function-removed",
        "the function is listed as removed",
        "inactive",
        before=remove,
    ),
    _fault(
        "function-throttled",
        "the function is throttled for its load",
        "inactive",
        before=throttle,
    ),
    _fault(
        "verify-jwt",
        "the platform wants a JWT before the function runs",
        "jwt-gate",
        before=verify_jwt,
    ),
    _fault(
        "rate-limited",
        "the platform refuses the call for there were too many",
        "rate-limited",
        before=platform(function_rate_limit=True),
    ),
    _fault(
        "resource-limit",
        "the function dies of memory or CPU time",
        "resource-limit",
        before=platform(function_limit=True),
    ),
    _fault(
        "idle-timeout",
        "the function sends nothing until the platform gives up",
        "timeout",
        before=platform(function_idle=True),
    ),
    _fault(
        "function-unreachable",
        "the step calls the function at a host that does not answer",
        "unreachable",
        before=edit(SCRIPT, "${SUPABASE_URL%/}/functions", f"{NOBODY}/functions"),
        in_front=True,
    ),
)
