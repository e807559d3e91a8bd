"""Whether the edge function is there, runs, and accepts the key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.checks.function import answer, deployment, key, limits, project, success
from backup_doctor.evidence.base import Shown, Unseen, Why, unseen
from backup_doctor.evidence.function import FunctionEvidence
from backup_doctor.evidence.log import Outcome
from backup_doctor.judge.framework import Check
from backup_doctor.judge.history import function_call
from backup_doctor.judge.history.function_calls import (
    Shows,
    calls_another,
    calls_function,
    shows_key,
)

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case

check = Check(
    name="function",
    step=5,
    title="Edge function",
    evidence=FunctionEvidence,
    collected_by="backup_doctor.collect.function.collector:look",
    doc=__doc__,
)


@check.must_see
def whether_it_answers(seen: FunctionEvidence, case: Case) -> tuple[Unseen, ...]:
    """An answer of the function itself: the platform's record alone does not show that it runs."""
    if not case.names.calls_function or function_call(case).outcome is Outcome.OK:
        return ()
    if case.is_preflight and isinstance(calls_function(case), Shown):
        return _untried_key(seen, case)
    another = calls_another(case)
    if another:
        return (another,)
    return unseen(seen.probe) if not isinstance(seen.record, Unseen) else ()


def _untried_key(seen: FunctionEvidence, case: Case) -> tuple[Unseen, ...]:
    shows, how = shows_key(case)
    if shows in (Shows.OWN_HEADER, Shows.OTHER_KEY):
        what = f"The update step authenticates itself to the function {how}: that cannot be tried."
        return (Unseen(why=Why.NOT_ASKED, what=what, dependency="The functions gateway"),)
    return unseen(seen.empty_post)


check.include(deployment.rules, key.rules, answer.rules, limits.rules, project.rules, success.rules)
