"""The list as one JSON document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from backup_doctor.judge.freshness import as_json
from backup_doctor.judge.show import rfc3339
from backup_doctor.report.render.to_json import ESCAPED

if TYPE_CHECKING:
    from backup_doctor.run.backups.model import ListedBackup, Listing


def write(listing: Listing) -> str:
    """The document."""
    text = json.dumps(
        {
            "backups": [_backup(one) for one in listing.backups],
            "freshness": as_json(listing.freshness),
            "complete": listing.gap is None,
            "notes": [*(one.what for one in listing.unseen), *listing.warnings],
        },
        indent=2,
    )
    for found, escape in ESCAPED.items():
        text = text.replace(found, escape)
    return text + "\n"


def _backup(one: ListedBackup) -> dict[str, Any]:
    row = one.row
    return {
        "dispatch_id": row.dispatch_id,
        "backup_id": row.id,
        "status": row.status,
        "created_at": rfc3339(row.created_at) if row.created_at else None,
        "age_s": None if one.age is None else int(one.age.total_seconds()),
        "size_bytes": row.size_bytes,
        "s3_key": row.s3_key,
        "stuck": one.stuck,
    }
