"""The command line in a process of its own, with checks that need no network.

Run as a program it is `backup-doctor` with one check, `row`. `CASE` says what it comes to: a report
of tests/render/fixtures.py by name, a collector that `hangs` or `raises`, or `broken`: the
examination itself raises.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from backup_doctor.cli.entry import run
from backup_doctor.evidence.collected import Collected
from backup_doctor.evidence.row import RowEvidence
from backup_doctor.judge.framework import Check
from backup_doctor.judge.opinion import opinion_on
from backup_doctor.judge.registry import LoadedCheck, Registry
from backup_doctor.report import compose as reporting
from backup_doctor.run import examine as examination
from backup_doctor.run import runner
from tests.programs import bare
from tests.render.fixtures import ALL

if TYPE_CHECKING:
    from collections.abc import Callable

    from backup_doctor.collect.sources import Sources
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Report
    from backup_doctor.judge.opinion import Opinion

SECRET = "canary-0f9c8e7d6b5a-canary"
# Appears in the working directory when the collector that hangs has begun.
LOOKING = "looking"
ROOT = Path(__file__).parents[2]


def doctor(
    *arguments: str, case: str = "healthy", cwd: Path, configured: bool = True, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run(
        [sys.executable, "-m", "tests.cli.command", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=environment(case, configured=configured) | environ,
        timeout=60,
    )


def environment(case: str, *, configured: bool = True) -> dict[str, str]:
    """An environment with nothing of the developer's own in it."""
    settings = {"GITHUB_REPOSITORY": "acme/shop", "BACKUP_API_KEY": SECRET} if configured else {}
    return bare(PYTHONPATH=str(ROOT), CASE=case, **settings)


def _look(_ask: Sources, _case: Case) -> RowEvidence:
    if os.environ["CASE"] == "hangs":
        Path(LOOKING).touch()
        time.sleep(600)
    raise ValueError(f"a mistake about {SECRET}")


def _gathered(
    run: runner.DoctorRun, meanwhile: Callable[[], object] | None = None
) -> examination.Examined:
    if os.environ["CASE"] == "broken":
        raise ValueError(f"a mistake about {SECRET}")
    nothing = opinion_on(run.case, Registry(checks=()))
    return examination.Examined(collected=Collected(case=run.case), opinion=nothing)


def _written(collected: Collected, registry: Registry, formed: Opinion | None = None) -> Report:
    return ALL[os.environ["CASE"]]


def _main() -> int:
    check = Check(name="row", step=3, title="Row in backup_history", evidence=RowEvidence)
    check.collector(_look)
    registry = Registry(checks=(LoadedCheck(check=check, origin="built in"),))
    doubled = partial(runner.DoctorRun, registry=registry)
    runner.DoctorRun = doubled  # type: ignore[misc,assignment] # a double
    if os.environ["CASE"] not in {"hangs", "raises"}:
        examination.gather = _gathered
        reporting.write = _written
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(_main())
