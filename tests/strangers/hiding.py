"""Takes the scripts out of the doctor's sight, as where a step runs a program that nobody can read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backup_doctor.demo.world import World

PROGRAM = "./bin/finish-backup"
SHOWN = f"\x1b[36;1m{PROGRAM}\x1b[0m"
STAMP = r"\ufeff?\d{4}-\d\d-\d\dT[\d:.]+Z "
ECHOED = re.compile(rf"^{STAMP}\x1b\[36;1m.*\x1b\[0m\n", re.MULTILINE)
TITLE = re.compile(rf"^({STAMP}##\[group\]Run )(?!actions/|\./).*$", re.MULTILINE)
SHELL = re.compile(rf"^({STAMP})shell: ", re.MULTILINE)
# The input of a github-script: its further lines have no time stamp.
HANDED = re.compile(rf"^({STAMP}  )script: .*\n(?:(?!{STAMP}).*\n)*", re.MULTILINE)
GITHUB_SCRIPT = re.compile(rf"^({STAMP}##\[group\]Run )actions/github-script@\S+$", re.MULTILINE)


def hide_scripts(world: World) -> None:
    """Let the log show no script, and the token read no file of the repository.

    What a step printed stays, and its `env:`.
    """
    for run in world.repository.runs:
        for job in run.jobs:
            job.log = job.log and without_scripts(job.log)
    world.repository.files.clear()


def without_scripts(log: str) -> str:
    log = ECHOED.sub("", log)
    log = TITLE.sub(rf"\g<1>{PROGRAM}", log)
    log = SHELL.sub(rf"\g<1>{SHOWN}\n\g<1>shell: ", log)
    log = HANDED.sub("", log)
    return GITHUB_SCRIPT.sub(r"\g<1>acme/finish-backup@v2", log)
