"""A saved bundle makes the report that was printed, anywhere, with no network."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from backup_doctor.base.redaction import Redactor
from backup_doctor.evidence.case import Asked
from backup_doctor.evidence.collected import Collected, FixCheck
from backup_doctor.judge.registry import load_checks
from backup_doctor.report.compose import write
from backup_doctor.report.render import Format, Look, render
from backup_doctor.run.bundle.model import Bundle, BundleWriter, UnusableBundleError
from backup_doctor.run.bundle.reading import read
from backup_doctor.run.bundle.replay import replay
from backup_doctor.run.bundle.strangers import cautious
from tests.bundle import samples
from tests.judgement.cases import a_row, case, rls, row

if TYPE_CHECKING:
    from pathlib import Path

OFFLINE = """\
import sys

def refuse(event, arguments):
    if event.startswith("socket."):
        raise RuntimeError(f"the network was used: {event} {arguments}")

sys.addaudithook(refuse)
from backup_doctor.cli.entry import run
code = run(sys.argv[1:])
heavy = {"httpx", "boto3", "botocore"} & sys.modules.keys()
sys.exit(99 if heavy else code)
"""


def collected(**changes: object) -> Collected:
    """A stuck backup, as a run collects it."""
    fields = {"case": case(row(rows=(a_row(),))), "seconds": {"row": 0.123}, "duration_s": 1.5}
    return Collected(**{**fields, **changes})  # type: ignore[arg-type]


COLLECTED = {
    "stuck": collected(fix_check=FixCheck(rows=1)),
    "interrupted": collected(interrupted=True, warnings=("Two names differ.",)),
    "preflight": collected(case=msgspec.structs.replace(case(rls()), asked=Asked())),
}


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("which", COLLECTED)
def test_the_report_is_the_same_byte_for_byte_in_every_format(
    tmp_path: Path, which: str, form: Format
) -> None:
    """But for what says that nothing was checked here."""
    look = Look(zone=UTC, verbose=True)
    collected = msgspec.structs.replace(COLLECTED[which], read_from="a bundle")
    names = collected.case.names
    expected = cautious(write(collected, load_checks()), names, "a bundle", names.table)
    live = render(expected, form, Redactor(["a-secret-key-1"]), look)
    file = samples.saved(
        tmp_path, Bundle(written_by=BundleWriter.here(), collected=COLLECTED[which])
    )

    again = render(replay(read(file, load_checks()), load_checks()), form, Redactor(), look)

    assert again == live


def test_nothing_is_asked_of_any_network_and_no_settings_are_needed(tmp_path: Path) -> None:
    (tmp_path / "backup-doctor.toml").write_text("this is no TOML")

    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, "--from-evidence", samples.STUCK, "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={},
    )

    assert done.stderr == ""
    assert done.returncode == 1
    assert '"root_cause": "function/not-deployed"' in done.stdout


def test_a_check_that_is_left_out_is_judged_as_one_that_never_ran() -> None:
    report = replay(samples.stuck(), load_checks(), skip=("function",))

    function = next(result for result in report.results if result.check == "function")
    assert function.status == "skip"
    assert function.notes == ("Skipped (--only or --skip).",)


def test_only_the_named_checks_are_judged() -> None:
    report = replay(samples.stuck(), load_checks(), only=("row", "object"))

    assert {result.check for result in report.results if result.findings} <= {"row", "object"}


def test_values_that_nobody_can_judge_are_refused_not_a_crash(tmp_path: Path) -> None:
    def change(tree: Any) -> None:
        tree["collected"]["case"]["evidence"]["row"]["rows"][0]["created_at"] = (
            "2026-01-01T00:00:00"
        )

    bundle = read(samples.changed(tmp_path, change), load_checks())

    with pytest.raises(UnusableBundleError, match=r"cannot be judged \(TypeError"):
        replay(bundle, load_checks())
