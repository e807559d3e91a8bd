from datetime import timedelta

from backup_doctor_freshness import FreshnessEvidence, check

from backup_doctor.evidence.findings import ResultStatus
from backup_doctor.testing import NOW, UNSEEN, judged


def test_a_backup_of_this_morning_is_fresh() -> None:
    result = judged(check, FreshnessEvidence(newest=NOW - timedelta(hours=9)))

    assert result.status is ResultStatus.PASS


def test_a_backup_of_last_week_is_stale() -> None:
    result = judged(check, FreshnessEvidence(newest=NOW - timedelta(days=7)))

    assert [finding.code for finding in result.findings] == ["freshness/stale"]
    assert "7 d ago" in result.findings[0].summary


def test_without_any_success_it_says_so() -> None:
    assert judged(check, FreshnessEvidence(newest=None)).status is ResultStatus.WARN


def test_what_could_not_be_seen_is_unknown_and_never_a_pass() -> None:
    assert judged(check, FreshnessEvidence(newest=UNSEEN)).status is ResultStatus.UNKNOWN
