"""Renders reports for the tests of the formats, in UTC."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

import msgspec

from backup_doctor.base.redaction import Redactor
from backup_doctor.evidence.findings import Report
from backup_doctor.report.render import Look, render
from tests.render.fixtures import ALL, HOSTILE

if TYPE_CHECKING:
    from backup_doctor.report.render import Format


def rendered(which: Report, form: Format, **look: Any) -> str:
    return render(which, form, Redactor(), Look(zone=UTC, **look))


def everywhere(text: str) -> Report:
    """The hostile report with another text in every place that takes one."""
    hostile = ALL["hostile"].subject.dispatch_id
    assert hostile is not None

    def exchanged(value: Any) -> Any:
        if isinstance(value, str):
            return value.replace(hostile, text)
        if isinstance(value, dict):
            return {exchanged(key): exchanged(item) for key, item in value.items()}
        return [exchanged(item) for item in value] if isinstance(value, list) else value

    return msgspec.convert(exchanged(msgspec.to_builtins(HOSTILE)), Report)
