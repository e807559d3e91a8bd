"""What is wrong with the keys of the function's way: the caller's, and the function's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backup_doctor.demo.faults.changes import SOURCE
from backup_doctor.demo.faults.defect import Side
from backup_doctor.demo.faults.fault import Fault
from backup_doctor.demo.supabase.state import SecretValue

if TYPE_CHECKING:
    from backup_doctor.demo.faults.fault import Change
    from backup_doctor.demo.world import World

NAME = "BACKUP_API_KEY"
CALLER = "VITE_SUPABASE_SERVICE_ROLE_KEY"
SECRET_KEY_FIRST = "if (secretKey) return"  # noqa: S105 -- a line of the function's source


def caller_sends(value: str) -> Change:
    """GitHub has this key; `{key}` in it stands for the right one."""

    def change(world: World) -> None:
        world.github_secrets[NAME] = value.format(key=world.backup_api_key)

    return change


def function_holds(value: str) -> Change:
    """The function's secret has this value; `{key}` in it stands for the right one."""

    def change(world: World) -> None:
        world.project.function_secrets[NAME] = SecretValue(value.format(key=world.backup_api_key))

    return change


def change_caller_key(world: World) -> None:
    """GitHub holds another BACKUP_API_KEY than the function."""
    world.github_secrets[NAME] = world.backup_api_key[::-1]


def forget_caller_key(world: World) -> None:
    """GitHub has no BACKUP_API_KEY, which is optional: the step takes the other way at once."""
    del world.github_secrets[NAME]


def forget_function_key(world: World) -> None:
    """The function has no BACKUP_API_KEY to compare with."""
    del world.project.function_secrets[NAME]


def keep_dead_key_in_function(world: World) -> None:
    """Legacy keys are off; the workflow got a new key, the function still uses the injected one."""
    world.edit(SOURCE, SECRET_KEY_FIRST, "if (false) return")
    world.project.legacy_keys_enabled = False
    world.github_secrets[CALLER] = world.project.keys.secret


FAULTS: Final = (
    Fault(
        "other-caller-key",
        "GitHub's BACKUP_API_KEY is not the function's",
        Side.FUNCTION,
        "secrets/api-key-mismatch",
        before=change_caller_key,
    ),
    Fault(
        "caller-key-blank",
        "GitHub's BACKUP_API_KEY begins with a blank",
        Side.FUNCTION,
        "secrets/whitespace",
        before=caller_sends(" {key}"),
    ),
    Fault(
        "no-caller-key",
        "GitHub has no BACKUP_API_KEY, and the function is left out",
        Side.FUNCTION,
        None,
        before=forget_caller_key,
        in_front=True,
    ),
    Fault(
        "no-function-secret",
        "the function has no BACKUP_API_KEY",
        Side.FUNCTION,
        "secrets/function-secret-missing",
        before=forget_function_key,
    ),
    Fault(
        "function-secret-empty",
        "the function's BACKUP_API_KEY is empty",
        Side.FUNCTION,
        "secrets/empty",
        before=function_holds(""),
    ),
    Fault(
        "function-secret-newline",
        "the function's BACKUP_API_KEY ends in a newline",
        Side.FUNCTION,
        "secrets/whitespace",
        before=function_holds("{key}\n"),
    ),
    Fault(
        "function-uses-dead-key",
        "legacy keys are off, and the function still uses the one injected into it",
        Side.FUNCTION,
        "secrets/revoked",
        before=keep_dead_key_in_function,
    ),
)
