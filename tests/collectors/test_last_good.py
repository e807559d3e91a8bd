"""The log of the last good run is read where a step failed of no known error, and only there."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from backup_doctor.demo.github.state import Step
from tests.clients.github_stand_in import NOW, job, repository, run
from tests.collectors.github_scene import Scene, files
from tests.log.logs import DISPATCH, UPDATE, step
from tests.log.logs import job as log_of

if TYPE_CHECKING:
    from backup_doctor.demo.github.state import Job

DUMP = "Dump"
MISS = "ERROR: cache miss {}"
MOON = "ERROR: moon in the way"
RED = "##[error]Process completed with exit code 1."
FULL = "zip I/O error: No space left on device"
EARLIER = NOW - timedelta(days=1)


@pytest.fixture(autouse=True)
def _outside_of_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)


def dumping(identity: int, *output: str, failed: str | None = None) -> Job:
    """A job that dumps, and updates the row if it comes to that."""
    ended = {DUMP: "success", UPDATE: "success"}
    if failed:
        ended = (
            {DUMP: "failure", UPDATE: "skipped"} if failed == DUMP else {**ended, UPDATE: "failure"}
        )
    printed = [*output, RED] if failed else output
    script = "bash update.sh" if failed == UPDATE else "./dump.sh"
    steps = [
        Step(name, number, started_at=NOW, completed_at=NOW, conclusion=conclusion)
        for number, (name, conclusion) in enumerate(ended.items(), start=1)
    ]
    changes = {"conclusion": "failure"} if failed else {}
    return job(identity, log_of(step(script, printed)).decode(), steps=steps, **changes)


def scene(*output: str, failed: str = DUMP) -> Scene:
    """A run of this dispatch that failed, the day after a good one."""
    good = run(6, dumping(61, MISS.format(4711)), created_at=EARLIER, conclusion="success")
    bad = run(7, dumping(71, *output, failed=failed), title=f"Backup {DISPATCH}")
    bad.conclusion = "failure"
    return Scene(repository(good, bad, files=files()))


def test_what_the_good_run_printed_too_is_told() -> None:
    evidence = scene(MOON, MISS.format(815)).look()

    assert evidence.last_good is not None
    assert evidence.last_good.run_id == 6
    assert MISS.format(815) in evidence.last_good.lines
    assert MOON not in evidence.last_good.lines


@pytest.mark.parametrize(
    ("output", "failed"),
    [
        ((FULL,), DUMP),
        (('{"code":"42501","message":"permission denied for table x"}',), DUMP),
        ((MOON,), UPDATE),
    ],
    ids=["a known error", "an error with a code of its own", "the update itself"],
)
def test_no_other_log_is_read_where_none_is_needed(output: tuple[str, ...], failed: str) -> None:
    evidence, requests = scene(*output, failed=failed).look_with_requests()

    assert evidence.last_good is None
    assert not any("jobs/61/logs" in path for path in requests)


def test_without_a_good_run_there_is_nothing_to_hold_it_against() -> None:
    bad = run(7, dumping(71, MOON, failed=DUMP), title=f"Backup {DISPATCH}", conclusion="failure")

    assert Scene(repository(bad, files=files())).look().last_good is None
