"""What the database says of one backup's SQL is said of another's only where it must be the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from backup_doctor.evidence.collected import FixCheck
from backup_doctor.judge.registry import load_checks
from backup_doctor.run.sweep.judging import Judge
from tests.fix.test_plan import stuck
from tests.judgement.cases import a_row, row

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.judge.fix_sql import Repair

OTHER_ID = "0b9e6679-7425-40de-944b-e07fc1f90ae7"
REFUSED = FixCheck(refused=("never_this_one (CHECK (dispatch_id <> 'x'))",))
TOO_LARGE = FixCheck(problem="integer out of range", sqlstate="22003")
NO_SUCH_WORD = FixCheck(problem="column is a generated one", sqlstate="428C9")


def judged(first: FixCheck, *, mending: bool) -> tuple[list[str | None], int]:
    """The SQL of two backups, where the database says this of the first's; how often it was asked."""
    asked: list[Case] = []

    def tried(case: Case, _offered: Repair) -> FixCheck:
        asked.append(case)
        return first if case is one else FixCheck()

    one = stuck()
    other = stuck(row(msgspec.structs.replace(a_row(), id=OTHER_ID)))
    judge = Judge(registry=load_checks(), tried=tried, mending=mending)
    found = [judge.swept(case, closely=True).report.fix_sql for case in (one, other)]
    return found, len(asked)


@pytest.mark.parametrize("check", [REFUSED, TOO_LARGE], ids=["a constraint", "a size"])
def test_what_is_refused_for_one_rows_values_refuses_no_other(check: FixCheck) -> None:
    (first, second), asked = judged(check, mending=False)

    assert (first, asked) == (None, 2)
    assert second is not None
    assert OTHER_ID in second


def test_what_is_refused_for_the_table_is_asked_once() -> None:
    assert judged(NO_SUCH_WORD, mending=False) == ([None, None], 1)


def test_where_repairs_are_wanted_each_is_tried() -> None:
    (first, second), asked = judged(FixCheck(), mending=True)

    assert (first and second, asked) == (second, 2)
