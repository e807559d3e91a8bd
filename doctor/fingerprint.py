"""The fingerprint of a root cause: what a ticket system is searched for."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from doctor.model import FailingStep, Verdict

DIGITS = 10


def fingerprint(
    verdict: Verdict,
    root_cause: str | None,
    causes: tuple[str, ...],
    failing_step: FailingStep | None,
) -> str:
    """`bd-` and ten hexadecimal digits: the same for every backup that broke in the same way.

    No id, time or name of one backup goes into it.
    """
    same = (str(verdict), root_cause, causes, failing_step.check if failing_step else None)
    return f"bd-{hashlib.sha256(json.dumps(same).encode()).hexdigest()[:DIGITS]}"
