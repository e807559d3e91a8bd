"""Runs the commands of docs/tutorial.md in the demo's world and keeps what they print: `make tutorial`.

A part stands between `<!-- run: PLACE -->` and `<!-- /run -->`: a block in which each line that begins
with `$ ` is a command. PLACE is `demo` (the shell of `demo --keep`) or `own` (a repository like a
user's, with the five settings of the README); with a number behind it, only so many lines are kept.
"""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backup_doctor.demo.faults import FAULTS
from backup_doctor.demo.world import Servers, World
from backup_doctor.settings.first_steps import FIRST_SETTINGS
from backup_doctor.settings.table import BY_NAME
from scripts.docs import ROOT
from scripts.picture import COLUMNS, read_to_the_end
from tests.render.browser import MODULES, SCRIPT, chromium

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE: Final = ROOT / "docs" / "tutorial.md"
PART: Final = re.compile(
    r"<!-- run: (?P<place>demo|own)(?:, (?P<lines>\d+) lines)? -->\n```console\n"
    r"(?P<block>.*?)\n```\n<!-- /run -->",
    re.DOTALL,
)
PROMPT: Final = "$ "
REMOTE: Final = '[remote "origin"]\n\turl = git@github.com:{}.git\n'
# What the README's five settings do not name and the demo's world needs: where its services are.
ELSEWHERE: Final = ("GITHUB_API_URL", "AWS_")
STABLE: Final = {
    r"[0-9a-f]{8}-[0-9a-f-]{27}": "ID",
    r"127\.0\.0\.1:\d+": "HOST",
    r"world-[0-9a-f]{8}": "BUCKET",
    r"\b[a-z]{20}\b": "REF",
    r"\d{4}[-/]\d\d[-/]\d\d(?:[T ]\d\d:\d\d:\d\d(?:\.\d+)?)?": "TIME",
    r"-\d{6}\.zip": "-TIME.zip",
    r"\b\d+(?:\.\d+)? (?:s|ms|min)\b": "AGE",
    r"\b3,?[56]\d\d\b": "SIZE",  # a zip holds what its files are on this machine
}


@dataclass(frozen=True)
class Place:
    """Where commands are run."""

    folder: Path
    environment: dict[str, str]

    def surroundings(self) -> dict[str, str]:
        """The environment of a command there: nothing of the caller's but what it runs."""
        return {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "NO_COLOR": "1",
            "COLUMNS": str(COLUMNS),
            **self.environment,
        }


def rerun(text: str, pictures: Path | None = None) -> str:
    """The page with every part run anew; with a folder, the first screen of its HTML report as pictures."""
    with places() as there:
        page = PART.sub(lambda part: _run_part(part, there[part["place"]]), text)
        if pictures:
            _picture(there["own"].folder / "report.html", pictures)
        return page


def _picture(report: Path, folder: Path) -> None:
    """Write report-light.png and report-dark.png."""
    with tempfile.TemporaryDirectory() as taken:
        subprocess.run(  # noqa: S603 -- the browser of the tests
            ["node", SCRIPT, MODULES, chromium(), report],  # noqa: S607
            env={**os.environ, "SCREENSHOTS": taken, "FIRST_SCREEN": "1"},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        for theme in ("light", "dark"):
            shutil.copyfile(
                Path(taken) / f"report-{theme}-wide.png", folder / f"report-{theme}.png"
            )


def stable(text: str) -> str:
    """The text without what differs from one run to the next: ids, hosts, times, ages."""
    for pattern, name in STABLE.items():
        text = re.sub(pattern, name, text)
    return " ".join(text.split())


@contextmanager
def places() -> Iterator[dict[str, Place]]:
    """The demo's world with a good backup and a stuck one, as its shell and as a team sees it."""
    with Servers.start() as servers, World(servers) as world, tempfile.TemporaryDirectory() as own:
        world.run_pipeline(world.insert_row())
        dispatch_id = world.insert_row()
        fault = FAULTS["stuck"]
        fault.before(world)
        world.run_pipeline(dispatch_id)
        fault.after(world)
        environment = world.environment() | {"DISPATCH_ID": dispatch_id}
        five = {BY_NAME[name].env[0] for name in FIRST_SETTINGS}
        kept = {
            name: value
            for name, value in environment.items()
            if name in {*five, "DISPATCH_ID"} or name.startswith(ELSEWHERE)
        }
        repository = _repository(Path(own), world)
        yield {
            "demo": Place(world.directory, environment),
            "own": Place(repository, kept),
        }


def _repository(folder: Path, world: World) -> Path:
    """The reference pipeline as a team would have it, before it knows the doctor."""
    shutil.copytree(ROOT / "demo" / "pipeline", folder, dirs_exist_ok=True)
    workflow = folder / ".github" / "workflows" / "backup.yml"
    text = workflow.read_text(encoding="utf-8")
    workflow.write_text(text.partition("\n  # A green backup job")[0], encoding="utf-8")
    (folder / ".git").mkdir()
    remote = REMOTE.format(world.repository.full_name)
    (folder / ".git" / "config").write_text(remote, encoding="utf-8")
    (folder / ".gitignore").write_text(".env\n", encoding="utf-8")
    return folder


def _run_part(part: re.Match[str], place: Place) -> str:
    commands = [line for line in part["block"].splitlines() if line.startswith(PROMPT)]
    shown = []
    for command in commands:
        lines = _run(command.removeprefix(PROMPT), place).splitlines()
        if part["lines"] and len(lines) > int(part["lines"]):
            lines = [*lines[: int(part["lines"])], "…"]
        shown.append("\n".join([command, *(line.rstrip() for line in lines)]))
    head = part[0].partition("\n")[0]
    return f"{head}\n```console\n" + "\n\n".join(shown) + "\n```\n<!-- /run -->"


def _run(command: str, place: Place) -> str:
    """What a person sees: messages first, for they are written at once."""
    master, slave = pty.openpty()
    with subprocess.Popen(  # noqa: S603 -- the commands of the project's own page
        ["bash", "-c", command],  # noqa: S607
        cwd=place.folder,
        env=place.surroundings(),
        stdin=subprocess.DEVNULL,
        stdout=slave,
        stderr=subprocess.PIPE,
    ) as process:
        os.close(slave)
        printed = read_to_the_end(master)
        told = process.stderr.read() if process.stderr else b""
    return (told + printed).decode().replace("\r\n", "\n").strip("\n")


def main() -> int:
    """Write the page."""
    PAGE.write_text(rerun(PAGE.read_text(encoding="utf-8"), PAGE.parent), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
