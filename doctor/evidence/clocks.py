"""The services' clocks, as their answers tell them: where a client sees an answer it notes the time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from backup_doctor.evidence.clock import Clock


def own_now() -> datetime:
    """What this machine's clock says."""
    return datetime.now(UTC)


class Clocks:
    """What the services said of the time in this run. Safe to use from several threads."""

    def __init__(self) -> None:
        self._ahead_s: dict[str, float] = {}

    def heard(self, service: str, time: datetime) -> None:
        """A service just said what time it is; its first word counts."""
        self._ahead_s.setdefault(service, round((time - own_now()).total_seconds(), 1))

    def heard_date(self, service: str, header: str | None) -> None:
        """The same by the Date header of an answer; what is none says nothing."""
        try:
            time = parsedate_to_datetime(header or "")
        except ValueError:
            return
        self.heard(service, time if time.tzinfo else time.replace(tzinfo=UTC))

    def reading(self) -> Clock:
        """What is known by now."""
        return Clock(ahead_s=dict(self._ahead_s))

    def now(self) -> datetime:
        """The time by the services' clocks, as far as they are known, else by this machine's."""
        return own_now() + timedelta(seconds=self.reading().behind_s)
