"""The report as one self-contained page: no script, and nothing that a browser would fetch."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from doctor.quoting import for_xml
from doctor.render.templating import Safe, fill, source

if TYPE_CHECKING:
    from doctor.model import Report
    from doctor.render.formats import Look


def write(report: Report, look: Look) -> str:
    """The page. Its content security policy allows this very style sheet and nothing else."""
    style = "\n" + source("report.css", look)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return fill(
        "report.html.j2",
        report,
        look,
        escape=for_xml,
        style=Safe(style),
        style_hash=Safe(f"sha256-{digest}"),
    )
