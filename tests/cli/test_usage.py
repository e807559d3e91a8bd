"""A mistake of the user's is one clear message with an example, exit 2, and never a traceback."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from backup_doctor import __version__
from tests.cli.command import ROOT, doctor, environment
from tests.programs import on_a_terminal

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = {"boto3", "botocore", "psycopg", "httpx", "jinja2", "yaml", "rich"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Which backup?"),
        (("--dispatch-id", ""), "--dispatch-id is empty"),
        (("--dispatch-id", "x" * 1025), "--dispatch-id has 1,025 characters"),
        (("--backup-id", ""), "--backup-id is empty"),
        (("--run-id", "latest"), "/actions/runs/NUMBER"),
        (("--run-id", "https://github.com/acme/shop/runs"), "/actions/runs/NUMBER"),
        (("--dispatch-id",), "requires an argument"),
        (("--dispatchid", "x"), "--dispatch-id"),
        (("--dispatch-id", "x", "--format", "pdf"), "'--format': 'pdf' is not one of"),
        (("audit", "--nope"), "backup-doctor audit --help"),
        (("--dispatch-id", "x", "--report", "r.pdf"), ".md, .json, .html, .xml, .txt"),
        (("--dispatch-id", "x", "--only", "rows"), "Did you mean row?"),
        (("--dispatch-id", "x", "--skip", "nonsense"), "There are secrets, function, row"),
        (("--dispatch-id", "x", "--only", "row", "--skip", "row"), "no check to run"),
        (("--dispatch-id", "x", "--budget", "0"), "--budget is in seconds"),
        (("--dispatch-id", "x", "--budget", "nan"), "--budget is in seconds"),
        (("--dispatch-id", "x", "--budget", "soon"), "--budget"),
        (("--dispatch-id", "x", "--template-dir", "nowhere"), "no such folder"),
        (("--dispatch-id", "x", "--config", "nowhere.toml"), "nowhere.toml"),
        (("--dispatch-id", "x", "--config", "/dev/zero"), "it is not a regular file"),
        (("--dispatch-id", "x", "--config", "/dev"), "it is not a regular file"),
        (("preflight", "--config", "nowhere.env"), "nowhere.env"),
        (("preflight", "--probe-function", "--no-probe"), "cannot both be given"),
        (("sweep", "--probe-function", "--no-probe"), "cannot both be given"),
        (("audit", "--limit", "-1"), "--limit is a number of lines"),
        (("audit", "--budget", "0"), "--budget is in seconds"),
        (("audit", "--template-dir", "nowhere"), "no such folder"),
        (("audit", "--config", "nowhere.toml"), "nowhere.toml"),
        (("--dispatch-id", "x", "--project", "shop"), 'no project "shop"'),
        (("preflight", "--project", "shop"), 'no project "shop"'),
        (("fix", "--dispatch-id", "x", "--project", "shop"), 'no project "shop"'),
        (("sweep", "--project", "shop"), 'no project "shop"'),
        (("audit", "--project", "shop"), 'no project "shop"'),
        (("list", "--project", "shop"), 'no project "shop"'),
        (("watch", "--dispatch-id", "x", "--project", "shop"), 'no project "shop"'),
        (("ci", "--dispatch-id", "x", "--project", ""), "--project is empty"),
        (("sweep", "--ping", "https://[::1"), "--ping is not a URL"),
        (("explain", "function/not-deploid"), "function/not-deployed"),
        (("nonsense",), "nonsense"),
        (("explain",), "CODE"),
    ],
)
def test_a_mistake_is_one_clear_message(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = doctor(*arguments, cwd=tmp_path)

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("backup-doctor: ")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 6


@pytest.mark.parametrize("asked", [("--dispatch-id", "x"), ("audit",)])
def test_with_nothing_configured_it_says_what_to_set_first(
    tmp_path: Path, asked: tuple[str, ...]
) -> None:
    done = doctor(*asked, cwd=tmp_path, configured=False)

    assert done.returncode == 2
    assert "SUPABASE_URL" in done.stderr
    assert "GITHUB_REPOSITORY" in done.stderr


@pytest.mark.parametrize(
    "asked", [("--dispatch-id", "x"), ("preflight",), ("sweep",), ("audit",), ("list",)]
)
def test_with_projects_and_nothing_else_it_asks_which_one(
    tmp_path: Path, asked: tuple[str, ...]
) -> None:
    (tmp_path / "backup-doctor.toml").write_text(
        '[projects.shop]\nbucket = "shop"\n[projects."my blog"]\nbucket = "blog"\n'
    )

    done = doctor(*asked, cwd=tmp_path, configured=False)

    assert done.returncode == 2
    assert "--project" in done.stderr
    assert "shop, my blog" in done.stderr


def test_a_value_that_cannot_be_right_names_its_setting(tmp_path: Path) -> None:
    done = doctor("--dispatch-id", "x", cwd=tmp_path, SUPABASE_URL="abc.supabase.co")

    assert done.returncode == 2
    assert "SUPABASE_URL" in done.stderr


def test_a_message_shows_escape_sequences_and_does_not_send_them(tmp_path: Path) -> None:
    done = doctor("--dispatch-id", "x", "--only", "\x1b[2Jrow", cwd=tmp_path)

    assert "\x1b" not in done.stderr
    assert "\\x1b[2Jrow" in done.stderr


def test_help_names_every_command_and_the_exit_codes(tmp_path: Path) -> None:
    done = doctor("--help", cwd=tmp_path)

    assert done.returncode == 0
    for word in ("checks", "explain", "demo", "init", "schema", "--dispatch-id", "Exit codes"):
        assert word in done.stdout


def test_the_version_is_said(tmp_path: Path) -> None:
    assert doctor("--version", cwd=tmp_path).stdout == f"backup-doctor {__version__}\n"


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], [], ["--nonsense"], ["explain", "--help"]]
)
def test_help_and_mistakes_import_nothing_heavy(arguments: list[str]) -> None:
    program = (
        "import sys; from backup_doctor.cli.entry import run; run(sys.argv[1:]);"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )

    assert HEAVY.isdisjoint(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("arguments", "guess"),
    [
        (("--dispatch-idd", "x"), "No such option: --dispatch-idd. Did you mean --dispatch-id?"),
        (("sweep", "--aply"), "Did you mean --apply or --sample?"),
        (("--dispatch-id", "x", "--format", "markdwn"), "'github'. Did you mean markdown?"),
        (("sweep", "--format", "jso"), "'prometheus'. Did you mean json?"),
        (("swep",), "Did you mean 'sweep'?"),
    ],
)
def test_a_slip_of_the_finger_is_answered_with_what_was_meant(
    arguments: tuple[str, ...], guess: str, tmp_path: Path
) -> None:
    done = doctor(*arguments, cwd=tmp_path)

    assert done.returncode == 2
    assert guess in done.stderr
    assert "Possible" not in done.stderr


def test_nothing_like_it_gets_no_guess(tmp_path: Path) -> None:
    assert (
        "Did you mean" not in doctor("--dispatch-id", "x", "--format", "qqq", cwd=tmp_path).stderr
    )


def test_on_a_terminal_no_word_of_a_message_is_parted(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.cli.command", "--only", "objct", "--dispatch-id", "x"]

    seen = on_a_terminal(command, cwd=tmp_path, env=environment("healthy") | {"COLUMNS": "40"})

    lines = seen.split("Example")[0].replace("\r\n", "\n").splitlines()
    assert len(lines) > 2
    assert all(len(line) <= 40 for line in lines)
    assert "there is no such check. Did you mean object?" in " ".join(lines)
