"""Short ways to write what a finding shows and advises, so that rules stay readable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import structs

from backup_doctor.evidence.findings import Exhibit, Fix, FixKind, Risk
from backup_doctor.evidence.sql import identifier, literal
from backup_doctor.judge.commands import Command, gh_log

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.log import Call

LOG_LINES_SHOWN = 12


def exhibit(
    label: str, value: object, source: str, command: Command | str | None = None
) -> Exhibit:
    """One piece of evidence; times become RFC 3339 in UTC. A text as `command` is SQL."""
    text = command.text if isinstance(command, Command) else command
    return Exhibit(label=label, value=_plain(value), source=source, command=text)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def rfc3339(time: datetime) -> str:
    """A time in UTC, with seconds."""
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def moment(time: datetime) -> str:
    """A time in a sentence, in UTC: `2026-11-24 05:21:03 UTC`."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def duration(span: timedelta) -> str:
    """A duration as a person says it: `3 h 12 min`, `5 h`."""
    seconds = int(max(span, timedelta()).total_seconds())
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
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


def shell(title: str, command: Command, risk: Risk = Risk.LOW) -> Fix:
    """A shell command to paste."""
    return Fix(kind=FixKind.SHELL, title=title, text=command.text, risk=risk)


def by_command(title: str, command: Command | None, *, in_words: str) -> Fix:
    """A shell command to paste; where a value for it is not known, the same in words."""
    return shell(title, command) if command else manual(title, in_words)


def either(*fixes: Fix) -> tuple[Fix, ...]:
    """Alternatives, the recommended first."""
    return (*fixes[:1], *map(instead, fixes[1:]))


def setting(title: str, text: str) -> Fix:
    """A setting to change in a console."""
    return Fix(kind=FixKind.SETTING, title=title, text=text, risk=Risk.LOW)


def manual(title: str, text: str, risk: Risk = Risk.LOW) -> Fix:
    """Something to do by hand."""
    return Fix(kind=FixKind.MANUAL, title=title, text=text, risk=risk)


def instead(fix: Fix) -> Fix:
    """The fix as an alternative to the one listed before it."""
    return structs.replace(fix, alternative=True)


def after_row(fix: Fix) -> Fix:
    """The fix as one that is done only once the row is fixed."""
    return structs.replace(fix, after_row=True)


def shortened(text: str, length: int) -> str:
    """At most so many characters of it, and a mark where more was said."""
    return text if len(text) <= length else f"{text[:length]}…"


def log_lines(case: Case, label: str, call: Call) -> tuple[Exhibit, ...]:
    """The log lines of a call, and how it is known whose they are; none where the log does not tell."""
    text = "\n".join(call.lines[:LOG_LINES_SHOWN])
    if not text:
        return ()
    lines = exhibit(label, text, "workflow log", gh_log(case))
    if not call.known:
        return (lines,)
    return (lines, exhibit(f"how the {label} is known", call.known, "the pipeline's script"))


def row_query(case: Case) -> str:
    """The guide's query for this backup's rows, with the user's names."""
    names = case.names
    table = identifier(*names.table.split(".", 1))
    column, value = wanted(case)
    return f"SELECT * FROM {table} WHERE {column} = {literal(value)};"


def wanted(case: Case) -> tuple[str, str]:
    """The column and value by which this case's row is looked up."""
    names, asked, row = case.names, case.asked, case.backup
    by_dispatch = row is None or row.dispatch_id is not None
    if case.dispatch_id is not None and by_dispatch and names.column("dispatch_id"):
        return identifier(names.column("dispatch_id")), case.dispatch_id
    if row is not None and row.id is not None:
        return identifier(names.column("id")), row.id
    if asked.backup_id is not None:
        return identifier(names.column("id")), asked.backup_id
    return identifier(names.column("workflow_run_id")), asked.run_id or ""


def table(case: Case) -> str:
    """The table's quoted name, schema included."""
    return identifier(case.names.schema, case.names.table_name)
