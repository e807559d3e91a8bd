"""What the log of a failed step tells: a known error of its tools, if any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.services.errors import ToldError, decide

if TYPE_CHECKING:
    from backup_doctor.evidence.log import LogReading


def told_by(log: LogReading) -> ToldError | None:
    """The known error that stopped the step; None where it failed of another, or none did."""
    return decide(log.of_failure, log.errors)
