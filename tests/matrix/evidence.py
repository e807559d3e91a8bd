"""The commands by which a person sees what the doctor saw: they run, or show the refusal itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from backup_doctor.report.render.view import View
from tests.terminal import Login

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from backup_doctor.evidence.findings import Report
    from tests.terminal import Ended, Terminal

# What a command shows that fails because that which the finding is about is so: by code.
REFUSALS: Final[Mapping[str, str]] = {
    "object/bucket-missing": r"NoSuchBucket",
    "object/deleted": r"404|Not Found",
    "object/found-elsewhere": r"404|Not Found",
    "object/missing": r"404|Not Found|^$",  # grep finds nothing, and says nothing
    "rls/no-grant": r"permission denied",
    "row/table-missing": r"does not exist",
    "secrets/bad-url": r"Could not resolve host",
}
# What differs from world to world: ids, ports, times.
IDS: Final = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[a-z]{20}\b|[0-9a-f]*\d[0-9a-f]*"
)


def try_evidence(
    report: Report, terminal: Terminal, tried: set[str] | None = None
) -> Iterator[str]:
    """Run every command of the evidence, by somebody who may only read; yield what fails.

    What has a code and a form that are in `tried` is left out, and what is tried is put there.
    """
    forms = set() if tried is None else tried
    for code, command in dict.fromkeys(_commands(report)):
        form = f"{code} {IDS.sub('', command)}"
        if form in forms:
            continue
        forms.add(form)
        ended = _run(terminal, command)
        if ended.code and not _shows_it(report, ended):
            yield f"evidence of {code} fails: {command}\n{ended.reason}"


def _commands(report: Report) -> Iterator[tuple[str, str]]:
    found = {
        exhibit.command: finding.code
        for result in reversed(report.results)
        for finding in reversed(result.findings)
        for exhibit in finding.evidence
        if exhibit.command
    }
    yield from ((code, command) for command, code in found.items())


def _run(terminal: Terminal, command: str) -> Ended:
    if View.language(command) == "sql":
        return terminal.sql(command, Login.READER)
    return terminal.shell(command, Login.READER)


def _shows_it(report: Report, ended: Ended) -> bool:
    found = {finding.code for result in report.results for finding in result.findings}
    return any(re.search(REFUSALS[code], ended.said) for code in found & REFUSALS.keys())
