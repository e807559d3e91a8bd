"""The demo's own stories: what a newcomer meets first, put together of single faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.demo.faults.fault import compose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backup_doctor.demo.faults.fault import Fault


def stories(single: Mapping[str, Fault]) -> tuple[Fault, ...]:
    """Compose the stories of the single faults, by name."""
    return (
        compose(name="healthy", description="nothing is wrong: the backup succeeds"),
        compose(
            single["not-deployed"],
            single["no-update-grant"],
            name="stuck",
            description="the function is not deployed and the fallback lacks a grant",
        ),
        compose(
            single["other-caller-key"],
            single["role-without-bypass"],
            name="wrong-key",
            description="GitHub's BACKUP_API_KEY is not the function's, "
            "and policies block the fallback",
        ),
        compose(single["row-missing"], name="no-row"),
        compose(single["upload-denied"], name="no-upload"),
        compose(
            single["verify-jwt"],
            single["no-update-grant"],
            name="jwt-gate",
            description="the platform wants a JWT before the function runs, "
            "and the fallback lacks a grant",
        ),
        compose(
            single["not-deployed"],
            name="fallback-saved-it",
            description="the function is not deployed, but the fallback updates the row",
        ),
    )
