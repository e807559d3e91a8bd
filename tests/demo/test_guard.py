"""What a guard runs is gone with whoever started it, and so is all that it started itself."""

import subprocess
import tempfile
from pathlib import Path
from signal import SIGQUIT

import pytest

from backup_doctor.demo.supabase import guard
from tests.demo.processes import processes_with, until

# A shell that has started another program: deaf to the stop signal, and always writing.
WRITING = "sh -c 'trap \"\" QUIT; while :; do mkdir -p data/deep; echo >data/deep/$$; done' & wait"


def test_a_program_that_does_not_hear_the_signal_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    directory = guard.temporary_directory("deaf-")
    process = guard.spawn(
        ["/bin/sh", "-c", WRITING],
        directory,
        env={"PATH": "/usr/bin:/bin"},
        output=subprocess.DEVNULL,
        stop_signal=SIGQUIT,
    )
    while not list(directory.glob("data/deep/*")):
        assert process.poll() is None

    guard.stop(process)

    until(lambda: not processes_with(str(directory)))
    assert list(tmp_path.iterdir()) == []
