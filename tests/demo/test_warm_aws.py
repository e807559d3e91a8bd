"""A job's `aws` is the program itself, started once."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backup_doctor.demo.runner.warm_aws import WarmAws

if TYPE_CHECKING:
    from collections.abc import Iterator

OWN = Path(sys.executable).with_name("aws")
NOBODY = ("--endpoint-url", "http://127.0.0.1:1", "--region", "eu-central-1")
ENVIRONMENT = {
    "PATH": os.defpath,
    "LANG": "C.UTF-8",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_MAX_ATTEMPTS": "1",
}
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "s3cr3t"}


@pytest.fixture(scope="module")
def warm() -> Iterator[Path]:
    server = WarmAws()
    program = Path(server.before("").removesuffix(os.pathsep)) / "aws"
    deadline = time.monotonic() + 60
    while not program.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield program
    server.close()
    assert not program.exists()


def run(
    program: Path, *arguments: str, cwd: Path, env: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, *arguments],
        cwd=cwd,
        env=ENVIRONMENT | env,
        input="from standard input\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("arguments", "env"),
    [
        (("--version",), {}),
        (("s3", "ls", *NOBODY), {}),
        (("s3", "ls", *NOBODY), KEYS),
        (("s3", "cp", "backup.zip", "s3://acme/backup.zip", *NOBODY), KEYS),
        (("s3", "cp", "-", "s3://acme/backup.zip", *NOBODY), KEYS),
        (("s3", "cp", "missing.zip", "s3://acme/backup.zip", *NOBODY), KEYS),
        (("s3", "mend"), {}),
        (("configure", "get", "region"), {"AWS_CONFIG_FILE": "config"}),
    ],
)
def test_it_says_and_ends_as_the_program_does(
    warm: Path, tmp_path: Path, arguments: tuple[str, ...], env: dict[str, str]
) -> None:
    (tmp_path / "backup.zip").write_bytes(b"PK")
    (tmp_path / "config").write_text("[default]\nregion = eu-west-1\n")

    ours = run(warm, *arguments, cwd=tmp_path, env=env)
    theirs = run(OWN, *arguments, cwd=tmp_path, env=env)

    assert (ours.returncode, ours.stdout, ours.stderr) == (
        theirs.returncode,
        theirs.stdout,
        theirs.stderr,
    )


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_it_ends_with_whoever_called_it(
    warm: Path, tmp_path: Path, silent: str, sent: signal.Signals
) -> None:
    caller = subprocess.Popen(
        [warm, "s3", "ls", *NOBODY, "--endpoint-url", silent],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=tmp_path,
        env=ENVIRONMENT | KEYS,
    )
    time.sleep(0.5)  # it waits for the answer

    caller.send_signal(sent)

    # The output ends when nobody holds it any more: neither the caller nor who works for it.
    caller.communicate(timeout=30)
    assert caller.returncode != 0


def test_where_nobody_answers_it_is_the_program_itself(warm: Path, tmp_path: Path) -> None:
    without = tmp_path / "aws"
    without.write_text(warm.read_text().replace("/calls", "/nowhere"))
    without.chmod(0o700)

    said = run(without, "--version", cwd=tmp_path, env={})

    assert said.stdout.startswith("aws-cli/")


def test_until_it_is_ready_the_program_itself_is_called(tmp_path: Path) -> None:
    server = WarmAws()
    try:
        found = subprocess.run(
            ["/bin/sh", "-c", "aws --version"],
            env=ENVIRONMENT | {"PATH": server.before(f"{OWN.parent}{os.pathsep}{os.defpath}")},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        server.close()

    assert found.stdout.startswith("aws-cli/")
