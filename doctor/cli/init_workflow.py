"""The job put into the workflow's own file, as text, so that all else in it stays as it is. Pure.

The new file is read again before anybody is asked: what it says must be what it said, and the job.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

import yaml

from backup_doctor.base.immutable import Immutable
from backup_doctor.cli.init_job import job_of
from backup_doctor.collect.workflow.file import HostileError, load_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from backup_doctor.collect.repository import JobPlan

# The keys that the job may have; the first that the workflow does not use is taken.
KEYS = ("diagnose", "backup-doctor")
JOBS = "jobs"
# What YAML ends a line with.
_LINE = re.compile(r"[^\n\r\x85\u2028\u2029]*(?:\r\n|[\n\r\x85\u2028\u2029]|$)")


class UnfitError(Exception):
    """The job cannot be put into this file without a risk to it; the message says why."""


class WorkflowChange(Immutable, frozen=True, kw_only=True):
    """A workflow file before and after. `replaced` is the key of the doctor's job that was there."""

    path: str
    before: str
    after: str
    replaced: str | None = None

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to write."""
        return self.before != self.after

    def diff(self) -> str:
        """The change as a unified diff, with the line ends of this system."""
        names = (f"a/{self.path}", f"b/{self.path}")
        sides = (self.before.splitlines(), self.after.splitlines())
        return "\n".join(difflib.unified_diff(*sides, *names, lineterm=""))


def with_job(text: str, plan: JobPlan, settings: Mapping[str, str], action: str) -> WorkflowChange:
    """The workflow with the doctor's job in it, in the place of the one that it has.

    Raises:
        UnfitError: the file is written in a way in which no text can be put into it safely.
    """
    ending = "\r\n" if "\r\n" in text else "\n"
    lines = list(_lines(text, ending))
    whole = "".join(lines)
    before, jobs = _read(whole), _jobs(whole)
    key = plan.replaces or next((one for one in KEYS if one not in before[JOBS]), None)
    if key is None:
        raise UnfitError(f"its jobs {' and '.join(KEYS)} do something else")
    column = jobs.value[0][0].start_mark.column
    job = job_of(plan, settings, action, key=key)
    first, last, gap = _place(jobs, lines, plan.replaces, ending)
    after = "".join([*lines[:first], *gap, *_indented(job, column, ending), *lines[last:]])
    _prove(before, after, key, yaml.safe_load(f"{JOBS}:\n{job}")[JOBS][key])
    return WorkflowChange(path=plan.workflow, before=text, after=after, replaced=plan.replaces)


def _read(text: str) -> dict[str, Any]:
    try:
        document = load_yaml(text.encode())
    except (HostileError, yaml.YAMLError, RecursionError, ValueError):
        raise UnfitError("it is not valid YAML") from None
    if not isinstance(document, dict) or not isinstance(document.get(JOBS), dict):
        raise UnfitError("it has no jobs")
    return document


def _jobs(text: str) -> yaml.MappingNode:
    """Where the jobs stand in the text."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    key, found = next((pair for pair in pairs if pair[0].value == JOBS), (None, None))
    if key is None or not isinstance(found, yaml.MappingNode) or found.flow_style:
        raise UnfitError("its jobs stand on one line")
    if found.start_mark.line <= key.start_mark.line or not found.value:
        raise UnfitError("its jobs are an alias of another part")
    return found


def _place(
    jobs: yaml.MappingNode, lines: list[str], replaces: str | None, ending: str
) -> tuple[int, int, list[str]]:
    """The first and the last line that the job takes the place of, and what parts it from others."""
    column = jobs.value[0][0].start_mark.column
    keys = [key for key, _ in jobs.value]
    at = next((at for at, key in enumerate(keys) if key.value == replaces), None)
    after_all = _content_end(lines, jobs.end_mark.line, jobs.start_mark.line, column)
    if at is None:
        return after_all, after_all, [ending]
    first = keys[at].start_mark.line
    if at + 1 == len(keys):
        return first, after_all, []
    return first, _content_end(lines, keys[at + 1].start_mark.line, first, column + 1), []


def _content_end(lines: list[str], end: int, start: int, column: int) -> int:
    """The line behind the last one of a block: what follows it, comments outside it too, is not its."""
    end = min(end, len(lines))
    while end > start and _is_outside(lines[end - 1], column):
        end -= 1
    return end


def _is_outside(line: str, column: int) -> bool:
    bare = line.strip()
    indent = len(line) - len(line.lstrip(" "))
    return not bare or (bare.startswith("#") and indent < column)


def _indented(job: str, column: int, ending: str) -> Iterator[str]:
    """The job's lines, which stand in the second column, in the column of the workflow's jobs."""
    for line in job.splitlines():
        yield f"{' ' * column}{line[2:]}{ending}"


def _lines(text: str, ending: str) -> Iterator[str]:
    """The lines with their ends; the last one has one too."""
    for found in _LINE.finditer(text):
        line = found[0]
        if line:
            yield line if line[-1] in "\n\r\x85\u2028\u2029" else line + ending


def _prove(before: dict[str, Any], after: str, key: str, job: object) -> None:
    """That the new text says what the old one said, and the job."""
    expected = {**before, JOBS: {**before[JOBS], key: job}}
    try:
        same = _read(after) == expected
    except RecursionError:
        same = False
    if not same:
        raise UnfitError("its jobs are written in a way that is not understood here")
