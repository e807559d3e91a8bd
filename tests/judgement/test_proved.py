"""A rule that claims what nobody saw speaks only with a proof in hand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from backup_doctor.evidence.base import Evidence, Shown, Unseen, Why
from backup_doctor.evidence.case import Asked, Case, Names
from backup_doctor.evidence.chain import Link
from backup_doctor.judge.framework import Check, Found, needs
from backup_doctor.judge.judgement import judge

NOT_SHOWN = Unseen(why=Why.NOT_ASKED, what="The disk may be another one.")


class DiskEvidence(Evidence, frozen=True, kw_only=True):
    there: bool = False
    absence: Shown | Unseen | None = None


def absence_of_disk(seen: DiskEvidence, _case: Case) -> Shown | Unseen | None:
    return None if seen.there else seen.absence


check = Check(name="disk", step=None, title="Disk", evidence=DiskEvidence)


@check.cause("disk/missing", breaks=Link.BACKUP_MADE)
@needs(absence_of_disk)
def missing(seen: DiskEvidence, case: Case, shown: Shown) -> Found:
    """There is no disk."""
    return Found(summary=f"There is no disk: {shown.by}.")


def case_of(seen: DiskEvidence) -> Case:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Case(asked=Asked(dispatch_id="x"), names=Names(), now=now, evidence={"disk": seen})


def test_a_shown_absence_is_claimed_with_its_proof() -> None:
    seen = DiskEvidence(absence=Shown(by="the same controller lists two others"))

    (judged,) = judge(case_of(seen), [check]).findings

    assert judged.found.summary == "There is no disk: the same controller lists two others."
    assert check.gaps(seen, case_of(seen)) == ()


def test_an_absence_that_nothing_shows_is_a_gap_and_no_finding() -> None:
    seen = DiskEvidence(absence=NOT_SHOWN)

    assert judge(case_of(seen), [check]).findings == ()
    assert check.gaps(seen, case_of(seen)) == (NOT_SHOWN,)


def test_what_is_there_is_neither() -> None:
    seen = DiskEvidence(there=True, absence=NOT_SHOWN)

    assert judge(case_of(seen), [check]).findings == ()
    assert check.gaps(seen, case_of(seen)) == ()


def test_a_proof_that_fails_itself_is_an_error_of_the_tool_and_does_not_cost_the_report() -> None:
    def broken(seen: DiskEvidence, case: Case) -> Shown:
        raise ZeroDivisionError

    def gone(seen: DiskEvidence, case: Case, shown: Shown) -> Found:
        """The disk is gone."""
        return Found(summary=shown.by)

    failing = Check(name="disk", step=None, title="Disk", evidence=DiskEvidence)
    failing.cause("disk/gone", breaks=Link.BACKUP_MADE)(needs(broken)(gone))

    judgement = judge(case_of(DiskEvidence()), [failing])

    assert judgement.errors == ("disk/gone: ZeroDivisionError: ",)
    assert failing.gaps(DiskEvidence(), case_of(DiskEvidence())) == ()


def test_the_docstring_of_such_a_rule_is_what_explain_prints() -> None:
    (rule,) = check.rules

    assert rule.doc == "There is no disk."


@pytest.mark.parametrize("there", [True, False])
def test_no_proof_at_all_is_no_claim(there: bool) -> None:
    seen = DiskEvidence(there=there)

    assert judge(case_of(seen), [check]).findings == ()
