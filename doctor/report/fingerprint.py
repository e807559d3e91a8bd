"""The fingerprint of a root cause: what a ticket system is searched for."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backup_doctor.evidence.findings import FailingStep, Verdict

DIGITS = 10


def fingerprint(
    verdict: Verdict,
    root_cause: str | None,
    causes: tuple[str, ...],
    failing_step: FailingStep | None,
    reason: str | None = None,
) -> str:
    """`bd-` and ten hexadecimal digits: the same for every backup that broke in the same way.

    No id, time or name of one backup goes into it.
    """
    known = (reason,) if reason else ()
    same = (str(verdict), root_cause, causes, failing_step.check if failing_step else None, *known)
    return f"bd-{hashlib.sha256(json.dumps(same).encode()).hexdigest()[:DIGITS]}"
