"""The report as one self-contained page, which fetches nothing and runs nothing but its own script."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from backup_doctor.base.quoting import for_xml, with_code
from backup_doctor.report.render.clock import is_time
from backup_doctor.report.render.templating import Safe, fill, source

if TYPE_CHECKING:
    from backup_doctor.evidence.findings import Report
    from backup_doctor.report.render.formats import Look


def write(report: Report, look: Look) -> str:
    """The page. Its content security policy allows this very style sheet and script, and no more."""
    style, script = (f"\n{source(name, look)}" for name in ("report.css", "report.js"))
    return fill(
        "report.html.j2",
        report,
        look,
        escape=for_xml,
        filters={"is_time": is_time, "is_link": is_link, "prose": prose},
        style=Safe(style),
        style_hash=policy_hash(style),
        script=Safe(script),
        script_hash=policy_hash(script),
    )


def prose(text: str) -> Safe:
    """What we say in words, names as code; its lines are kept."""
    lines = (with_code(line, for_xml, _code) for line in text.strip().split("\n"))
    return Safe("<br>\n".join(lines))


def _code(text: str) -> str:
    return f"<code>{for_xml(text)}</code>"


def policy_hash(text: str) -> Safe:
    """The hash by which a policy allows an inline element. Source: CSP Level 3, 2.3.1."""
    return Safe(f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}")


def is_link(url: str | None) -> bool:
    """Whether it is an address that a page may link to."""
    return (url or "").startswith("https://")
