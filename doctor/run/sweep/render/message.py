"""A sweep as a short message in Markdown, for a chat or a mail.

What every service shows alike: bold text, lists, code, links of plain ids. An entity such as `&lt;` is
none of it, so that what would need one is written with another character.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.base.quoting import for_markdown_inline, for_shell, markdown_code, one_line
from backup_doctor.evidence.findings import FixKind
from backup_doctor.judge.freshness import WHAT_TO_DO, allowed, lateness
from backup_doctor.run.sweep.render import wording
from backup_doctor.run.sweep.steps import steps_without_sql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.run.sweep.result import CauseGroup, Sweep, Swept

CAUSES = 8
NAMED = 2
IN_TITLE = 3
LONGEST_COMMAND = 200
LINK = re.compile(r"https://[\w./:%-]+")
PLAIN_ID = re.compile(r"[\w.:-]{1,100}")
ENTITY = re.compile(r"&(?=#?\w)")
# Single angle quotation marks, and an ampersand that begins no entity.
WITHOUT_TAGS = str.maketrans({"<": "\u2039", ">": "\u203a"})
AMPERSAND = "\uff06"


def title(sweep: Sweep, news: str | None = None) -> str:
    """What is wrong in one line: whose backups, how many are stuck, and of which causes.

    Where nothing is, what is right again: the `news` since the last message.
    """
    whose = sweep.project or sweep.place.get("repository") or ""
    said = _wrong(sweep) if sweep.wrong or not news else news
    return one_line(f"{whose}: {said}" if whose else said)


def _wrong(sweep: Sweep) -> str:
    """The line without whose it is."""
    # What comes last is what a narrow title cuts off.
    parts = [lateness(sweep.freshness)] if sweep.late else []
    parts += [_stuck(sweep)] if sweep.stuck else []
    if parts and not sweep.all_seen and not sweep.stuck:
        parts.append("not all could be seen")
    if not parts and sweep.all_seen and sweep.refused:
        parts.append("a credential is refused")
    return "; ".join(parts) or wording.headline(sweep)


def _stuck(sweep: Sweep) -> str:
    causes = list(sweep.by_root_cause)
    more = f" and {len(causes) - IN_TITLE} more causes" if len(causes) > IN_TITLE else ""
    count = len(sweep.stuck)
    least = "" if sweep.complete else "at least "
    backups = f"{count:,} stuck backup{'' if count == 1 else 's'}"
    return f"{least}{backups}: {', '.join(causes[:IN_TITLE])}{more}"


def message(sweep: Sweep, changed: str | None) -> str:
    """A paragraph for each cause, what changed since the last message, and what could not be seen."""
    parts = [_said(changed)] if changed else []
    parts += [_cause(group, sweep) for group in sweep.groups[:CAUSES]]
    if len(sweep.groups) > CAUSES:
        parts.append(f"{len(sweep.groups) - CAUSES} more causes.")
    parts += [_late(sweep)] if sweep.late else []
    calm = () if sweep.late else (wording.freshness_line(sweep),)
    parts += [_said(text) for text in (wording.running(sweep), *calm) if text]
    parts += [f"Refused: {_said(one)}" for one in sweep.refused]
    told = " ".join(sweep.refused)
    parts += [f"Could not check: {_said(gap)}" for gap in sweep.gaps if gap not in told]
    if not (sweep.wrong and (changed or sweep.gaps)) and not (sweep.stuck or sweep.late):
        parts.insert(0, _said(wording.headline(sweep)))
    if sweep.wrong:
        parts.append(f"All of it: {markdown_code(f'backup-doctor sweep{_project(sweep)}')}")
    return "\n\n".join(parts)


def _said(text: str) -> str:
    """A sentence that may hold anything from outside."""
    return for_markdown_inline(ENTITY.sub(AMPERSAND, text.translate(WITHOUT_TAGS))).replace(
        "&amp;", "&"
    )


def _project(sweep: Sweep) -> str:
    return f" --project {for_shell(sweep.project)}" if sweep.project else ""


def _cause(group: CauseGroup, sweep: Sweep) -> str:
    names = ", ".join(map(_linked, group.backups[:NAMED]))
    others = len(group.backups) - NAMED
    more = f" and {others:,} more" if others > 0 else ""
    said = f"{wording.counted(len(group.backups))}, {wording.span(group)}. {_said(wording.says(group))}"
    lines = [
        f"**{_said(group.root_cause)}**: {said}",
        "",
        *_first_step(group),
        *_row(group, sweep),
        f"- {'Backup' if len(group.backups) == 1 else 'Backups'}: {names}{more}",
        *_fingerprint(group),
    ]
    return "\n".join(lines)


def _linked(one: Swept) -> str:
    """The backup's id, with a link to its run where there is one."""
    name, url = wording.name(one), one.report.subject.run_url or ""
    if not PLAIN_ID.fullmatch(name):
        return markdown_code(name)
    return f"[{_said(name)}]({url})" if LINK.fullmatch(url) else _said(name)


def _first_step(group: CauseGroup) -> Iterator[str]:
    """What to do first, with the command where it fits a line."""
    step = next(iter(steps_without_sql(group.spokesman.report)), None)
    if step is None:
        return
    fix = step.one_of[0]
    text = fix.text.strip()
    fits = fix.kind in (FixKind.SHELL, FixKind.SQL) and len(text) <= LONGEST_COMMAND
    command = f": {markdown_code(text)}" if fits and "\n" not in text else ""
    yield f"- First: {_said(fix.title.rstrip('.'))}{command}"


def _row(group: CauseGroup, sweep: Sweep) -> Iterator[str]:
    """How its row is put right, or the report on one of them where nothing certain is known to do."""
    one = group.backups[0]
    which = f"{wording.flag(one)} {for_shell(wording.name(one))}"
    fixable = sum(backup.report.fix_sql is not None for backup in group.backups)
    if fixable and len(group.backups) == 1:
        yield f"- Then its row: {markdown_code(f'backup-doctor fix{_project(sweep)} {which}')}"
    elif fixable:
        script = f"backup-doctor sweep{_project(sweep)} --fix-script fix.sql"
        rows = "their rows" if fixable == len(group.backups) else f"the rows of {fixable:,} of them"
        yield f"- Then {rows}: {markdown_code(script)}"
    else:
        yield f"- Report: {markdown_code(f'backup-doctor{_project(sweep)} {which}')}"


def _fingerprint(group: CauseGroup) -> Iterator[str]:
    """By which tickets of the same cause are found."""
    found = group.spokesman.report.fingerprint
    if found:
        yield f"- Fingerprint: {_said(found)}"


def _late(sweep: Sweep) -> str:
    last = sweep.freshness.last_good
    lines = [f"**row/none-lately**: {_said(allowed(sweep.freshness))}", ""]
    if last is not None:
        name, at = last.dispatch_id or last.id or "?", wording.moment(sweep.freshness.last_good_at)
        shown = _said(name) if PLAIN_ID.fullmatch(name) else markdown_code(name)
        lines.append(f"- Last good backup: {shown}, {at}")
    if sweep.stuck:
        lines.append("- First: end what is stuck, as above; the next good backup ends this too")
    else:
        newest = f"backup-doctor list{_project(sweep)}"
        lines.append(f"- First: see whether backups are made at all: {markdown_code(newest)}")
        lines.append(f"- What it means: {markdown_code(WHAT_TO_DO)}")
    return "\n".join(lines)
