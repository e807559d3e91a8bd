"""Whether the bucket that the doctor was given is the one that the pipeline fills."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doctor.evidence.object import NO_SUCH_BUCKET

if TYPE_CHECKING:
    from doctor.case import Case


def uploaded_to_bucket(case: Case) -> bool:
    """Whether the row's key, or the run's upload, names the bucket that the doctor was given."""
    row_key = case.backup.s3_key if case.backup else None
    texts = (*(case.log.uploaded if case.log else ()), row_key or "")
    return any(text.startswith(f"s3://{case.names.bucket}/") for text in texts)


def met_no_bucket(case: Case) -> bool:
    """Whether the run's own upload failed because there was no such bucket."""
    return any(NO_SUCH_BUCKET in line for line in (case.log.upload_errors if case.log else ()))
