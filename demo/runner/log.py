"""The text of a job's log, as GitHub's runner writes it.

Source: actions/runner, src/Runner.Common/Logging.cs and src/Runner.Worker/Handlers/.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from backup_doctor.demo.runner.masking import Masker

BOM = "\ufeff"
CYAN, RESET = "\x1b[36;1m", "\x1b[0m"
RUNNER_VERSION = "2.336.0"

# ::error file=app.js,line=1::message
COMMAND = re.compile(
    r"^\s*::(?P<name>error|warning|notice|debug|group|endgroup|add-mask)"
    r"(?: [^:]*)?::(?P<data>.*)$"
)
ESCAPES = (("%0D", "\r"), ("%0A", "\n"), ("%25", "%"))
HIDDEN = frozenset({"debug"})


class JobLog:
    """Collects one job's log. `annotations` are the messages of errors, as the API lists them."""

    def __init__(self, masker: Masker, now: Callable[[], datetime]) -> None:
        self.masker = masker
        self.annotations: list[str] = []
        self._now = now
        self._lines: list[str] = []

    def write(self, message: str) -> None:
        """Write a message. Its time stamp stands on its first line alone."""
        stamp = f"{self._now():%Y-%m-%dT%H:%M:%S.%f}0Z"
        self._lines.append(f"{stamp} {self.masker.mask(message)}\n")

    def report_error(self, message: str) -> None:
        """Write an error, and annotate the job with it."""
        self.write(f"##[error]{message}")
        self.annotations.append(self.masker.mask(message))

    def output(self, line: str) -> None:
        """Write a line that a step printed, and obey it if it is a workflow command."""
        command = COMMAND.match(line)
        if command is None:
            self.write(line)
            return
        name, data = command["name"], _unescape(command["data"])
        if name == "add-mask":
            self.masker.add(data)
            self.write(f"::add-mask::{data}")
        elif name == "error":
            self.report_error(data)
        elif name not in HIDDEN:
            self.write(f"##[{name}]{data}")

    def group(self, title: str, lines: Sequence[str] = ()) -> None:
        """Write a group with its end."""
        for line in (f"##[group]{title}", *lines, "##[endgroup]"):
            self.write(line)

    def script(self, script: str, shell: str, env: Mapping[str, str]) -> None:
        """Write the head of a `run:` step."""
        lines = script.rstrip("\n").split("\n")
        code = [f"{CYAN}{line}{RESET}" for line in lines]
        self.group(
            f"Run {script.lstrip().split(chr(10), 1)[0]}",
            [*code, f"shell: {shell}", *_block("env:", env)],
        )

    def action(self, uses: str, inputs: Mapping[str, str], env: Mapping[str, str]) -> None:
        """Write the head of a `uses:` step; inputs that are empty are left out."""
        given = {name: value for name, value in inputs.items() if value}
        self.group(f"Run {uses}", [*_block("with:", given), *_block("env:", env)])

    def job_set_up(self, job: str, permissions: Mapping[str, str], actions: Sequence[str]) -> None:
        """Write what "Set up job" says. An action is `owner/name@ref`."""
        self.write(f"Current runner version: '{RUNNER_VERSION}'")
        self.group("Operating System", ["Ubuntu", "24.04.4", "LTS"])
        self.group("Runner Image", ["Image: ubuntu-24.04", "Version: 20260720.247.2"])
        granted = {"metadata": "read", **permissions}
        self.group(
            "GITHUB_TOKEN Permissions",
            [f"{name.title().replace('-', '')}: {granted[name]}" for name in sorted(granted)],
        )
        self.write("Secret source: Actions")
        self.write("Prepare workflow directory")
        self.write("Prepare all required actions")
        if actions:
            self.write("Getting action download info")
        for action in actions:
            self.write(f"Download action repository '{action}' (SHA:{action.partition('@')[2]})")
        self.write(f"Complete job name: {job}")

    def text(self) -> str:
        """Return the whole log."""
        return BOM + "".join(self._lines)


def _block(title: str, values: Mapping[str, str]) -> list[str]:
    return [title, *(f"  {name}: {value}" for name, value in values.items())] if values else []


def _unescape(data: str) -> str:
    for escaped, plain in ESCAPES:
        data = data.replace(escaped, plain)
    return data
