"""The same comparison as a query for Amazon Athena, where a bucket is too large for one machine."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from doctor.case import Names

PLACEHOLDER_BUCKET = "YOUR-BUCKET"


def athena(names: Names) -> str:
    """The text of `athena.sql`, with the user's names in it."""
    text = files(__package__).joinpath("athena.sql").read_text(encoding="utf-8")
    values = {
        "bucket": names.bucket or PLACEHOLDER_BUCKET,
        "prefix": names.prefix,
        "success": names.success,
        "failed": names.failed,
        "in_progress": names.in_progress,
    }
    for name, value in values.items():
        text = text.replace(f":'{name}'", "'" + value.replace("'", "''") + "'")
    columns = ("id", "dispatch_id", "s3_key", "status", "size_bytes", "created_at")
    chosen = ", ".join(
        names.column(name) if names.column(name) == name else f"{names.column(name)} AS {name}"
        for name in columns
    )
    return (
        text.replace(":columns", chosen)
        .replace(":table", names.table)
        .replace(":stuck_after", f"{names.stuck_after_s:.0f}")
    )
