"""The contract's JSON document, written backup by backup so that many need little memory."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from backup_doctor.judge.freshness import as_json
from backup_doctor.judge.show import rfc3339
from backup_doctor.report.render.to_json import ESCAPED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backup_doctor.base.redaction import Redactor
    from backup_doctor.run.sweep.result import Sweep


def write(sweep: Sweep, redactor: Redactor) -> Iterator[str]:
    """The document in pieces."""
    yield '{"backups": ['
    for place, one in enumerate(sweep.backups):
        yield ("," if place else "") + "\n" + _text(redactor.value(one.report))
    yield "]"
    for name, value in _rest(sweep).items():
        yield f',\n"{name}": {_text(redactor.value(value))}'
    yield "}\n"


def _rest(sweep: Sweep) -> dict[str, Any]:
    return {
        "by_root_cause": sweep.by_root_cause,
        "counts": sweep.counts,
        "freshness": as_json(sweep.freshness),
        "presumed": sweep.presumed,
        "complete": sweep.complete,
        "notes": [*sweep.gaps, *sweep.warnings],
        "generated_at": rfc3339(sweep.at),
        "duration_s": sweep.duration_s,
    }


def _text(value: object) -> str:
    text = json.dumps(msgspec.to_builtins(value, enc_hook=str))
    for found, escape in ESCAPED.items():
        text = text.replace(found, escape)
    return text
