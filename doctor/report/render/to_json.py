"""The report as the contract's JSON document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from backup_doctor.evidence.findings import Report
    from backup_doctor.report.render.formats import Look


# A CI runner obeys `##[error]` anywhere in a line, a terminal DEL; JSON reads the escapes the same.
ESCAPED = {"##[": "#\\u0023[", "\x7f": "\\u007f"}


def write(report: Report, look: Look) -> str:  # noqa: ARG001 -- JSON looks the same to everybody
    """The document, indented by two, in ASCII: what no terminal can show is still in it."""
    text = json.dumps(msgspec.to_builtins(report, enc_hook=str), indent=2)
    for found, escape in ESCAPED.items():
        text = text.replace(found, escape)
    return text + "\n"
