"""The report as the contract's JSON document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from doctor.model import Report
    from doctor.render.formats import Look


def write(report: Report, look: Look) -> str:  # noqa: ARG001 -- JSON looks the same to everybody
    """The document, indented by two."""
    try:
        text = msgspec.json.encode(report, enc_hook=str).decode()
    except UnicodeEncodeError:  # a lone surrogate, from bytes on the command line that are no UTF-8
        text = json.dumps(msgspec.to_builtins(report, enc_hook=str))
    return msgspec.json.format(text, indent=2) + "\n"
