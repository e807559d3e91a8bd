"""`backup-doctor demo`, and that nothing of it is left behind, however it ends."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from backup_doctor.cli.entry import run
from backup_doctor.demo.command import _judge, exports, list_faults, run_demo
from backup_doctor.demo.faults import FAULTS, STORIES
from tests.programs import bare, on_a_terminal

DEMO = "import sys; from backup_doctor.demo.command import run_demo; "
START_TIMEOUT_S = 30.0


class Demo:
    """A demo in a process and a temporary directory of its own."""

    def __init__(self, directory: Path, arguments: str) -> None:
        self.directory = directory
        self.process = subprocess.Popen(
            [sys.executable, "-c", f"{DEMO}sys.exit(run_demo({arguments}))"],
            env={**os.environ, "TMPDIR": str(directory), "AWS_ACCESS_KEY_ID": "a developer's own"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def read_until(self, text: str) -> None:
        """Wait for a line of progress."""
        assert self.process.stderr is not None
        assert any(text in line for line in self.process.stderr), f"{text!r} was never said"

    def end(self) -> tuple[int, str, str]:
        out, errors = self.process.communicate(timeout=START_TIMEOUT_S)
        return self.process.returncode, out, errors

    def left_behind(self) -> list[str]:
        """Files in its temporary directory, and processes that know of that directory."""
        marker = str(self.directory).encode()
        processes = [
            process.name
            for process in Path("/proc").glob("[0-9]*")
            if int(process.name) != os.getpid() and marker in _arguments_and_environment(process)
        ]
        return processes + [path.name for path in self.directory.iterdir()]


def _arguments_and_environment(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    except (OSError, ValueError):
        return b""  # it ended meanwhile, or is a zombie


@pytest.fixture
def directory() -> Iterator[Path]:
    # Not pytest's own: PostgreSQL runs as another user there, who must be able to reach it.
    path = Path(tempfile.mkdtemp(prefix="bd-demo-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.mark.parametrize(
    ("progress", "delay_s", "number"),
    [
        ("Starting PostgreSQL and S3", 0.0, signal.SIGTERM),
        ("Starting PostgreSQL and S3", 0.3, signal.SIGINT),
        ("Starting Supabase and GitHub", 0.0, signal.SIGINT),
        ("Running the workflow", 0.0, signal.SIGTERM),
        ("Running the workflow", 0.15, signal.SIGINT),
        ("Running the workflow", 0.3, signal.SIGINT),
        ("Running the doctor", 0.0, signal.SIGTERM),
        ("Running the doctor", 0.0, signal.SIGINT),
    ],
)
def test_a_signal_at_any_time_leaves_no_process_and_no_folder(
    directory: Path, progress: str, delay_s: float, number: signal.Signals
) -> None:
    demo = Demo(directory, "'stuck'")
    demo.read_until(progress)
    time.sleep(delay_s)

    os.killpg(demo.process.pid, number)
    code, _, errors = demo.end()

    assert demo.left_behind() == []
    assert code == 128 + number
    assert errors.endswith(f"Stopped by {number.name}.\n")


def test_an_impatient_second_signal_does_not_stop_the_tidying_up(directory: Path) -> None:
    demo = Demo(directory, "'healthy'")
    demo.read_until("Running the workflow")

    for _ in range(5):
        demo.process.send_signal(signal.SIGINT)
        time.sleep(0.02)
    demo.end()

    assert demo.left_behind() == []


def test_even_killed_it_leaves_no_process(directory: Path) -> None:
    demo = Demo(directory, "'healthy', keep=True")
    demo.read_until("Demo services keep running; press Ctrl-C to stop.")
    assert any(name.isdigit() for name in demo.left_behind()), "a running demo is seen"

    demo.process.kill()
    demo.end()

    deadline = time.monotonic() + 10
    while any(name.isdigit() for name in demo.left_behind()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert [name for name in demo.left_behind() if name.isdigit()] == []


def test_a_kept_world_can_be_worked_with_through_its_exports(directory: Path) -> None:
    demo = Demo(directory, "'stuck', keep=True")
    demo.read_until("Demo services keep running; press Ctrl-C to stop.")
    assert demo.process.stdout is not None
    lines = [demo.process.stdout.readline() for _ in range(16)]
    variables = ["SUPABASE_URL", "SUPABASE_SERVICE_ROLE_KEY", "DISPATCH_ID", "AWS_ACCESS_KEY_ID"]

    evaluated = subprocess.run(
        ["bash", "-c", "".join(lines) + f"printenv {' '.join(variables)}"],
        capture_output=True,
        text=True,
        check=True,
    )
    url, key, dispatch_id, aws_key = evaluated.stdout.splitlines()
    rows = httpx.get(
        f"{url}/rest/v1/backup_history",
        params={"dispatch_id": f"eq.{dispatch_id}", "select": "status"},
        headers={"apikey": key},
    )
    demo.process.send_signal(signal.SIGINT)
    demo.end()

    assert aws_key.startswith("AKIA")
    assert rows.json() == [{"status": "in_progress"}]
    assert demo.left_behind() == []


def test_on_a_terminal_a_kept_world_is_worked_with_in_a_shell(directory: Path) -> None:
    program = "from backup_doctor.demo.command import run_demo; print(run_demo('stuck', keep=True))"
    typed = (
        'backup-doctor --dispatch-id "$DISPATCH_ID" --format json >again.json\n'
        "grep -c root_cause.*not-deployed again.json\nexit\n"
    )

    seen = on_a_terminal(
        [sys.executable, "-c", program],
        cwd=directory,
        env=bare(SHELL="/bin/sh", TMPDIR=str(directory), HOME=str(directory)),
        typed=typed,
    )

    assert "`exit` ends the demo." in seen
    assert "# 1\r\n" in seen.partition("ends the demo.")[2]
    assert list(directory.iterdir()) == []


def test_exports_quote_what_a_shell_would_read_otherwise() -> None:
    assert exports({"A": "it's $HOME", "B": "plain"}) == (
        "export A='it'\"'\"'s $HOME'\nexport B=plain"
    )


def test_an_unknown_fault_is_a_usage_error_that_suggests_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_demo("wrong-keys") == 2

    output = capsys.readouterr()
    assert output.out == ""
    assert "There is no fault 'wrong-keys'. Did you mean 'wrong-key'?" in output.err


def test_one_unknown_fault_among_several_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_demo("not-deployed+row-lokced") == 2

    assert "There is no fault 'row-lokced'. Did you mean 'row-locked'?" in capsys.readouterr().err


def test_faults_joined_by_a_plus_break_the_same_pipeline(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert run_demo("not-deployed+no-update-grant") == 0

    said = capfd.readouterr().err
    assert "the function is not deployed, and the writing role may not update the table" in said


def test_the_list_says_of_a_fault_that_the_other_way_makes_good_when_it_is_a_cause() -> None:
    (line,) = [line for line in list_faults().splitlines() if line.startswith("  verify-jwt ")]

    assert line.endswith("[healthy; function/jwt-gate if the other way fails too]")


def test_the_list_names_every_fault_with_its_root_cause() -> None:
    lines = list_faults().splitlines()

    named = [line.split()[0] for line in lines if line.startswith("  ")]
    assert sorted(named) == sorted(FAULTS)
    assert lines[0] == "Try these first"
    assert named[:7] == list(STORIES)
    assert lines[2].endswith("[function/not-deployed]")


def test_on_a_terminal_the_list_goes_on_below_itself() -> None:
    lines = list_faults(60).splitlines()

    assert max(map(len, lines)) <= 60
    assert " ".join(" ".join(lines).split()) == " ".join(list_faults().split())


@pytest.mark.parametrize(
    ("report", "worked"),
    [
        ('{"root_cause": "function/not-deployed"}', True),
        ('{"root_cause": "rls/no-grant"}', False),
        ('{"root_cause": null}', False),
        ("", False),
    ],
)
def test_the_demo_worked_only_if_the_doctor_found_what_broke(
    tmp_path: Path, report: str, *, worked: bool
) -> None:
    written = tmp_path / "report.json"
    written.write_text(report)

    assert _judge(FAULTS["stuck"], 1, written) is worked


def test_a_doctor_that_leaves_no_report_did_not_work(tmp_path: Path) -> None:
    assert _judge(FAULTS["healthy"], 0, tmp_path / "report.json") is False


def test_the_command_lists_the_faults_and_suggests_one_that_is_meant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["demo", "--list"]) == 0
    assert "  healthy " in capsys.readouterr().out

    assert run(["demo", "wrong-keys"]) == 2
    assert capsys.readouterr().err.rstrip().endswith("Did you mean 'wrong-key'?")


def test_without_its_extra_packages_the_command_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['moto'] = None; from backup_doctor.cli.entry import run;"
        "sys.exit(run(['demo']))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, env=bare()
    )

    assert done.returncode == 2
    assert "The demo needs its extra packages (moto is missing)." in done.stderr
    assert 'pip install ".[demo]"' in done.stderr
