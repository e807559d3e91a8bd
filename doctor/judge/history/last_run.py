"""What the last run proves of the pipeline's own keys, before the next backup.

The doctor's copies are presumed the pipeline's. Where that run's log proves that the pipeline's was
refused, one that works proves nothing, unless GitHub shows that the secret was set since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.evidence.base import Unseen
from backup_doctor.evidence.log import LogReading
from backup_doctor.judge.framework import Found
from backup_doctor.judge.history.since import stored_for
from backup_doctor.judge.show import exhibit
from backup_doctor.services.meaning import fallback_meaning, function_meaning, look_up_meaning
from backup_doctor.services.secret_uses import Use

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.chain import Link
    from backup_doctor.evidence.findings import Exhibit, Fix
    from backup_doctor.evidence.log import Call
    from backup_doctor.evidence.workflow import Run
    from backup_doctor.services.meaning import Meaning


class LastRefusal(Immutable, frozen=True, kw_only=True):
    """The answer by which a key of the pipeline's was refused in the last run.

    `at_look_up`: it was the look-up of the id, without which nothing is updated. `is_same_key`: GitHub
    shows that the secret is still the one that the run was handed.
    """

    run: Run
    call: Call
    at_look_up: bool
    is_same_key: bool

    def found(
        self,
        summary: str,
        stored: tuple[Exhibit, ...],
        fixes: tuple[Fix, ...],
        breaks: tuple[Link, ...],
    ) -> Found:
        """What it means for the next backup; proved only where the secret is the same."""
        since = "it was not set" if self.is_same_key else "nothing shows that it was set"
        lines = "\n".join(self.call.lines)
        return Found(
            summary=f"{summary} The last run ({self.run.id}) was refused with it, and {since} on "
            "GitHub since.",
            evidence=(exhibit(f"answer in run {self.run.id}", lines, "its log"), *stored),
            fixes=fixes,
            breaks=breaks,
            weak=not self.is_same_key,
        )


def refused_last_time(case: Case, use: Use, code: str) -> LastRefusal | None:
    """How the last run's log proves this code of a key, unless the secret was set since."""
    workflow = case.workflow if case.is_preflight else None
    if workflow is None or isinstance(workflow.recent, Unseen):
        return None
    log, run = workflow.recent_log, next(iter(workflow.recent), None)
    if run is None or not isinstance(log, LogReading):
        return None
    call = next((one for one, meaning in _answers(log, use) if meaning.proved == code), None)
    set_at = stored.updated_at if (stored := stored_for(case, use)) else None
    began = run.started_at or run.created_at
    if call is None or (set_at and began and set_at > began):
        return None
    at_look_up = call == log.lookup_call
    return LastRefusal(run=run, call=call, at_look_up=at_look_up, is_same_key=set_at is not None)


def _answers(log: LogReading, use: Use) -> tuple[tuple[Call, Meaning], ...]:
    """The answers that tell of this key, and what they mean."""
    if use is Use.FUNCTION_KEY:
        return ((log.function_call, function_meaning(log.function_call)),)
    return (
        (log.lookup_call, look_up_meaning(log.lookup_call)),
        (log.fallback_call, fallback_meaning(log.fallback_call)),
    )
