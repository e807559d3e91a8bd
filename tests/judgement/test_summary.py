"""The one sentence says what a colleague would say."""

from __future__ import annotations

from datetime import timedelta

import pytest

from doctor.diagnosis import diagnose
from doctor.judgement import judge
from doctor.registry import load_checks
from doctor.reporting.summary import summary_of
from tests.judgement.cases import CREATED, case


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(hours=5), "has been stuck in in_progress for 5 h 0 min."),
        (timedelta(minutes=1), "has been stuck in in_progress for 1 min."),
        (timedelta(seconds=59), "has been stuck in in_progress."),
    ],
)
def test_it_says_how_long_a_backup_is_stuck_from_a_minute_on(age: timedelta, said: str) -> None:
    stuck = case(now=CREATED + age)
    checks = tuple(one.check for one in load_checks().checks)

    summary = summary_of(stuck, diagnose(stuck, judge(stuck, checks).findings))

    assert said in summary
