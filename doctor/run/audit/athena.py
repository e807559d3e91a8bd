"""The same comparison as a query for Amazon Athena, where a bucket is too large for one machine."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from backup_doctor.evidence.case import Status

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Names

PLACEHOLDER_BUCKET = "YOUR-BUCKET"


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def athena(names: Names) -> str:
    """The text of `athena.sql`, with the user's names in it."""
    text = files(__package__).joinpath("athena.sql").read_text(encoding="utf-8")
    for status in (Status.SUCCESS, Status.FAILED, Status.IN_PROGRESS):
        words = [_literal(word) for word in names.words(status)]
        listed = f"({', '.join(words)})"
        several = len(words) > 1
        text = text.replace(f"<> :'{status}'", f"NOT IN {listed}" if several else f"<> {words[0]}")
        text = text.replace(f"= :'{status}'", f"IN {listed}" if several else f"= {words[0]}")
    values = {"bucket": names.bucket or PLACEHOLDER_BUCKET, "prefix": names.prefix}
    for name, value in values.items():
        text = text.replace(f":'{name}'", _literal(value))
    columns = ("id", "dispatch_id", "s3_key", "status", "size_bytes", "created_at")
    chosen = ", ".join(
        name if names.column(name) == name else f"{names.column(name) or 'NULL'} AS {name}"
        for name in columns
    )
    return (
        text.replace(":columns", chosen)
        .replace(":table", names.table)
        .replace(":stuck_after", f"{names.stuck_after_s:.0f}")
    )
