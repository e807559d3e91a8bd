"""The opinion on a case: what the rules find, and what that comes to. Formed once a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.judge import preflight
from backup_doctor.judge.diagnosis import Diagnosis, diagnose
from backup_doctor.judge.judgement import Judgement, judge

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
    checks = tuple(
        one.check
        for one in registry.checks
        if one.check.name in case.evidence or one.check.name in case.skipped
    )
    judgement = judge(case, checks)
    conclude = preflight.foresee if case.is_preflight else diagnose
    diagnosis = conclude(case, judgement.findings)
    return Opinion(case=case, checks=checks, judgement=judgement, diagnosis=diagnosis)
