"""Runs a script for real, and holds what was read of it against what it did.

Nothing is expected of the wording: the service gives each kind of call a refusal of its own, so that
a status or a word in a line tells whose it is, and remembers which calls were made.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from backup_doctor.collect.script.attribution import attribute
from backup_doctor.collect.script.model import Attributed, CallEnd, Certainty, Script, What
from tests.script.service import REFUSALS, SILENT, Served, marker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MODULES = Path(__file__).parent / "modules"
PROGRAMS = {
    "bash": (("bash", "-e"), "step.sh"),
    "javascript": (("node",), "step.mjs"),
    "python": ((sys.executable,), "step.py"),
}
COMMONJS = re.compile(r"\brequire\(")


@dataclass(frozen=True)
class Played:
    """A run: its lines, and where each came from."""

    script: Script
    lines: tuple[str, ...]
    attributed: tuple[Attributed, ...]
    served: tuple[Served, ...]


def run(language: str, text: str, folder: Path, env: Mapping[str, str]) -> tuple[str, ...]:
    """The lines that a script prints, as a runner sees them: both streams in one."""
    command, name = PROGRAMS[language]
    if language == "javascript" and COMMONJS.search(text):
        name = "step.cjs"
    (folder / name).write_text(text)
    modules = folder / "node_modules"
    if not modules.exists():
        modules.symlink_to(MODULES)
    done = subprocess.run(
        (*command, str(folder / name)),
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "NO_COLOR": "1",
            "PYTHONUNBUFFERED": "1",
            **env,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    return tuple(shown(line) for line in done.stdout.decode("utf-8", "replace").splitlines())


def shown(line: str) -> str:
    """A workflow command as the runner shows it."""
    return re.sub(r"^::(error|warning|notice)[^:]*::", r"##[\1]", line)


def played(script: Script, lines: tuple[str, ...], served: list[Served]) -> Played:
    return Played(script, lines, attribute(lines, script), tuple(served))


def wrong(one: Played) -> Iterator[str]:
    """What was said of a line that is not so."""
    by_kind = {served.kind: served for served in one.served}
    for told in one.attributed:
        if told.certainty is Certainty.OPEN:
            continue
        line = one.lines[told.line]
        kinds = {one.script.calls[call].kind.value for call in told.calls}
        yield from _of_another(line, kinds, one, told)
        for fill in told.fills:
            known = [by_kind[k].status for k in kinds if k in by_kind]
            is_status = fill.hole.what is What.STATUS and re.fullmatch(r"[1-5]\d\d", fill.text)
            if is_status and int(fill.text) not in known:
                yield f"{line!r}: status {fill.text} of {sorted(kinds)}"
        if told.certainty is Certainty.CERTAIN and told.print is not None:
            yield from _not_so(line, one, told, by_kind)


def _of_another(line: str, kinds: set[str], one: Played, told: Attributed) -> Iterator[str]:
    """A line that has the mark or the status of a call and is given to another."""
    for kind, status in REFUSALS.items():
        if kind not in {served.kind for served in one.served if served.status == status}:
            continue
        has = marker(kind) in line or re.search(rf"(?<![\w.]){status}(?![\w.])", line)
        if has and kinds and kind not in kinds:
            yield f"{line!r}: is of {kind}, given to {sorted(kinds)} by {told.rule}"


def _not_so(
    line: str, one: Played, told: Attributed, by_kind: Mapping[str, Served]
) -> Iterator[str]:
    """A way on which a line is said to stand, and the call did not end so."""
    made = one.script.prints[told.print or 0]
    for branch in made.branches:
        actual = {
            outcome
            for call in branch.calls
            for outcome in _outcomes(by_kind.get(one.script.calls[call].kind.value))
        }
        if not actual & set(branch.outcomes):
            yield f"{line!r}: says {branch}, was {actual}"


def _outcomes(served: Served | None) -> set[CallEnd]:
    if served is None:
        return set()
    if served.status == SILENT:
        return {CallEnd.SILENT}
    if served.status >= 400:
        return {CallEnd.REFUSED}
    return {CallEnd.EMPTY} if served.empty else {CallEnd.OK}


def missed(one: Played) -> Iterator[str]:
    """The refusals that stand in the output and were given to nobody."""
    for kind, status in REFUSALS.items():
        if not any(served.kind == kind and served.status == status for served in one.served):
            continue
        shows = [
            index
            for index, line in enumerate(one.lines)
            if marker(kind) in line or re.search(rf"(?<![\w.]){status}(?![\w.])", line)
        ]
        given = {
            told.line
            for told in one.attributed
            if kind in {one.script.calls[call].kind.value for call in told.calls}
        }
        if shows and not given & set(shows):
            yield f"{kind} in {[one.lines[index] for index in shows]}"
