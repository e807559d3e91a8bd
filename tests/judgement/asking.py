"""What the rules say of a case, for tests that ask for one finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.judge.diagnosis import Diagnosis, diagnose
from backup_doctor.judge.judgement import Judged, judge
from backup_doctor.judge.registry import load_checks

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case


def judged(one: Case) -> tuple[Judged, ...]:
    """Every finding of the case, in running order."""
    judgement = judge(one, (loaded.check for loaded in load_checks().checks))
    assert judgement.errors == ()
    return judgement.findings


def codes(one: Case) -> set[str]:
    """The codes of all findings, causes or not."""
    return {finding.code for finding in judged(one)}


def finding(one: Case, code: str) -> Judged:
    """The finding of this code, which must be there once."""
    (found,) = (finding for finding in judged(one) if finding.code == code)
    return found


def diagnosed(one: Case) -> Diagnosis:
    """The diagnosis of the case."""
    return diagnose(one, judged(one))


def causes(one: Case) -> list[str]:
    """The codes of the causes, in the order of the chain."""
    return [cause.code for cause in diagnosed(one).causes]
