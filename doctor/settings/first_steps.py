"""Whether anything is set at all, and what to set first where nothing is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.settings.table import BY_NAME

if TYPE_CHECKING:
    from backup_doctor.settings.model import Settings

LETS_A_CHECK_LOOK = ("supabase_url", "access_token", "database_url", "repository", "bucket")
FIRST_SETTINGS = ("supabase_url", "service_key", "repository", "github_token", "bucket")


def anything_configured(settings: Settings) -> bool:
    """Whether at least one check has something to look at."""
    return bool(settings.withheld) or any(name in settings.origins for name in LETS_A_CHECK_LOOK)


def first_steps() -> str:
    """What to set first, for someone who has set nothing."""
    width = max(len(BY_NAME[name].env[0]) for name in FIRST_SETTINGS)
    lines = [f"  {BY_NAME[name].env[0]:<{width}}  {BY_NAME[name].about}" for name in FIRST_SETTINGS]
    return "\n".join(
        [
            "Nothing is configured yet, so there is nothing to look at. Set these first, in the",
            "environment or in .env (each is optional, and lets more checks look):",
            *lines,
            "`backup-doctor init` reads what your repository says; `backup-doctor demo` needs none.",
        ]
    )
