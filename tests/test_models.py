"""Models are read by many threads at once, also those that nothing has read before."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Final

import pytest

from scripts.house import ROOT, product

# The threads change places as often as they can, all of them within the first reading of a model.
READ_AT_ONCE: Final = """
import sys, threading

import msgspec

from backup_doctor.base.models import as_model, from_json, from_msgpack
from backup_doctor.judge.framework import Found

found = Found(summary="The bucket is gone.")
together = threading.Barrier(32)

def read():
    together.wait()
    if {reading} != found:
        raise SystemExit("read as something else")

sys.setswitchinterval(1e-6)
threads = [threading.Thread(target=read) for _ in range(32)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("all read")
"""
# It crashes four times in five where nothing holds the threads back.
TIMES: Final = 4
UNGUARDED: Final = re.compile(r"msgspec\.convert\(|\bDecoder\(|\bdecode\([^)\n]*\btype=")


@pytest.mark.parametrize(
    "reading",
    [
        "as_model(msgspec.to_builtins(found), Found)",
        "from_json(msgspec.json.encode(found), Found)",
        "from_msgpack(msgspec.msgpack.encode(found), Found)",
    ],
)
def test_threads_that_are_the_first_to_read_a_model_do_not_crash_the_process(reading: str) -> None:
    for _ in range(TIMES):
        done = subprocess.run(
            [sys.executable, "-c", READ_AT_ONCE.format(reading=reading)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

        assert (done.returncode, done.stdout, done.stderr) == (0, "all read\n", "")


def test_models_are_read_by_nothing_else() -> None:
    readers = {
        str(file.relative_to(ROOT))
        for file in product()
        if UNGUARDED.search(file.read_text(encoding="utf-8"))
    }

    assert readers == {"doctor/base/models.py"}
