"""A sweep as a short message in Markdown, for a chat or a mail."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.base.quoting import for_markdown_inline, markdown_code
from backup_doctor.evidence.findings import FixKind
from backup_doctor.judge.freshness import sentence
from backup_doctor.run.sweep.render import wording
from backup_doctor.run.sweep.steps import steps_without_sql

if TYPE_CHECKING:
    from backup_doctor.run.sweep.result import CauseGroup, Sweep, Swept

CAUSES = 8
NAMED = 2
IN_TITLE = 3
LONGEST_COMMAND = 200
LINK = re.compile(r"https://[\w./:%-]+")


def title(sweep: Sweep) -> str:
    """What is wrong in one line: whose backups, how many are stuck, and of which causes."""
    whose = sweep.project or sweep.place.get("repository") or ""
    said = _wrong(sweep)
    return f"{whose}: {said}" if whose else said


def _wrong(sweep: Sweep) -> str:
    """The line without whose it is."""
    late = [sentence(sweep.freshness)] if sweep.late else []
    if not sweep.stuck:
        return late[0] if late else wording.headline(sweep)
    causes = [group.root_cause for group in sweep.groups]
    more = f" and {len(causes) - IN_TITLE} more causes" if len(causes) > IN_TITLE else ""
    count = len(sweep.stuck)
    least = "" if sweep.complete else "at least "
    stuck = f"{least}{count:,} stuck backup{'' if count == 1 else 's'}: {', '.join(causes[:IN_TITLE])}{more}."
    return " ".join((stuck, *late))


def message(sweep: Sweep, changed: str | None) -> str:
    """A line for each cause, what changed since the last sweep, and what could not be seen."""
    lines = [] if changed is None else [for_markdown_inline(changed), ""]
    for group in sweep.groups[:CAUSES]:
        names = ", ".join(map(_linked, group.backups[:NAMED]))
        more = ", …" if len(group.backups) > NAMED else ""
        lines.append(
            f"- **{for_markdown_inline(group.root_cause)}**: {wording.counted(len(group.backups))}, "
            f"{wording.span(group)}. {for_markdown_inline(wording.says(group))} ({names}{more})"
            f"{_first_step(group)} {_fingerprint(group)}".rstrip()
        )
    lines += [_late(sweep)] if sweep.late else []
    said = (wording.running(sweep), wording.freshness_line(sweep))
    lines += [for_markdown_inline(text) for text in said if text]
    lines += [for_markdown_inline(f"Could not check: {gap}") for gap in sweep.gaps]
    return "\n".join(lines) or for_markdown_inline(wording.headline(sweep))


def _linked(one: Swept) -> str:
    """The backup's id, with a link to its run where there is one."""
    name, url = markdown_code(wording.name(one)), one.report.subject.run_url or ""
    return f"[{name}]({url})" if LINK.fullmatch(url) else name


def _first_step(group: CauseGroup) -> str:
    """What to do first, with the command where it fits a line."""
    step = next(iter(steps_without_sql(group.spokesman.report)), None)
    if step is None:
        return ""
    fix = step.one_of[0]
    said = f" First: {for_markdown_inline(fix.title.rstrip('.'))}"
    text = fix.text.strip()
    fits = fix.kind in (FixKind.SHELL, FixKind.SQL) and len(text) <= LONGEST_COMMAND
    return f"{said}: {markdown_code(text)}." if fits and "\n" not in text else f"{said}."


def _fingerprint(group: CauseGroup) -> str:
    """By which tickets of the same cause are found."""
    found = group.spokesman.report.fingerprint
    return markdown_code(found) if found else ""


def _late(sweep: Sweep) -> str:
    last = sweep.freshness.last_good
    known = ""
    if last is not None:
        name, at = last.dispatch_id or last.id or "?", wording.moment(sweep.freshness.last_good_at)
        known = f" The last good one is {markdown_code(name)}, {for_markdown_inline(at)}."
    return f"- **row/none-lately**: {for_markdown_inline(sentence(sweep.freshness))}{known}"
