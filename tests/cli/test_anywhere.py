"""Wherever it runs: without streams, a reader, a home, docstrings, a locale or a package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from backup_doctor.__main__ import exit_code
from tests.bundle import samples

SAVED = f"--from-evidence {samples.STUCK}"
DOCTOR = f"{sys.executable} -m backup_doctor"
# Settings for every check, and services that nobody has.
NOBODY_THERE = {
    "SUPABASE_URL": "http://127.0.0.1:9",
    "SUPABASE_SERVICE_ROLE_KEY": "sb_secret_0123456789abcdef",
    "SUPABASE_DB_URL": "postgresql://doctor:canary@127.0.0.1:9/postgres",
    "BACKUP_API_KEY": "0123456789abcdef",
    "GITHUB_REPOSITORY": "acme/app",
    "GITHUB_TOKEN": "ghp_0123456789abcdef",
    "GITHUB_API_URL": "http://127.0.0.1:9",
    "BACKUP_BUCKET": "acme-backups",
    "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
    "AWS_ACCESS_KEY_ID": "AKIACANARYCANARYCANA",
    "AWS_SECRET_ACCESS_KEY": "canary",
}
# What a failing backup's exit code is, and how its report begins.
FAILING, HEAD = 1, "## ❌ FAILING: `function/not-deployed`"


def shell(script: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """A command line in bash, in an environment with nothing in it."""
    return subprocess.run(
        ["bash", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2]), **environ},
        timeout=120,
    )


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_with_its_streams_closed_it_writes_the_report_and_ends_with_the_verdict(
    closed: str, tmp_path: Path
) -> None:
    file = tmp_path / "report.json"

    done = shell(f"{DOCTOR} {SAVED} --report {file} {closed}")

    assert done.returncode == FAILING
    assert json.loads(file.read_text())["root_cause"] == "function/not-deployed"
    assert done.stderr == ""
    assert done.stdout.startswith(HEAD) is (">&-" not in closed.replace("2>&-", ""))


@pytest.mark.parametrize(
    "command", ["--help", "--version", "checks", "schema", "explain row/missing"]
)
@pytest.mark.parametrize("closed", [">&-", "2>&-", "| true"])
def test_no_command_minds_that_nobody_reads(command: str, closed: str) -> None:
    done = shell(f"set -o pipefail; {DOCTOR} {command} {closed}")

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("closed", ["2>&-", "2>/dev/full", "2> >(true)"])
def test_a_mistake_that_cannot_be_told_is_one_all_the_same(closed: str) -> None:
    assert shell(f"{DOCTOR} --no-such-flag {closed}").returncode == 2
    assert shell(f"{DOCTOR} --from-evidence /nowhere.json {closed}").returncode == 2


@pytest.mark.parametrize("form", ["text", "json", "html"])
def test_a_pipe_that_breaks_changes_no_exit_code(form: str) -> None:
    done = shell(f"{DOCTOR} {SAVED} --format {form} | true; exit ${{PIPESTATUS[0]}}")

    assert (done.returncode, done.stderr) == (FAILING, "")


def test_output_that_cannot_be_written_is_said_and_no_verdict() -> None:
    done = shell(f"{DOCTOR} {SAVED} > /dev/full")

    assert done.returncode == 4
    assert "Standard output could not be written: No space left on device." in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        "checks",
        "explain row/stuck",
        "schema",
        "demo --list",
        f"diff {samples.STUCK} {samples.STUCK}",
    ],
)
def test_what_could_not_be_printed_is_no_success_of_any_command(command: str) -> None:
    done = shell(f"{DOCTOR} {command} > /dev/full")

    assert done.returncode == 4
    assert "Standard output could not be written: No space left on device." in done.stderr


def test_what_cannot_even_be_told_ends_as_no_failing_backup_does(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Without memory. A traceback ends with 1, which says that the backup is failing."""

    def no_memory(_: object) -> int:
        raise MemoryError

    monkeypatch.setattr("backup_doctor.cli.entry.run", no_memory)

    assert exit_code([]) == 4
    assert capfd.readouterr() == ("", "backup-doctor: an error in the tool itself: MemoryError.\n")


@pytest.mark.slow
def test_in_half_a_gigabyte_of_addresses_all_checks_look() -> None:
    """Each thread took 136 MB of them, and none could be started after the third."""
    command = f"{DOCTOR} --dispatch-id x --budget 20 --format json"

    done = shell(f"ulimit -v 500000; timeout 60 {command}", **NOBODY_THERE)

    assert done.returncode == 3
    assert "no more threads" not in done.stdout
    assert json.loads(done.stdout)["errors"] == []


def test_in_a_folder_that_was_removed_it_says_so(tmp_path: Path) -> None:
    gone = tmp_path / "gone"

    done = shell(f"mkdir {gone} && cd {gone} && rmdir {gone} && {DOCTOR} --dispatch-id x")

    assert done.returncode == 2
    assert done.stderr == (
        "backup-doctor: The working directory does not exist any more. Change to another one.\n"
    )


def test_no_connection_takes_the_place_of_a_stream_that_was_closed() -> None:
    """What a library writes to standard error by itself must not reach a database."""
    script = "import os; from backup_doctor.__main__ import open_streams; open_streams(); "

    done = shell(f"{sys.executable} -c \"{script}print(os.open('.', 0))\" 2>&- <&-")

    assert int(done.stdout) > 2


@pytest.mark.parametrize("flags", ["-O", "-OO"])
def test_without_docstrings_there_is_the_report_and_the_exit_code(flags: str) -> None:
    done = shell(f"{sys.executable} {flags} -m backup_doctor {SAVED}")

    assert done.returncode == FAILING
    assert done.stdout.startswith(HEAD)
    assert done.stderr == ""


def test_explain_says_that_its_texts_were_stripped() -> None:
    known = shell(f"{sys.executable} -OO -m backup_doctor explain function/not-deployed")
    checks = shell(f"{sys.executable} -OO -m backup_doctor checks")

    assert known.returncode == checks.returncode == 0
    assert "Its text was stripped, as Python runs with -OO." in known.stdout
    assert "Row-level security and grants" in checks.stdout


@pytest.mark.parametrize(
    "environ",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "ascii"},
        {"HOME": "/nonexistent"},
        {"HOME": ""},
        {"TERM": "", "COLUMNS": "0"},
        {"TZ": "Nowhere/Land"},
    ],
)
def test_no_home_and_no_locale_is_none_of_its_business(environ: dict[str, str]) -> None:
    done = shell(f"{DOCTOR} {SAVED}", **environ)

    assert (done.returncode, done.stderr) == (FAILING, "")
    assert "FAILING: `function/not-deployed`" in done.stdout


BROKEN = """\
import sys
for name in {names!r}:
    sys.modules[name] = None
from backup_doctor.cli.entry import run
sys.exit(run(sys.argv[1:]))
"""
SETTINGS = {
    "SUPABASE_DB_URL": "postgresql://u:p@127.0.0.1:9/d",
    "BACKUP_BUCKET": "acme-backups",
    "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
    "AWS_ACCESS_KEY_ID": "AKIAQ3EGRJ7WZ5TN2XKV",
    "AWS_SECRET_ACCESS_KEY": "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",
    "AWS_REGION": "eu-central-1",
    "GITHUB_REPOSITORY": "acme/app",
    "GITHUB_API_URL": "http://127.0.0.1:9",
}


@pytest.mark.parametrize(
    ("names", "checks"),
    [
        (("botocore",), {"object"}),
        (("psycopg",), {"row"}),
        (("httpx",), {"workflow", "function", "secrets"}),
        (("yaml",), {"workflow"}),
    ],
)
def test_a_package_that_cannot_be_imported_costs_the_checks_that_need_it(
    names: tuple[str, ...], checks: set[str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            BROKEN.format(names=names),
            "--dispatch-id",
            "d",
            "--format",
            "json",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2]), **SETTINGS},
        timeout=120,
    )

    report = json.loads(done.stdout)
    hurt = {result["check"] for result in report["results"] if "cannot be imported" in str(result)}
    assert (done.returncode, report["verdict"]) == (3, "unknown"), done.stderr
    assert hurt >= checks
    assert report["errors"] == []
    assert len(report["results"]) == 6
