"""A world that was broken in a known way, and the doctor run on it through a fault."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from backup_doctor.demo.faults import FAULTS
from backup_doctor.evidence.case import Asked
from backup_doctor.run.examine import examine
from backup_doctor.run.runner import DoctorRun
from backup_doctor.settings.load import Flags, load
from tests.faults.proxy import Proxy, close_backlog, full_backlog, refusing_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from backup_doctor.demo.world import World
    from backup_doctor.evidence.findings import Report
    from tests.faults.catalogue import Fault
    from tests.faults.dependencies import Dependency
    from tests.faults.proxy import Request

AWS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_ENDPOINT_URL_S3")
AGO = timedelta(hours=3)
START = timedelta(seconds=2)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A world with one backup in it, three hours old; `truth` is its report when nothing fails."""

    world: World
    dispatch_id: str
    truth: Report


def play(world: World, fault: str, directory: Path) -> Scene:
    """Run the pipeline three hours ago, broken by one of the demo's faults, and diagnose it."""
    dispatch_id = play_id(world, fault)
    truth = diagnose(world.environment(), dispatch_id, directory)
    return Scene(world=world, dispatch_id=dispatch_id, truth=truth)


def play_id(world: World, fault: str, dispatch_id: str | None = None) -> str:
    """Run the pipeline three hours ago for a backup of that id; without a fault as the world is."""
    chosen = world.insert_row(dispatch_id)
    world.sql(f"UPDATE public.backup_history SET created_at = now() - interval '{AGO}'")
    if fault:
        FAULTS[fault].before(world)
    world.run_pipeline(chosen, now=lambda: datetime.now(UTC) - AGO + START)
    if fault:
        FAULTS[fault].after(world)
    return chosen


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A run: its report, how long it took, and how often the fault struck."""

    report: Report
    seconds: float
    struck: int
    budget_s: float


def strike(scene: Scene, dependency: Dependency, fault: Fault, directory: Path) -> Outcome:
    """Diagnose the scene with the fault in front of the dependency."""
    environ = scene.world.environment()
    for name in dependency.without:
        del environ[name]
    with faulty(environ[dependency.setting], dependency.is_asked_by, fault) as (address, struck):
        environ[dependency.setting] = address
        started = time.monotonic()
        report = diagnose(environ, scene.dispatch_id, directory, fault.budget_s)
        seconds = time.monotonic() - started
        return Outcome(report=report, seconds=seconds, struck=struck(), budget_s=fault.budget_s)


def diagnose(
    environ: Mapping[str, str],
    dispatch_id: str | None,
    directory: Path,
    budget_s: float = 60.0,
) -> Report:
    """The report on one backup (None: on the next one) with these settings and no others.

    boto3 reads the process's own environment, so its variables come by a `.env` file.
    """
    aws = "".join(f"{name}='{environ[name]}'\n" for name in AWS if name in environ)
    (directory / ".env").write_text(aws)
    rest = {name: value for name, value in environ.items() if name not in AWS}
    settings = load(Flags(), environ=rest, cwd=directory)
    asked = Asked(dispatch_id=dispatch_id)
    return examine(DoctorRun(settings=settings, asked=asked, budget_s=budget_s))


@contextmanager
def faulty(
    url: str, affects: Callable[[Request], bool], fault: Fault
) -> Iterator[tuple[str, Callable[[], int]]]:
    """The address at which the service is struck by the fault, and a count of the blows."""
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    with ExitStack() as stack:
        if fault.address is not None:
            yield f"{fault.scheme}://{_nowhere(fault.address, stack)}{parts.path}", lambda: 1
            return
        proxy = stack.enter_context(
            Proxy(
                (parts.hostname, parts.port),
                spoil=fault.spoil,
                affects=affects,
                connected=fault.connected,
            )
        )
        yield f"{fault.scheme}://127.0.0.1:{proxy.port}{parts.path}", lambda: proxy.spoiled


def _nowhere(address: str, stack: ExitStack) -> str:
    if address == "refused":
        return f"127.0.0.1:{refusing_port()}"
    if address == "hang":
        backlog = full_backlog()
        stack.callback(close_backlog, backlog)
        return f"127.0.0.1:{backlog.getsockname()[1]}"
    return address
