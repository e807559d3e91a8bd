"""The opinion on a case: what the rules find, and what that comes to. Formed once a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from backup_doctor.base.immutable import Immutable
from backup_doctor.evidence.base import Evidence, Unseen, Why
from backup_doctor.judge import preflight
from backup_doctor.judge.diagnosis import Diagnosis, diagnose
from backup_doctor.judge.judgement import Judgement, judge
from backup_doctor.judge.registry import BUILT_IN

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.judge.framework import AnyCheck
    from backup_doctor.judge.registry import Registry


class Opinion(Immutable, frozen=True, kw_only=True):
    """A case, the checks that had a say in it, what they found, and the diagnosis."""

    case: Case
    checks: tuple[AnyCheck, ...]
    judgement: Judgement
    diagnosis: Diagnosis


def opinion_on(case: Case, registry: Registry) -> Opinion:
    """Judge the case with every check that looked or was left out."""
    case = _without_defective(case, registry)
    checks = tuple(
        one.check
        for one in registry.checks
        if one.check.name in case.evidence or one.check.name in case.skipped
    )
    judgement = judge(case, checks)
    conclude = preflight.foresee if case.is_preflight else diagnose
    diagnosis = conclude(case, judgement.findings)
    return Opinion(case=case, checks=checks, judgement=judgement, diagnosis=diagnosis)


def _without_defective(case: Case, registry: Registry) -> Case:
    """The case, in which another package's evidence that cannot tell what it saw was not seen."""
    broken = {
        one.check.name: crash
        for one in registry.checks
        if one.origin != BUILT_IN and (crash := _crash(one.check, case)) is not None
    }
    return replace(case, evidence={**case.evidence, **broken}) if broken else case


def _crash(check: AnyCheck, case: Case) -> Unseen | None:
    """That what the report asks of the check's evidence fails; None if all of it is answered."""
    evidence = case.evidence.get(check.name)
    if not isinstance(evidence, Evidence):
        return None
    try:
        gaps = (*check.gaps(evidence, case), *evidence.notes())
        is_sound = isinstance(evidence.saw(), str) and all(isinstance(one, Unseen) for one in gaps)
        how = "" if is_sound else "TypeError"
    except (Exception, SystemExit) as error:  # noqa: BLE001 -- it must not cost the report
        how = type(error).__name__
    what = f"The check {check.name} could not say what it saw ({how})."
    return Unseen(why=Why.CRASHED, what=what) if how else None
