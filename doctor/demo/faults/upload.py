"""What keeps the backup's file from reaching the bucket, whole and under its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from doctor.demo.faults.fault import Fault, Side
from doctor.demo.storage import allow

if TYPE_CHECKING:
    from doctor.demo.world import World


def deny_upload(world: World) -> None:
    """The pipeline's user may list the bucket and no longer write to it."""
    allow(world.bucket, world.bucket.pipeline, ["s3:ListBucket"])


FAULTS: Final = (
    Fault(
        "upload-denied",
        "the upload to S3 is denied",
        Side.UPLOAD,
        "workflow/failed-before-update",
        deny_upload,
    ),
)
