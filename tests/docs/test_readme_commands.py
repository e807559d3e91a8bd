"""Every command of the README is run: in the demo's world, with the five settings that it names."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from scripts.tutorial import places
from tests.docs.pages import README, ROOT, blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.tutorial import Place

TEXT = README.read_text(encoding="utf-8")
LINES = [
    line.partition("  #")[0].strip()
    for block in blocks(TEXT, "console")
    for line in block.splitlines()
    if line.strip()
]
INLINE = re.findall(r"`(backup-doctor --[^`]+)`", TEXT)
OURS = list(dict.fromkeys(line for line in (*LINES, *INLINE) if line.startswith("backup-doctor")))
OTHERS = [line for line in LINES if line not in OURS]
# 0: healthy or done; 1: failing; 3: cannot tell. Never a mistake (2) or a defect (4).
EXPECTED = {
    "backup-doctor init": {0},
    "backup-doctor list": {0},
    "backup-doctor preflight": {3},
    "backup-doctor sweep": {0},
    "backup-doctor audit": {0},
    "backup-doctor explain CODE": {0},
    "backup-doctor fix --dispatch-id X": {0},
}
FAILING = {1}
# What is saved by one command and read by another; each may be run by another process of the tests.
SAVES = next(one for one in OURS if "--save-evidence" in one)


@pytest.fixture(scope="module")
def own() -> Iterator[Place]:
    with places() as there:
        yield there["own"]


@pytest.mark.parametrize("command", OURS)
def test_a_command_of_the_readme_does_what_it_is_there_for(command: str, own: Place) -> None:
    if "--from-evidence" in command:
        run(SAVES, own)

    done = run(command, own)

    assert done.returncode in EXPECTED.get(command, FAILING), done.stdout + done.stderr
    assert done.stdout


def run(command: str, own: Place) -> subprocess.CompletedProcess[str]:
    words = {"X": own.environment["DISPATCH_ID"], "CODE": "function/not-deployed"}
    said = " ".join(words.get(word, word) for word in command.split())
    return subprocess.run(
        ["bash", "-c", said],
        cwd=own.folder,
        env=own.surroundings(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_all_other_commands_are_made_targets_or_the_installation() -> None:
    assert [line for line in OTHERS if not line.startswith("make ")] == ["pip install ."]

    for line in OTHERS:
        if line.startswith("make "):
            subprocess.run([*line.split(), "--dry-run"], cwd=ROOT, check=True, capture_output=True)
