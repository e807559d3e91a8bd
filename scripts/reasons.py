"""The page of every reason: the known errors of the tools of backup steps."""

from __future__ import annotations

from itertools import groupby

from backup_doctor.report.explain import reason_sections, reason_summary
from backup_doctor.services.errors import KnownError, known_errors
from scripts.findings import prose


def reasons() -> str:
    """Every known error, tool by tool."""
    every = sorted(known_errors(), key=lambda error: error.id)
    tools = groupby(every, key=lambda error: error.tool)
    return "\n".join(_tool(tool, list(errors)) for tool, errors in tools)


def _tool(tool: str, errors: list[KnownError]) -> str:
    return f"## {tool}\n\n" + "\n".join(_error(error) for error in errors)


def _error(error: KnownError) -> str:
    lines = "\n".join(error.examples)
    said = "\n".join(f"- **{title}:** {prose(text)}" for title, text in reason_sections(error))
    return f"### {error.id}\n\n{prose(reason_summary(error))}\n\n```text\n{lines}\n```\n\n{said}\n"
