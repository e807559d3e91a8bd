"""The addresses and time stamps that GitHub's answers are full of."""

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Links:
    """Where one repository is: `api` and `web` are roots without a trailing slash."""

    api: str
    web: str
    full_name: str

    @property
    def repository(self) -> str:
        """The repository's own address in the API."""
        return f"{self.api}/repos/{self.full_name}"

    @property
    def page(self) -> str:
        """The repository's page for people."""
        return f"{self.web}/{self.full_name}"

    def run(self, run_id: int) -> str:
        """The address of a run in the API."""
        return f"{self.repository}/actions/runs/{run_id}"


def timestamp(time: datetime) -> str:
    """Write a time as GitHub does: UTC, whole seconds, `Z`."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def optional_timestamp(time: datetime | None) -> str | None:
    """Write a time, or null where there is none."""
    return timestamp(time) if time else None
