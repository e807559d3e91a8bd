"""The updates of the row beside the one that decides: what each is called, and how it was refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.workflow.told import quoted_answer
from backup_doctor.evidence.log import Outcome
from backup_doctor.judge.history.calls import FAILED, update_ways
from backup_doctor.judge.show import listed, log_lines

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Exhibit
    from backup_doctor.evidence.log import Attempt, Call


def how(call: Call) -> str:
    """How a call failed, as it follows the call's name."""
    if call.outcome is Outcome.TIMED_OUT:
        return ": no answer in time"
    if call.outcome is Outcome.UNREACHABLE:
        return ": nothing answered"
    return f" (HTTP {call.status})" if call.status else ""


def name_of(case: Case, shown: Call) -> str:
    """What the update is called that decides: by the script, where it is no direct one."""
    named = (one for one in _deciding(case, shown) if not one.is_direct)
    return next((one.name for one in named), "direct update")


def _deciding(case: Case, shown: Call) -> tuple[Attempt, ...]:
    """The way whose call it is: the only one, if the words of the log have added to what the script tells."""
    ways = tuple(one for one in update_ways(case) if not one.is_of_function)
    return ways if len(ways) == 1 else tuple(one for one in ways if one.call == shown)


def _refused_beside(case: Case, shown: Call) -> tuple[Attempt, ...]:
    """The other ways to update the row that were tried and failed."""
    deciding = _deciding(case, shown)
    return tuple(
        one
        for one in update_ways(case)
        if not one.is_of_function and one.call.outcome in FAILED and one not in deciding
    )


def others_failed(case: Case, shown: Call) -> str:
    """A sentence that names them; empty where there are none."""
    others = listed(
        f"the {one.name}{how(one.call)}{quoted_answer(one.call)}"
        for one in _refused_beside(case, shown)
    )
    return f" So did {others}." if others else ""


def other_ways(case: Case, shown: Call) -> tuple[Exhibit, ...]:
    """What became of them, as the log has it."""
    return tuple(
        each
        for one in _refused_beside(case, shown)
        for each in log_lines(case, f"answer to the {one.name}", one.call)
    )
