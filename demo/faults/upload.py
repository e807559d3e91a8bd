"""What keeps the backup's file from reaching the bucket, whole and under its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backup_doctor.demo.faults.defect import Side
from backup_doctor.demo.faults.fault import Fault
from backup_doctor.demo.faults.rewriting import UPLOAD, stop_recording
from backup_doctor.demo.storage import allow

if TYPE_CHECKING:
    from backup_doctor.demo.world import World

IN_PARTS = """\
#!/usr/bin/env bash
set -euo pipefail
S3_KEY="backups/$(date -u +%Y/%m/%d)/backup-$DISPATCH_ID-$(date -u +%H%M%S).zip"
BACKUP_SIZE=$(wc -c <"${BACKUP_FILE:?}")
upload=$(aws s3api create-multipart-upload --bucket "$BACKUP_BUCKET" --key "$S3_KEY" \\
  --query UploadId --output text)
aws s3api upload-part --bucket "$BACKUP_BUCKET" --key "$S3_KEY" --upload-id "$upload" \\
  --part-number 1 --body "$BACKUP_FILE" >/dev/null
printf '%s\\n' "S3_KEY=$S3_KEY" "BACKUP_SIZE=$BACKUP_SIZE" | tee -a "${GITHUB_ENV:?}"
"""


def deny_upload(world: World) -> None:
    """The pipeline's user may list the bucket and no longer write to it."""
    allow(world.bucket, world.bucket.pipeline, ["s3:ListBucket"])


def deny_quietly(world: World) -> None:
    """The same, in a pipeline that never looks whether the upload worked."""
    deny_upload(world)
    world.edit(UPLOAD, "set -euo pipefail", "set -uo pipefail")


def misspell_bucket(world: World) -> None:
    """The workflow's variable names a bucket that does not exist."""
    stop_recording(world)
    world.github_variables["BACKUP_BUCKET"] = f"{world.bucket.name}-old"


def change_secret_key(world: World) -> None:
    """GitHub holds half of a pair that was rotated: S3 refuses the signature."""
    stop_recording(world)
    world.github_secrets["AWS_SECRET_ACCESS_KEY"] = world.bucket.doctor.secret_access_key


def delete_access_key(world: World) -> None:
    """The pipeline's access key was deleted in AWS."""
    stop_recording(world)
    world.github_secrets["AWS_ACCESS_KEY_ID"] = "AKIAIOSFODNN7EXAMPLE"


def unset_access_key(world: World) -> None:
    """The upload's credentials were never set on GitHub, which then hands over empty strings."""
    stop_recording(world)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del world.github_secrets[name]


def leave_upload_open(world: World) -> None:
    """The script uploads in parts, and never tells S3 that it is done."""
    world.write(UPLOAD, IN_PARTS)


FAULTS: Final = (
    Fault(
        "upload-denied",
        "the upload to S3 is denied, which the pipeline records",
        Side.UPLOAD,
        "workflow/failed-before-update",
        deny_upload,
    ),
    Fault(
        "upload-denied-quietly",
        "the upload to S3 is denied, in a step that is green all the same",
        Side.UPLOAD,
        "workflow/failed-before-update",
        deny_quietly,
        silent=True,
    ),
    Fault(
        "upload-to-no-bucket",
        "the workflow names a bucket that does not exist",
        Side.UPLOAD,
        "workflow/failed-before-update",
        misspell_bucket,
    ),
    Fault(
        "upload-signature-refused",
        "the upload's secret key does not belong to its access key",
        Side.UPLOAD,
        "workflow/failed-before-update",
        change_secret_key,
    ),
    Fault(
        "upload-key-unknown",
        "the upload's access key does not exist any more",
        Side.UPLOAD,
        "workflow/failed-before-update",
        delete_access_key,
    ),
    Fault(
        "upload-key-not-set",
        "the upload's credentials are not set on GitHub",
        Side.UPLOAD,
        "secrets/missing",
        unset_access_key,
    ),
    Fault(
        "upload-unfinished",
        "the upload was started in parts and never finished",
        Side.UPLOAD,
        "object/unfinished-upload",
        leave_upload_open,
        silent=True,
    ),
)
