"""What cannot be right is one clear message that names the setting, exit 2, and no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOBODY = "http://127.0.0.1:9"
ASK = ("--dispatch-id", "d-1")


def doctor(*arguments: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    settings = {"GITHUB_REPOSITORY": "acme/app", "GITHUB_API_URL": NOBODY}
    return subprocess.run(
        [sys.executable, "-m", "backup_doctor", *arguments, "--budget", "5"],
        cwd=cwd,
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "HOME": str(cwd), **settings, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("dispatch_id", ["", "x" * 10_000], ids=["empty", "ten kilobytes"])
def test_an_id_that_cannot_be_one_is_a_usage_error(tmp_path: Path, dispatch_id: str) -> None:
    done = doctor("--dispatch-id", dispatch_id, cwd=tmp_path)

    assert done.returncode == 2
    assert "--dispatch-id" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr) < 1000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SUPABASE_URL", "abcdefghijklmnopqrst.supabase.co"),
        ("SUPABASE_URL", "ftp://x.example"),
        ("SUPABASE_URL", "https://"),
        ("SUPABASE_URL", "https://[::1"),
        ("SUPABASE_URL", "https://x.example:99999999"),
        ("SUPABASE_URL", "https://x.example/\x1b[2J"),
        ("GITHUB_API_URL", "api.github.com"),
        ("SUPABASE_DB_URL", "mysql://x"),
        ("AWS_ENDPOINT_URL_S3", "s3.example"),
        ("BACKUP_BUCKET", "s3://a/b"),
        ("BACKUP_STUCK_AFTER", "soon"),
        ("GITHUB_REPOSITORY", "https://github.com/acme/app"),
    ],
)
def test_a_value_that_cannot_be_right_names_its_setting(
    tmp_path: Path, name: str, value: str
) -> None:
    done = doctor(*ASK, cwd=tmp_path, **{name: value})

    assert done.returncode == 2
    assert name in done.stderr
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize(
    "dispatch_id",
    ["'", "a\nb", "$(id)", "<b>x</b>", "\x1b[2J", "::error::x", "{{ 7*7 }}", "--help", "-", "é"],
)
def test_any_other_text_gets_a_report_though_nothing_answers(
    tmp_path: Path, dispatch_id: str
) -> None:
    done = doctor(f"--dispatch-id={dispatch_id}", cwd=tmp_path)

    assert done.returncode == 3
    assert "GitHub" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "\x1b" not in done.stdout
    assert "\n::error" not in done.stdout
