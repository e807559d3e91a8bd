"""What the issue says: the newest report, below it every backup that broke in the same way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backup_doctor.base.quoting import markdown_code
from backup_doctor.report.render.to_markdown import fitting

if TYPE_CHECKING:
    from backup_doctor.evidence.findings import Report

LONGEST = 65_536
KEPT = 20
LONGEST_ID = 200
_MARK = re.compile(r"<!-- backup-doctor (bd-[0-9a-f]+) seen (\d+) -->")
_SEEN = re.compile(r"^- \d{4}-\d\d-\d\dT[\d:]+Z: .*$", re.MULTILINE)


def title(report: Report) -> str:
    """The issue's title: the cause and its fingerprint, and nothing of one backup."""
    cause = report.root_cause or (report.failing_step.check if report.failing_step else "unknown")
    return f"Backups fail: {cause} ({report.fingerprint})"


def belongs(body: str | None, fingerprint: str) -> bool:
    """Whether an issue with this body is the one of this cause."""
    mark = _MARK.match(body or "")
    return mark is not None and mark[1] == fingerprint


def body(report: Report, markdown: str, before: str | None = None) -> str:
    """The issue's body; `before` is what it was, whose list of backups goes on.

    A backup that is in the list already is not counted again.
    """
    mark = _MARK.match(before or "")
    earlier = _SEEN.findall(before or "")
    count = int(mark[2]) if mark else 0
    this = f"- {report.generated_at}: {_named(report)}"
    others = [line for line in earlier if line.partition(": ")[2] != _named(report)]
    count += len(others) == len(earlier)
    times = "once" if count == 1 else f"{count} times"
    head = (
        f"<!-- backup-doctor {report.fingerprint} seen {count} -->\nSeen {times}, newest first:\n"
    )
    listed = "\n".join([this, *others][:KEPT])
    intro = f"{head}\n{listed}\n"
    return fitting([intro, *_blocks(markdown)], LONGEST)


def _named(report: Report) -> str:
    subject = report.subject
    known = {
        "dispatch": subject.dispatch_id,
        "backup": subject.backup_id,
        "run": subject.run_id,
    }
    return ", ".join(
        f"{label} {markdown_code(value[:LONGEST_ID])}" for label, value in known.items() if value
    )


def _blocks(markdown: str) -> list[str]:
    """The report in pieces that may be left out: it is bounded already, so nearly all of it fits."""
    parts = re.split(r"\n(?=### |<details>|---\n)", markdown)
    return [part.rstrip("\n") + "\n" for part in parts]
