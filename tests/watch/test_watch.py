"""`watch`: it waits while the backup is made, then says what the main job would."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from backup_doctor.base.redaction import Redactor
from backup_doctor.demo.faults import FAULTS
from backup_doctor.demo.world import World
from backup_doctor.evidence.case import Asked
from backup_doctor.run.examine import gather
from backup_doctor.run.runner import DoctorRun
from backup_doctor.run.watching import LONGEST_WAIT_S, Rhythm, pulse
from tests.programs import bare
from tests.sweep.crowd import settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backup_doctor.demo.world import Servers


@pytest.fixture(scope="module")
def world(servers: Servers) -> Iterator[World]:
    """One world for all questions: each has a backup of its own."""
    with World(servers) as opened:
        yield opened


class Watching:
    """`watch` in a process of its own."""

    def __init__(
        self, world: World, dispatch_id: str, directory: Path, *flags: str, **environ: str
    ) -> None:
        command = [
            sys.executable,
            "-m",
            "backup_doctor",
            "watch",
            "--dispatch-id",
            dispatch_id,
            *flags,
        ]
        self.process = subprocess.Popen(
            [*command, "--format", "json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=directory,
            env=bare(HOME=str(directory), **(world.environment() | environ)),
        )

    def until_it_waits(self) -> str:
        """Its first line on standard error."""
        assert self.process.stderr is not None
        return self.process.stderr.readline()

    def end(self) -> tuple[int, dict[str, Any], str]:
        out, err = self.process.communicate(timeout=90)
        assert out, err
        return self.process.returncode, json.loads(out), err


def test_it_waits_until_the_backup_has_ended_and_is_right(world: World, tmp_path: Path) -> None:
    dispatch_id = world.insert_row()
    watching = Watching(world, dispatch_id, tmp_path)

    said = watching.until_it_waits()
    world.run_pipeline(dispatch_id)
    code, report, told = watching.end()

    assert said.startswith("backup-doctor: ")
    assert (code, report["verdict"]) == (0, "healthy")
    assert report["subject"]["dispatch_id"] == dispatch_id
    assert "Traceback" not in told


def test_a_backup_that_fails_is_diagnosed_as_the_main_job_does(
    world: World, tmp_path: Path
) -> None:
    dispatch_id = world.insert_row()
    watching = Watching(world, dispatch_id, tmp_path, "--report", "report.md")

    watching.until_it_waits()
    FAULTS["stuck"].before(world)
    world.run_pipeline(dispatch_id)
    code, report, _ = watching.end()
    over, again, told = Watching(world, dispatch_id, tmp_path, "--exit-zero").end()

    assert (code, report["verdict"]) == (1, "failing")
    assert report["fix_sql"]
    assert (tmp_path / "report.md").exists()
    assert (over, again["root_cause"], told) == (0, report["root_cause"], "")


def test_without_github_it_waits_for_the_row(world: World, tmp_path: Path) -> None:
    dispatch_id = world.insert_row()
    watching = Watching(world, dispatch_id, tmp_path, GITHUB_TOKEN="", GITHUB_REPOSITORY="")

    watching.until_it_waits()
    time.sleep(5)
    waits = watching.process.poll() is None
    world.sql(f"UPDATE backup_history SET status = 'failed' WHERE dispatch_id = '{dispatch_id}'")
    code, report, _ = watching.end()

    assert waits
    assert (code, report["verdict"]) == (1, "failing")


def test_it_waits_no_longer_than_asked(world: World, tmp_path: Path) -> None:
    dispatch_id = world.insert_row()
    began = time.monotonic()

    code, report, told = Watching(world, dispatch_id, tmp_path, "--timeout", "20s").end()

    assert (code, report["verdict"]) == (0, "running")
    assert "It has not ended within 20 s (--timeout)." in told
    assert time.monotonic() - began > 20


def test_ctrl_c_prints_what_is_known(world: World, tmp_path: Path) -> None:
    watching = Watching(world, world.insert_row(), tmp_path)

    watching.until_it_waits()
    time.sleep(1)
    watching.process.send_signal(signal.SIGINT)
    pressed = time.monotonic()
    code, report, told = watching.end()

    assert (code, report["verdict"]) == (130, "running")
    assert time.monotonic() - pressed < 5
    assert "Traceback" not in told


@pytest.mark.parametrize("flags", [("--timeout", "soon"), ("--timeout", "")])
def test_a_timeout_that_is_none_is_exit_2(world: World, tmp_path: Path, flags: Any) -> None:
    process = Watching(world, "x", tmp_path, *flags).process
    _, err = process.communicate(timeout=30)

    assert process.returncode == 2
    assert "--timeout" in err


@pytest.mark.parametrize("has_run", [False, True])
def test_between_two_diagnoses_github_is_asked_once(
    world: World, tmp_path: Path, *, has_run: bool
) -> None:
    settings, dispatch_id = settings_of(world, tmp_path), world.insert_row()
    if has_run:
        world.run_pipeline(dispatch_id)
    case = gather(DoctorRun(settings=settings, asked=Asked(dispatch_id=dispatch_id))).collected.case
    world.github.requests.clear()

    before = pulse(settings, case, Redactor(), 30)
    same = pulse(settings, case, Redactor(), 30)
    asked = len(world.github.requests)
    world.sql(f"UPDATE backup_history SET error_text = 'x' WHERE dispatch_id = '{dispatch_id}'")

    assert before == same != ()
    assert asked == 2
    assert pulse(settings, case, Redactor(), 30) != before


def test_the_waits_grow_and_end_with_the_timeout() -> None:
    rhythm, patient = Rhythm(timeout_s=100), Rhythm(timeout_s=None)

    waits = [patient.next_wait(1e6) for _ in range(10)]

    assert waits[0] == 3.0
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_WAIT_S
    assert rhythm.next_wait(98) == 2
    assert rhythm.is_over(100)
