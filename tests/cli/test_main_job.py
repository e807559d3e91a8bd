"""The main job: one report on standard output, an exit code, and never a traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from backup_doctor.cli.codes import Exit
from backup_doctor.cli.diagnose import exit_code
from backup_doctor.evidence.findings import ResultStatus
from tests.cli.command import LOOKING, SECRET, doctor, environment
from tests.programs import on_a_terminal
from tests.render.fixtures import ALL, DISPATCH

if TYPE_CHECKING:
    from pathlib import Path

ASK = ("--dispatch-id", DISPATCH)


@pytest.mark.parametrize(
    ("case", "flags", "code"),
    [
        ("healthy", (), 0),
        ("stuck", (), 1),
        ("unknown", (), 3),
        ("stuck", ("--exit-zero",), 0),
        ("unknown", ("--exit-zero",), 0),
        ("warned", (), 0),
        ("warned", ("--strict",), 1),
        ("healthy", ("--strict",), 0),
    ],
)
def test_the_exit_code_is_the_verdict(
    tmp_path: Path, case: str, flags: tuple[str, ...], code: int
) -> None:
    assert doctor(*ASK, *flags, case=case, cwd=tmp_path).returncode == code


def test_a_warning_of_a_check_that_could_not_see_all_counts_too() -> None:
    report = ALL["warned"]
    half_seen = tuple(
        replace(one, status=ResultStatus.UNKNOWN) if one.status is ResultStatus.WARN else one
        for one in report.results
    )

    assert exit_code(replace(report, results=half_seen), strict=True) is Exit.FAILING
    assert exit_code(replace(report, results=half_seen), strict=False) is Exit.HEALTHY


def test_the_report_alone_goes_to_standard_output_and_nothing_to_standard_error(
    tmp_path: Path,
) -> None:
    done = doctor(*ASK, case="stuck", cwd=tmp_path)

    assert done.stdout.startswith("## ❌ FAILING: `function/not-deployed`")
    assert done.stderr == ""


def test_every_format_can_be_asked_for(tmp_path: Path) -> None:
    starts = {
        "text": "FAILING",
        "markdown": "## ",
        "json": "{",
        "html": "<!DOCTYPE html>",
        "junit": "<?xml",
        "github": "::error",
    }

    for form, start in starts.items():
        done = doctor(*ASK, "--format", form, case="stuck", cwd=tmp_path)
        assert done.stdout.startswith(start), form


def test_report_files_follow_their_endings(tmp_path: Path) -> None:
    names = ["r.md", "r.json", "r.html", "r.xml", "r.TXT"]
    flags = [part for name in names for part in ("--report", name)]

    doctor(*ASK, *flags, case="stuck", cwd=tmp_path)

    starts = [(tmp_path / name).read_text(encoding="utf-8")[:9] for name in names]
    assert starts == ["## ❌ FAIL", '{\n  "schem'[:9], "<!DOCTYPE", "<?xml ver", "FAILING  "]


def test_a_file_that_cannot_be_written_costs_neither_the_report_nor_the_other_file(
    tmp_path: Path,
) -> None:
    done = doctor(
        *ASK, "--report", "no/such/r.md", "--report", "r.json", case="stuck", cwd=tmp_path
    )

    assert done.returncode == 4
    assert "could not be written to no/such/r.md: No such file or directory" in done.stderr
    assert "FAILING" in done.stdout
    assert json.loads((tmp_path / "r.json").read_text())["verdict"] == "failing"


def test_quiet_says_nothing_of_a_healthy_backup_and_all_of_a_stuck_one(tmp_path: Path) -> None:
    healthy = doctor(*ASK, "--quiet", "--report", "r.md", cwd=tmp_path)
    stuck = doctor(*ASK, "--quiet", case="stuck", cwd=tmp_path)

    assert (healthy.stdout, healthy.stderr) == ("", "")
    assert (tmp_path / "r.md").exists()
    assert "FAILING" in stuck.stdout


def test_verbose_says_how_long_each_check_took(tmp_path: Path) -> None:
    brief = doctor(*ASK, "--format", "text", cwd=tmp_path)
    verbose = doctor(*ASK, "--format", "text", "--verbose", cwd=tmp_path)

    assert "0.12 s" not in brief.stdout
    assert verbose.stdout.count("0.12 s") == 6


@pytest.mark.parametrize("case", ["broken", "raises"])
def test_an_error_in_the_tool_itself_is_exit_4_with_a_report_and_no_traceback(
    tmp_path: Path, case: str
) -> None:
    done = doctor(*ASK, "--format", "json", case=case, cwd=tmp_path)

    report = json.loads(done.stdout)
    assert done.returncode == 4
    assert report["verdict"] == "unknown"
    assert report["errors"]
    assert "Traceback" not in done.stdout + done.stderr


def test_debugging_shows_the_traceback_without_the_secret(tmp_path: Path) -> None:
    done = doctor(*ASK, case="broken", cwd=tmp_path, BACKUP_DOCTOR_DEBUG="1")

    assert "Traceback" in done.stderr
    assert "a mistake about" in done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_a_hanging_check_does_not_outlast_the_budget(tmp_path: Path) -> None:
    started = time.monotonic()

    done = doctor(*ASK, "--budget", "1", "--format", "json", case="hangs", cwd=tmp_path)

    assert time.monotonic() - started < 10
    assert done.returncode == 3
    assert json.loads(done.stdout)["results"][0]["status"] == "unknown"


def wait_for(file: Path) -> None:
    """Wait until the file is there, however slow the machine."""
    deadline = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_prints_what_is_known_within_five_seconds(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.cli.command", *ASK, "--format", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=environment("hangs"),
    )
    wait_for(tmp_path / LOOKING)
    process.send_signal(number)
    interrupted = time.monotonic()
    stdout, stderr = process.communicate(timeout=20)

    assert time.monotonic() - interrupted < 5
    assert process.returncode == code
    report = json.loads(stdout)
    assert report["subject"]["dispatch_id"] == DISPATCH
    assert "The doctor was interrupted before the check" in report["summary"]
    assert b"--budget" not in stdout
    assert stderr == b""


@pytest.mark.parametrize(("arguments", "code"), [(ASK, 1), (("checks",), 0)])
def test_a_reader_who_goes_away_is_no_error(
    tmp_path: Path, arguments: tuple[str, ...], code: int
) -> None:
    read, write = os.pipe()
    os.close(read)

    done = subprocess.run(
        [sys.executable, "-m", "tests.cli.command", *arguments],
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
        cwd=tmp_path,
        env=environment("stuck"),
    )
    os.close(write)

    assert done.returncode == code
    assert done.stderr == b""


def test_a_terminal_that_knows_only_ascii_still_gets_the_report(tmp_path: Path) -> None:
    done = doctor(*ASK, case="stuck", cwd=tmp_path, PYTHONIOENCODING="ascii")

    assert done.returncode == 1
    assert "FAILING" in done.stdout


def terminal(cwd: Path, *flags: str, **environ: str) -> str:
    command = [sys.executable, "-m", "tests.cli.command", *ASK, *flags]
    return on_a_terminal(command, cwd=cwd, env=environment("stuck") | environ)


def test_a_terminal_gets_text_in_colours(tmp_path: Path) -> None:
    assert "\x1b[1;31mFAILING" in terminal(tmp_path)


def test_no_color_is_honoured(tmp_path: Path) -> None:
    assert "\x1b[" not in terminal(tmp_path, "--quiet", NO_COLOR="1")
    assert "\x1b[" not in terminal(tmp_path, "--quiet", "--no-color")
    assert "\x1b[" not in terminal(tmp_path, "--quiet", TERM="dumb")


def test_a_faulty_template_is_named_and_the_built_in_one_used(tmp_path: Path) -> None:
    (tmp_path / "report.md.j2").write_text("{{ nothing }}")

    done = doctor(*ASK, "--template-dir", ".", case="stuck", cwd=tmp_path)

    assert done.returncode == 4
    assert "'nothing' is undefined" in done.stderr
    assert "FAILING" in done.stdout


@pytest.mark.parametrize(
    "dispatch_id",
    ["x" * 1024, "'; DROP TABLE t;--", "$(id)", "<b>", "a\nb", "\x1b[2J", "::error::x", "ü🐤"],
)
def test_any_text_is_a_dispatch_id(tmp_path: Path, dispatch_id: str) -> None:
    done = doctor(
        "--dispatch-id",
        dispatch_id,
        "--format",
        "json",
        "--budget",
        "1",
        case="hangs",
        cwd=tmp_path,
    )

    assert done.returncode == 3
    assert json.loads(done.stdout)["subject"]["dispatch_id"] == dispatch_id


def test_bytes_that_are_no_text_still_get_a_report(tmp_path: Path) -> None:
    done = doctor(
        "--dispatch-id", "\udcff", "--format", "json", "--budget", "1", case="hangs", cwd=tmp_path
    )

    assert json.loads(done.stdout)["subject"]["dispatch_id"] == "\ufffd"
