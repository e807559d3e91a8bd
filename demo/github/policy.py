"""What GitHub limits, and what a demo or test may switch on: rate limits and retired versions."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from backup_doctor.demo.github.state import Token

WINDOW = timedelta(hours=1)
ANONYMOUS_LIMIT = 60
LIMITS = {"installation": 1000, "pat": 5000}
"""Requests an hour: a workflow's `GITHUB_TOKEN` has its own limit for each repository."""

SUPPORTED_VERSIONS = ("2026-03-10", "2022-11-28")
DEFAULT_VERSION = "2022-11-28"


@dataclass
class Quota:
    """How many requests one caller may make before `reset`, and has made."""

    limit: int
    reset: datetime
    used: int = 0

    @property
    def remaining(self) -> int:
        """What is left, never below zero."""
        return max(0, self.limit - self.used)

    def overview(self) -> dict[str, int]:
        """Schema `rate-limit`."""
        return {
            "limit": self.limit,
            "used": self.used,
            "remaining": self.remaining,
            "reset": int(self.reset.timestamp()),
        }


@dataclass
class Policy:
    """The limits in force, changeable at any time.

    `secondary_rate_limit` refuses every request, with `retry_after` seconds in the header, or
    without the header where that is None. A version in `retired_versions` is answered with 410.
    """

    now: Callable[[], datetime]
    secondary_rate_limit: bool = False
    retry_after: int | None = 60
    retired_versions: set[str] = field(default_factory=set)
    quotas: dict[str | None, Quota] = field(default_factory=dict)

    def quota(self, caller: Token | None) -> Quota:
        """The caller's quota in the hour that is running; None is the anonymous caller."""
        key = caller.value if caller else None
        quota = self.quotas.get(key)
        if quota is None or self.now() >= quota.reset:
            limit = LIMITS[caller.kind] if caller else ANONYMOUS_LIMIT
            quota = self.quotas[key] = Quota(limit, self.now() + WINDOW)
        return quota
