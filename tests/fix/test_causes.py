"""What is said of the causes once the row was fixed."""

from __future__ import annotations

import pytest

from backup_doctor.evidence.rls import Reach
from backup_doctor.run.fix.causes import left
from tests.judgement.asking import judged
from tests.judgement.cases import NOT_THERE, call, case, finished_row, log, rls, row, workflow

NO_GRANT = "rls/no-grant"
DENIED = call(403, '{"code":"42501","message":"permission denied for table backup_history"}')
REFUSED = rls(Reach.REFUSED, sqlstate="42501", message="permission denied")


@pytest.mark.parametrize(
    ("seen", "standing"),
    [
        (REFUSED, "The cause is still there"),
        (rls(), "No longer there"),
        (type(REFUSED)(proof=NOT_THERE), "Not checked since"),
    ],
)
def test_each_cause_is_said_to_stand_as_it_was_seen_to(seen: object, standing: str) -> None:
    fixed = case(workflow(log(call(500), DENIED)), row(finished_row()), seen)  # type: ignore[arg-type]

    (said,) = left([NO_GRANT], judged(fixed))

    assert said.startswith(f"{standing}: {NO_GRANT}. ")
    assert said.lower().count("not checked since") == standing.count("Not checked since")
