"""Short ways to write what a finding shows and advises, so that rules stay readable."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from doctor.model import Exhibit, Fix, FixKind, Risk
from doctor.sql import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from doctor.case import Case
    from doctor.evidence.log import Call

LOG_LINES_SHOWN = 12


def exhibit(label: str, value: object, source: str, command: str | None = None) -> Exhibit:
    """One piece of evidence; times become RFC 3339 in UTC."""
    return Exhibit(label=label, value=_plain(value), source=source, command=command)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def rfc3339(time: datetime) -> str:
    """A time in UTC, with seconds."""
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def duration(span: timedelta) -> str:
    """A duration as a person says it: `3 h 12 min`."""
    seconds = int(max(span, timedelta()).total_seconds())
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{seconds} s"


def size(count: int) -> str:
    """A size with its exact bytes: `1,024,000 bytes`."""
    return f"{count:,} bytes" if count != 1 else "1 byte"


def listed(names: Iterable[str]) -> str:
    """`a, b and c`."""
    items = list(names)
    if len(items) < 2:  # noqa: PLR2004 -- one item needs no conjunction
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def sql(title: str, text: str, risk: Risk = Risk.LOW) -> Fix:
    """SQL to paste."""
    return Fix(kind=FixKind.SQL, title=title, text=text, risk=risk)


def shell(title: str, text: str, risk: Risk = Risk.LOW) -> Fix:
    """A shell command to paste."""
    return Fix(kind=FixKind.SHELL, title=title, text=text, risk=risk)


def setting(title: str, text: str) -> Fix:
    """A setting to change in a console."""
    return Fix(kind=FixKind.SETTING, title=title, text=text, risk=Risk.LOW)


def manual(title: str, text: str, risk: Risk = Risk.LOW) -> Fix:
    """Something to do by hand."""
    return Fix(kind=FixKind.MANUAL, title=title, text=text, risk=risk)


def quote(text: str) -> str:
    """An argument of a shell command."""
    return shlex.quote(text)


def repo_flag(case: Case) -> str:
    """`--repo owner/name` for gh, where the repository is known."""
    return f" --repo {quote(case.names.repository)}" if case.names.repository else ""


def ref_flag(case: Case) -> str:
    """`--project-ref` for the Supabase CLI (versions 2 and 3), where the ref is known."""
    return f" --project-ref {quote(case.names.project_ref)}" if case.names.project_ref else ""


def log_command(case: Case) -> str | None:
    """The command by which a person reads the run's log."""
    workflow = case.workflow
    run_id = getattr(workflow.run, "id", None) if workflow else None
    return f"gh run view {run_id} --log{repo_flag(case)}" if run_id else None


def log_lines(case: Case, label: str, call: Call) -> tuple[Exhibit, ...]:
    """The log lines of a call, as evidence; none where the log does not tell."""
    text = "\n".join(call.lines[:LOG_LINES_SHOWN])
    return (exhibit(label, text, "workflow log", log_command(case)),) if text else ()


def row_query(case: Case) -> str:
    """The guide's query for this backup's rows, with the user's names."""
    names = case.names
    table = identifier(*names.table.split(".", 1))
    column, value = wanted(case)
    return f"SELECT * FROM {table} WHERE {column} = {literal(value)};"


def wanted(case: Case) -> tuple[str, str]:
    """The column and value by which this case's row is looked up."""
    names, asked = case.names, case.asked
    if asked.dispatch_id is not None:
        return identifier(names.column("dispatch_id")), asked.dispatch_id
    if asked.backup_id is not None:
        return identifier(names.column("id")), asked.backup_id
    return identifier(names.column("workflow_run_id")), asked.run_id or ""


def table(case: Case) -> str:
    """The table's quoted name, schema included."""
    return identifier(case.names.schema, case.names.table_name)
