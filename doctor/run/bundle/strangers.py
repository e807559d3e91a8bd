"""What a report on a bundle may give a person to run: the file may be a stranger's.

Whoever wrote it chose the table, the hosts and every name in it. Nobody checked its SQL here, so the
SQL says so; it is printed for the table alone that this machine backs up by, and no command takes this
machine's keys to a host that the file names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import structs

from backup_doctor.evidence.case import Names
from backup_doctor.evidence.findings import FixKind
from backup_doctor.settings import values
from backup_doctor.settings.values import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from backup_doctor.evidence.findings import CheckResult, Exhibit, Finding, Fix, PlanStep, Report

TABLE_VARIABLE = "BACKUP_DOCTOR_TABLE"
# Where nothing of this machine's is sent by the commands that name them.
PUBLIC = frozenset({"api.github.com", "github.com", "api.supabase.com", "status.supabase.com"})
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s'\"]+", re.IGNORECASE)
_RULES: dict[str, Callable[[str], object]] = {
    name: values.RULES[name]
    for name in ("repository", "bucket", "project_ref", "function", "workflow", "table")
}


def sound(names: Names) -> Names:
    """The names without those that no settings could have: they stand in commands."""
    default = Names()
    odd = {
        name: getattr(default, name)
        for name, rule in _RULES.items()
        if (value := getattr(names, name)) and not _is_sound(value, rule)
    }
    return structs.replace(names, **odd) if odd else names


def _is_sound(value: str, rule: Callable[[str], object]) -> bool:
    try:
        rule(value)
    except ValueError:
        return False
    return True


def cautious(report: Report, names: Names, file: str, own_table: str) -> Report:
    """The report with what may be run of a stranger's, and a note on what may not."""
    is_own = names.table.removeprefix("public.") == own_table.removeprefix("public.")
    caution = _Caution(_in_comment(file), names.supabase_url, is_own=is_own)
    return structs.replace(
        report,
        plan=tuple(filter(None, map(caution.step, report.plan))),
        fix_sql=caution.sql(report.fix_sql) if report.fix_sql and is_own else None,
        fix_notes=report.fix_notes if is_own else (_of_another_table(names, file, own_table),),
        results=tuple(map(caution.result, report.results)),
    )


def _of_another_table(names: Names, file: str, own_table: str) -> str:
    return (
        f"No SQL is printed: {file} is about the table {names.table}, and here it is {own_table}. "
        f"If that table is yours, set {TABLE_VARIABLE}={names.table}."
    )


def _in_comment(file: str) -> str:
    """The file's name as it may stand in a comment of SQL."""
    return re.sub(r"[^\w. -]", "_", file)


class _Caution:
    """Goes through all that can be run."""

    def __init__(self, file: str, supabase_url: str | None, *, is_own: bool) -> None:
        self._mark = f"-- From {file}: not checked on this machine.\n"
        self._url = supabase_url
        self._is_own = is_own

    def sql(self, text: str) -> str:
        return self._mark + text

    def step(self, step: PlanStep) -> PlanStep | None:
        fixes = self._fixes(step.one_of)
        return structs.replace(step, one_of=fixes) if fixes else None

    def result(self, result: CheckResult) -> CheckResult:
        return structs.replace(result, findings=tuple(map(self._finding, result.findings)))

    def _finding(self, finding: Finding) -> Finding:
        evidence = tuple(map(self._exhibit, finding.evidence))
        return structs.replace(finding, evidence=evidence, fixes=self._fixes(finding.fixes))

    def _exhibit(self, exhibit: Exhibit) -> Exhibit:
        command = exhibit.command and self._command(exhibit.command)
        return structs.replace(exhibit, command=command)

    def _fixes(self, fixes: Iterable[Fix]) -> tuple[Fix, ...]:
        return tuple(filter(None, map(self._fix, fixes)))

    def _fix(self, fix: Fix) -> Fix | None:
        if fix.kind is FixKind.SQL:
            return structs.replace(fix, text=self.sql(fix.text)) if self._is_own else None
        if fix.kind is FixKind.SHELL:
            text = self._command(fix.text)
            return structs.replace(fix, text=text) if text else None
        return fix

    def _command(self, text: str) -> str | None:
        """The command, with this machine's own address in the place of the file's; else None."""
        if self._url and not _is_harmless(self._url):
            address = re.compile(rf"(?<=\s){re.escape(self._url.rstrip('/'))}(?=/)")
            text = address.sub('"$SUPABASE_URL"', text)
        return text if all(map(_is_harmless, _URL.findall(text))) else None


def _is_harmless(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme.lower() == "s3":  # no host, but a bucket's name
        return True
    return parts.hostname in PUBLIC or is_loopback(parts.hostname)
